import { counted, describeManifest } from "../format.ts";
import type { Log } from "../log.ts";
import { SUGGESTED_KEEP_COUNT } from "../plan/advice.ts";
import type { ManifestResult, RepositoryResult } from "./result.ts";

/** Lines of one repository in the log. The report file has all. */
const MAX_LINES = 200;

const LABELS = {
  deleted: "deleted",
  planned: "would be deleted",
  gone: "already gone",
  failed: "failed",
  refused: "refused by the registry",
  changed: "kept, changed after the plan was made",
  deferred: "deferred to the next run",
  kept: "kept",
} as const satisfies Record<ManifestResult["outcome"], string>;

/** The same in the title of the group, after a number. */
const TITLE_LABELS = { ...LABELS, planned: "to delete", refused: "refused", changed: "changed", deferred: "deferred" };

/** Logs the result of a repository in a collapsible group: one line for each manifest that the plan deletes. */
export function logRepository(log: Log, result: RepositoryResult): void {
  const { error, manifests, staleTags } = result;
  const planned = manifests.filter(({ decision }) => decision === "delete");
  log.group(titleOf(result), [
    ...(error === null ? [] : [`Stopped early: ${error}`]),
    ...planned.slice(0, MAX_LINES).map(lineOf),
    ...(planned.length > MAX_LINES ? [`… and ${planned.length - MAX_LINES} more: see the report file`] : []),
    ...staleTags.slice(0, MAX_LINES).map(({ tag, reason, outcome }) => `stale tag ${tag}: ${reason} (${outcome})`),
    ...adviceLines(result),
  ]);
}

/** The largest group of each kind. The report file has all. */
function adviceLines({ advice }: RepositoryResult): readonly string[] {
  const patterns = advice.patterns.slice(0, 1).map(({ pattern, tags }) => {
    return `${counted(tags, "tag")} look like \`${pattern}\`. Add it to \`tag-patterns\`.`;
  });
  const superseded = advice.superseded.slice(0, 1).flatMap(({ of, images, deletable }) => {
    if (deletable === 0) return [];
    const inputs = `\`superseded: delete\` with \`keep-count: ${SUGGESTED_KEEP_COUNT}\``;
    return [`${counted(images, "image")} are older builds of ${of}: ${inputs} would delete ${deletable}.`];
  });
  return [...patterns, ...superseded];
}

function titleOf({ name, manifests }: RepositoryResult): string {
  const counts = new Map<string, number>();
  for (const { outcome } of manifests) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const parts = Object.entries(TITLE_LABELS).flatMap(([outcome, label]) => {
    const count = counts.get(outcome);
    return count === undefined ? [] : [`${count} ${label}`];
  });
  return parts.length === 0
    ? `${name}: no manifests`
    : `${name} (${counted(manifests.length, "manifest")}): ${parts.join(", ")}`;
}

function lineOf({ digest, tags, reason, outcome, error }: ManifestResult): string {
  const cause = error === null ? "" : ` (${error})`;
  return `${LABELS[outcome]}${cause}: ${describeManifest(digest, tags)}: ${reason}`;
}
