import type { Reply, ServedRequest } from "./http-server.ts";
import type { RegistryStore } from "./store.ts";

/** How an embedded registry behaves; the defaults are those of a registry that implements all of the OCI distribution-spec. */
export interface OciBehaviour {
  readonly referrersApi?: "yes" | "no";
  readonly deletes?: "enabled" | "disabled" | "read-only";
  /** What DELETE of a tag does: v3 and zot delete it, 2.8 answers 400 DIGEST_INVALID, others 405, or delete the manifest. */
  readonly tagDeletes?: "enabled" | "refused" | "unsupported" | "with the manifest";
  /** `ignore-n`: all tags in one answer, as 2.8 gives them. `by-last`: pages that are full, and link to none. */
  readonly paging?: "by-link" | "by-last" | "ignore-n";
  /** How many names a page has at most, whatever `n` is; default 100. */
  readonly pageSize?: number;
  /** What tags/list answers where there is no tag: distribution 404 until one was pushed, and `null` after the last went. */
  readonly withoutTags?: "null" | "not-found";
  /** Whether a manifest may list what is not there, as sparse indexes do. */
  readonly missingReferences?: "refused" | "accepted";
  /** A prefix of all names (`NAME/`), which the store does not have. */
  readonly prefix?: string;
  /** Called before anything else; null lets the request through. */
  readonly guard?: (request: ServedRequest) => Reply | null;
}

/** What a request is about. */
export interface Place {
  readonly store: RegistryStore;
  readonly behaviour: OciBehaviour;
  readonly repository: string;
  /** With the prefix, as clients know it. */
  readonly name: string;
  readonly reference: string;
}
