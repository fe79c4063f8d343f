import { digitalOceanAdapters } from "../servers/digitalocean/conformance.ts";
import { distributionAdapters } from "../servers/distribution/conformance.ts";
import { ghcrAdapters } from "../servers/ghcr/conformance.ts";
import type { ConformanceAdapter } from "./adapter.ts";

/** The embedded servers of all providers. */
export const ADAPTERS: readonly ConformanceAdapter[] = [
  ...digitalOceanAdapters,
  ...ghcrAdapters,
  ...distributionAdapters,
];
