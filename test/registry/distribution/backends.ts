import { findRegistry, type RealRegistry, startRealRegistry } from "../../servers/distribution/real-registry.ts";
import { DISTRIBUTION_2_8, DISTRIBUTION_3, type OciBehaviour } from "../../servers/oci/behaviour.ts";
import { copyStore } from "../../servers/oci/copy.ts";
import { serveOci } from "../../servers/oci/server.ts";
import type { RegistryStore } from "../../servers/oci/store.ts";

/** What a registry does with what is deleted, and with whom it deletes for. */
export interface BackendOptions {
  readonly deletes?: "enabled" | "disabled" | "read-only";
}

/** A registry over HTTP, filled with what a store holds. */
export interface Backend {
  readonly url: URL;
  close(): Promise<void>;
}

/** A kind of registry that every test of the adapter is played on. */
export interface BackendKind {
  readonly name: string;
  readonly tagDeletes: "enabled" | "refused";
  readonly isThere: boolean;
  open(store: RegistryStore, options?: BackendOptions): Promise<Backend>;
}

const LIKE_ZOT: OciBehaviour = { pageSize: 7 };

/** Played registries and real ones; a real one that is not there is skipped by its name. */
export const BACKENDS: readonly BackendKind[] = [
  played("played, like distribution 2.8", DISTRIBUTION_2_8, "refused"),
  played("played, like distribution 3", DISTRIBUTION_3, "enabled"),
  played("played, with all of the OCI spec and small pages", LIKE_ZOT, "enabled"),
  real("distribution 2.8 (Debian's docker-registry)", "2.8", "refused"),
  real("distribution 3.1.1 (built by Go)", "3", "enabled"),
];

function played(name: string, behaviour: OciBehaviour, tagDeletes: BackendKind["tagDeletes"]): BackendKind {
  return {
    name,
    tagDeletes,
    isThere: true,
    open: (store, { deletes = "enabled" } = {}) => serveOci(store, { ...behaviour, deletes }),
  };
}

function real(name: string, version: "2.8" | "3", tagDeletes: BackendKind["tagDeletes"]): BackendKind {
  const program = findRegistry(version);
  return {
    name: program === null ? `${name}: not installed` : name,
    tagDeletes,
    isThere: program !== null,
    open: (store, options) => openReal(program ?? "", store, options),
  };
}

/** Fills a real registry while it takes pushes, and starts it again as it is wanted. */
export async function openReal(
  program: string,
  store: RegistryStore,
  { deletes = "enabled" }: BackendOptions = {},
): Promise<RealRegistry> {
  const registry = await startRealRegistry(program);
  await copyStore(store, registry);
  if (deletes === "read-only") await registry.restart({ mode: "read-only" });
  if (deletes === "disabled") await registry.restart({ deletes: "disabled" });
  return registry;
}
