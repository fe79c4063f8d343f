import { Frontier, Mark, type Step, type TagText } from "./frontier.ts";
import type { Dead, Finding, LivingWords, Meanings } from "./meanings.ts";
import type { PatternPart, TagPattern, VersionTemplate } from "./patterns.ts";
import { endsAt, foldCase, type Words } from "./words.ts";

// The largest number of GitHub's GraphQL `Int`: a longer run of digits is a date or a build.
const LARGEST_NUMBER = 2 ** 31 - 1;
const SHORTEST_COMMIT = 7;
const LONGEST_COMMIT = 40;
const DIGIT = /[0-9]/;
const HEX = /[0-9A-Fa-f]/;
const ALPHANUMERIC = /[0-9A-Za-z]/;
const UNKNOWN: Finding = { standing: "unknown" };

/**
 * Every way to read `tag` by `pattern`, as the steps at its end; none: it does not match. All ways are walked side by side,
 * so that no pattern makes it backtrack: the cost is at most parts × length² × 16.
 */
export function readings(pattern: TagPattern, tag: TagText, meanings: Meanings): Step[] {
  const [first] = pattern.parts;
  if (first?.kind === "text" && !tag.folded.startsWith(first.folded)) return [];
  let steps: Step[] = [{ at: 0, marks: 0, via: [] }];
  for (const [index, part] of pattern.parts.entries()) {
    const next = new Frontier(tag, pattern.parts[index + 1]);
    for (const step of steps) advance(next, step, part, meanings);
    if (part.kind === "any") next.spread(steps, 0, 0);
    if (part.kind === "branch" || part.kind === "tag") next.spread(steps, 1, Mark.unknown);
    steps = next.sorted();
    if (steps.length === 0) return steps;
  }
  return steps.filter((step) => step.at === tag.text.length);
}

/** Every finding on the ways to `ends`; one way's come in the order of the tag. */
export function findingsOf(ends: readonly Step[]): Finding[] {
  const seen = new Set<Step>(ends);
  const findings = new Set<Finding>();
  for (const step of seen) {
    for (const { from, finding } of step.via) {
      if (finding) findings.add(finding);
      seen.add(from);
    }
  }
  return [...findings].reverse();
}

/** The findings of the first way to `end`, in the order of the tag. */
export function firstWay(end: Step): Finding[] {
  const findings: Finding[] = [];
  for (let edge = end.via[0]; edge; edge = edge.from.via[0]) if (edge.finding) findings.unshift(edge.finding);
  return findings;
}

/** Where the first dead word on any way to `end` ends. */
export function firstDeadUntil(end: Step): number {
  const seen = new Set<Step>([end]);
  let first = end.at;
  for (const step of seen) {
    for (const { from, finding } of step.via) {
      if (finding?.standing === "dead") first = Math.min(first, step.at);
      seen.add(from);
    }
  }
  return first;
}

/** Whether the tag begins with a living ref's name that ends where a word does, at `least` or later. */
export function beginsAlive(tag: TagText, least: number, { branches, tags, versions }: Meanings): boolean {
  return [branches, tags, ...versions.values()].some(({ folded }) =>
    endsAt(folded, tag.folded, 0).some((end) => end >= least && isBetween(tag.text, end, ALPHANUMERIC)),
  );
}

function advance(next: Frontier, step: Step, part: PatternPart, meanings: Meanings): void {
  switch (part.kind) {
    case "text":
      advanceText(next, step, part);
      break;
    case "any":
      break;
    case "branch":
      advanceLiving(next, step, meanings.branches);
      advanceDead(next, step, part, meanings.deadBranches);
      break;
    case "tag":
      advanceLiving(next, step, meanings.tags);
      break;
    case "version":
      advanceVersion(next, step, part, meanings.versions.get(part.template.source));
      break;
    case "pr":
      advanceNumber(next, step, meanings);
      break;
    case "sha":
      advanceCommit(next, step, part, meanings);
      break;
  }
}

function advanceText(next: Frontier, step: Step, part: PatternPart & { kind: "text" }): void {
  if (!next.tag.folded.startsWith(part.folded, step.at)) return;
  const end = step.at + part.text.length;
  if (!next.mayEnd(end)) return;
  next.add(end, step.marks | (next.tag.text.startsWith(part.text, step.at) ? 0 : Mark.otherCase), step, null);
}

