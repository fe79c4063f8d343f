import type { Settings } from "../settings.ts";
import type { WorkflowEvent } from "./event.ts";
import type { Unchecked } from "./github.ts";
import type { InputReader } from "./input-reader.ts";
import { parseChoice } from "./parse.ts";

type Scope = Pick<Unchecked<Settings>, "scope" | "event" | "deletedBranch">;

const SCOPES = ["auto", "repository", "pull-request", "branch"] as const;
/** The scope of each kind of event, and the event as an error names it. */
const KINDS = {
  "pull-request": { scope: "pull-request", event: "a closed pull request", subject: "pull request" },
  branch: { scope: "branch", event: "the deletion of a branch", subject: "branch" },
} as const;

/** An event of another Git repository is an error, because the scope would silently be the complete repository. */
export function readScope(reader: InputReader, event: WorkflowEvent | null, gitRepository: string | null): Scope {
  const scope = reader.read("scope", (text) => parseChoice(text, SCOPES));
  const none = { event: null, deletedBranch: null };
  if (event === null || scope === null) return { scope: scope === "auto" ? "repository" : scope, ...none };
  if (event === "other") {
    if (scope === "pull-request" || scope === "branch") rejectScope(reader, scope);
    return { scope: scope === "auto" ? "repository" : scope, ...none };
  }
  const kind = "pullRequest" in event ? KINDS["pull-request"] : KINDS.branch;
  const isOther = gitRepository !== null && event.repository.toLowerCase() !== gitRepository.toLowerCase();
  if (scope === "repository" && isOther) return { scope, ...none };
  if (scope !== "auto" && scope !== "repository" && scope !== kind.scope) rejectScope(reader, scope);
  else if (isOther) {
    const problem = `is \`${scope}\`, but the event's ${kind.subject} belongs to ${event.repository}, not to \`git-repository\``;
    reader.reject("scope", problem, "Use `scope: repository`, or change `git-repository`");
  }
  const evidence =
    "pullRequest" in event
      ? { event: event.pullRequest, deletedBranch: null }
      : { event: null, deletedBranch: event.deletedBranch };
  return { scope: scope === "auto" ? kind.scope : scope, ...evidence };
}

function rejectScope(reader: InputReader, scope: "pull-request" | "branch"): void {
  reader.reject("scope", `is \`${scope}\`, but the event is not ${KINDS[scope].event}`, "Use `auto`");
}
