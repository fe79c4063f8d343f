import { formatCount } from "../../format.ts";
import { isImage, type ManifestStatus } from "../../plan/plan.ts";
import { groupOf } from "../counts.ts";
import type { ManifestResult, RunResult } from "../result.ts";
import { row, tableHead } from "./markup.ts";

const STATUS_LABELS = {
  protected: "protected tag",
  "in-use": "in use",
  live: "live branch, Git tag or pull request",
  superseded: "older build of a branch or Git tag",
  unmatched: "matches no branch, Git tag, commit or pull request",
  orphaned: "orphaned, but kept by a setting or a limit",
  untagged: "untagged, but kept by a setting or a limit",
  child: "platform of another kept image",
  referrer: "attached to another kept image",
  undecided: "not enough information to delete it",
} as const satisfies Record<ManifestStatus, string>;

/** Returns the number of kept images by the reason, largest group first. */
export function keptGroups({ repositories }: RunResult): readonly (readonly [label: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const manifest of repositories.flatMap(({ manifests }) => manifests)) {
    if (groupOf(manifest) !== "kept" || !isImage(manifest)) continue;
    const label = labelOf(manifest);
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts].sort(([labelA, a], [labelB, b]) => b - a || (labelA < labelB ? -1 : 1));
}

function labelOf({ decision, status, outcome }: ManifestResult): string {
  if (decision === "keep") return STATUS_LABELS[status];
  return outcome === "refused" ? "the registry refused to delete it" : "changed after the plan was made";
}

/** Returns the table of kept images; nothing if there are none. */
export function keptTable(result: RunResult): string {
  const rows = keptGroups(result).map(([label, count]) => row(label, formatCount(count)));
  return rows.length === 0 ? "" : `#### Kept images\n\n${tableHead("Reason", " Images")}${rows.join("")}\n`;
}
