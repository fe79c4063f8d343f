import type { LiveRefs, PullRequest } from "../../src/refs/refs.ts";
import { branchSlugs, tagSlugs } from "../../src/tags/slugs.ts";
import { semverOf } from "../../src/tags/versions.ts";

/**
 * Returns the status of a tag by a second, naive implementation of the rules, for small repositories: it cuts the tag in every
 * possible way into one text for each piece of each pattern.
 */
export function oracle(
  tag: string,
  patterns: readonly string[],
  refs: LiveRefs,
  pullRequests: readonly PullRequest[],
): string {
  const results = patterns.map((pattern) => readAll(tag, pattern, refs, pullRequests));
  if (results.some(({ live }) => live)) return "live";
  const longest = Math.max(0, ...liveNames(patterns, refs, pullRequests).map((name) => startLength(tag, name)));
  if (results.some(({ namesLive, goneUntil }) => namesLive || goneUntil <= longest)) return "unmatched";
  if (results.some(({ orphaned }) => orphaned)) return "orphaned";
  return results.some(({ neutral }) => neutral) ? "neutral" : "unmatched";
}

/** Returns the length of `name` if `tag` begins with it and it ends at a word boundary; else 0. */
function startLength(tag: string, name: string): number {
  const isStart =
    same(tag.slice(0, name.length), name) && !/^[0-9A-Za-z]{2}$/.test(tag.slice(name.length - 1, name.length + 1));
  return isStart ? name.length : 0;
}

const VERSION = /\{(?:version|major|minor)\}(?:[^{}*]*\{(?:version|major|minor)\})*/g;

/** Returns all names that live refs have in any of the patterns. */
function liveNames(patterns: readonly string[], refs: LiveRefs, pullRequests: readonly PullRequest[]): string[] {
  const templates = patterns.flatMap((pattern) => pattern.match(VERSION) ?? []);
  const versions = templates.flatMap((template) => refs.tags.flatMap(({ name }) => filled(template, name) ?? []));
  const branches = [...refs.branches.map(({ name }) => name), ...openHeads(pullRequests)].flatMap(branchSlugs);
  return [...versions, ...branches, ...openNumbers(pullRequests), ...refs.tags.flatMap(({ name }) => tagSlugs(name))];
}

function openHeads(pullRequests: readonly PullRequest[]): string[] {
  return pullRequests.filter(({ state }) => state === "open").map(({ headBranch }) => headBranch);
}

/** The tags of open pull requests by number: `12-merge` of `github.ref_name`, and others. */
function openNumbers(pullRequests: readonly PullRequest[]): string[] {
  const open = pullRequests.filter(({ state }) => state === "open").map(({ number }) => number);
  return open.flatMap((n) => [
    `${n}-merge`,
    `pull-${n}`,
    `pull-${n}-merge`,
    `refs-pull-${n}-merge`,
    `pr${n}`,
    `pr-${n}`,
  ]);
}

/** Returns a version template filled by a Git tag; null: the Git tag is not a version, or a pre-release. */
function filled(template: string, name: string): string | null {
  const version = semverOf(name);
  if (!version || (version.prerelease.length > 0 && /major|minor/.test(template))) return null;
  return template
    .replace("{version}", version.version)
    .replaceAll("{major}", String(version.major))
    .replaceAll("{minor}", String(version.minor));
}

type PieceStatus = "live" | "orphaned" | "unknown" | "impossible";

function readAll(tag: string, pattern: string, refs: LiveRefs, pullRequests: readonly PullRequest[]) {
  const pieces = pattern.match(new RegExp(`${VERSION.source}|\\{[\\w:]+\\}|\\*+|[^{}*]+`, "g")) ?? [];
  const result = {
    live: false,
    orphaned: false,
    namesLive: false,
    neutral: false,
    goneUntil: Number.POSITIVE_INFINITY,
  };
  const onlyCommits = pieces.every((piece) => !piece.startsWith("{") || piece === "{sha}");
  for (const cuts of allCuts(tag, pieces)) {
    const placed = cuts.map((text, index) => ({
      piece: pieces[index] ?? "",
      text,
      status: statusOfPiece(tag, pieces, cuts, index, refs, pullRequests),
    }));
    if (placed.some(({ status }) => status === "impossible")) continue;
    const holders = placed.filter(({ piece }) => piece.startsWith("{"));
    const exact = placed.every(({ piece, text }) => piece.startsWith("{") || piece.startsWith("*") || piece === text);
    const spelled =
      exact &&
      holders.every(({ piece, text, status }) => piece !== "{sha}" || status === "live" || text === text.toLowerCase());
    result.live ||=
      holders.every(({ status }) => status === "live") ||
      holders.some(({ piece, status }) => piece === "{sha}" && status === "live");
    result.namesLive ||= holders.some(({ piece, status }) => piece !== "{sha}" && status === "live");
    result.namesLive ||=
      spelled &&
      placed.some(
        ({ piece, text, status }) => status === "orphaned" && piece !== "{sha}" && isPartOfHead(text, pullRequests),
      );
    const gone = placed.flatMap(({ status }, index) =>
      status === "orphaned" ? [cuts.slice(0, index + 1).join("").length] : [],
    );
    if (spelled && gone.length > 0) {
      result.orphaned = true;
      result.goneUntil = Math.min(result.goneUntil, ...gone);
    }
    result.neutral ||=
      onlyCommits &&
      spelled &&
      holders.every(({ status }) => status !== "orphaned") &&
      holders.some(({ status }) => status === "unknown");
  }
  return result;
}

