/** A pull request of the test server. Times are milliseconds since the epoch. */
export interface TestPullRequest {
  readonly number: number;
  readonly state: "open" | "closed" | "merged";
  readonly headBranch: string;
  readonly baseBranch: string;
  readonly headCommit: string;
  /** How many commits it has that its base branch did not have. Default: 1. */
  readonly commitCount?: number;
  /** Where its head branch is, or was. */
  readonly head: "this repository" | "fork" | "deleted fork";
  /** The test merge while it is open (null until GitHub has computed it), and the merge commit once it is merged. */
  readonly mergeCommit: string | null;
  readonly createdAt: number;
  /** When its first commit was made. Default: when it was opened. */
  readonly firstCommitAt?: number;
  readonly updatedAt: number;
  readonly closedAt: number | null;
}

/** An entry of the activity of a Git repository. */
export interface TestActivity {
  readonly type: "branch_deletion" | "branch_creation" | "push";
  readonly branch: string;
  /** The commit before a deletion, or after a creation. */
  readonly commit: string;
  readonly at: number;
}

export interface GitHubRepository {
  readonly activity: TestActivity[];
  /** The parents of each commit that GitHub knows, by its id. */
  readonly commits: Map<string, readonly string[]>;
  readonly pullRequests: Map<number, TestPullRequest>;
  /** Issues and pull requests share one sequence of numbers. */
  readonly issues: Set<number>;
}

/** The data of the test server. It may be changed between requests. */
export interface GitHubState {
  /** By `owner/name` in lower case, because GitHub ignores case. */
  readonly repositories: Map<string, GitHubRepository>;
  /** Accounts by login in lower case. */
  readonly owners: Map<string, "Organization" | "User">;
  /** The token's permission; `none`: neither pull requests nor issues. */
  permission: "pull-requests: read" | "none";
  /** Whether the server has the activity of Git repositories, as GitHub Enterprise Server has since 3.17. */
  hasActivity: boolean;
  /** The most pull requests on a page, also if a request wants more. */
  maxPerPage: number;
}

export interface RepositoryFixture {
  readonly pullRequests?: readonly TestPullRequest[];
  readonly issues?: readonly number[];
  readonly commits?: Readonly<Record<string, readonly string[]>>;
  readonly activity?: readonly TestActivity[];
}

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

/** Returns 40 hex digits, the same for the same arguments. */
export function commitOf(kind: "head" | "merge", number: number): string {
  return `${kind === "head" ? "a" : "b"}${number.toString(16).padStart(39, "0")}`;
}

/** Returns a pull request, by default an open one of this repository, created in the `number`th hour of 2026. */
export function pullRequest(number: number, fields: Partial<Omit<TestPullRequest, "number">> = {}): TestPullRequest {
  const { state = "open", createdAt = START + number * HOUR } = fields;
  const closedAt = fields.closedAt ?? (state === "open" ? null : createdAt + HOUR);
  return {
    number,
    state,
    headBranch: `feature/${number}`,
    baseBranch: "main",
    headCommit: commitOf("head", number),
    head: "this repository",
    mergeCommit: state === "closed" ? null : commitOf("merge", number),
    createdAt,
    updatedAt: closedAt ?? createdAt,
    ...fields,
    closedAt,
  };
}

export function createState(
  repositories: Readonly<Record<string, RepositoryFixture>>,
  owners: Readonly<Record<string, "Organization" | "User">> = {},
): GitHubState {
  const entries = Object.entries(repositories).map(
    ([name, { pullRequests = [], issues = [], commits = {}, activity = [] }]) => {
      const repository: GitHubRepository = {
        pullRequests: new Map(pullRequests.map((each) => [each.number, each])),
        issues: new Set(issues),
        commits: new Map(Object.entries(commits)),
        activity: [...activity],
      };
      return [name.toLowerCase(), repository] as const;
    },
  );
  const users = Object.keys(repositories).map((name) => [(name.split("/")[0] ?? "").toLowerCase(), "User"] as const);
  const others = Object.entries(owners).map(([login, type]) => [login.toLowerCase(), type] as const);
  return {
    repositories: new Map(entries),
    owners: new Map([...users, ...others]),
    permission: "pull-requests: read",
    hasActivity: true,
    maxPerPage: 100,
  };
}

/** Returns a time as GitHub writes it, without milliseconds: `2026-11-21T12:00:00Z`. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

export interface Order {
  readonly by: "created" | "updated";
  readonly direction: "ascending" | "descending";
}

/** Sorts as GitHub does: by seconds, then by number. */
export function inOrder(all: Iterable<TestPullRequest>, { by, direction }: Order): TestPullRequest[] {
  const sign = direction === "ascending" ? 1 : -1;
  return [...all].sort((a, b) => sign * (sortKey(a, by) - sortKey(b, by) || a.number - b.number));
}

export function sortKey({ createdAt, updatedAt }: TestPullRequest, by: Order["by"]): number {
  return Math.floor((by === "created" ? createdAt : updatedAt) / 1_000);
}
