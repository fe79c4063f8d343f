import { type ConformanceAdapter, PAGE_SIZE } from "../../conformance/adapter.ts";
import { pushImage, pushIndex } from "../content.ts";
import { RegistryStore } from "../oci/store.ts";
import { serveDigitalOceanRegistry } from "./registry.ts";

const TOKEN = "dop_v1_conformance";

export const digitalOceanAdapters: readonly ConformanceAdapter[] = [
  {
    name: "digitalocean",
    provider: "digitalocean",
    async start(clock) {
      const store = new RegistryStore(clock);
      const behaviour = { maxPerPage: PAGE_SIZE };
      const server = await serveDigitalOceanRegistry(store, { registry: "acme", token: TOKEN, clock, behaviour });
      return {
        inputs: {
          registry: `http://${server.address}`,
          token: TOKEN,
          "api-url": server.api.apiUrl.href,
        },
        environment: { GITHUB_REPOSITORY: "acme/web", GITHUB_TOKEN: "ghs_1" },
        hosts: [server.api, server.oci],
        pushImage: (repository, push) => pushImage(store, { repository, ...push }),
        pushIndex: (repository, push) => pushIndex(store, { repository, ...push }),
        remove: (repository, digest) => void store.deleteManifest(repository, digest),
        tagsOf: (repository, digest) =>
          store.resolve(repository, digest) === null ? null : store.tagsOf(repository, digest).toSorted(),
        beforePage(hook) {
          let pages = 0;
          server.api.state.behaviour.beforePage = () => {
            pages += 1;
            hook(pages);
          };
        },
        close: () => server.close(),
      };
    },
  },
];
