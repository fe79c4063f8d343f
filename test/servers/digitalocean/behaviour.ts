import type { Clock } from "../../../src/clock.ts";
import type { ServedRequest } from "../http-server.ts";
import type { IndexListing } from "./answers.ts";
import type { CollectionBehaviour, Collections } from "./collections.ts";
import type { RegistryContent } from "./content.ts";

export type Scope = "registry:read" | "registry:delete" | "registry:update" | "app:read";

/** How the API behaves where its documentation leaves it open. Tests may change it at any time. */
export interface ApiBehaviour {
  /** Which generations of paths exist. */
  paths: "both" | "registries" | "registry";
  scopes: readonly Scope[];
  indexes: IndexListing;
  /** The status code for deleting a child of an existing index; null: the child is deleted. */
  childRefusal: number | null;
  /** Fields that manifests do not have. */
  absent: readonly string[];
  /** Called before a page of digests is made: a push or a deletion here changes the list while it is read. */
  beforePage: (repository: string, page: number) => void;
  /** `frozen`: the list of tags does not change after its first reading. */
  tagList: "live" | "frozen";
  /** When a tag was pushed, in milliseconds since the epoch; null: with its manifest. */
  tagPushedAt: (tag: string) => number | null;
  apps: readonly unknown[];
  /** The registry's storage in bytes; null: the field is missing. */
  storage: { readonly usedBytes: number | null; readonly includedBytes: number | null };
  /** The maximum number of repositories or digests on a page, even if the query asks for more. */
  maxPerPage: number;
  /** Requests per minute before the API returns 429. */
  perMinute: number;
}

export interface ApiOptions {
  readonly registry: string;
  readonly token: string;
  readonly content: RegistryContent;
  readonly clock: Clock;
  readonly collection?: Partial<CollectionBehaviour> | undefined;
  readonly behaviour?: Partial<ApiBehaviour> | undefined;
}

export const API_BEHAVIOUR: ApiBehaviour = {
  paths: "both",
  scopes: ["registry:read", "registry:delete", "registry:update", "app:read"],
  indexes: "no blobs",
  childRefusal: null,
  absent: [],
  beforePage: () => undefined,
  tagList: "live",
  tagPushedAt: () => null,
  apps: [],
  // The examples of the OpenAPI document.
  storage: { usedBytes: 29_393_920, includedBytes: 5_368_709_120 },
  maxPerPage: 200,
  perMinute: Number.POSITIVE_INFINITY,
};

/** A request, and what its operation works with. */
export interface Call {
  readonly request: ServedRequest;
  readonly api: ApiOptions;
  readonly behaviour: ApiBehaviour;
  readonly collections: Collections;
  readonly frozenTags: Map<string, readonly unknown[]>;
  /** The values of the route's `*`, decoded. */
  readonly names: readonly string[];
}
