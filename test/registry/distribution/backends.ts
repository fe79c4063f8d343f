import { type RealRegistry, startRealRegistry } from "../../servers/distribution/real-registry.ts";
import { DISTRIBUTION_2_8, DISTRIBUTION_3, type OciBehaviour } from "../../servers/oci/behaviour.ts";
import { copyStore } from "../../servers/oci/copy.ts";
import { serveOci } from "../../servers/oci/server.ts";
import type { RegistryStore } from "../../servers/oci/store.ts";
import { findTool, type Tool } from "../../servers/tools.ts";

export interface BackendOptions {
  readonly deletes?: "enabled" | "disabled" | "read-only";
}

/** A running registry with the content of a store. */
export interface Backend {
  readonly url: URL;
  close(): Promise<void>;
}

/** A kind of registry that the tests run against. */
export interface BackendKind {
  readonly name: string;
  readonly tagDeletes: "enabled" | "refused";
  /** The program that it needs. */
  readonly tools: readonly Tool[];
  open(store: RegistryStore, options?: BackendOptions): Promise<Backend>;
}

const SMALL_PAGES: OciBehaviour = { pageSize: 7 };

export const BACKENDS: readonly BackendKind[] = [
  embedded("embedded distribution 2.8", DISTRIBUTION_2_8, "refused"),
  embedded("embedded distribution 3", DISTRIBUTION_3, "enabled"),
  embedded("embedded OCI registry with small pages", SMALL_PAGES, "enabled"),
  real("distribution 2.8", "docker-registry", "refused"),
  real("distribution 3", "registry", "enabled"),
];

function embedded(name: string, behaviour: OciBehaviour, tagDeletes: BackendKind["tagDeletes"]): BackendKind {
  return {
    name,
    tagDeletes,
    tools: [],
    open: (store, { deletes = "enabled" } = {}) => serveOci(store, { ...behaviour, deletes }),
  };
}

function real(name: string, tool: Tool, tagDeletes: BackendKind["tagDeletes"]): BackendKind {
  return { name, tagDeletes, tools: [tool], open: (store, options) => openReal(findTool(tool) ?? "", store, options) };
}

/** Starts a real registry, pushes the content of a store, and restarts the registry with `options`. */
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
