import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Reply, ServedRequest } from "../http-server.ts";
import { type GitHubState, inOrder, type Order, type PlayedPullRequest, timeOf } from "./state.ts";

type Json = Readonly<Record<string, unknown>>;

/** GitHub's own description of its REST API, as far as it is read here. */
export interface RestDescription extends Json {
  readonly components: {
    readonly schemas: Readonly<Record<string, Json>>;
    readonly examples: Readonly<Record<string, { readonly value: unknown } | undefined>>;
  };
}

const DESCRIPTION = join(import.meta.dirname, "../../../node_modules/@octokit/openapi/generated/api.github.com.json");

let description: RestDescription | undefined;

/** Loaded when it is first wanted: 13 MB, a tenth of a second. */
export function restDescription(): RestDescription {
  if (description === undefined) {
    description = JSON.parse(readFileSync(DESCRIPTION, "utf8")) as RestDescription;
  }
  return description;
}

/** An example of the description, to be told apart by what a state says: their shape is GitHub's own. */
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

/** Answers a REST request, its path without the API's prefix; null: it is not one of these. */
export function answerRest(state: GitHubState, path: string, { method, url }: ServedRequest): Reply | null {
  if (method !== "GET") return null;
  const [root, owner, name, leaf, ...more] = path.split("/").slice(1).map(decodeURIComponent);
  if (root === "users" && owner !== undefined && name === undefined) return user(state, owner);
  if (root !== "repos" || owner === undefined || name === undefined || leaf !== "pulls" || more.length > 0) return null;
  return pulls(state, `${owner}/${name}`, url);
}

function user(state: GitHubState, login: string): Reply {
  const type = state.owners.get(login.toLowerCase());
  if (type === undefined) return restError(404, "Not Found");
  return { status: 200, body: { ...example("public-user-default-response"), ...account(login), type } };
}

function pulls(state: GitHubState, repository: string, url: URL): Reply {
  const played = state.repositories.get(repository.toLowerCase());
  if (played === undefined) return restError(404, "Not Found");
  if (state.permission === "none") return restError(403, "Resource not accessible by integration");
  const query = url.searchParams;
  const by = query.get("sort") === "updated" ? "updated" : "created";
  const descending = (query.get("direction") ?? (query.has("sort") ? "asc" : "desc")) === "desc";
  const order: Order = { by, direction: descending ? "descending" : "ascending" };
  const wanted = query.get("state") ?? "open";
  const all = inOrder(played.pullRequests.values(), order).filter(
    (each) => wanted === "all" || (each.state === "open") === (wanted === "open"),
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
    const there = new URL(url);
    there.searchParams.set("page", String(target));
    return `<${there.href}>; rel="${relation}"`;
  };
  const before = page > 1 ? [to(page - 1, "prev"), to(1, "first")] : [];
  const after = page < last ? [to(page + 1, "next"), to(last, "last")] : [];
  return [...before, ...after].join(", ");
}

function simplePullRequest(repository: string, entry: PlayedPullRequest, origin: string): Json {
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
    // The example's own teams are not as the description wants them.
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
