import type { Superseded, UnknownCommit } from "./commits.ts";
import type { KnownRefs } from "./evidence.ts";
import type { Gone } from "./gone.ts";
import type { Live } from "./live-tags.ts";
import { LAST_SEGMENT, type Placeholder, type TagPattern } from "./patterns.ts";
import { isTag } from "./slugs.ts";
import { isVersionLike } from "./versions.ts";

/** One way to read a tag by a pattern. */
export interface Reading {
  readonly captures: readonly Capture[];
  /** False if literal text or a commit that is not live is in another case. Such a reading protects, and proves nothing. */
  readonly exact: boolean;
}

/** The part of a tag that a placeholder takes. */
export interface Capture {
  readonly kind: Placeholder["kind"];
  readonly text: string;
  /** Where it ends in the tag. */
  readonly end: number;
  /** What it names; undefined: unknown. */
  readonly ref: Live | Superseded | Gone | undefined;
  /** Of an unknown commit: what is known. */
  readonly unknown?: UnknownCommit;
}

/** GitHub's GraphQL numbers pull requests with a signed 32-bit integer. */
const LARGEST_PULL_REQUEST = 2 ** 31 - 1;
const ALPHANUMERIC = /[0-9A-Za-z]/;
const DIGIT = /[0-9]/;
const HEX = /[0-9A-Fa-f]/;
const NUMBER = /^[1-9]\d*$/;
const COMMIT = /^[0-9A-Fa-f]{7,40}$/;
const VERSION = /^\d[0-9A-Za-z._-]*$/;
const MAJOR_MINOR = /^\d[0-9._-]*$/;

/** Returns every way to read `tag` by `pattern`; of those that say nothing, only the first. */
export function readings(pattern: TagPattern, tag: string, known: KnownRefs): readonly Reading[] {
  if (!isTag(tag)) return [];
  const lowerTag = tag.toLowerCase();
  const found: Reading[] = [];

  // Reads the tag from `at` on, by the pattern from its part `index` on.
  const readFrom = (at: number, index: number, captures: readonly Capture[], isExact: boolean): void => {
    const part = pattern[index];
    if (part === undefined || !lowerTag.startsWith(part.lowerText, at)) return;
    const { wildcard } = part;
    const start = at + part.text.length;
    const exact = isExact && tag.startsWith(part.text, at);
    if (wildcard === null) {
      const reading = { captures, exact: exact && !captures.some(isCommitInCapitals) };
      if (!saysNothing(reading) || !found.some(saysNothing)) found.push(reading);
      return;
    }
    const ends = endsOf(pattern, index, lowerTag, start);
    if (wildcard.kind === "any") {
      for (const end of ends) readFrom(end, index + 1, captures, exact);
      return;
    }
    // Long names first: they explain a tag best.
    for (const end of ends.reverse()) {
      const capture = captureOf(wildcard, tag, start, end, known);
      if (capture === null) continue;
      // Next to `*`, one character is enough for an unknown name: `*` can take the others.
      if (wildcard.nextToAny && isUnknownName(capture) && capture.text.length > 1) continue;
      readFrom(end, index + 1, [...captures, capture], exact);
    }
  };
  readFrom(0, 0, [], true);
  return found;
}

/** Returns where the wildcard of a part may end that begins at `start`. */
function endsOf(pattern: TagPattern, index: number, lowerTag: string, start: number): number[] {
  const next = pattern[index + 1]?.lowerText ?? "";
  const last = lowerTag.length - next.length;
  // The last wildcard ends where the last text begins.
  if (index + 2 === pattern.length) return last < start ? [] : [last];
  const ends: number[] = [];
  for (let end = start; end <= last; end += 1) if (lowerTag.startsWith(next, end)) ends.push(end);
  return ends;
}

/** Returns what a placeholder takes from `start` to `end`; null: the text does not have its form. */
function captureOf(
  placeholder: Placeholder,
  tag: string,
  start: number,
  end: number,
  known: KnownRefs,
): Capture | null {
  const { kind, source, joinedBefore, joinedAfter } = placeholder;
  const text = tag.slice(start, end);
  const cuts = (run: RegExp): boolean =>
    (joinedBefore && isInside(tag, start, run)) || (joinedAfter && isInside(tag, end, run));
  const capture = (ref: Live | Gone | undefined): Capture => ({ kind, text, end, ref });
  if (text === "") return null;
  switch (kind) {
    case "branch": {
      const isLast = source === LAST_SEGMENT;
      const live = isLast ? known.lastSegment(text) : known.branch(text);
      if (live !== undefined) return capture(live);
      const gone = isLast ? known.goneLastSegment(text) : known.goneBranch(text);
      if (gone === undefined) return capture(undefined);
      // By {branch}*, the deleted branch `fix` says nothing about the tag `fixture`. Branches and versions share names.
      const provesNothing = cuts(ALPHANUMERIC) || isVersionLike(text) || isVersionLike(tag);
      return capture(provesNothing ? undefined : gone);
    }
    case "tag":
      return capture(known.tag(text));
    case "version": {
      const form = source.includes("{version}") ? VERSION : MAJOR_MINOR;
      const ref = known.versions.get(source)?.(text);
      return cuts(DIGIT) || (ref === undefined && !form.test(text)) ? null : capture(ref);
    }
    case "pr": {
      const number = NUMBER.test(text) && !cuts(DIGIT) ? Number(text) : Number.NaN;
      return number <= LARGEST_PULL_REQUEST ? capture(known.pullRequest(number)) : null;
    }
    case "sha":
      return COMMIT.test(text) && !cuts(HEX) ? commitCapture({ kind, text, end }, known) : null;
  }
}

/**
 * A run of decimal digits may be a date or a build number. It proves nothing, but an image of an older commit is kept: one of 27
 * commits has seven decimal digits.
 */
function commitCapture(capture: Omit<Capture, "ref">, known: KnownRefs): Capture | null {
  const live = known.commit(capture.text);
  if (live !== undefined) return { ...capture, ref: live };
  const found = known.olderCommit(capture.text);
  if (/^\d+$/.test(capture.text)) {
    if (typeof found === "string" || found.status === "orphaned") return null;
    return { ...capture, ref: found.status === "superseded" ? { ...found, mayBeNumber: true } : found };
  }
  return typeof found === "string" ? { ...capture, ref: undefined, unknown: found } : { ...capture, ref: found };
}

/** Whether nothing in a reading is known, and nothing can be looked up. */
function saysNothing({ captures }: Reading): boolean {
  return captures.every(({ kind, ref }) => ref === undefined && kind !== "pr" && kind !== "sha");
}

/** Whether a capture can be any text. */
function isUnknownName({ kind, ref }: Capture): boolean {
  return ref === undefined && (kind === "branch" || kind === "tag");
}

function isCommitInCapitals({ kind, text, ref }: Capture): boolean {
  return kind === "sha" && ref?.status !== "live" && text !== text.toLowerCase();
}

/** Whether the characters on both sides of `at` belong to one run, such as the digits of a number. */
export function isInside(tag: string, at: number, run: RegExp = ALPHANUMERIC): boolean {
  return at > 0 && at < tag.length && run.test(tag.charAt(at - 1)) && run.test(tag.charAt(at));
}
