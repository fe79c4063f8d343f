import { counted, formatCount } from "../../format.ts";
import type { StaleTag } from "../../sweep/outcome.ts";
import type { RunResult } from "../result.ts";
import type { Section } from "./budget.ts";
import { code, digestMarkup, foldableTable, sentence, type Table, tagsMarkup } from "./markup.ts";

const STALE_TAG_OUTCOMES: Readonly<Record<StaleTag["outcome"], string>> = {
  reported: "not removed",
  deleted: "removed",
  gone: "already gone",
  failed: "✖️ could not be removed",
  unsupported: "not removed: this registry cannot remove a tag without its image",
  changed: "not removed: changed after the plan was made",
};

/** Returns tables of stale tags, broken manifests, ghosts and unreadable manifests. */
export function findingSections(result: RunResult): readonly Section[] {
  return [unreadable(result), broken(result), staleTags(result), ghosts(result)];
}

function unreadable({ repositories, gitRepositoryUrl }: RunResult): Section {
  const all = repositories.flatMap(({ name, unreadable: some }) => some.map((one) => ({ name, ...one })));
  const title = `<b>${counted(all.length, "manifest or blob", "manifests or blobs")} could not be read</b>`;
  return table(title, ["Digest", "Repository", "Reason"], all, ({ name, digest, reason }) => [
    digestMarkup(digest),
    code(name, 80),
    sentence(reason, gitRepositoryUrl, 300),
  ]);
}

function staleTags({ repositories, gitRepositoryUrl }: RunResult): Section {
  const all = repositories.flatMap(({ name, staleTags: tags }) => tags.map((stale) => ({ name, ...stale })));
  const title = `<b>${counted(all.length, "stale tag")}</b> &nbsp;tags of refs that are gone, on kept images`;
  return table(title, ["Tag", "Repository", "Image", "Reason", "Result"], all, (stale) => [
    code(stale.tag, 80),
    code(stale.name, 80),
    digestMarkup(stale.digest),
    sentence(stale.reason, gitRepositoryUrl, 200),
    STALE_TAG_OUTCOMES[stale.outcome],
  ]);
}

function broken({ repositories }: RunResult): Section {
  const all = repositories.flatMap(({ name, broken: some }) => some.map((one) => ({ name, ...one })));
  const title = `<b>${counted(all.length, "broken manifest")}</b> &nbsp;of kept images that cannot be pulled: push these images again`;
  return table(title, ["Manifest", "Tags", "Repository", "Missing manifests", "Missing blobs"], all, (image) => [
    digestMarkup(image.digest),
    tagsMarkup(image.tags),
    code(image.name, 80),
    digestsMarkup(image.missing),
    digestsMarkup(image.missingBlobs),
  ]);
}

function digestsMarkup(digests: readonly string[]): string {
  const rest = digests.length > 4 ? ` and ${formatCount(digests.length - 4)} more` : "";
  return `${digests.slice(0, 4).map(digestMarkup).join(" ")}${rest}`;
}

function ghosts({ repositories }: RunResult): Section {
  const all = repositories.flatMap(({ name, plan }) => (plan?.ghosts ?? []).map((digest) => ({ name, digest })));
  const title = `<b>${counted(all.length, "ghost")}</b> &nbsp;manifests that the registry lists but does not have`;
  return table(title, ["Manifest", "Repository"], all, ({ name, digest }) => [digestMarkup(digest), code(name, 80)]);
}

function table<T>(title: string, columns: readonly string[], items: readonly T[], cells: Table<T>["cells"]): Section {
  return foldableTable({ title, state: "closed", columns, items, cells, leftOutNote: "" });
}
