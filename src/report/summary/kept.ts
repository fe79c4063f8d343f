import { formatCount } from "../../format.ts";
import { escapeMarkup } from "../escape.ts";
import type { RunResult, SweptManifest } from "../result.ts";
import { row, tableHead } from "./markup.ts";

/** Rows of the table of reasons; the rest is one row. */
const MOST_GROUPS = 12;

export interface KeptGroup {
  readonly label: string;
  readonly count: number;
}

/** Sentences of the plan, and what they have in common. The first that fits names the group. */
const GROUPS: readonly (readonly [RegExp, string])[] = [
  [/pull request #\d+(?: is open|, which is open)/, "open pull request"],
  [/^branch /, "living branch"],
  [/^git tag /, "living Git tag"],
  [/^child of /, "child of an image that stays"],
  [/^referrer of /, "referrer of an image that stays"],
  [/^commit \S+, which no ref knows/, "commit that no ref knows"],
  [/^no known ref: pushed /, "no known ref: pushed after the pull request of its branch ended"],
  [/within the grace period of /, "within the grace period"],
  [/^push time unknown/, "push time unknown"],
  [/could not be read, and may refer to it/, "an index could not be read, and may list it"],
  [/^not of pull request #/, "not of this pull request"],
];

/** A reason without what is particular to one manifest; reasons that no rule knows lose their digests and numbers. */
export function groupOf(reason: string): string {
  const known = GROUPS.find(([pattern]) => pattern.test(reason));
  return (
    known?.[1] ??
    reason
      .slice(0, 200)
      .replace(/sha\d+:[0-9a-f]+…?/g, "…")
      .replace(/#\d+/g, "#…")
      .replace(/\d{4}-\d{2}-\d{2}/g, "…")
  );
}

/** What stays, counted by the reason, largest group first. */
export function keptGroups(result: RunResult): readonly KeptGroup[] {
  const counts = new Map<string, number>();
  const labels = new Map<string, string>();
  for (const manifest of result.repositories.flatMap(({ manifests }) => manifests)) {
    const reason = whyKept(manifest);
    if (reason === null) continue;
    const label = labels.get(reason) ?? groupOf(reason);
    labels.set(reason, label);
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts]
    .map(([label, count]) => ({ label, count }))
    .sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1));
}

/** Why a manifest is still there; null where it is not, or only for a failure. */
function whyKept({ outcome, decision, reason, error }: SweptManifest): string | null {
  if (outcome === "changed") return "changed since it was planned";
  if (outcome !== "kept") return null;
  return decision === "delete" ? `not deleted: ${error ?? "no reason given"}` : reason;
}

/** The largest groups, and the rest as one. */
export function largest(groups: readonly KeptGroup[], most: number): readonly KeptGroup[] {
  if (groups.length <= most) return groups;
  const rest = groups.slice(most - 1).reduce((sum, { count }) => sum + count, 0);
  return [...groups.slice(0, most - 1), { label: "other reasons", count: rest }];
}

/** The table of what stays; empty where nothing does. */
export function keptTable(groups: readonly KeptGroup[]): string {
  if (groups.length === 0) return "";
  const rows = largest(groups, MOST_GROUPS).map(({ label, count }) =>
    row(escapeMarkup(label, 100), formatCount(count)),
  );
  return `#### What stays, and why\n\n${tableHead("Reason", " Manifests")}${rows.join("")}\n`;
}
