import * as v from "valibot";
import type { ClosedPullRequestEvent } from "../settings.ts";
import type { Parsed } from "./parse.ts";

const Repository = v.object({ full_name: v.string() });
// GitHub's docs, "Webhook events and payloads", `pull_request`.
const Payload = v.object({
  action: v.optional(v.string()),
  pull_request: v.object({
    number: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    merged: v.nullish(v.boolean()),
    created_at: v.nullish(v.string()),
    closed_at: v.nullish(v.string()),
    merge_commit_sha: v.nullish(v.string()),
    commits: v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
    head: v.object({ ref: v.string(), sha: v.string(), repo: v.nullish(Repository) }),
    base: v.object({ repo: Repository }),
  }),
});

const FIX = "Run Refsweep in a workflow that GitHub started";

// GitHub's docs, "Webhook events and payloads", `delete`.
const DeletePayload = v.object({
  ref: v.pipe(v.string(), v.minLength(1)),
  ref_type: v.picklist(["branch", "tag"]),
  repository: Repository,
});

/** The workflow's event: a closed pull request or a deleted branch, with the Git repository (`OWNER/NAME`); or any other event. */
export type WorkflowEvent =
  | { readonly repository: string; readonly pullRequest: ClosedPullRequestEvent }
  | { readonly repository: string; readonly deletedBranch: string }
  | "other";

/** Parses the event `name` (`GITHUB_EVENT_NAME`), whose payload is in the file `path` (`GITHUB_EVENT_PATH`). */
export function parseEvent(
  name: string | undefined,
  path: string,
  readFile: (path: string) => string,
): Parsed<WorkflowEvent> {
  if (name === "delete") return parseDelete(path, readFile);
  if (name !== "pull_request" && name !== "pull_request_target") return { value: "other" };
  const payload = readPayload(Payload, path, readFile);
  if (typeof payload === "string") return notThePayload(name, payload);
  if (payload.action !== "closed") return { value: "other" };
  const { number, merged, created_at, closed_at, merge_commit_sha, commits, head, base } = payload.pull_request;
  const closedAt = Date.parse(closed_at ?? "");
  if (Number.isNaN(closedAt)) return { problem: "its pull request has no time when it was closed", fix: FIX };
  const openedAt = Date.parse(created_at ?? "");
  const pullRequest = {
    number,
    startedAt: Number.isNaN(openedAt) ? null : openedAt,
    merged: merged === true,
    closedAt,
    headBranch: head.ref,
    headCommit: head.sha,
    commitCount: commits ?? 0,
    mergeCommit: merged === true ? (merge_commit_sha ?? null) : null,
    fromFork: head.repo?.full_name.toLowerCase() !== base.repo.full_name.toLowerCase(),
  };
  return { value: { repository: base.repo.full_name, pullRequest } };
}

function parseDelete(path: string, readFile: (path: string) => string): Parsed<WorkflowEvent> {
  const payload = readPayload(DeletePayload, path, readFile);
  if (typeof payload === "string") return notThePayload("delete", payload);
  const { ref, ref_type, repository } = payload;
  return { value: ref_type === "branch" ? { repository: repository.full_name, deletedBranch: ref } : "other" };
}

function notThePayload(name: string, why: string): Parsed<WorkflowEvent> {
  return { problem: `it is not the payload of a ${name} event: ${why}`, fix: FIX };
}

/** Returns the payload, or a clause that says why it could not be read. */
function readPayload<T extends object>(
  schema: v.GenericSchema<unknown, T>,
  path: string,
  readFile: (path: string) => string,
): T | string {
  if (path === "") return "it is not set";
  try {
    const parsed = v.safeParse(schema, JSON.parse(readFile(path)));
    return parsed.success ? parsed.output : v.summarize(parsed.issues).replaceAll(/\s+/g, " ");
  } catch (error) {
    return error instanceof SyntaxError ? "its content is not JSON" : String(error);
  }
}