/** Returns every way to cut `tag` into one text for each piece. */
function allCuts(tag: string, pieces: readonly string[]): string[][] {
  const [first, ...others] = pieces;
  if (first === undefined) return tag === "" ? [[]] : [];
  const cuts: string[][] = [];
  for (let length = first.startsWith("*") ? 0 : 1; length <= tag.length; length += 1) {
    const text = tag.slice(0, length);
    if (!/^[{*]/.test(first) && text.toLowerCase() !== first.toLowerCase()) continue;
    for (const rest of allCuts(tag.slice(length), others)) cuts.push([text, ...rest]);
  }
  return cuts;
}

function statusOfPiece(
  tag: string,
  pieces: readonly string[],
  cuts: readonly string[],
  index: number,
  refs: LiveRefs,
  pullRequests: readonly PullRequest[],
): PieceStatus {
  const piece = pieces[index] ?? "";
  const text = cuts[index] ?? "";
  if (!piece.startsWith("{")) return "live";
  const start = cuts.slice(0, index).join("").length;
  const before = tag.charAt(start - 1);
  const after = tag.charAt(start + text.length);
  const open = { before: /^[{*]/.test(pieces[index - 1] ?? "-"), after: /^[{*]/.test(pieces[index + 1] ?? "-") };
  const cutsRun = (kind: RegExp, sides: { before: boolean; after: boolean }): boolean =>
    (sides.before && kind.test(before) && kind.test(text.charAt(0))) ||
    (sides.after && kind.test(after) && kind.test(text.slice(-1)));
  if (piece.startsWith("{branch")) {
    const isVersion = [text, tag].some((each) => /^v?\d+($|[a-z]+\d*$|(\.\d+)+($|[._-]|[a-z]+\d*$))/i.test(each));
    const provesNothing = isVersion || cutsRun(/[0-9A-Za-z]/, open);
    return branchStatus(piece, text, provesNothing, refs, pullRequests);
  }
  if (piece === "{tag}")
    return refs.tags.some(({ name }) => tagSlugs(name).some((slug) => same(slug, text))) ? "live" : "unknown";
  if (piece === "{pr}")
    return cutsRun(/\d/, { before: true, after: true }) ? "impossible" : numberStatus(text, pullRequests);
  if (piece === "{sha}") return cutsRun(/[0-9a-f]/i, open) ? "impossible" : commitStatus(text, refs, pullRequests);
  return cutsRun(/\d/, open) ? "impossible" : versionStatus(piece, text, refs);
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Whether a text is the last path segment or a number in the name of an open head branch. */
function isPartOfHead(text: string, pullRequests: readonly PullRequest[]): boolean {
  return openHeads(pullRequests).some((head) => {
    const segments = branchSlugs(head.split("/").at(-1) ?? "");
    const numbers = head.split(/\D+/).filter((digits) => digits !== "");
    return segments.some((slug) => same(slug, text)) || numbers.some((digits) => Number(digits) === Number(text));
  });
}

function branchStatus(
  piece: string,
  text: string,
  provesNothing: boolean,
  refs: LiveRefs,
  pullRequests: readonly PullRequest[],
): PieceStatus {
  const part = (name: string): string => (piece === "{branch}" ? name : (name.split("/").at(-1) ?? ""));
  const live = [...refs.branches.map(({ name }) => name), ...openHeads(pullRequests)];
  if (live.some((name) => branchSlugs(part(name)).some((slug) => same(slug, text)))) return "live";
  if (piece === "{branch}" && openNumbers(pullRequests).some((name) => same(name, text))) return "live";
  const gone = pullRequests.some(
    ({ state, fromFork, headBranch }) =>
      state !== "open" &&
      !fromFork &&
      !refs.branches.some(({ name }) => name === headBranch) &&
      branchSlugs(part(headBranch)).includes(text),
  );
  return gone && !provesNothing ? "orphaned" : "unknown";
}

function numberStatus(text: string, pullRequests: readonly PullRequest[]): PieceStatus {
  if (!/^[1-9]\d{0,9}$/.test(text) || Number(text) > 2147483647) return "impossible";
  const known = pullRequests.find(({ number }) => String(number) === text);
  if (!known) return "unknown";
  return known.state === "open" ? "live" : "orphaned";
}

function commitStatus(text: string, refs: LiveRefs, pullRequests: readonly PullRequest[]): PieceStatus {
  if (!/^[0-9a-f]{7,40}$/i.test(text)) return "impossible";
  const hex = text.toLowerCase();
  const open = pullRequests.filter(({ state }) => state === "open").map(({ headCommit }) => headCommit);
  const commits = [...open, ...[...refs.branches, ...refs.tags].map(({ commit }) => commit)];
  if (commits.some((commit) => commit.startsWith(hex))) return "live";
  return /^\d+$/.test(text) ? "impossible" : "unknown";
}

function versionStatus(piece: string, text: string, refs: LiveRefs): PieceStatus {
  if (refs.tags.some(({ name }) => same(filled(piece, name) ?? "", text))) return "live";
  return (piece.includes("{version}") ? /^\d[0-9A-Za-z._-]*$/ : /^\d[0-9._-]*$/).test(text) ? "unknown" : "impossible";
}
