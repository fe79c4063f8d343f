import { counted } from "../format.ts";
import { oneLine } from "./escape.ts";
import type { RepositoryResult } from "./result.ts";

/** Reasons in one notice; the rest is counted. */
const MAX_REASONS = 10;

/** A notice about deletions that were not carried out, and that fail nothing. */
export interface OutcomeNotice {
  readonly kind: "refused" | "deferred";
  readonly text: string;
}

/** Returns one notice about the refused deletions, and one about the deferred ones. */
export function outcomeNotices(repositories: readonly RepositoryResult[]): readonly OutcomeNotice[] {
  return (["refused", "deferred"] as const).flatMap((kind) => {
    const reasons = countReasons(repositories, kind);
    const count = total(reasons);
    if (count === 0) return [];
    const deletions = counted(count, "deletion");
    const intro =
      kind === "refused"
        ? `The registry refused ${deletions}`
        : `${deletions} ${count === 1 ? "is" : "are"} deferred to the next run`;
    return [{ kind, text: `${intro}:\n${listOf(reasons)}` }];
  });
}

type Reason = readonly [text: string, count: number];

/** Counts the deletions by repository and reason, the most frequent first. */
function countReasons(repositories: readonly RepositoryResult[], kind: OutcomeNotice["kind"]): readonly Reason[] {
  const counts = new Map<string, number>();
  for (const { name, manifests } of repositories) {
    for (const { outcome, error } of manifests) {
      if (outcome !== kind) continue;
      const reason = oneLine(`${name}: ${error ?? "no reason given"}`, 400);
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}

function listOf(reasons: readonly Reason[]): string {
  const shown = reasons.slice(0, MAX_REASONS).map(([text, count]) => `- ${text} (${counted(count, "manifest")})`);
  const rest = total(reasons.slice(MAX_REASONS));
  return [...shown, ...(rest === 0 ? [] : [`- … and ${counted(rest, "manifest")} for other reasons`])].join("\n");
}

function total(reasons: readonly Reason[]): number {
  return reasons.reduce((sum, [, count]) => sum + count, 0);
}
