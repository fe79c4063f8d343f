import * as v from "valibot";
import type { Fault } from "../../fault.ts";
import { parseValue } from "../../http/json.ts";
import type { Settings } from "../../settings.ts";
import type { PullRequest } from "../refs.ts";
import { listingFault, type RepositoryResponse, responseOf } from "./graphql.ts";

const CLOSED_FIELDS =
  "number state createdAt closedAt updatedAt baseRefName headRefName headRefOid isCrossRepository headRepository { id } mergeCommit { oid } commits(first: 1) { totalCount nodes { commit { committedDate } } }";
const FIELDS = `${CLOSED_FIELDS} potentialMergeCommit { oid }`;

/**
 * Returns a query for pull requests by number. It uses `pullRequest`, because `issueOrPullRequest` needs the permission
 * `issues: read`; both return NOT_FOUND for an issue.
 */
export function byNumberQuery(numbers: readonly number[]): string {
  const fields = numbers.map((number) => `p${number}: pullRequest(number: ${number}) { ...fields }`);
  return `query PullRequests($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    ${fields.join("\n    ")}
  }
}
fragment fields on PullRequest { ${FIELDS} }`;
}

/** Open pull requests by creation date: changes while the pages are read do not affect this order. */
export const OPEN_QUERY = listQuery("OpenPullRequests", "[OPEN]", "CREATED_AT, direction: ASC", FIELDS);
/** Open pull requests, the last updated first. */
export const UPDATED_QUERY = listQuery("UpdatedPullRequests", "[OPEN]", "UPDATED_AT, direction: DESC", FIELDS);
/** Closed and merged pull requests, the last updated first. */
export const CLOSED_QUERY = listQuery(
  "ClosedPullRequests",
  "[CLOSED, MERGED]",
  "UPDATED_AT, direction: DESC",
  CLOSED_FIELDS,
);

function listQuery(operation: string, states: string, order: string, fields: string): string {
  return `query ${operation}($owner: String!, $name: String!, $first: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequests(first: $first, after: $after, states: ${states}, orderBy: { field: ${order} }) {
      totalCount pageInfo { hasNextPage endCursor }
      nodes { ${fields} }
    }
  }
}`;
}

export interface Page {
  /** The length of the complete list when this page was read. */
  readonly totalCount: number;
  /** `updatedAt` is in milliseconds since the epoch. Closing a pull request is an update. */
  readonly entries: readonly { readonly pullRequest: PullRequest; readonly updatedAt: number }[];
  /** The cursor of the next page; null: this is the last page, or the next one is unknown. */
  readonly next: string | null;
  /** Why entries are missing; null: none are. */
  readonly failure: Fault | null;
}

const STATES = { OPEN: "open", CLOSED: "closed", MERGED: "merged" } as const;

const Time = v.pipe(
  v.string(),
  v.isoTimestamp(),
  v.transform((text) => Date.parse(text)),
);
const Oid = v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i), v.toLowerCase());
const Commit = v.nullish(v.object({ oid: Oid }));

/** Null if GitHub cannot read them any more. */
const Commits = v.nullish(
  v.object({
    totalCount: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    nodes: v.nullish(v.array(v.nullish(v.object({ commit: v.object({ committedDate: Time }) })))),
  }),
);

const Node = v.pipe(
  v.object({
    number: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    state: v.picklist(["OPEN", "CLOSED", "MERGED"]),
    createdAt: Time,
    closedAt: v.nullable(Time),
    updatedAt: Time,
    baseRefName: v.pipe(v.string(), v.nonEmpty()),
    headRefName: v.pipe(v.string(), v.nonEmpty()),
    headRefOid: Oid,
    isCrossRepository: v.boolean(),
    headRepository: v.nullable(v.object({ id: v.string() })),
    mergeCommit: Commit,
    potentialMergeCommit: Commit,
    commits: Commits,
  }),
  v.check(({ state, closedAt }) => state === "OPEN" || closedAt !== null, "closed, but without `closedAt`"),
  v.transform((node) => {
    const state = STATES[node.state];
    // GitHub computes the test merge later, so it can be null.
    const merge = { open: node.potentialMergeCommit, merged: node.mergeCommit, closed: null }[state];
    const pullRequest: PullRequest = {
      number: node.number,
      state,
      closedAt: state === "open" ? null : node.closedAt,
      startedAt: Math.min(node.createdAt, ...firstCommits(node.commits)),
      headBranch: node.headRefName,
      baseBranch: node.baseRefName,
      fromFork: node.isCrossRepository || node.headRepository === null,
      headCommit: node.headRefOid,
      commitCount: node.commits?.totalCount ?? 0,
      mergeCommit: merge?.oid ?? null,
    };
    return { pullRequest, updatedAt: node.updatedAt };
  }),
);

function firstCommits(commits: v.InferOutput<typeof Commits>): readonly number[] {
  return (commits?.nodes ?? []).flatMap((node) => node?.commit.committedDate ?? []);
}

const Connection = v.object({
  totalCount: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  pageInfo: v.object({ hasNextPage: v.boolean(), endCursor: v.nullable(v.string()) }),
  nodes: v.array(v.nullable(Node)),
});

/** Returns the pull request `number` of a `byNumberQuery`; a Fault `listing` if GitHub did not return it. Throws Fault `listing`. */
export function parseByNumber(
  github: Settings["github"],
  { fields, missing, failure }: RepositoryResponse,
  number: number,
): PullRequest | "missing" | Fault {
  const alias = `p${number}`;
  const node = fields[alias] ?? null;
  if (node === null && missing.has(alias)) return "missing";
  if (node === null) return failure ?? listingFault(github, `GitHub returned null for pull request #${number}`);
  const { pullRequest } = parseValue(node, Node, responseOf(github, ` (pull request #${number})`));
  if (pullRequest.number === number) return pullRequest;
  throw listingFault(github, `GitHub returned #${pullRequest.number} instead of #${number}`);
}

/** Returns one page of a list. `after` is its cursor: a page that is its own next page would never end. */
export function parsePage(
  github: Settings["github"],
  { fields, failure }: RepositoryResponse,
  after: string | null,
): Page {
  const list = fields["pullRequests"] ?? null;
  if (failure !== null && !v.is(Connection, list)) return { totalCount: 0, entries: [], next: null, failure };
  const { totalCount, pageInfo, nodes } = parseValue(list, Connection, responseOf(github));
  const { hasNextPage, endCursor } = pageInfo;
  if (hasNextPage && (endCursor === null || endCursor === after)) {
    throw listingFault(github, "GitHub returned a page without the cursor of the next page");
  }
  const entries = nodes.filter((node) => node !== null);
  const isComplete = entries.length === nodes.length;
  const nulls = isComplete ? null : listingFault(github, "GitHub returned null for a pull request");
  return { totalCount, entries, next: hasNextPage ? endCursor : null, failure: failure ?? nulls };
}
