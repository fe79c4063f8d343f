import type { Commits } from "../refs/commits.ts";
import type { DeletedBranch, PullRequest, PullRequests } from "../refs/refs.ts";
import type { LiveTags } from "./live-tags.ts";
import { branchSlugs, provingSlugs } from "./slugs.ts";
import { isVersionLike, semverOf } from "./versions.ts";

/** The names in Git and on GitHub that builds put into image tags. */
export interface Names {
  /** Image tags of branches, existing and deleted ones. */
  readonly branches: ReadonlySet<string>;
  /** Of Git tags, without `v`. */
  readonly versions: ReadonlySet<string>;
  /** Of pull requests. */
  readonly numbers: ReadonlySet<number>;
  /** Whether a commit begins with 7 or more hex digits. */
  readonly isCommit: (text: string) => boolean;
}

/** A pattern of `tag-patterns` that would match a tag. */
export interface Shape {
  readonly pattern: string;
  /** The branch in the tag; null: none. */
  readonly branch: string | null;
  /** Whether the number and the commit in the tag exist, if it has any. */
  readonly isKnown: boolean;
}

/** What the names are taken from. */
export interface NamesInput {
  readonly live: LiveTags;
  readonly pullRequests: PullRequests;
  readonly commits: Commits;
  readonly deletedBranches: readonly DeletedBranch[];
}

const SHORT = 7;
const MOST_WILDCARDS = 3;
/** In a tag with more words, no name is looked for: that would take long. */
const MOST_WORDS = 16;

/** Collects the names that tags may contain. */
export function namesOf({ live, pullRequests, commits, deletedBranches }: NamesInput): Names {
  const { branches, tags } = live.refs;
  const { byNumber, open, closed } = pullRequests;
  const all = [...byNumber.values(), ...open, ...closed].filter((each) => each !== "missing");
  const ids = [...branches, ...tags].map(({ commit }) => commit).concat(all.flatMap(commitsOf));
  const starts = new Set(ids.map((id) => id.slice(0, SHORT)));
  const gone = [...deletedBranches.map(({ name }) => name), ...all.map(({ headBranch }) => headBranch)];
  return {
    branches: new Set([...branches.flatMap(({ name }) => branchSlugs(name)), ...gone.flatMap(provingSlugs)]),
    versions: new Set(tags.flatMap(({ name }) => semverOf(name)?.version ?? [])),
    numbers: new Set(all.map(({ number }) => number)),
    isCommit: (text) => starts.has(text.slice(0, SHORT)) || commits.graph.startingWith(text).length > 0,
  };
}

function commitsOf({ headCommit, mergeCommit }: PullRequest): readonly string[] {
  return mergeCommit === null ? [headCommit] : [headCommit, mergeCommit];
}

/**
 * Returns the pattern that would match a tag. Null: it contains no name, or the pattern would make every build of a branch or
 * version live, as `{branch}-*` does.
 */
export function shapeOf(tag: string, names: Names): Shape | null {
  const parts = named(
    tag,
    "{branch}",
    (text) => names.branches.has(text) && /[a-z]/i.test(text) && !isVersionLike(text),
  )
    .flatMap((part) => (part.wildcard ? part : named(part.text, "{version}", (text) => names.versions.has(text))))
    .flatMap((part) => (part.wildcard ? part : words(part.text)));
  const source = (part: Part, hasCommit: boolean): string => {
    if (part.wildcard === null) return part.text;
    return hasCommit && part.wildcard === "{version}" ? "*" : part.wildcard;
  };
  const hasCommit = parts.some(({ wildcard }) => wildcard === "{sha}");
  const pattern = parts
    .map((part) => source(part, hasCommit))
    .join("")
    .replace(/\*(?:[._-]*\*)+/g, "*");
  const wildcards = pattern.match(/\{\w+\}|\*/g) ?? [];
  const isEndless = /\{(?:branch|version)\}/.test(pattern) && pattern.includes("*") && !hasCommit;
  if (!pattern.includes("{") || wildcards.length > MOST_WILDCARDS || isEndless) return null;
  return {
    pattern,
    branch: parts.find(({ wildcard }) => wildcard === "{branch}")?.text ?? null,
    isKnown: parts.every(
      ({ wildcard, text }) =>
        (wildcard !== "{pr}" || names.numbers.has(Number(text))) && (wildcard !== "{sha}" || names.isCommit(text)),
    ),
  };
}

/** A part of a tag, and what stands for it in a pattern; null: itself. */
interface Part {
  readonly text: string;
  readonly wildcard: "{branch}" | "{version}" | "{pr}" | "{sha}" | "*" | null;
}

/** Splits a text at the longest name between two word boundaries. */
function named(text: string, wildcard: "{branch}" | "{version}", isName: (text: string) => boolean): readonly Part[] {
  const starts = [...text.matchAll(/(?<![0-9A-Za-z])[0-9A-Za-z]|(?<=^v|[._-]v)\d/g)].map(({ index }) => index);
  const ends = [...text.matchAll(/[0-9A-Za-z](?![0-9A-Za-z])/g)].map(({ index }) => index + 1);
  if (starts.length > MOST_WORDS) return literal(text);
  let longest: { readonly start: number; readonly end: number } | null = null;
  for (const start of starts) {
    for (const end of ends) {
      const isLonger = longest === null || end - start > longest.end - longest.start;
      if (end > start && isLonger && isName(text.slice(start, end))) longest = { start, end };
    }
  }
  if (longest === null) return literal(text);
  const { start, end } = longest;
  return [...literal(text.slice(0, start)), { text: text.slice(start, end), wildcard }, ...literal(text.slice(end))];
}

function literal(text: string): readonly Part[] {
  return text === "" ? [] : [{ text, wildcard: null }];
}

/** Numbers alone may be run numbers. So a pull request's number comes after `pr` or `pull`, or before `merge`. */
const PULL_REQUEST = /^(?<before>(?:pr|pull)[._-]?)(?<number>[1-9]\d{0,8})$/i;
const MERGE = /^(?<number>[1-9]\d{0,8})(?<after>[._-]merge)$/i;
const COMMIT = /^(?<before>g?)(?<commit>(?=.*\d)(?=.*[a-f])[0-9a-f]{7,40})$/;
const WORD =
  /(?<![0-9A-Za-z])(?:pr|pull)[._-]?[1-9]\d{0,8}(?![0-9A-Za-z])|(?<![0-9A-Za-z])[1-9]\d{0,8}[._-]merge(?![0-9A-Za-z])|[0-9A-Za-z]+|[._-]+/gi;

/** Splits a text into words, separators, numbers of pull requests and commits. Words with other digits vary. */
function words(text: string): readonly Part[] {
  return (text.match(WORD) ?? []).flatMap((word): Part | readonly Part[] => {
    const {
      before = "",
      number,
      commit,
      after = "",
    } = { ...(PULL_REQUEST.exec(word) ?? MERGE.exec(word) ?? COMMIT.exec(word))?.groups };
    if (number !== undefined) return [...literal(before), { text: number, wildcard: "{pr}" }, ...literal(after)];
    if (commit !== undefined) return [...literal(before), { text: commit, wildcard: "{sha}" }];
    return { text: word, wildcard: /\d/.test(word) ? "*" : null };
  });
}
