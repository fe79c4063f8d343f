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

const isMain = ({ event, ref }: Build): boolean => event === "push" && ref === "main";
const isPush = ({ event }: Build): boolean => event === "push";
const isPullRequest = ({ event }: Build): boolean => event === "pull_request";
const isMainOrPullRequest = (build: Build): boolean => isMain(build) || isPullRequest(build);
const short = ({ sha }: Build): string => sha.slice(0, 7);
const date = ({ time }: Build): string => new Date(time).toISOString().slice(0, 10).replaceAll("-", "");
const slug = ({ ref }: Build): string => ref.replaceAll("/", "-");
/** Of the number and the branch of a pull request, or of another build. */
const byEvent = (ofNumber: (build: Build) => string, other = slug) => {
  return (build: Build): readonly string[] => [build.number === null ? other(build) : ofNumber(build)];
};

const NONE: readonly Group[] = [];
const PULL_REQUESTS: readonly Group[] = ["pull requests"];
const BRANCHES: readonly Group[] = ["pull requests", "last commit", "deleted branch"];
const COMMITS: readonly Group[] = ["pull requests", "last commit"];
const kept = { patterns: [], deletedByDefault: NONE, deletedWithPatterns: NONE, deletedWithAll: NONE };

export const SCHEMES: readonly Scheme[] = [
  {
    title: "short commit, from `main` only",
    example: "`1a2b3c4`",
    workflows: 13,
    builds: isMain,
    tags: (build) => [short(build)],
    namesCommit: true,
    ...kept,
    deletedWithAll: ["older"],
  },
  {
    title: "commit",
    example: "40 digits",
    workflows: 5,
    builds: isMainOrPullRequest,
    tags: ({ sha }) => [sha],
    namesCommit: true,
    patterns: [],
    deletedByDefault: PULL_REQUESTS,
    deletedWithPatterns: PULL_REQUESTS,
    deletedWithAll: ["older", ...PULL_REQUESTS],
  },
  {
    title: "`sha-` and commit, every branch",
    example: "`sha-1a2b3c4`",
    workflows: 1,
    builds: isPush,
    tags: (build) => [`sha-${short(build)}`],
    namesCommit: true,
    patterns: [],
    deletedByDefault: COMMITS,
    deletedWithPatterns: COMMITS,
    deletedWithAll: ["older", ...COMMITS],
  },
  {
    title: "commit and date",
    example: "`1a2b3c4-20261121`",
    workflows: 3,
    builds: isMainOrPullRequest,
    tags: (build) => [`${short(build)}-${date(build)}`],
    namesCommit: true,
    patterns: ["{sha}-*"],
    deletedByDefault: NONE,
    deletedWithPatterns: PULL_REQUESTS,
    deletedWithAll: ["older", ...PULL_REQUESTS],
  },
  {
    title: "prefix and commit",
    example: "`build-1a2b3c4`",
    workflows: 1,
    builds: isPush,
    tags: (build) => [`build-${short(build)}`],
    namesCommit: true,
    patterns: ["build-{sha}"],
    deletedByDefault: NONE,
    deletedWithPatterns: COMMITS,
    deletedWithAll: ["older", ...COMMITS],
  },
  {
    title: "branch and commit",
    example: "`main-1a2b3c4`",
    workflows: 2,
    builds: isPush,
    tags: (build) => [`${slug(build)}-${short(build)}`],
    namesCommit: true,
    patterns: ["{branch}-{sha}"],
    deletedByDefault: NONE,
    deletedWithPatterns: BRANCHES,
    deletedWithAll: ["older", ...BRANCHES],
  },
  {
    title: "branch, run number and commit",
    example: "`gh-main-7-1a2b3c4`",
    workflows: 1,
    builds: isPush,
    tags: (build) => [`gh-${slug(build)}-${build.run}-${short(build)}`],
    namesCommit: true,
    patterns: ["gh-{branch}-*-{sha}"],
    deletedByDefault: NONE,
    deletedWithPatterns: BRANCHES,
    deletedWithAll: ["older", ...BRANCHES],
  },
  {
    title: "date",
    example: "`20261121`",
    workflows: 3,
    builds: isMain,
    tags: (build) => [date(build)],
    ...kept,
    retention: "20* keep=3",
    deletedWithAll: ["older"],
  },
  {
    title: "run number",
    example: "`1234567`",
    workflows: 2,
    builds: isMain,
    tags: ({ run }) => [String(run)],
    ...kept,
    retention: "{1,2,3,4,5,6,7,8,9}* keep=3",
    deletedWithAll: ["older"],
  },
  {
    title: "version of a Git tag",
    example: "`1.2.0`",
    workflows: 6,
    builds: ({ event }) => event === "release",
    tags: ({ ref }) => [ref.slice(1), "latest"],
    ...kept,
  },
  {
    title: "version of the project, without a Git tag",
    example: "`0.3.7`",
    workflows: 6,
    builds: isMain,
    tags: ({ run }) => [`0.3.${run}`],
    ...kept,
    retention: "0.* keep=3",
    deletedWithAll: ["older"],
  },
  {
    title: "environment",
    example: "`staging`",
    workflows: 12,
    builds: ({ event, ref }) => ref === "main" || event === "release",
    tags: ({ event }) => (event === "release" ? ["production", "latest"] : ["staging"]),
    words: ["production", "staging"],
    ...kept,
  },
  {
    title: "`pr-` and number, and branch",
    example: "`pr-12`, `main`",
    workflows: 4,
    builds: isMainOrPullRequest,
    tags: byEvent(({ number }) => `pr-${number}`),
    patterns: [],
    deletedByDefault: PULL_REQUESTS,
    deletedWithPatterns: PULL_REQUESTS,
    deletedWithAll: PULL_REQUESTS,
  },
  {
    title: "`pr-` and number, and a tag with the commit",
    example: "`pr-12` and `1a2b3c4`",
    workflows: 1,
    builds: isMainOrPullRequest,
    tags: (build) => [...byEvent(({ number }) => `pr-${number}`)(build), short(build)],
    namesCommit: true,
    patterns: [],
    deletedByDefault: PULL_REQUESTS,
    deletedWithPatterns: PULL_REQUESTS,
    deletedWithAll: ["older", ...PULL_REQUESTS],
  },
  {
    title: "`pr-`, number and commit",
    example: "`pr-12-1a2b3c4`",
    workflows: 1,
    builds: isPullRequest,
    tags: (build) => [`pr-${build.number}-${short(build)}`],
    patterns: [],
    deletedByDefault: PULL_REQUESTS,
    deletedWithPatterns: PULL_REQUESTS,
    deletedWithAll: PULL_REQUESTS,
  },
  {
    title: "number",
    example: "`12`",
    workflows: 1,
    builds: isPullRequest,
    tags: ({ number }) => [String(number)],
    patterns: ["{pr}"],
    deletedByDefault: NONE,
    deletedWithPatterns: PULL_REQUESTS,
    deletedWithAll: PULL_REQUESTS,
  },
  {
    title: "`pr` and number",
    example: "`pr12`",
    workflows: 1,
    builds: isPullRequest,
    tags: ({ number }) => [`pr${number}`],
    patterns: ["pr{pr}"],
    deletedByDefault: NONE,
    deletedWithPatterns: PULL_REQUESTS,
    deletedWithAll: PULL_REQUESTS,
  },
  {
    title: "prefix, number and run attempt",
    example: "`SNAPSHOT-PR-12-7`",
    workflows: 1,
    builds: isPullRequest,
    tags: ({ number, run }) => [`SNAPSHOT-PR-${number}-${run % 10}`],
    patterns: ["SNAPSHOT-PR-{pr}-*"],
    deletedByDefault: NONE,
    deletedWithPatterns: PULL_REQUESTS,
    deletedWithAll: PULL_REQUESTS,
  },
  {
    title: "`github.ref_name` of pull requests",
    example: "`12-merge`",
    workflows: 1,
    builds: isMainOrPullRequest,
    tags: byEvent(({ number }) => `${number}-merge`),
    patterns: ["{pr}-merge"],
    deletedByDefault: NONE,
    deletedWithPatterns: PULL_REQUESTS,
    deletedWithAll: PULL_REQUESTS,
  },
  {
    title: "branch",
    example: "`feature-login`",
    workflows: 5,
    builds: isPush,
    tags: (build) => [slug(build)],
    patterns: [],
    deletedByDefault: BRANCHES,
    deletedWithPatterns: BRANCHES,
    deletedWithAll: BRANCHES,
  },
  {
    title: "prefix and branch",
    example: "`dev-feature-login`",
    workflows: 2,
    builds: isPush,
    tags: (build) => [`dev-${slug(build)}`],
    patterns: ["dev-{branch}"],
    deletedByDefault: NONE,
    deletedWithPatterns: BRANCHES,
    deletedWithAll: BRANCHES,
  },
  {
    title: "`pr-` and the last path segment of the branch",
    example: "`pr-login`",
    workflows: 1,
    builds: isPullRequest,
    tags: ({ ref }) => [`pr-${ref.slice(ref.lastIndexOf("/") + 1)}`],
    patterns: ["pr-{branch:last}"],
    deletedByDefault: NONE,
    deletedWithPatterns: PULL_REQUESTS,
    deletedWithAll: PULL_REQUESTS,
  },
  {
    title: "`git describe`",
    example: "`v1.2.0-14-g1a2b3c4`",
    workflows: 1,
    builds: isMain,
    tags: (build) => [`v1.2.0-${build.run % 100}-g${short(build)}`],
    namesCommit: true,
    patterns: ["v*-g{sha}"],
    deletedByDefault: NONE,
    deletedWithPatterns: NONE,
    deletedWithAll: ["older"],
  },
  {
    title: "other names, such as a matrix",
    example: "`node20-alpine`",
    workflows: 3,
    builds: isMain,
    tags: () => ["node20-alpine"],
    words: ["node20-alpine"],
    ...kept,
  },
];
