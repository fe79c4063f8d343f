import type { LiveRefs, PullRequest } from "../../src/refs/refs.ts";
import { branchSlugs, tagSlugs } from "../../src/tags/slugs.ts";
import { semverOf } from "../../src/tags/versions.ts";

/**
 * A second, naive reading of the rules for small worlds: it lists every text that each placeholder can stand for, puts each
 * combination into the pattern, and asks a regular expression whether the tag is that.
 */
export function oracle(
  tag: string,
  patterns: readonly string[],
  refs: LiveRefs,
  pullRequests: readonly PullRequest[],
): string {
  const verdicts = patterns.map((pattern) => readAll(tag, pattern, refs, pullRequests));
  if (verdicts.some(({ alive }) => alive)) return "live";
  const longest = Math.max(0, ...livingWords(patterns, refs, pullRequests).map((word) => beginningOf(tag, word)));
  if (verdicts.some(({ living, deadUntil }) => living || deadUntil <= longest)) return "unmatched";
  if (verdicts.some(({ dead }) => dead)) return "orphaned";
  return verdicts.some(({ silent }) => silent) ? "neutral" : "unmatched";
}

/** How far `word` reaches as the beginning of `tag`, where it ends as a word does; 0: it is none. */
function beginningOf(tag: string, word: string): number {
  const isWord =
    same(tag.slice(0, word.length), word) && !/^[0-9A-Za-z]{2}$/.test(tag.slice(word.length - 1, word.length + 1));
  return isWord ? word.length : 0;
}

const VERSION = /\{(?:version|major|minor)\}(?:[^{}*]*\{(?:version|major|minor)\})*/g;

/** All that living refs are called in any of the patterns. */
function livingWords(patterns: readonly string[], refs: LiveRefs, pullRequests: readonly PullRequest[]): string[] {
  const templates = patterns.flatMap((pattern) => pattern.match(VERSION) ?? []);
  const versions = templates.flatMap((template) => refs.tags.flatMap(({ name }) => filled(template, name) ?? []));
  const branches = [...refs.branches.map(({ name }) => name), ...openHeads(pullRequests)].flatMap(branchSlugs);
  return [...versions, ...branches, ...refs.tags.flatMap(({ name }) => tagSlugs(name))];
}

function openHeads(pullRequests: readonly PullRequest[]): string[] {
  return pullRequests.filter(({ state }) => state === "open").map(({ headBranch }) => headBranch);
}

/** What a Git tag makes of a version's placeholders; null: nothing. */
function filled(template: string, name: string): string | null {
  const version = semverOf(name);
  if (!version || (version.prerelease && /major|minor/.test(template))) return null;
  return template
    .replace("{version}", version.version)
    .replaceAll("{major}", version.major)
    .replaceAll("{minor}", version.minor);
}

type Standing = "live" | "orphaned" | "unknown" | "impossible";

function readAll(tag: string, pattern: string, refs: LiveRefs, pullRequests: readonly PullRequest[]) {
  const pieces = pattern.match(new RegExp(`${VERSION.source}|\\{\\w+\\}|\\*+|[^{}*]+`, "g")) ?? [];
  const result = { alive: false, dead: false, living: false, silent: false, deadUntil: Number.POSITIVE_INFINITY };
  const onlyCommits = pieces.every((piece) => !piece.startsWith("{") || piece === "{sha}");
  for (const cuts of allCuts(tag, pieces)) {
    const placed = cuts.map((text, index) => ({
      piece: pieces[index] ?? "",
      text,
      standing: standingOf(tag, pieces, cuts, index, refs, pullRequests),
    }));
    if (placed.some(({ standing }) => standing === "impossible")) continue;
    const holders = placed.filter(({ piece }) => piece.startsWith("{"));
    const exact = placed.every(({ piece, text }) => piece.startsWith("{") || piece.startsWith("*") || piece === text);
    const spelled =
      exact &&
      holders.every(
        ({ piece, text, standing }) => piece !== "{sha}" || standing === "live" || text === text.toLowerCase(),
      );
    const living = holders.some(({ piece, standing }) => piece !== "{sha}" && standing === "live");
    result.alive ||= holders.every(({ standing }) => standing === "live");
    result.living ||= living;
    const dead = placed.flatMap(({ standing }, index) =>
      standing === "orphaned" ? [cuts.slice(0, index + 1).join("").length] : [],
    );
    if (spelled && dead.length > 0) {
      result.dead = true;
      result.deadUntil = Math.min(result.deadUntil, ...dead);
    }
    result.silent ||=
      onlyCommits &&
      spelled &&
      holders.every(({ standing }) => standing !== "orphaned") &&
      holders.some(({ text, standing }) => standing === "unknown" && !/^\d{8,}$/.test(text));
  }
  return result;
}

