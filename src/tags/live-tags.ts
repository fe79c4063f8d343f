import type { LiveRefs, Ref } from "../refs/refs.ts";
import type { Alive, Finding, LivingWords, Meanings } from "./meanings.ts";
import type { TagPatterns, VersionTemplate } from "./patterns.ts";
import { branchSlugs, tagSlugs } from "./slugs.ts";
import { semverOf, type Version } from "./versions.ts";
import { firstWithPrefix, foldCase, type Words, wordsOf } from "./words.ts";

export { compileTagPatterns, TagPatternError, type TagPatterns } from "./patterns.ts";

/** The image tags that the living branches and Git tags give birth to. */
export interface LiveNames {
  readonly patterns: TagPatterns;
  /** The living branches, as Git spells them. */
  readonly branchNames: ReadonlySet<string>;
  readonly branches: LivingWords;
  readonly tags: LivingWords;
  readonly versions: ReadonlyMap<string, LivingWords>;
  /** Branch tips and peeled Git tags. */
  readonly commits: Words<Alive>;
}

/**
 * Maps every living ref forward to what `patterns` make of it (docker/metadata-action v6.2, GitLab's ref slug, `tr / -`).
 * The order of `refs` does not matter.
 */
export function namesOf(patterns: TagPatterns, refs: LiveRefs): LiveNames {
  const branches = byName(refs.branches);
  const tags = byName(refs.tags);
  return {
    patterns,
    branchNames: new Set(branches.map(({ name }) => name)),
    branches: livingWords(branches, branchSlugs, "branch"),
    tags: livingWords(tags, tagSlugs, "git tag"),
    versions: versionWords(patterns, tags),
    commits: wordsOf([...commitsOf(branches, "tip of branch"), ...commitsOf(tags, "commit of git tag")]),
  };
}

/** What is known before any pull request was asked for. */
export function meaningsOfRefs(names: LiveNames): Meanings {
  return {
    branches: names.branches,
    deadBranches: wordsOf([]),
    tags: names.tags,
    versions: names.versions,
    pullRequest: (number) => ({ standing: "unknown", number }),
    commit: (commit) => livingCommit(names, commit) ?? { standing: "unknown", commit },
  };
}

/** The living branch or Git tag whose commit begins with `commit`; null: none. */
export function livingCommit(names: LiveNames, commit: string): Finding | null {
  return firstWithPrefix(names.commits, commit);
}

function byName(refs: readonly Ref[]): Ref[] {
  return refs.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function livingWords(refs: readonly Ref[], slugsOf: (name: string) => string[], label: string): LivingWords {
  // A ref that is spelled like the tag explains it better than one that only maps to it.
  const itself: [string, Alive][] = [];
  const mapped: [string, Alive][] = [];
  for (const { name } of refs) {
    const alive: Alive = { standing: "alive", reason: `${label} ${name}` };
    for (const slug of slugsOf(name)) (slug === name ? itself : mapped).push([slug, alive]);
  }
  return inAnyCase([...itself, ...mapped]);
}

function inAnyCase(entries: readonly (readonly [string, Alive])[]): LivingWords {
  return {
    exact: new Map(entries.toReversed()),
    folded: wordsOf(entries.map(([word, alive]) => [foldCase(word), alive])),
  };
}

function versionWords(patterns: TagPatterns, tags: readonly Ref[]): Map<string, LivingWords> {
  const versions: [Version, Alive][] = [];
  for (const { name } of tags) {
    const version = semverOf(name);
    if (version) versions.push([version, { standing: "alive", reason: `git tag ${name}` }]);
  }
  const words = new Map<string, LivingWords>();
  for (const part of patterns.flatMap((pattern) => pattern.parts)) {
    if (part.kind !== "version" || words.has(part.template.source)) continue;
    words.set(
      part.template.source,
      inAnyCase(versions.flatMap(([version, alive]) => filled(part.template, version, alive))),
    );
  }
  return words;
}

/** A pre-release moves no rolling tag: it fills `{version}` alone. */
function filled(template: VersionTemplate, version: Version, alive: Alive): [string, Alive][] {
  const rolling = template.pieces.some(({ field }) => field === "major" || field === "minor");
  if (rolling && version.prerelease) return [];
  return [[template.pieces.map(({ field, text }) => (field === null ? text : version[field])).join(""), alive]];
}

function commitsOf(refs: readonly Ref[], label: string): [string, Alive][] {
  return refs.map(({ name, commit }) => [commit, { standing: "alive", reason: `${label} ${name}` }]);
}
