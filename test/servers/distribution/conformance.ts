import type { ConformanceAdapter, ConformanceServer } from "../../conformance/adapter.ts";
import { PAGE_SIZE } from "../../conformance/adapter.ts";
import { pushImage, pushIndex } from "../content.ts";
import { serve } from "../http-server.ts";
import { DISTRIBUTION_2_8, DISTRIBUTION_3, type OciBehaviour } from "../oci/behaviour.ts";
import { createOciHandler } from "../oci/server.ts";
import { RegistryStore } from "../oci/store.ts";

export const distributionAdapters: readonly ConformanceAdapter[] = [
  adapter("distribution 2.8", DISTRIBUTION_2_8, false),
  adapter("distribution 3", { ...DISTRIBUTION_3, pageSize: PAGE_SIZE }, true),
  adapter("distribution-spec 1.1", { pageSize: PAGE_SIZE }, true),
];

function adapter(name: string, behaviour: OciBehaviour, deletesTags: boolean): ConformanceAdapter {
  return {
    name,
    provider: "distribution",
    deletesTags,
    hasReferrersApi: behaviour.referrersApi !== "no",
    async start(clock): Promise<ConformanceServer> {
      const store = new RegistryStore(clock);
      const registry = createOciHandler(store, behaviour);
      let hook: (page: number) => void = () => undefined;
      let pages = 0;
      const server = await serve((request) => {
        if (request.url.pathname.endsWith("/tags/list")) {
          pages += 1;
          hook(pages);
        }
        return registry(request);
      });
      return {
        inputs: { registry: server.url.href },
        environment: { GITHUB_REPOSITORY: "acme/web", GITHUB_TOKEN: "ghs_1", DOCKER_CONFIG: "/nonexistent" },
        hosts: [server],
        pushImage: (repository, push) => pushImage(store, { repository, ...push }),
        pushIndex: (repository, push) => pushIndex(store, { repository, ...push }),
        remove: (repository, digest) => void store.deleteManifest(repository, digest),
        tagsOf: (repository, digest) =>
          store.resolve(repository, digest) === null ? null : store.tagsOf(repository, digest).toSorted(),
        beforePage(next) {
          hook = next;
          pages = 0;
        },
        close: () => server.close(),
      };
    },
  };
}