function advanceLiving(
  next: Frontier,
  step: Step,
  words: LivingWords,
  fits: (end: number) => boolean = () => true,
): void {
  for (const end of wordEnds(next, step, words.folded)) {
    if (!fits(end)) continue;
    const word = next.tag.text.slice(step.at, end);
    const finding = words.exact.get(word) ?? words.folded.meanings.get(foldCase(word));
    if (finding) next.add(end, step.marks | Mark.living, step, finding);
  }
}

function wordEnds(next: Frontier, step: Step, words: Words<unknown>): number[] {
  if (next.next === undefined) {
    return words.meanings.has(next.tag.folded.slice(step.at)) ? [next.tag.text.length] : [];
  }
  return endsAt(words, next.tag.folded, step.at).filter((end) => next.mayEnd(end));
}

/** Beside a `*` a deleted branch must end where a word ends: by `{branch}*`, branch `fix` says nothing of `fixture`. */
function advanceDead(next: Frontier, step: Step, part: PatternPart & { kind: "branch" }, words: Words<Dead>): void {
  const { text } = next.tag;
  if (part.openBefore && !isBetween(text, step.at, ALPHANUMERIC)) return;
  for (const end of endsAt(words, text, step.at)) {
    if (!next.mayEnd(end) || (part.openAfter && !isBetween(text, end, ALPHANUMERIC))) continue;
    const finding = words.meanings.get(text.slice(step.at, end));
    if (finding) next.add(end, step.marks | Mark.dead, step, finding);
  }
}

function advanceVersion(
  next: Frontier,
  step: Step,
  part: PatternPart & { kind: "version" },
  words: LivingWords | undefined,
): void {
  const { text } = next.tag;
  if (part.openBefore && !isBetween(text, step.at, DIGIT)) return;
  const fits = (end: number): boolean => !part.openAfter || isBetween(text, end, DIGIT);
  if (words) advanceLiving(next, step, words, fits);
  if (!DIGIT.test(text.charAt(step.at))) return;
  const allowed = charactersOf(part.template);
  for (let end = step.at + 1; end <= text.length && allowed.test(text.charAt(end - 1)); end += 1) {
    if (fits(end) && next.mayEnd(end)) next.add(end, step.marks | Mark.unknown, step, UNKNOWN);
  }
}

/** What a version that is not known may be made of. */
function charactersOf(template: VersionTemplate): RegExp {
  return template.pieces.some((piece) => piece.field === "version") ? /[0-9A-Za-z._-]/ : /[0-9._-]/;
}

function advanceNumber(next: Frontier, step: Step, meanings: Meanings): void {
  const { text } = next.tag;
  if (!isBetween(text, step.at, DIGIT) || text.charAt(step.at) === "0") return;
  const end = runEnd(text, step.at, DIGIT);
  const number = Number(text.slice(step.at, end));
  if (end === step.at || number > LARGEST_NUMBER || !next.mayEnd(end)) return;
  const finding = meanings.pullRequest(number);
  const mark = { alive: Mark.living, dead: Mark.dead, unknown: Mark.unknown }[finding.standing];
  next.add(end, step.marks | mark, step, finding);
}

function advanceCommit(next: Frontier, step: Step, part: PatternPart & { kind: "sha" }, meanings: Meanings): void {
  const { text, folded } = next.tag;
  if (part.openBefore && !isBetween(text, step.at, HEX)) return;
  const last = runEnd(text, step.at, HEX);
  const longest = Math.min(last, step.at + LONGEST_COMMIT);
  for (let end = step.at + SHORTEST_COMMIT; end <= longest; end += 1) {
    if ((part.openAfter && end !== last) || !next.mayEnd(end)) continue;
    const commit = folded.slice(step.at, end);
    const finding = meanings.commit(commit);
    const spelled = text.startsWith(commit, step.at) ? 0 : Mark.otherCase;
    next.add(end, step.marks | (finding.standing === "alive" ? 0 : Mark.unknown | spelled), step, finding);
  }
}

/** Whether a run of `kind` neither goes through `at` nor would be cut by it. */
function isBetween(text: string, at: number, kind: RegExp): boolean {
  return at === 0 || at >= text.length || !kind.test(text.charAt(at - 1)) || !kind.test(text.charAt(at));
}

function runEnd(text: string, start: number, kind: RegExp): number {
  let end = start;
  while (end < text.length && kind.test(text.charAt(end))) end += 1;
  return end;
}
