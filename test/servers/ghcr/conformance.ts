import { type ConformanceAdapter, PAGE_SIZE } from "../../conformance/adapter.ts";
import { serveGhcr } from "./server.ts";

const OWNER = "Acme";
const TOKEN = "ghp_conformance";

export const ghcrAdapters: readonly ConformanceAdapter[] = [
  {
    name: "ghcr",
    provider: "ghcr",
    async start(clock) {
      const server = await serveGhcr({ owner: OWNER, token: TOKEN, clock, behaviour: { maxPerPage: PAGE_SIZE } });
      const { packages } = server;
      const at = (pushedAt: number | undefined): number => pushedAt ?? clock.now();
      return {
        inputs: { registry: new URL(OWNER, server.origin).href, token: TOKEN },
        environment: {
          GITHUB_REPOSITORY: `${OWNER}/web`,
          GITHUB_TOKEN: "ghs_1",
          GITHUB_API_URL: server.apiUrl.href,
          GITHUB_GRAPHQL_URL: server.graphqlUrl.href,
        },
        hosts: [server.api, server.oci],
        pushImage: (repository, { seed, pushedAt, ...push }) =>
          packages.pushImage(repository, seed, { ...push, at: at(pushedAt) }),
        pushIndex: (repository, { seed, pushedAt, children, ...push }) =>
          packages.pushIndex(repository, seed, children, { ...push, at: at(pushedAt) }),
        remove(repository, digest) {
          const version = packages.find(repository, digest);
          if (version !== null) packages.setDeleted(repository, version.id, clock.now());
        },
        tagsOf: (repository, digest) => packages.find(repository, digest)?.tags.toSorted() ?? null,
        beforePage(hook) {
          let pages = 0;
          server.behaviour.beforePage = () => {
            pages += 1;
            hook(pages);
          };
        },
        close: () => server.close(),
      };
    },
  },
];
