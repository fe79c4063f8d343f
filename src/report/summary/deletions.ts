import { formatAge, formatBytes, formatCount } from "../../format.ts";
import type { RepositoryResult, RunResult, SweptManifest } from "../result.ts";
import { isDeleted, type Tally } from "../tally.ts";
import type { Section } from "./budget.ts";
import {
  bytesMarkup,
  code,
  DETAILS_TAIL,
  detailsHead,
  digestMarkup,
  row,
  sentence,
  tableHead,
  tagsMarkup,
  unbroken,
} from "./markup.ts";

/** Up to so many rows in all, they are shown unfolded. */
const FEW_ROWS = 15;

/** Failures first, then what went, then what was spared: the order of what a reader has to act on. */
const ORDER = { failed: 0, deleted: 1, planned: 1, gone: 2, changed: 3, kept: 3 } as const;

/** A repository with the manifests that its plan deletes, in the order in which they are shown. */
export interface Planned {
  readonly repository: RepositoryResult;
  readonly tally: Tally;
  readonly manifests: readonly SweptManifest[];
}

export function plannedOf(repository: RepositoryResult, tally: Tally): Planned {
  const planned = repository.manifests.filter(({ decision }) => decision === "delete");
  return { repository, tally, manifests: planned.sort((a, b) => ORDER[a.outcome] - ORDER[b.outcome]) };
}

/** For each repository a foldable table of what its plan deletes, with the reason and what became of it. */
export function deletionSections(result: RunResult, all: readonly Planned[]): readonly Section[] {
  const rows = all.reduce((sum, { manifests }) => sum + manifests.length, 0);
  const state = rows <= FEW_ROWS ? "open" : "closed";
  return all.map(({ repository, tally, manifests }) => ({
    head: `${detailsHead(summaryLine(repository.name, tally, manifests, result), state)}${tableHead("Image", "Tags", "Why", " Size", " Pushed")}`,
    count: manifests.length,
    row: (index) => deletionRow(manifests[index], result),
    tail: (leftOut) => `${leftOut === 0 ? "" : leftOutNote(leftOut, manifests.length)}${DETAILS_TAIL}`,
  }));
}

function leftOutNote(leftOut: number, all: number): string {
  return `\n<i>${formatCount(leftOut)} of these ${formatCount(all)} are left out here; the report file holds all.</i>\n`;
}

function summaryLine(name: string, tally: Tally, manifests: readonly SweptManifest[], { dryRun }: RunResult): string {
  const { deleted, gone, failed, bytes } = tally;
  const stay = manifests.length - deleted - gone - failed;
  const parts = [
    deleted > 0 && `${formatCount(deleted)} ${dryRun ? "to delete" : "deleted"}`,
    failed > 0 && `${formatCount(failed)} failed`,
    gone > 0 && `${formatCount(gone)} gone before`,
    stay > 0 && `${formatCount(stay)} spared`,
    deleted > 0 && bytes !== null && bytesMarkup(bytes),
  ];
  return `<b>${code(name)}</b> &nbsp;${parts.filter((part) => part !== false).join(" · ")}`;
}

function deletionRow(manifest: SweptManifest | undefined, result: RunResult): string {
  if (manifest === undefined) return "";
  const { digest, tags, kind, sizeBytes, pushedAt } = manifest;
  return row(
    `${digestMarkup(digest)}${kind === "index" || kind === "referrer" ? `\u00a0<sub>${kind}</sub>` : ""}`,
    tagsMarkup(tags),
    why(manifest, result.repositoryUrl),
    sizeBytes === null ? "" : unbroken(formatBytes(sizeBytes)),
    pushedAt === null ? "" : unbroken(`${formatAge(result.startedAt - pushedAt)} ago`),
  );
}

/** The reason; what became of it, where that is anything but a deletion. */
function why(manifest: SweptManifest, repositoryUrl: string): string {
  const reason = sentence(manifest.reason, repositoryUrl, 300);
  if (isDeleted(manifest)) return reason;
  const said = manifest.error === null ? "" : `: ${sentence(manifest.error, repositoryUrl, 240)}`;
  return `${reason}<br>${BECAME[manifest.outcome]}${said}`;
}

const BECAME: Readonly<Record<SweptManifest["outcome"], string>> = {
  failed: "✖️ <b>failed</b>",
  gone: "gone before this run came to it",
  changed: "↩️ <b>stays</b>, changed since it was planned",
  kept: "↩️ <b>stays</b>",
  deleted: "deleted",
  planned: "to delete",
};
