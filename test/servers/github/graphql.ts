import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSchema, type DocumentNode, execute, GraphQLError, type GraphQLSchema, parse, validate } from "graphql";
import {
  type GitHubRepository,
  type GitHubState,
  inOrder,
  type Order,
  sortKey,
  type TestPullRequest,
  timeOf,
} from "./state.ts";

const SCHEMA = join(import.meta.dirname, "../../../node_modules/@octokit/graphql-schema/schema.graphql");

let schema: GraphQLSchema | undefined;

/** Returns GitHub's public schema. Building it takes a tenth of a second. */
export function githubSchema(): GraphQLSchema {
  if (schema === undefined) {
    schema = buildSchema(readFileSync(SCHEMA, "utf8"), { assumeValid: true, assumeValidSDL: true, noLocation: true });
  }
  return schema;
}

export interface GraphqlRequest {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Executes a document against GitHub's schema. As at GitHub, the body may have both data and errors. */
export async function executeGraphql(state: GitHubState, { query, variables }: GraphqlRequest): Promise<unknown> {
  const { document, invalid } = read(query);
  if (invalid.length > 0) return { errors: invalid.map(errorOf) };
  const { data, errors } = await execute({
    schema: githubSchema(),
    document,
    rootValue: { repository: (names: RepositoryArguments) => repository(state, names) },
    ...(variables === undefined ? {} : { variableValues: variables }),
  });
  return errors === undefined ? { data } : { data, errors: errors.map(errorOf) };
}

interface ReadDocument {
  readonly document: DocumentNode;
  readonly invalid: readonly GraphQLError[];
}

const documents = new Map<string, ReadDocument>();

/** Validates each document only once, because the schema is large. */
function read(query: string): ReadDocument {
  const known = documents.get(query);
  if (known !== undefined) return known;
  const document = parse(query);
  const found: ReadDocument = { document, invalid: validate(githubSchema(), document) };
  documents.set(query, found);
  return found;
}

/** Returns an error in GitHub's form, with `type`. Validation errors have no type and no path. */
function errorOf({ message, path, locations, extensions }: GraphQLError): unknown {
  const { type, ...others } = extensions;
  return {
    ...(type === undefined ? {} : { type }),
    ...(path === undefined ? {} : { path }),
    ...(Object.keys(others).length === 0 ? {} : { extensions: others }),
    locations,
    message,
  };
}

function refusal(type: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { type } });
}

interface RepositoryArguments {
  readonly owner: string;
  readonly name: string;
}

interface ListArguments {
  readonly first?: number;
  readonly after?: string | null;
  readonly states?: readonly ("OPEN" | "CLOSED" | "MERGED")[];
  readonly orderBy?: {
    readonly field: "CREATED_AT" | "UPDATED_AT" | "COMMENTS";
    readonly direction: "ASC" | "DESC";
  };
}

function repository(state: GitHubState, { owner, name }: RepositoryArguments): unknown {
  const found = state.repositories.get(`${owner}/${name}`.toLowerCase());
  if (found === undefined) {
    throw refusal("NOT_FOUND", `Could not resolve to a Repository with the name '${owner}/${name}'.`);
  }
  const requirePermission = (): void => {
    if (state.permission === "none") throw refusal("FORBIDDEN", "Resource not accessible by integration");
  };
  return {
    pullRequest({ number }: { readonly number: number }) {
      requirePermission();
      const pullRequest = found.pullRequests.get(number);
      if (pullRequest !== undefined) return node(pullRequest);
      throw refusal("NOT_FOUND", `Could not resolve to a PullRequest with the number of ${number}.`);
    },
    pullRequests(list: ListArguments) {
      requirePermission();
      return connection(found, list, state.maxPerPage);
    },
    object: ({ expression }: { readonly expression: string }) => commitObject(found, expression),
  };
}

/** Null: none or several commits begin with `digits`. */
function commitObject({ commits }: GitHubRepository, digits: string): unknown {
  const [found, ...others] = [...commits].filter(([id]) => digits.length >= 4 && id.startsWith(digits));
  if (found === undefined || others.length > 0) return null;
  const [oid, parents] = found;
  return { __typename: "Commit", oid, parents: { nodes: parents.map((parent) => ({ oid: parent })) } };
}

/** A cursor contains the sort key of the last entry, so that it is valid after the list changed. */
function connection(
  repository: GitHubRepository,
  { first, after, states, orderBy }: ListArguments,
  max: number,
): unknown {
  if (first === undefined) {
    throw refusal(
      "MISSING_PAGINATION_BOUNDARIES",
      "You must provide a `first` or `last` value to properly paginate the `pullRequests` connection.",
    );
  }
  if (first > 100) {
    throw refusal(
      "EXCESSIVE_PAGINATION",
      `Requesting ${first} records on the \`pullRequests\` connection exceeds the \`first\` limit of 100 records.`,
    );
  }
  const order: Order = {
    by: orderBy?.field === "UPDATED_AT" ? "updated" : "created",
    direction: orderBy?.direction === "DESC" ? "descending" : "ascending",
  };
  const all = inOrder(repository.pullRequests.values(), order).filter(
    ({ state }) => states?.some((wanted) => wanted.toLowerCase() === state) ?? true,
  );
  const rest = typeof after === "string" ? all.filter(isAfter(after, order)) : all;
  const page = rest.slice(0, Math.min(first, max));
  const last = page.at(-1);
  return {
    totalCount: all.length,
    pageInfo: { hasNextPage: rest.length > page.length, endCursor: last === undefined ? null : cursorOf(last, order) },
    nodes: page.map(node),
  };
}

function cursorOf(entry: TestPullRequest, { by }: Order): string {
  return Buffer.from(`cursor:v2:${sortKey(entry, by)}:${entry.number}`).toString("base64");
}

function isAfter(cursor: string, { by, direction }: Order): (entry: TestPullRequest) => boolean {
  const [, , key = "", number = ""] = Buffer.from(cursor, "base64").toString("utf8").split(":");
  if (key === "") throw refusal("INVALID_CURSOR_ARGUMENTS", `\`${cursor}\` does not appear to be a valid cursor.`);
  const sign = direction === "ascending" ? 1 : -1;
  return (entry) => sign * (sortKey(entry, by) - Number(key) || entry.number - Number(number)) > 0;
}

function node(entry: TestPullRequest): unknown {
  const { number, state, head, mergeCommit, closedAt } = entry;
  const commit = mergeCommit === null ? null : { oid: mergeCommit };
  return {
    number,
    state: state.toUpperCase(),
    createdAt: timeOf(entry.createdAt),
    updatedAt: timeOf(entry.updatedAt),
    closedAt: closedAt === null ? null : timeOf(closedAt),
    commits: {
      totalCount: entry.commitCount ?? 1,
      nodes: [{ commit: { committedDate: timeOf(entry.firstCommitAt ?? entry.createdAt) } }],
    },
    baseRefName: entry.baseBranch,
    headRefName: entry.headBranch,
    headRefOid: entry.headCommit,
    isCrossRepository: head !== "this repository",
    headRepository: head === "deleted fork" ? null : { id: head === "fork" ? "R_fork" : "R_base" },
    mergeCommit: state === "merged" ? commit : null,
    potentialMergeCommit: state === "open" ? commit : null,
  };
}
