import { formatAge, formatBytes, formatCount } from "../../format.ts";
import { type Counts, countResults, groupOf } from "../counts.ts";
import type { ManifestResult, RepositoryResult, RunResult } from "../result.ts";
import type { Section } from "./budget.ts";
import {
  bytesMarkup,
  code,
  digestMarkup,
  foldableTable,
  imageCount,
  sentence,
  tagsMarkup,
  unbroken,
} from "./markup.ts";

/** The tables start unfolded if all together have at most this many rows. */
const MAX_UNFOLDED = 15;

/** Failures first, because they need an action. */
const ORDER = { failed: 0, deleted: 1, planned: 1, gone: 2, refused: 3, changed: 3, deferred: 3, kept: 3 } as const;

/** A repository with the manifests that its plan deletes, in the order in which they are shown. */
export interface PlannedDeletions {
  readonly repository: RepositoryResult;
  readonly counts: Counts;
  readonly manifests: readonly ManifestResult[];
  /** Planned deletions whose manifest is kept, because the registry refused or a recheck found a change. */
  readonly keptAfterAll: number;
}

export function plannedDeletions(repository: RepositoryResult): PlannedDeletions {
  const manifests = repository.manifests.filter(({ decision }) => decision === "delete");
  return {
    repository,
    counts: countResults([repository]),
    manifests: manifests.sort((a, b) => ORDER[a.outcome] - ORDER[b.outcome]),
    keptAfterAll: manifests.filter((manifest) => groupOf(manifest) === "kept").length,
  };
}

/** Returns for each repository a table of the manifests that its plan deletes, with reasons and outcomes. */
export function deletionSections(result: RunResult, all: readonly PlannedDeletions[]): readonly Section[] {
  const rows = all.reduce((sum, { manifests }) => sum + manifests.length, 0);
  return all.map((planned) =>
    foldableTable({
      title: titleOf(planned, result),
      state: rows <= MAX_UNFOLDED ? "open" : "closed",
      columns: ["Image", "Tags", "Reason", " Size", " Pushed"],
      items: planned.manifests,
      cells: (manifest) => cellsOf(manifest, result),
      leftOutNote: " The report file has all.",
    }),
  );
}

function titleOf({ repository, counts, keptAfterAll }: PlannedDeletions, { dryRun }: RunResult): string {
  const { deleted, gone, failed, deferred, freed } = counts;
  const parts = [
    deleted.manifests > 0 && `${imageCount(deleted)} ${dryRun ? "to delete" : "deleted"}`,
    failed > 0 && `${formatCount(failed)} failed`,
    gone > 0 && `${formatCount(gone)} already gone`,
    keptAfterAll > 0 && `${formatCount(keptAfterAll)} kept`,
    deferred > 0 && `${formatCount(deferred)} deferred`,
    deleted.manifests > 0 && freed !== null && bytesMarkup(freed),
  ];
  return `<b>${code(repository.name)}</b> &nbsp;${parts.filter((part) => part !== false).join(" · ")}`;
}

function cellsOf(manifest: ManifestResult, { startedAt, gitRepositoryUrl }: RunResult): readonly string[] {
  const { digest, tags, kind, sizeBytes, pushedAt } = manifest;
  return [
    `${digestMarkup(digest)}${kind === "index" || kind === "referrer" ? `\u00a0<sub>${kind}</sub>` : ""}`,
    tagsMarkup(tags),
    reasonMarkup(manifest, gitRepositoryUrl),
    sizeBytes === null ? "" : unbroken(formatBytes(sizeBytes)),
    pushedAt === null ? "" : unbroken(`${formatAge(startedAt - pushedAt)} ago`),
  ];
}

/** Returns the reason of the plan, and the outcome if it is not a deletion. */
function reasonMarkup(manifest: ManifestResult, gitRepositoryUrl: string): string {
  const reason = sentence(manifest.reason, gitRepositoryUrl, 300);
  const outcome = OTHER_OUTCOMES[manifest.outcome];
  if (outcome === undefined) return reason;
  const cause = manifest.error === null ? "" : `: ${sentence(manifest.error, gitRepositoryUrl, 240)}`;
  return `${reason}<br>${outcome}${cause}`;
}

const OTHER_OUTCOMES: Readonly<Partial<Record<ManifestResult["outcome"], string>>> = {
  failed: "✖️ <b>failed</b>",
  gone: "already gone",
  changed: "↩️ <b>kept</b>, changed after the plan was made",
  refused: "↩️ <b>kept</b>, the registry refused to delete it",
  deferred: "⏭️ <b>deferred</b> to the next run",
};
