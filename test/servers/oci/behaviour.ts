import type { Reply, ServedRequest } from "../http-server.ts";
import type { RegistryStore } from "./store.ts";

/** How an embedded registry behaves; the defaults are those of a registry that implements all of the OCI distribution-spec. */
export interface OciBehaviour {
  readonly referrersApi?: "yes" | "no";
  readonly deletes?: "enabled" | "disabled" | "read-only";
  /** What DELETE of a tag does: v3 and zot delete it, 2.8 answers 400 DIGEST_INVALID, others 405, or delete the manifest. */
  readonly tagDeletes?: "enabled" | "refused" | "unsupported" | "with the manifest";
  /**
   * `ignore-n`: all tags in one answer, as 2.8 gives them. `by-last`: pages that are full, and link to none. `by-link when full`:
   * every page of tags that is full links to another, the last one to an empty one, as 3 does.
   */
  readonly paging?: "by-link" | "by-link when full" | "by-last" | "ignore-n";
  /** How many names a page has at most, whatever `n` is; default 100. */
  readonly pageSize?: number;
  /** What tags/list answers where there is no tag: distribution 404 until one was pushed, and `null` after the last went. */
  readonly withoutTags?: "null" | "not-found" | "not-found until tagged";
  /** What tags/list answers after a `last` where there never was a tag, nor perhaps a repository: 3 says `null`. */
  readonly afterUnknown?: "not-found" | "null";
  /** Whether the catalog names a repository that blobs were pushed to, and no manifest. */
  readonly blobsMakeRepository?: "yes" | "no";
  /** Whether a manifest may list what is not there, as sparse indexes do. */
  readonly missingReferences?: "refused" | "accepted";
  /** Whether an OCI index is found by who does not accept it: on 2.8 not, on 3 it is. */
  readonly indexes?: "where accepted" | "whatever is accepted";
  /** A prefix of all names (`NAME/`), which the store does not have. */
  readonly prefix?: string;
  /** Called before anything else; null lets the request through. */
  readonly guard?: (request: ServedRequest) => Reply | null;
}

/** As distribution 2.8 answers: held to the real one by random requests. */
export const DISTRIBUTION_2_8: OciBehaviour = {
  referrersApi: "no",
  tagDeletes: "refused",
  paging: "ignore-n",
  withoutTags: "not-found until tagged",
  blobsMakeRepository: "yes",
};
/** As distribution 3 answers: held to the real one by random requests. */
export const DISTRIBUTION_3: OciBehaviour = {
  referrersApi: "no",
  paging: "by-link when full",
  withoutTags: "not-found until tagged",
  afterUnknown: "null",
  indexes: "whatever is accepted",
};

/** What a request is about. */
export interface Place {
  readonly store: RegistryStore;
  readonly behaviour: OciBehaviour;
  readonly repository: string;
  /** With the prefix, as clients know it. */
  readonly name: string;
  readonly reference: string;
}
