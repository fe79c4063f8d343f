import { type Clock, systemClock } from "../../../src/clock.ts";
import { createGitHub, type GitHubOptions, type GitHubState } from "../github/server.ts";
import { type Handler, type ServeOptions, serve, type TestServer } from "../http-server.ts";
import { packagesRoute } from "./api.ts";
import { PACKAGES_BEHAVIOUR, type PackagesBehaviour } from "./behaviour.ts";
import { type GitHubLimits, RateLimit } from "./limit.ts";
import { createGhcrOci } from "./oci.ts";
import { Packages } from "./packages.ts";

export interface ServeGhcrOptions extends ServeOptions {
  readonly owner: string;
  readonly type?: "Organization" | "User";
  readonly token: string;
  readonly clock?: Clock;
  /** Default null: none, as on a GitHub Enterprise Server. */
  readonly limits?: GitHubLimits | null;
  readonly behaviour?: Partial<PackagesBehaviour>;
  /** The pull requests of the owner's Git repositories, by `owner/name`. */
  readonly repositories?: GitHubOptions["repositories"];
}

/** GitHub's API and its container registry for one owner, on two ports of 127.0.0.1 and one store. */
export interface GhcrServer {
  readonly apiUrl: URL;
  readonly graphqlUrl: URL;
  /** The OCI endpoint. */
  readonly origin: URL;
  readonly packages: Packages;
  /** The data of the Git repositories. */
  readonly state: GitHubState;
  readonly behaviour: PackagesBehaviour;
  /** The limit of the REST API. */
  readonly limit: RateLimit;
  readonly api: TestServer;
  readonly oci: TestServer;
  close(): Promise<void>;
}

/** Serves both on 127.0.0.1. */
export async function serveGhcr(options: ServeGhcrOptions): Promise<GhcrServer> {
  const { owner, type = "Organization", token, clock = systemClock, limits = null, latencyMs = 0 } = options;
  const packages = new Packages();
  const behaviour = { ...PACKAGES_BEHAVIOUR, ...options.behaviour };
  const limit = new RateLimit(clock, limits, "core");
  const graphqlLimit = new RateLimit(clock, limits, "graphql");
  const github = createGitHub({
    repositories: options.repositories ?? {},
    owners: { [owner]: type },
    token,
    routes: [packagesRoute({ owner, type, packages, clock, behaviour })],
  });
  const limited: Handler = async (request) => {
    const ownLimit = request.url.pathname.endsWith("/graphql") ? graphqlLimit : limit;
    const reply = ownLimit.take(request) ?? (await github.handler(request));
    return { ...reply, headers: { "x-github-request-id": "TEST:0", ...ownLimit.headers(), ...reply.headers } };
  };
  const api = await serve(limited, { ...options, latencyMs });
  const oci = await serve(createGhcrOci({ owner, token, packages }), { latencyMs });
  return {
    apiUrl: api.url,
    graphqlUrl: new URL("/graphql", api.url),
    origin: oci.url,
    ...{ packages, behaviour, limit, api, oci, state: github.state },
    close: async () => {
      await api.close();
      await oci.close();
    },
  };
}
