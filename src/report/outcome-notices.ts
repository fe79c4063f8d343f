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

interface Reason {
  readonly text: string;
  count: number;
}

/** Returns one notice about the refused deletions, and one about the deferred ones. */
export function outcomeNotices(repositories: readonly RepositoryResult[]): readonly OutcomeNotice[] {
  return (["refused", "deferred"] as const).flatMap((kind) => {
    const reasons = reasonsOf(repositories, kind);
    const count = reasons.reduce((sum, reason) => sum + reason.count, 0);
    if (count === 0) return [];
    const deletions = counted(count, "deletion");
    const intro =
      kind === "refused"
        ? `The registry refused ${deletions}`
        : `${deletions} ${count === 1 ? "is" : "are"} deferred to the next run`;
    return [{ kind, text: `${intro}:\n${listOf(reasons)}` }];
  });
}

/** Counts the deletions by repository and reason, the most frequent first. */
function reasonsOf(repositories: readonly RepositoryResult[], kind: OutcomeNotice["kind"]): readonly Reason[] {
  const reasons = new Map<string, Reason>();
  for (const { name, manifests } of repositories) {
    for (const { outcome, error } of manifests) {
      if (outcome !== kind) continue;
      const text = oneLine(`${name}: ${error ?? "no reason given"}`, 400);
      const known = reasons.get(text);
      if (known === undefined) reasons.set(text, { text, count: 1 });
      else known.count += 1;
    }
  }
  return [...reasons.values()].sort((a, b) => b.count - a.count);
}

function listOf(reasons: readonly Reason[]): string {
  const shown = reasons.slice(0, MAX_REASONS).map(({ text, count }) => `- ${text} (${counted(count, "manifest")})`);
  const rest = reasons.slice(MAX_REASONS).reduce((sum, { count }) => sum + count, 0);
  return [...shown, ...(rest === 0 ? [] : [`- … and ${counted(rest, "manifest")} for other reasons`])].join("\n");
}
