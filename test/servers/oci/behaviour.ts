import type { Reply, ServedRequest } from "../http-server.ts";
import type { RegistryStore } from "./store.ts";

/** How an embedded registry behaves. The defaults are those of a complete implementation of the OCI distribution-spec. */
export interface OciBehaviour {
  readonly referrersApi?: "yes" | "no";
  readonly deletes?: "enabled" | "disabled" | "read-only";
  /** DELETE of a tag: distribution 3 and zot delete it, 2.8 returns 400 DIGEST_INVALID, others 405, delete the manifest, or return 202 and keep the tag. */
  readonly tagDeletes?: "enabled" | "refused" | "unsupported" | "with the manifest" | "ignored";
  /** `kept`: the tags of a deleted manifest can still be pulled (go-containerregistry). */
  readonly tagsOfDeleted?: "deleted" | "kept";
  /** `refused`: 405 DENIED for a manifest that any index lists, tagged or not (zot). */
  readonly referencedDeletes?: "enabled" | "refused";
  /**
   * - `ignore-n`: all tags in one response (distribution 2.8).
   * - `by-last`: full pages without a link.
   * - `by-link when full`: each full page of tags has a link, so the last one can be empty (distribution 3).
   */
  readonly paging?: "by-link" | "by-link when full" | "by-last" | "ignore-n";
  /** `that begin with another`: `tags/list` omits tags that begin with another tag (distribution 3.1.0 and 3.1.1 on S3). */
  readonly hiddenTags?: "none" | "that begin with another";
  /** The form of links to the next page; default: relative, with quotes. */
  readonly links?: "relative" | "absolute" | "without quotes";
  /** The order of tags; default: sorted. */
  readonly tagOrder?: "sorted" | "as pushed";
  /** `overlapping`: a page begins with the last entry of the page before. */
  readonly pages?: "distinct" | "overlapping";
  /** The largest page, even if `n` is larger; default 100. */
  readonly pageSize?: number;
  /** `tags/list` without tags: distribution returns 404 until a tag was pushed, and `null` after the last was deleted. */
  readonly withoutTags?: "null" | "not-found" | "not-found until tagged";
  /** `tags/list?last=` if there never was a tag or a repository: distribution 3 returns `null`. */
  readonly afterUnknown?: "not-found" | "null";
  /** Whether the catalog shows a repository that has blobs, but never had a manifest. */
  readonly blobsCreateRepository?: "yes" | "no";
  /** Whether an index can list manifests that do not exist, as sparse indexes do. */
  readonly missingReferences?: "refused" | "accepted";
  /** Whether a client gets an OCI index that it does not accept: not from distribution 2.8, but from 3. */
  readonly indexes?: "if accepted" | "always";
  /** A prefix of all names (`NAME/`), which the store does not have. */
  readonly prefix?: string;
  /** Called first; null lets the request pass. */
  readonly guard?: (request: ServedRequest) => Reply | null;
}

/** Distribution 2.8, compared with the real one by random requests. */
export const DISTRIBUTION_2_8: OciBehaviour = {
  referrersApi: "no",
  tagDeletes: "refused",
  paging: "ignore-n",
  withoutTags: "not-found until tagged",
  blobsCreateRepository: "yes",
};
/** Distribution 3, compared with the real one by random requests. */
export const DISTRIBUTION_3: OciBehaviour = {
  referrersApi: "no",
  paging: "by-link when full",
  withoutTags: "not-found until tagged",
  afterUnknown: "null",
  indexes: "always",
};

/** The target of a request. */
export interface RequestTarget {
  readonly store: RegistryStore;
  readonly behaviour: OciBehaviour;
  readonly repository: string;
  /** With the prefix, as clients use it. */
  readonly name: string;
  readonly reference: string;
}
