import type { Build, Group } from "./life.ts";

/** How workflows name images, and what is deleted of them. Tags by hand from the names that public workflows use. */
export interface Scheme {
  readonly title: string;
  /** An example of its tags. */
  readonly example: string;
  /** How many of 73 public workflows name images so. */
  readonly workflows: number;
  /** The builds that push images. */
  readonly builds: (build: Build) => boolean;
  readonly tags: (build: Build) => readonly string[];
  /** Whether all tags of an older build name its commit. */
  readonly namesCommit?: true;
  /** Tags of these names are deployed. */
  readonly words?: readonly string[];
  /** The patterns that explain the tags; none: the default ones do, or none can. */
  readonly patterns: readonly string[];
  /** A rule that deletes older builds, if no pattern can; null: `superseded: delete`. */
  readonly retention?: string;
  readonly deletedByDefault: readonly Group[];
  readonly deletedWithPatterns: readonly Group[];
  /** With the patterns, and `superseded: delete` and `keep-count: 2`, or `retention`. */
  readonly deletedWithAll: readonly Group[];
}

export const isMain = ({ event, ref }: Build): boolean => event === "push" && ref === "main";
export const isPush = ({ event }: Build): boolean => event === "push";
export const isPullRequest = ({ event }: Build): boolean => event === "pull_request";
export const isMainOrPullRequest = (build: Build): boolean => isMain(build) || isPullRequest(build);
export const short = ({ sha }: Build): string => sha.slice(0, 7);
export const date = ({ time }: Build): string => new Date(time).toISOString().slice(0, 10).replaceAll("-", "");
export const slug = ({ ref }: Build): string => ref.replaceAll("/", "-");
/** Of the number and the branch of a pull request, or of another build. */
export const byEvent = (ofNumber: (build: Build) => string, other = slug) => {
  return (build: Build): readonly string[] => [build.number === null ? other(build) : ofNumber(build)];
};

export const NONE: readonly Group[] = [];
export const PULL_REQUESTS: readonly Group[] = ["pull requests"];
export const BRANCHES: readonly Group[] = ["pull requests", "last commit", "deleted branch"];
export const COMMITS: readonly Group[] = ["pull requests", "last commit"];
export const kept = { patterns: [], deletedByDefault: NONE, deletedWithPatterns: NONE, deletedWithAll: NONE };