/** Every way to cut `tag` into one text for each piece. */
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

function standingOf(
  tag: string,
  pieces: readonly string[],
  cuts: readonly string[],
  index: number,
  refs: LiveRefs,
  pullRequests: readonly PullRequest[],
): Standing {
  const piece = pieces[index] ?? "";
  const text = cuts[index] ?? "";
  if (!piece.startsWith("{")) return "live";
  const start = cuts.slice(0, index).join("").length;
  const before = tag.charAt(start - 1);
  const after = tag.charAt(start + text.length);
  const open = { before: /^[{*]/.test(pieces[index - 1] ?? "-"), after: /^[{*]/.test(pieces[index + 1] ?? "-") };
  const runs = (kind: RegExp, sides: { before: boolean; after: boolean }): boolean =>
    (sides.before && kind.test(before) && kind.test(text.charAt(0))) ||
    (sides.after && kind.test(after) && kind.test(text.slice(-1)));
  if (piece === "{branch}") return branchStanding(text, runs(/[0-9A-Za-z]/, open), refs, pullRequests);
  if (piece === "{tag}")
    return refs.tags.some(({ name }) => tagSlugs(name).some((slug) => same(slug, text))) ? "live" : "unknown";
  if (piece === "{pr}")
    return runs(/\d/, { before: true, after: true }) ? "impossible" : numberStanding(text, pullRequests);
  if (piece === "{sha}") return runs(/[0-9a-f]/i, open) ? "impossible" : commitStanding(text, refs, pullRequests);
  return runs(/\d/, open) ? "impossible" : versionStanding(piece, text, refs);
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function branchStanding(
  text: string,
  cutsWord: boolean,
  refs: LiveRefs,
  pullRequests: readonly PullRequest[],
): Standing {
  const living = [...refs.branches.map(({ name }) => name), ...openHeads(pullRequests)];
  if (living.some((name) => branchSlugs(name).some((slug) => same(slug, text)))) return "live";
  const gone = pullRequests.some(
    ({ state, fromFork, headBranch }) =>
      state !== "open" &&
      !fromFork &&
      !refs.branches.some(({ name }) => name === headBranch) &&
      branchSlugs(headBranch).includes(text),
  );
  return gone && !cutsWord ? "orphaned" : "unknown";
}

function numberStanding(text: string, pullRequests: readonly PullRequest[]): Standing {
  if (!/^[1-9]\d{0,9}$/.test(text) || Number(text) > 2147483647) return "impossible";
  const known = pullRequests.find(({ number }) => String(number) === text);
  if (!known) return "unknown";
  return known.state === "open" ? "live" : "orphaned";
}

function commitStanding(text: string, refs: LiveRefs, pullRequests: readonly PullRequest[]): Standing {
  if (!/^[0-9a-f]{7,40}$/i.test(text)) return "impossible";
  const hex = text.toLowerCase();
  const open = pullRequests.filter(({ state }) => state === "open").map(({ headCommit }) => headCommit);
  const commits = [...open, ...[...refs.branches, ...refs.tags].map(({ commit }) => commit)];
  return commits.some((commit) => commit.startsWith(hex)) ? "live" : "unknown";
}

function versionStanding(piece: string, text: string, refs: LiveRefs): Standing {
  if (refs.tags.some(({ name }) => same(filled(piece, name) ?? "", text))) return "live";
  return (piece.includes("{version}") ? /^\d[0-9A-Za-z._-]*$/ : /^\d[0-9._-]*$/).test(text) ? "unknown" : "impossible";
}
