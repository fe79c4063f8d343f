import type { GitHub } from "@actions/github/lib/utils";
import { HttpError } from "./errors.ts";
import { SSO_REMEDY } from "./explanation.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "./http.ts";
import { redactUrl } from "./redact.ts";

/** One request to GitHub's API: to a path of the REST API, or to another address (GraphQL). */
export type GitHubRequest = Pick<HttpRequest, "method" | "expected" | "idempotent" | "classify" | "sendBy"> & {
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, unknown>>;
} & (
    | {
        /** The encoded path below the API's address, such as `/users/octo`. */
        readonly path: string;
        readonly query?: Readonly<Record<string, string | number>>;
      }
    | { readonly url: URL }
  );

/** GitHub's API with one token. Throws HttpError; a 403 is `retryable` only if it reports a rate limit. */
export interface GitHubApi {
  send(request: GitHubRequest): Promise<HttpResponse>;
}

/** The API version that defines the format of the responses (GitHub's docs, "API Versions"). */
const HEADERS = { accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" };

/**
 * Opens GitHub's API: Octokit builds the requests, `http` sends them and retries them.
 *
 * @param github `apiUrl` is the runner's `GITHUB_API_URL`
 */
export function createGitHubApi(
  http: HttpClient,
  { token, apiUrl }: { readonly token: string; readonly apiUrl: URL },
): GitHubApi {
  let octokit: Promise<OctokitRequest> | null = null;
  return {
    async send(request) {
      octokit ??= loadOctokit(token);
      const sendWithOctokit = await octokit;
      const { method, body: data, ...rest } = request;
      const url = "url" in request ? request.url : restUrl(apiUrl, request.path, request.query ?? {});
      const sent: { response?: HttpResponse } = {};
      const fetch = async (_: string, { headers, body }: OctokitInit): Promise<unknown> => {
        sent.response = requireAll(method, await http.send({ ...rest, method, url, headers, body }));
        // Callers validate the body themselves, so Octokit does not have to parse it.
        return { status: 204, url: url.href, headers: [] };
      };
      const options = { method, url: url.href, headers: HEADERS, request: { fetch }, data };
      await sendWithOctokit(options).catch(unwrap);
      if (sent.response === undefined) throw new Error("Octokit did not send the request");
      return sent.response;
    },
  };
}

/** The toolkit's type. Its code would load a second HTTP client. */
type OctokitRequest = InstanceType<typeof GitHub>["request"];

/** The arguments that Octokit passes to `fetch`. Others are ignored. */
interface OctokitInit {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Octokit takes time to load: only runs that need GitHub's API load it. */
async function loadOctokit(token: string): Promise<OctokitRequest> {
  const { Octokit } = await import("@octokit/rest");
  const ignore = (): void => undefined;
  // Octokit would log to the console, where the runner executes `::commands::`.
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const octokit = new Octokit({ userAgent: "refsweep", log, auth: token });
  return octokit.request;
}

/**
 * Throws if the response leaves out organizations for which the token is not authorized (GitHub's docs, "Authenticating to the
 * REST API"): what decides must be complete.
 */
function requireAll(method: HttpRequest["method"], response: HttpResponse): HttpResponse {
  if (!/^\s*partial-results\b/i.test(response.headers["x-github-sso"] ?? "")) return response;
  const url = redactUrl(response.url);
  throw new HttpError(`${method} ${url} left out results that need single sign-on`, {
    ...{ code: "protocol", method, url, status: response.status, retryable: false },
    remedy: SSO_REMEDY,
  });
}

/** Octokit wraps the errors of `fetch`. */
function unwrap(error: unknown): never {
  throw error instanceof Error && error.cause instanceof HttpError ? error.cause : error;
}

function restUrl(apiUrl: URL, path: string, query: Readonly<Record<string, string | number>>): URL {
  const url = new URL(`${apiUrl.href.replace(/\/+$/, "")}${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url;
}
