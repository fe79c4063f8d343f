import type { HttpClient, HttpRequest, HttpResponse } from "./http.ts";

/** One request to GitHub's API: to a path of the REST API, or to another address (GraphQL). */
export type GitHubRequest = Pick<HttpRequest, "method" | "expected" | "idempotent" | "sendBy"> & {
  /** Sent as JSON. */
  readonly body?: unknown;
} & (
    | {
        /** The encoded path below the API's address, such as `/users/octo`. */
        readonly path: string;
        readonly query?: Readonly<Record<string, string | number>>;
      }
    | { readonly url: URL }
  );

/** GitHub's API with one token. Throws HttpError; of the answers 403, only rate limits are `retryable`. */
export interface GitHubApi {
  send(request: GitHubRequest): Promise<HttpResponse>;
}

/** The API version that defines the shapes of the answers (GitHub's docs, "API Versions"). */
const API_VERSION = "2022-11-28";

/** @param github `apiUrl`: the runner's `GITHUB_API_URL` */
export function createGitHubApi(
  http: HttpClient,
  { token, apiUrl }: { readonly token: string; readonly apiUrl: URL },
): GitHubApi {
  const headers = { accept: "application/vnd.github+json", "x-github-api-version": API_VERSION };
  return {
    send({ body, ...request }) {
      const url = "url" in request ? request.url : restUrl(apiUrl, request.path, request.query ?? {});
      const json = body === undefined ? {} : { body: JSON.stringify(body) };
      const contentType = body === undefined ? {} : { "content-type": "application/json" };
      const authorization = token === "" ? {} : { authorization: `Bearer ${token}` };
      return http.send({ ...request, ...authorization, ...json, url, headers: { ...headers, ...contentType } });
    },
  };
}

function restUrl(apiUrl: URL, path: string, query: Readonly<Record<string, string | number>>): URL {
  const url = new URL(`${apiUrl.href.replace(/\/+$/, "")}${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url;
}
