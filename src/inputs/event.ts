import * as v from "valibot";
import type { ClosedPullRequestEvent } from "../settings.ts";
import type { Parsed } from "./parse.ts";

const Repository = v.object({ full_name: v.string() });
const Payload = v.object({
  action: v.optional(v.string()),
  pull_request: v.object({
    number: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    merged: v.nullish(v.boolean()),
    closed_at: v.nullish(v.string()),
    merge_commit_sha: v.nullish(v.string()),
    head: v.object({ ref: v.string(), sha: v.string(), repo: v.nullish(Repository) }),
    base: v.object({ repo: Repository }),
  }),
});

/**
 * The closed pull request that the workflow's event is about; null: it is about something else, or another repository.
 * Shapes: GitHub's docs, "Webhook events and payloads", `pull_request`.
 */
export function parseEvent(
  name: string | undefined,
  path: string | undefined,
  repository: string,
  readFile: (path: string) => string,
): Parsed<ClosedPullRequestEvent | null> {
  if (name !== "pull_request" && name !== "pull_request_target") return { value: null };
  const payload = readPayload(path ?? "", readFile);
  if (typeof payload === "string") return { takes: `the path of a ${name} event's JSON payload: ${payload}` };
  if (payload.action !== "closed") return { value: null };
  const { number, merged, closed_at, merge_commit_sha, head, base } = payload.pull_request;
  if (base.repo.full_name.toLowerCase() !== repository.toLowerCase()) return { value: null };
  const closedAt = Date.parse(closed_at ?? "");
  if (Number.isNaN(closedAt)) return { takes: "an event of a closed pull request that says when it was closed" };
  return {
    value: {
      number,
      merged: merged === true,
      closedAt,
      headBranch: head.ref,
      headCommit: head.sha,
      mergeCommit: merged === true ? (merge_commit_sha ?? null) : null,
      fromFork: head.repo?.full_name.toLowerCase() !== base.repo.full_name.toLowerCase(),
    },
  };
}

/** The payload, or why there is none. */
function readPayload(path: string, readFile: (path: string) => string): v.InferOutput<typeof Payload> | string {
  if (path === "") return "it is not set";
  try {
    const parsed = v.safeParse(Payload, JSON.parse(readFile(path)));
    return parsed.success ? parsed.output : v.summarize(parsed.issues).replaceAll(/\s+/g, " ");
  } catch (error) {
    return error instanceof SyntaxError ? "its content is no JSON" : String(error);
  }
}
