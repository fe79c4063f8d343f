import * as v from "valibot";
import type { Settings } from "../../settings.ts";
import type { PullRequest } from "../refs.ts";
import { listingFault, type RepositoryAnswer } from "./graphql.ts";

/** The most that GitHub gives on one page, and the numbers that are asked for in one request. */
export const PAGE = 100;
/** Numbers are GraphQL's `Int`: above this there is no pull request, and asking for one is an error. */
export const LARGEST_NUMBER = 2 ** 31 - 1;

const CLOSED_FIELDS =
  "number state closedAt updatedAt headRefName headRefOid isCrossRepository headRepository { id } mergeCommit { oid }";
const FIELDS = `${CLOSED_FIELDS} potentialMergeCommit { oid }`;
const PAGE_FIELDS = "totalCount pageInfo { hasNextPage endCursor }";

/**
 * Pull requests by number. By `pullRequest`, not `issueOrPullRequest`: what is only an issue is NOT_FOUND either way, and a
 * token without `issues: read` would be refused.
 */
export function byNumberQuery(numbers: readonly number[]): string {
  const fields = numbers.map((number) => `${aliasOf(number)}: pullRequest(number: ${number}) { ...answer }`);
  return `query PullRequests($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    ${fields.join("\n    ")}
  }
}
fragment answer on PullRequest { ${FIELDS} }`;
}

function aliasOf(number: number): string {
  return `p${number}`;
}

/** All open pull requests, in the order of their birth: nothing that happens while they are read changes that order. */
export const OPEN_QUERY = listQuery("OpenPullRequests", "[OPEN]", "CREATED_AT, direction: ASC", FIELDS);
/** Open pull requests, the last touched first. */
export const REOPENED_QUERY = listQuery("TouchedPullRequests", "[OPEN]", "UPDATED_AT, direction: DESC", FIELDS);
/** Closed and merged pull requests, the last touched first. */
export const CLOSED_QUERY = listQuery(
  "ClosedPullRequests",
  "[CLOSED, MERGED]",
  "UPDATED_AT, direction: DESC",
  CLOSED_FIELDS,
);

function listQuery(operation: string, states: string, order: string, fields: string): string {
  return `query ${operation}($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequests(first: ${PAGE}, after: $after, states: ${states}, orderBy: { field: ${order} }) {
      ${PAGE_FIELDS}
      nodes { ${fields} }
    }
  }
}`;
}

/** A pull request, and when anything last happened to it, in milliseconds since the epoch; never before it was closed. */
export interface Touched {
  readonly pullRequest: PullRequest;
  readonly updatedAt: number;
}

export interface Page {
  /** Of all pages, as it was when this one was read. */
  readonly totalCount: number;
  readonly entries: readonly Touched[];
  /** Where the next page begins; null: this is the last. */
  readonly next: string | null;
}

const Time = v.pipe(
  v.string(),
  v.isoTimestamp(),
  v.transform((text) => Date.parse(text)),
);
const Oid = v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i), v.toLowerCase());
const Commit = v.nullish(v.object({ oid: Oid }));

const Node = v.pipe(
  v.object({
    number: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    state: v.picklist(["OPEN", "CLOSED", "MERGED"]),
    closedAt: v.nullable(Time),
    updatedAt: Time,
    headRefName: v.pipe(v.string(), v.nonEmpty()),
    headRefOid: Oid,
    isCrossRepository: v.boolean(),
    headRepository: v.nullable(v.object({ id: v.string() })),
    mergeCommit: Commit,
    potentialMergeCommit: Commit,
  }),
  v.check(({ state, closedAt }) => state === "OPEN" || closedAt !== null, "closed, but it does not say when"),
  v.transform(touched),
);

const Connection = v.object({
  totalCount: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  pageInfo: v.object({ hasNextPage: v.boolean(), endCursor: v.nullable(v.string()) }),
  nodes: v.array(Node),
});

const STATES = { OPEN: "open", CLOSED: "closed", MERGED: "merged" } as const;

interface RawNode {
  readonly number: number;
  readonly state: keyof typeof STATES;
  readonly closedAt: number | null;
  readonly updatedAt: number;
  readonly headRefName: string;
  readonly headRefOid: string;
  readonly isCrossRepository: boolean;
  readonly headRepository: { readonly id: string } | null;
  readonly mergeCommit?: { readonly oid: string } | null | undefined;
  readonly potentialMergeCommit?: { readonly oid: string } | null | undefined;
}

function touched(node: RawNode): Touched {
  const state = STATES[node.state];
  // While it is open, GitHub may still be computing the temporary one: null then.
  const merge = state === "open" ? node.potentialMergeCommit : state === "merged" ? node.mergeCommit : null;
  const pullRequest: PullRequest = {
    number: node.number,
    state,
    closedAt: state === "open" ? null : node.closedAt,
    headBranch: node.headRefName,
    fromFork: node.isCrossRepository || node.headRepository === null,
    headCommit: node.headRefOid,
    mergeCommit: merge?.oid ?? null,
  };
  return { pullRequest, updatedAt: node.updatedAt };
}

/** The answer to one number of a `byNumberQuery`. Null without a word why is no answer: Fault `listing`. */
export function parseByNumber(
  github: Settings["github"],
  { fields, missing }: RepositoryAnswer,
  number: number,
): PullRequest | "missing" {
  const alias = aliasOf(number);
  const field = fields[alias];
  if (field === null && missing.has(alias)) return "missing";
  const { pullRequest } = parseOrFail(github, Node, field, `the answer for #${number}`);
  if (pullRequest.number === number) return pullRequest;
  throw listingFault(github, `asked for #${number}, GitHub answered #${pullRequest.number}`);
}

/** One page of a list query. `after`: the cursor it was asked with; a page that ends where it began would be read for ever. */
export function parsePage(github: Settings["github"], { fields }: RepositoryAnswer, after: string | null): Page {
  const { pullRequests } = fields;
  const { totalCount, pageInfo, nodes } = parseOrFail(github, Connection, pullRequests, "a page");
  const { hasNextPage, endCursor } = pageInfo;
  if (hasNextPage && (endCursor === null || endCursor === after)) {
    throw listingFault(github, "GitHub says that there are more, and not where they begin");
  }
  return { totalCount, entries: nodes, next: hasNextPage ? endCursor : null };
}

function parseOrFail<TSchema extends v.GenericSchema>(
  github: Settings["github"],
  schema: TSchema,
  value: unknown,
  what: string,
): v.InferOutput<TSchema> {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const where = v.getDotPath(issue);
  throw listingFault(
    github,
    `${what} is not as GitHub describes it${where === null ? "" : `, at ${where}`}: ${issue.message}`,
    parsed.issues,
  );
}
