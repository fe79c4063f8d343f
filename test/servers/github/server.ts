import {
  type Handler,
  type Reply,
  type ServedRequest,
  type ServeOptions,
  serve,
  type TestServer,
} from "../http-server.ts";
import { answerGraphql } from "./graphql.ts";
import { answerRest, restError } from "./rest.ts";
import { createState, type GitHubState, type RepositoryFixture } from "./state.ts";

export { commitOf, type GitHubState, type PlayedPullRequest, pullRequest } from "./state.ts";

/** Another part of GitHub's API: answers a request that brought the token, its path without the API's prefix; null: not its own. */
export type Route = (path: string, request: ServedRequest) => Reply | Promise<Reply> | null;

export interface PlayGitHubOptions {
  /** By `owner/name`. */
  readonly repositories: Readonly<Record<string, RepositoryFixture>>;
  readonly owners?: Readonly<Record<string, "Organization" | "User">>;
  /** Every request must bring it. */
  readonly token: string;
  /** `enterprise`: as GitHub Enterprise Server has it, `/api/v3/...` and `/api/graphql`. Default `github.com`. */
  readonly layout?: "github.com" | "enterprise";
  /** Asked before the routes that are here. */
  readonly routes?: readonly Route[];
}

export interface GitHubServer {
  /** `http://127.0.0.1:PORT/` */
  readonly url: URL;
  readonly apiUrl: URL;
  readonly graphqlUrl: URL;
  readonly requests: TestServer["requests"];
  /** What may be changed while it runs. */
  readonly state: GitHubState;
  inject: TestServer["inject"];
  close(): Promise<void>;
}

/** GitHub's REST and GraphQL APIs as a handler, for a server that plays more than them. */
export function playGitHub(options: PlayGitHubOptions): { readonly handler: Handler; readonly state: GitHubState } {
  const { repositories, owners, token, layout = "github.com", routes = [] } = options;
  const state = createState(repositories, owners);
  const prefix = layout === "enterprise" ? "/api/v3" : "";
  const graphqlPath = layout === "enterprise" ? "/api/graphql" : "/graphql";
  const own: Route = (path, request) => answerRest(state, path, request);
  let served = 0;

  async function answer(request: ServedRequest): Promise<Reply> {
    const [scheme = "", secret] = (request.headers.authorization ?? "").split(" ");
    if (!/^(?:bearer|token)$/i.test(scheme) || secret !== token) return restError(401, "Bad credentials");
    // GitHub refuses clients that do not say who they are.
    if (!request.headers["user-agent"]) return restError(403, "Request forbidden by administrative rules.");
    const { pathname } = request.url;
    if (pathname === graphqlPath && request.method === "POST") {
      return { status: 200, body: await answerGraphql(state, JSON.parse(request.body.toString("utf8"))) };
    }
    if (!pathname.startsWith(`${prefix}/`)) return restError(404, "Not Found");
    for (const route of [...routes, own]) {
      const reply = await route(pathname.slice(prefix.length), request);
      if (reply !== null) return reply;
    }
    return restError(404, "Not Found");
  }

  return {
    state,
    async handler(request) {
      const reply = await answer(request);
      served += 1;
      return { ...reply, headers: { "x-github-request-id": `PLAY:${served}`, ...reply.headers } };
    },
  };
}

/** GitHub on 127.0.0.1. */
export async function serveGitHub(options: PlayGitHubOptions & ServeOptions): Promise<GitHubServer> {
  const { handler, state } = playGitHub(options);
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
