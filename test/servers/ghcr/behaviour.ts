import type { Clock } from "../../../src/clock.ts";
import type { Packages } from "./packages.ts";

/** How the packages API behaves. Tests may change it at any time. */
export interface PackagesBehaviour {
  /** `job`: GITHUB_TOKEN, which cannot list an owner's packages; `classic`: a personal access token that can. */
  token: "job" | "classic";
  /** The status code if a job's token lists the packages. GitHub does not document it. */
  listRefusal: 401 | 403 | 404;
  /** What the token may do with packages; `none`: it does not see them. */
  role: "admin" | "read" | "none";
  /** The status code of a deletion that the role does not allow: 404 exists too (dataaxiom/ghcr-cleanup-action#147). */
  deletionRefusal: 403 | 404;
  /** Fields that versions do not have. */
  absent: readonly string[];
  links: "next and last" | "next" | "none";
  /** Which of `page` and `per_page` the list of versions ignores: a user's packages do not document them. */
  paging: "supported" | "ignored" | "per_page ignored";
  /** The maximum number of entries on a page, even if the query asks for more. */
  maxPerPage: number;
  /** Whether the list of versions still shows deleted ones. */
  listsDeleted: boolean;
  /** Called before a page of versions is made: a push or a deletion here changes the list while it is read. */
  beforePage: (name: string, page: number) => void;
}

export interface PackagesApiOptions {
  readonly owner: string;
  readonly type: "Organization" | "User";
  readonly packages: Packages;
  readonly clock: Clock;
  readonly behaviour: PackagesBehaviour;
}

export const PACKAGES_BEHAVIOUR: PackagesBehaviour = {
  token: "job",
  listRefusal: 403,
  role: "admin",
  deletionRefusal: 403,
  absent: [],
  links: "next and last",
  paging: "supported",
  maxPerPage: 100,
  listsDeleted: false,
  beforePage: () => undefined,
};
