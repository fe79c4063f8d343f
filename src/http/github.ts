import type { Octokit } from "@octokit/rest";
import { HttpError } from "./errors.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "./http.ts";

/** One request to GitHub's API: to a path of the REST API, or to another address (GraphQL). */
export type GitHubRequest = Pick<HttpRequest, "method" | "expected" | "idempotent" | "sendBy"> & {
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
  let octokit: Promise<Octokit> | null = null;
  return {
    async send(request) {
      octokit ??= loadOctokit(token);
      const { request: sendWithOctokit } = await octokit;
      const { method, body: data, ...rest } = request;
      const url = "url" in request ? request.url : restUrl(apiUrl, request.path, request.query ?? {});
      const sent: { response?: HttpResponse } = {};
      const fetch = async (_: string, { headers, body }: OctokitInit): Promise<unknown> => {
        sent.response = await http.send({ ...rest, method, url, headers, ...(body === undefined ? {} : { body }) });
        // Callers validate the body themselves, so Octokit does not have to parse it.
        return { status: 204, url: url.href, headers: [] };
      };
      const options = { method, url: url.href, headers: HEADERS, request: { fetch } };
      await sendWithOctokit(data === undefined ? options : { ...options, data }).catch(unwrap);
      if (sent.response === undefined) throw new Error("Octokit did not send the request");
      return sent.response;
    },
  };
}

/** The arguments with which Octokit calls `fetch`, as far as they are used. */
interface OctokitInit {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Octokit takes 50 ms to load: only runs that need GitHub's API load it. */
async function loadOctokit(token: string): Promise<Octokit> {
  const [{ Octokit }, { getOctokitOptions }] = await Promise.all([
    import("@octokit/rest"),
    import("@actions/github/lib/utils"),
  ]);
  const ignore = (): void => undefined;
  const userAgent = "refsweep";
  return new Octokit({
    // The toolkit rejects an empty token.
    ...(token === "" ? { userAgent } : getOctokitOptions(token, { userAgent })),
    // Octokit would log to the console, where the runner executes `::commands::`.
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
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
