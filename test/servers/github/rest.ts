import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Reply, ServedRequest } from "../http-server.ts";
import { type GitHubState, inOrder, type Order, type TestPullRequest, timeOf } from "./state.ts";

type Json = Readonly<Record<string, unknown>>;

/** The parts of GitHub's description of its REST API that the tests read. */
export interface RestDescription extends Json {
  readonly components: {
    readonly schemas: Readonly<Record<string, Json>>;
    readonly examples: Readonly<Record<string, { readonly value: unknown } | undefined>>;
  };
}

const DESCRIPTION = join(import.meta.dirname, "../../../node_modules/@octokit/openapi/generated/api.github.com.json");

let description: RestDescription | undefined;

/** Reads the description (13 MB) at the first call, which takes a tenth of a second. */
export function restDescription(): RestDescription {
  if (description === undefined) {
    description = JSON.parse(readFileSync(DESCRIPTION, "utf8")) as RestDescription;
  }
  return description;
}

/** Returns an example from the description. The state replaces its values. */
function example(name: string): Json {
  const value = restDescription().components.examples[name]?.value;
  const first: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof first !== "object" || first === null) throw new Error(`GitHub's description has no example ${name}`);
  return Object.fromEntries(Object.entries(first));
}

const DOCUMENTATION = "https://docs.github.com/rest";

export function restError(status: number, message: string): Reply {
  return { status, body: { message, documentation_url: DOCUMENTATION, status: String(status) } };
}

/** Returns the response to a REST request; null: another route handles it. `path` is without the API's prefix. */
export function handleRest(state: GitHubState, path: string, { method, url }: ServedRequest): Reply | null {
  if (method !== "GET") return null;
  const [root, owner, name, leaf, ...more] = path.split("/").slice(1).map(decodeURIComponent);
  if (root === "users" && owner !== undefined && name === undefined) return user(state, owner);
  if (root !== "repos" || owner === undefined || name === undefined || more.length > 0) return null;
  if (leaf === "activity") return activity(state, `${owner}/${name}`, url);
  return leaf === "pulls" ? pulls(state, `${owner}/${name}`, url) : null;
}

function user(state: GitHubState, login: string): Reply {
  const type = state.owners.get(login.toLowerCase());
  if (type === undefined) return restError(404, "Not Found");
  return { status: 200, body: { ...example("public-user-default-response"), ...account(login), type } };
}

/** https://docs.github.com/rest/repos/repos#list-repository-activities */
function activity(state: GitHubState, repository: string, url: URL): Reply {
  const found = state.repositories.get(repository.toLowerCase());
  if (found === undefined || !state.hasActivity) return restError(404, "Not Found");
  const query = url.searchParams;
  const perPage = Math.min(100, Number(query.get("per_page") ?? 30));
  const all = found.activity
    .filter(({ type }) => type === (query.get("activity_type") ?? type))
    .sort((a, b) => (query.get("direction") === "asc" ? a.at - b.at : b.at - a.at));
  const start = Number(query.get("after")?.slice("cursor".length) ?? 0);
  const rest = all.slice(start);
  const next = new URL(url);
  next.searchParams.set("after", `cursor${start + perPage}`);
  const zero = "0".repeat(40);
  return {
    status: 200,
    headers: rest.length > perPage ? { link: `<${next.href}>; rel="next"` } : {},
    body: rest.slice(0, perPage).map(({ type, branch, commit, at }, index) => ({
      ...example("activity-items"),
      id: start + index + 1,
      before: type === "branch_creation" ? zero : commit,
      after: type === "branch_deletion" ? zero : commit,
      ref: `refs/heads/${branch}`,
      timestamp: timeOf(at),
      activity_type: type,
    })),
  };
}

function pulls(state: GitHubState, repository: string, url: URL): Reply {
  const found = state.repositories.get(repository.toLowerCase());
  if (found === undefined) return restError(404, "Not Found");
  if (state.permission === "none") return restError(403, "Resource not accessible by integration");
  const query = url.searchParams;
  const by = query.get("sort") === "updated" ? "updated" : "created";
  const descending = (query.get("direction") ?? (query.has("sort") ? "asc" : "desc")) === "desc";
  const order: Order = { by, direction: descending ? "descending" : "ascending" };
  const stateFilter = query.get("state") ?? "open";
  const all = inOrder(found.pullRequests.values(), order).filter(
    (each) => stateFilter === "all" || (each.state === "open") === (stateFilter === "open"),
  );
  const perPage = Math.min(100, Math.max(1, Number(query.get("per_page") ?? 30)));
  const page = Math.max(1, Number(query.get("page") ?? 1));
  const body = all
    .slice((page - 1) * perPage, page * perPage)
    .map((each) => simplePullRequest(repository, each, url.origin));
  const link = links(url, page, Math.ceil(all.length / perPage));
  return { status: 200, body, ...(link === "" ? {} : { headers: { link } }) };
}

/** https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api#using-link-headers */
function links(url: URL, page: number, last: number): string {
  const to = (target: number, relation: string): string => {
    const link = new URL(url);
    link.searchParams.set("page", String(target));
    return `<${link.href}>; rel="${relation}"`;
  };
  const before = page > 1 ? [to(page - 1, "prev"), to(1, "first")] : [];
  const after = page < last ? [to(page + 1, "next"), to(last, "last")] : [];
  return [...before, ...after].join(", ");
}

function simplePullRequest(repository: string, entry: TestPullRequest, origin: string): Json {
  const { number, state, head, headBranch, headCommit, mergeCommit, closedAt } = entry;
  const template = example("pull-request-simple-items");
  const [owner = ""] = repository.split("/");
  const headOwner = head === "this repository" ? owner : "someone";
  const { head: templateHead, base: templateBase } = template;
  const fullName = head === "this repository" ? repository : `${headOwner}/copy`;
  const headRepository = head === "deleted fork" ? null : { ...repositoryOf(templateHead), full_name: fullName };
  return {
    ...template,
    number,
    url: `${origin}/repos/${repository}/pulls/${number}`,
    state: state === "open" ? "open" : "closed",
    title: `Pull request ${number}`,
    created_at: timeOf(entry.createdAt),
    updated_at: timeOf(entry.updatedAt),
    closed_at: closedAt === null ? null : timeOf(closedAt),
    merged_at: state === "merged" && closedAt !== null ? timeOf(closedAt) : null,
    merge_commit_sha: mergeCommit,
    // The teams in the example do not match the description.
    requested_teams: [],
    head: {
      ...asJson(templateHead),
      label: `${headOwner}:${headBranch}`,
      ref: headBranch,
      sha: headCommit,
      repo: headRepository,
    },
    base: { ...asJson(templateBase), repo: { ...repositoryOf(templateBase), full_name: repository } },
  };
}

function account(login: string): Json {
  return { login, url: `https://api.github.com/users/${login}`, html_url: `https://github.com/${login}` };
}

function repositoryOf(side: unknown): Json {
  const { repo } = asJson(side);
  return asJson(repo);
}

function asJson(value: unknown): Json {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
