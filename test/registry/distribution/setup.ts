import type { Digest } from "../../../src/digest.ts";
import { createDistributionRegistry, type DistributionOptions } from "../../../src/registry/distribution/registry.ts";
import type { GarbageCollection, Registry } from "../../../src/registry/registry.ts";
import { silentLog } from "../../run.ts";
import { pushImage } from "../../servers/content.ts";
import type { Handler, Reply, ServerFault } from "../../servers/http-server.ts";
import { type Setup, type SetupOptions, setUp as setUpClient } from "../oci/setup.ts";

export interface RegistrySetup extends Setup {
  readonly registry: Registry;
  /** Tagged `main`, `pr-1`, `pr-2` and `pr-3`. */
  readonly digest: Digest;
}

export const SUCCEEDED: GarbageCollection = { status: "succeeded", freedBytes: null, blobsDeleted: null, note: "" };

/** Opens a registry with the image `web`. */
export async function setUp(
  options: SetupOptions = {},
  runGcCommand: DistributionOptions["runGcCommand"] = async () => SUCCEEDED,
): Promise<RegistrySetup> {
  const setup = await setUpClient(options);
  const { oci, server, store } = setup;
  const address = { provider: "distribution", origin: server.url, path: "", name: server.url.host };
  const services = { clock: setup.clock, signal: new AbortController().signal, log: silentLog };
  const registry = createDistributionRegistry({ ...services, address, oci, runGcCommand });
  const digest = pushImage(store, { repository: "web", seed: "web", tags: ["main", "pr-1", "pr-2", "pr-3"] });
  return { ...setup, registry, digest };
}

/** Replaces the replies to all DELETE requests. */
export function deletesReturn(reply: Reply): (registry: Handler) => Handler {
  return (registry) => (request) => (request.method === "DELETE" ? reply : registry(request));
}

/** Answers the first `count` DELETE requests with `fault`. */
export function failDeletes({ server }: Setup, fault: ServerFault, count: number): void {
  let sent = 0;
  server.inject(({ method }) => {
    if (method === "DELETE") sent += 1;
    return method === "DELETE" && sent <= count ? fault : null;
  });
}

/** Returns the DELETE requests since the last call. */
export function deletes({ requests }: Setup): readonly string[] {
  return requests().filter((line) => line.startsWith("DELETE"));
}
