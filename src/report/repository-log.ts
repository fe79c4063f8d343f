import type { Log } from "../log.ts";
import { named } from "../plan/words.ts";
import type { RepositoryResult, SweptManifest } from "./result.ts";

/** Lines that a repository gets in the log at most: the report file has them all. */
const MOST_LINES = 200;

const WORDS = {
  deleted: "deleted",
  gone: "was gone",
  failed: "failed",
  changed: "stays, changed since it was planned",
  planned: "would be deleted",
  kept: "stays",
} as const satisfies Record<SweptManifest["outcome"], string>;

/** Tells in one collapsible group what became of a repository: a line for each manifest that the plan deletes. */
export async function tellRepository(log: Log, result: RepositoryResult): Promise<void> {
  await log.group(titleOf(result), async () => {
    if (result.error !== null) log.info(`Not swept whole: ${result.error}`);
    const planned = result.manifests.filter(({ decision }) => decision === "delete");
    for (const manifest of planned.slice(0, MOST_LINES)) log.info(lineOf(manifest));
    if (planned.length > MOST_LINES) log.info(`… and ${planned.length - MOST_LINES} more: see the report file`);
    for (const { tag, reason, outcome } of result.staleTags.slice(0, MOST_LINES)) {
      log.info(`stale tag ${tag}: ${reason} (${outcome})`);
    }
  });
}

function titleOf({ name, manifests }: RepositoryResult): string {
  const counts = new Map<string, number>();
  for (const { outcome } of manifests) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const told = (["planned", "deleted", "gone", "failed", "changed", "kept"] as const).flatMap((outcome) => {
    const count = counts.get(outcome);
    return count === undefined ? [] : [`${count} ${outcome === "planned" ? "to delete" : outcome}`];
  });
  return `${name}: ${told.length === 0 ? "no manifests" : told.join(", ")}`;
}

function lineOf(manifest: SweptManifest): string {
  const why = manifest.error === null ? manifest.reason : `${manifest.reason}; ${manifest.error}`;
  return `${WORDS[manifest.outcome]}: ${named(manifest.digest, manifest.tags)}: ${why}`;
}
