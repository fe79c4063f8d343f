import { afterAll, afterEach, beforeAll } from "vitest";
import { type GitHost, serveExampleGitHost } from "../../e2e/example.ts";
import type { TestServer } from "../../servers/http-server.ts";
import type { OciBehaviour } from "../../servers/oci/behaviour.ts";
import { serveOci } from "../../servers/oci/server.ts";
import type { RegistryStore } from "../../servers/oci/store.ts";

/** What the tests of a file sweep. */
export interface Served {
  readonly gitHost: GitHost;
  /** Serves a store until the end of the test. */
  serve(store: RegistryStore, behaviour: OciBehaviour): Promise<TestServer>;
}

/** Serves the example's Git host for the tests of a file. */
export function useServed(): Served {
  let gitHost: GitHost | undefined;
  const servers: TestServer[] = [];
  beforeAll(async () => {
    gitHost = await serveExampleGitHost(Date.now());
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  afterAll(() => gitHost?.close());
  return {
    get gitHost() {
      if (gitHost === undefined) throw new Error("the Git host is served for tests only");
      return gitHost;
    },
    async serve(store, behaviour) {
      const server = await serveOci(store, behaviour);
      servers.push(server);
      return server;
    },
  };
}
