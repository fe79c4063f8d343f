import { counted, formatCount } from "../../format.ts";
import type { RunResult, StaleTag } from "../result.ts";
import type { Section } from "./budget.ts";
import { code, DETAILS_TAIL, detailsHead, digestMarkup, row, sentence, tableHead } from "./markup.ts";

const STALE: Readonly<Record<StaleTag["outcome"], string>> = {
  reported: "still there",
  deleted: "removed",
  gone: "gone before",
  failed: "✖️ could not be removed",
  unsupported: "still there: this registry removes no tag without its image",
  changed: "still there: changed since it was planned",
};

/** What the sweep found beside its work: dead tags on images that stay, broken indexes, ghosts, what could not be read. */
export function findingSections(result: RunResult): readonly Section[] {
  return [unreadable(result), staleTags(result), brokenIndexes(result), ghosts(result)];
}

function staleTags({ repositories, repositoryUrl }: RunResult): Section {
  const all = repositories.flatMap(({ name, staleTags: own }) => own.map((stale) => ({ name, ...stale })));
  const title = `<b>${counted(all.length, "stale tag")}</b> &nbsp;dead tags of images that another tag keeps`;
  return table(
    title,
    tableHead("Tag", "Repository", "Image", "Why", ""),
    all,
    ({ name, tag, digest, reason, outcome }) =>
      row(code(tag, 80), code(name, 80), digestMarkup(digest), sentence(reason, repositoryUrl, 200), STALE[outcome]),
  );
}

function brokenIndexes({ repositories }: RunResult): Section {
  const all = repositories.flatMap(({ name, plan }) => (plan?.broken ?? []).map((broken) => ({ name, ...broken })));
  const title = `<b>${counted(all.length, "broken index", "broken indexes")}</b> &nbsp;images that list others which are missing: push them anew`;
  return table(title, tableHead("Index", "Repository", "Missing"), all, ({ name, digest, missing }) => {
    const rest = missing.length > 4 ? ` and ${formatCount(missing.length - 4)} more` : "";
    return row(digestMarkup(digest), code(name, 80), `${missing.slice(0, 4).map(digestMarkup).join(" ")}${rest}`);
  });
}

function ghosts({ repositories }: RunResult): Section {
  const all = repositories.flatMap(({ name, plan }) => (plan?.ghosts ?? []).map((digest) => ({ name, digest })));
  const title = `<b>${counted(all.length, "ghost")}</b> &nbsp;images that the registry lists and does not have`;
  return table(title, tableHead("Image", "Repository"), all, ({ name, digest }) =>
    row(digestMarkup(digest), code(name, 80)),
  );
}

function unreadable({ repositories, repositoryUrl }: RunResult): Section {
  const all = repositories.flatMap(({ name, plan }) => (plan?.unreadable ?? []).map((one) => ({ name, ...one })));
  const title = `<b>${counted(all.length, "image")} could not be read</b> &nbsp;nothing is deleted in its repository`;
  return table(title, tableHead("Image", "Repository", "Why"), all, ({ name, digest, reason }) =>
    row(digestMarkup(digest), code(name, 80), sentence(reason, repositoryUrl, 300)),
  );
}

function table<T>(title: string, head: string, all: readonly T[], rowOf: (one: T) => string): Section {
  return {
    head: `${detailsHead(title, "closed")}${head}`,
    count: all.length,
    row: (index) => {
      const one = all[index];
      return one === undefined ? "" : rowOf(one);
    },
    tail: (leftOut) =>
      `${leftOut === 0 ? "" : `\n<i>${formatCount(leftOut)} of these ${formatCount(all.length)} are left out here.</i>\n`}${DETAILS_TAIL}`,
  };
}
