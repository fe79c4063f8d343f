import type { Clock } from "../../src/clock.ts";
import type { Digest } from "../../src/digest.ts";
import { pushImage, pushIndex } from "../servers/content.ts";
import type { FaultScript, ServedRequest } from "../servers/http-server.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { NOW, type Scenario, type StoreView } from "./scenario.ts";

export const HOUR = 3_600_000;
export const AT = { repository: "web", pushedAt: NOW - 240 * HOUR } as const;

type MeanwhileScript = (request: ServedRequest) => ReturnType<FaultScript>;

/** The server that answers deletions. */
export function deletionServer({ kind, servers }: Scenario<StoreView>): Scenario["servers"][string] | undefined {
  return servers[kind === "digitalocean" || kind === "ghcr" ? "api" : "registry"];
}

/** Whether a request reads the list of the repository `web`, or the first page of it. */
export function isList({ path }: Pick<ServedRequest, "path">): boolean {
  return /\/web\/(digests|versions)\?(.*&)?page=1(&|$)|\/tags\/list/.test(path);
}

/** Whether a request deletes a manifest. The digest of zeros checks whether the registry allows deletions. */
export function isDeletion({ method, path }: Pick<ServedRequest, "method" | "path">): boolean {
  return method === "DELETE" && !path.endsWith("0".repeat(64));
}

/** A clock whose time passes with `skip`, as with a slow server, and whose waits take no time. */
export function movableClock(): Clock & { skip(ms: number): void } {
  let offset = 0;
  const skip = (ms: number): void => {
    offset += ms;
  };
  return { now: () => NOW + offset, random: () => 0.5, sleep: async (ms) => skip(ms), skip };
}

/**
 * Returns a clock on which each deletion takes more than a minute, so each one is a batch that is rechecked.
 *
 * @param meanwhile called at each deletion, before the server answers
 */
export function slowDeletions(scenario: Scenario, meanwhile: MeanwhileScript = () => null): Clock {
  const clock = movableClock();
  deletionServer(scenario)?.inject((request) => {
    if (!isDeletion(request)) return null;
    clock.skip(61_000);
    return meanwhile(request);
  });
  return clock;
}

/** Replaces the images of a scenario by a live one and an orphaned index. Returns the digests of the index's children. */
export function fillOrphanedIndex(store: RegistryStore, pushedAt: number = AT.pushedAt): readonly [Digest, Digest] {
  for (const { digest } of store.manifests("web")) store.deleteManifest("web", digest);
  pushImage(store, { ...AT, seed: "main", tags: ["main"] });
  const created = new Date(AT.pushedAt).toISOString();
  const amd64 = pushImage(store, { ...AT, seed: "amd64", pushedAt, created });
  const arm64 = pushImage(store, { ...AT, seed: "arm64", pushedAt, created });
  pushIndex(store, { ...AT, children: [amd64, arm64], tags: ["pr-2"] });
  return [amd64, arm64];
}
