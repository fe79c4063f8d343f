import type { SemVer } from "semver";
import type { LiveRefs, Ref } from "../refs/refs.ts";
import { LAST_SEGMENT, type TagPatterns } from "./patterns.ts";
import { branchSlugs, lastSegment, tagSlugs } from "./slugs.ts";
import { semverOf } from "./versions.ts";

/** Something that exists and that an image tag can be named after. */
export interface Live {
  readonly status: "live";
  readonly reason: string;
}

/** Finds what a part of an image tag names; undefined: nothing that exists. */
export type FindLive = (text: string) => Live | undefined;

export type LiveEntry = readonly [text: string, live: Live];

/** The image tags that builds give to what exists in Git. */
export interface LiveTags {
  /** Sorted by name. */
  readonly refs: LiveRefs;
  readonly patterns: TagPatterns;
  readonly branch: FindLive;
  /** Finds a branch by its last path segment. */
  readonly lastSegment: FindLive;
  readonly tag: FindLive;
  /** For each version wildcard of the patterns, as written. */
  readonly versions: ReadonlyMap<string, FindLive>;
  /** Finds a branch tip or a Git tag's commit by its first digits. */
  readonly commit: FindLive;
}

/** Maps every existing ref to the image tags that builds give it (docker/metadata-action v6.2, GitLab, `tr / -`). */
export function liveTagsOf(patterns: TagPatterns, refs: LiveRefs): LiveTags {
  const branches = byName(refs.branches);
  const tags = byName(refs.tags);
  const versions = patterns.flat().flatMap(({ wildcard }) => (wildcard?.kind === "version" ? wildcard.source : []));
  return {
    refs: { branches, tags },
    patterns,
    branch: findRef(branches, branchSlugs, "branch"),
    lastSegment: findRef(usesLastSegment(patterns) ? branches : [], (name) => branchSlugs(lastSegment(name)), "branch"),
    tag: findRef(tags, tagSlugs, "Git tag"),
    versions: new Map(
      versions.map((source) => [source, findRef(tags, (name) => versionTags(source, semverOf(name)), "Git tag")]),
    ),
    commit: findCommit([...commitsOf(branches, "tip of branch"), ...commitsOf(tags, "commit of Git tag")]),
  };
}

/** Whether any pattern has `{branch:last}`. */
export function usesLastSegment(patterns: TagPatterns): boolean {
  return patterns.flat().some(({ wildcard }) => wildcard?.kind === "branch" && wildcard.source === LAST_SEGMENT);
}

/** Finds a text in any case, because some builds lower-case names. An entry in the same case comes first. */
export function findInAnyCase(entries: readonly LiveEntry[]): FindLive {
  const exact = new Map<string, Live>();
  const inAnyCase = new Map<string, Live>();
  for (const [text, live] of entries) {
    const lower = text.toLowerCase();
    if (!exact.has(text)) exact.set(text, live);
    if (!inAnyCase.has(lower)) inAnyCase.set(lower, live);
  }
  const find = findIn(inAnyCase);
  return (text) => {
    const live = find(text.toLowerCase());
    return live && (exact.get(text) ?? live);
  };
}

/** Finds a text in `map`. Most parts of a tag name nothing, and comparing outlines is much faster than hashing texts. */
export function findIn<T>(map: ReadonlyMap<string, T>): (text: string) => T | undefined {
  const outlineOf = (text: string): number => text.length * 0x10000 + text.charCodeAt(0) * 0x100 + text.charCodeAt(1);
  const outlines = new Set([...map.keys()].map(outlineOf));
  return (text) => (outlines.has(outlineOf(text)) ? map.get(text) : undefined);
}

const SHORTEST_COMMIT = 7;

/** Finds a commit by its first 7 or more hex digits, in any case. */
export function findCommit(entries: readonly LiveEntry[]): FindLive {
  const byStart = new Map<string, LiveEntry[]>();
  for (const entry of entries) {
    const start = entry[0].slice(0, SHORTEST_COMMIT);
    const others = byStart.get(start);
    if (others) others.push(entry);
    else byStart.set(start, [entry]);
  }
  return (text) => {
    const digits = text.toLowerCase();
    return byStart.get(digits.slice(0, SHORTEST_COMMIT))?.find(([commit]) => commit.startsWith(digits))?.[1];
  };
}

/** Sorts refs, so that reasons do not depend on the server's order. */
function byName(refs: readonly Ref[]): Ref[] {
  return refs.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function findRef(refs: readonly Ref[], tagsOf: (name: string) => readonly string[], label: string): FindLive {
  const itself: LiveEntry[] = [];
  const others: LiveEntry[] = [];
  for (const { name } of refs) {
    const live: Live = { status: "live", reason: `${label} ${name}` };
    for (const tag of tagsOf(name)) (tag === name ? itself : others).push([tag, live]);
  }
  return findInAnyCase([...itself, ...others]);
}

/** Fills `{version}`, `{major}` and `{minor}`. A pre-release gives only `{version}`. */
export function versionTags(template: string, version: SemVer | null): string[] {
  const rolling = /\{(?:major|minor)\}/.test(template);
  if (version === null || (rolling && version.prerelease.length > 0)) return [];
  return [
    template
      .replaceAll("{version}", version.version)
      .replaceAll("{major}", String(version.major))
      .replaceAll("{minor}", String(version.minor)),
  ];
}

function commitsOf(refs: readonly Ref[], label: string): LiveEntry[] {
  return refs.map(({ name, commit }) => [commit, { status: "live", reason: `${label} ${name}` }]);
}
