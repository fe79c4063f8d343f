/** A pull request as a test describes it. Times are milliseconds since the epoch. */
export interface PlayedPullRequest {
  readonly number: number;
  readonly state: "open" | "closed" | "merged";
  readonly headBranch: string;
  readonly headCommit: string;
  /** Where its head branch is, or was. */
  readonly head: "this repository" | "fork" | "deleted fork";
  /** The merge's commit; while open the temporary one, null while GitHub computes it. */
  readonly mergeCommit: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly closedAt: number | null;
}

export interface PlayedRepository {
  readonly pullRequests: Map<number, PlayedPullRequest>;
  /** Numbers of issues: they are of one sequence with those of the pull requests. */
  readonly issues: Set<number>;
}

/** All that the played GitHub knows; it may be changed between requests. */
export interface GitHubState {
  /** By `owner/name` in lower case: GitHub compares them so. */
  readonly repositories: Map<string, PlayedRepository>;
  /** Accounts by login in lower case. */
  readonly owners: Map<string, "Organization" | "User">;
  /** What the token may do; `none`: neither pull requests nor issues. */
  permission: "pull-requests: read" | "none";
  /** How many pull requests a page has at most, whatever is asked for. */
  mostPerPage: number;
}

export interface RepositoryFixture {
  readonly pullRequests?: readonly PlayedPullRequest[];
  readonly issues?: readonly number[];
}

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

/** 40 hex digits that are the same for the same words. */
export function commitOf(kind: "head" | "merge", number: number): string {
  return `${kind === "head" ? "a" : "b"}${number.toString(16).padStart(39, "0")}`;
}

/** A pull request of this repository, open, the `number`th hour's of 2026, unless told otherwise. */
export function pullRequest(number: number, told: Partial<Omit<PlayedPullRequest, "number">> = {}): PlayedPullRequest {
  const { state = "open", createdAt = START + number * HOUR } = told;
  const closedAt = told.closedAt ?? (state === "open" ? null : createdAt + HOUR);
  return {
    number,
    state,
    headBranch: `feature/${number}`,
    headCommit: commitOf("head", number),
    head: "this repository",
    mergeCommit: state === "closed" ? null : commitOf("merge", number),
    createdAt,
    updatedAt: closedAt ?? createdAt,
    ...told,
    closedAt,
  };
}

export function createState(
  repositories: Readonly<Record<string, RepositoryFixture>>,
  owners: Readonly<Record<string, "Organization" | "User">> = {},
): GitHubState {
  const entries = Object.entries(repositories).map(([name, { pullRequests = [], issues = [] }]) => {
    const byNumber = new Map(pullRequests.map((each) => [each.number, each]));
    return [name.toLowerCase(), { pullRequests: byNumber, issues: new Set(issues) }] as const;
  });
  const logins = Object.keys(repositories).map((name) => [(name.split("/")[0] ?? "").toLowerCase(), "User"] as const);
  const told = Object.entries(owners).map(([login, type]) => [login.toLowerCase(), type] as const);
  return {
    repositories: new Map(entries),
    owners: new Map([...logins, ...told]),
    permission: "pull-requests: read",
    mostPerPage: 100,
  };
}

/** `2026-11-21T12:00:00Z`: GitHub gives whole seconds. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

export interface Order {
  readonly by: "created" | "updated";
  readonly direction: "ascending" | "descending";
}

/** Sorted as GitHub sorts: by whole seconds, then by number. */
export function inOrder(all: Iterable<PlayedPullRequest>, { by, direction }: Order): PlayedPullRequest[] {
  const sign = direction === "ascending" ? 1 : -1;
  return [...all].sort((a, b) => sign * (sortKey(a, by) - sortKey(b, by) || a.number - b.number));
}

export function sortKey({ createdAt, updatedAt }: PlayedPullRequest, by: Order["by"]): number {
  return Math.floor((by === "created" ? createdAt : updatedAt) / 1_000);
}
