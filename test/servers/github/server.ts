import {
  type Handler,
  type Reply,
  type ServedRequest,
  type ServeOptions,
  serve,
  type TestServer,
} from "../http-server.ts";
import { executeGraphql } from "./graphql.ts";
import { handleRest, restError } from "./rest.ts";
import { createState, type GitHubState, type RepositoryFixture } from "./state.ts";

export { commitOf, type GitHubState, pullRequest, type TestActivity, type TestPullRequest } from "./state.ts";

/** Another part of GitHub's API. Returns the response to a request with a valid token; null: another route handles it. */
export type Route = (path: string, request: ServedRequest) => Reply | Promise<Reply> | null;

export interface GitHubOptions {
  /** By `owner/name`. */
  readonly repositories: Readonly<Record<string, RepositoryFixture>>;
  readonly owners?: Readonly<Record<string, "Organization" | "User">>;
  /** The token that every request needs. */
  readonly token: string;
  /** `enterprise`: the paths of GitHub Enterprise Server, `/api/v3/...` and `/api/graphql`. Default: `github.com`. */
  readonly layout?: "github.com" | "enterprise";
  /** They come before the routes of this server. */
  readonly routes?: readonly Route[];
}

export interface GitHubServer {
  /** `http://127.0.0.1:PORT/` */
  readonly url: URL;
  readonly apiUrl: URL;
  readonly graphqlUrl: URL;
  readonly requests: TestServer["requests"];
  /** May be changed while the server runs. */
  readonly state: GitHubState;
  inject: TestServer["inject"];
  close(): Promise<void>;
}

/** Returns GitHub's REST and GraphQL APIs as a handler, for a server that has more than them. */
export function createGitHub(options: GitHubOptions): { readonly handler: Handler; readonly state: GitHubState } {
  const { repositories, owners, token, layout = "github.com", routes = [] } = options;
  const state = createState(repositories, owners);
  const prefix = layout === "enterprise" ? "/api/v3" : "";
  const graphqlPath = layout === "enterprise" ? "/api/graphql" : "/graphql";
  const rest: Route = (path, request) => handleRest(state, path, request);
  let served = 0;

  async function respond(request: ServedRequest): Promise<Reply> {
    const [scheme = "", secret] = (request.headers.authorization ?? "").split(" ");
    if (!/^(?:bearer|token)$/i.test(scheme) || secret !== token) return restError(401, "Bad credentials");
    // GitHub refuses requests without a User-Agent.
    if (!request.headers["user-agent"]) return restError(403, "Request forbidden by administrative rules.");
    const { pathname } = request.url;
    if (pathname === graphqlPath && request.method === "POST") {
      return { status: 200, body: await executeGraphql(state, JSON.parse(request.body.toString("utf8"))) };
    }
    if (!pathname.startsWith(`${prefix}/`)) return restError(404, "Not Found");
    for (const route of [...routes, rest]) {
      const reply = await route(pathname.slice(prefix.length), request);
      if (reply !== null) return reply;
    }
    return restError(404, "Not Found");
  }

  return {
    state,
    async handler(request) {
      const reply = await respond(request);
      served += 1;
      return { ...reply, headers: { "x-github-request-id": `TEST:${served}`, ...reply.headers } };
    },
  };
}

/** Starts GitHub's APIs on 127.0.0.1. */
export async function serveGitHub(options: GitHubOptions & ServeOptions): Promise<GitHubServer> {
  const { handler, state } = createGitHub(options);
  const server = await serve(handler, options);
  const enterprise = options.layout === "enterprise";
  return {
    url: server.url,
    apiUrl: new URL(enterprise ? "/api/v3" : "/", server.url),
    graphqlUrl: new URL(enterprise ? "/api/graphql" : "/graphql", server.url),
    requests: server.requests,
    state,
    inject: (faults) => server.inject(faults),
    close: () => server.close(),
  };
}
