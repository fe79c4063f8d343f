import type { Finding } from "./meanings.ts";
import type { PatternPart } from "./patterns.ts";
import { foldCase } from "./words.ts";

/** An image tag as it is spelled, and in `foldCase`. */
export interface TagText {
  readonly text: string;
  readonly folded: string;
}

/** What one way to read a tag by a pattern has met, as bits; without `unknown` and `dead` it is alive. */
export const Mark = {
  unknown: 1,
  /** A living ref; a commit alone is none. */
  living: 2,
  dead: 4,
  /** It matched in another case only: that protects, and proves nothing. */
  otherCase: 8,
} as const;

/** A point of a reading: all the ways that lead to one place in the tag with the same marks. */
export interface Step {
  readonly at: number;
  readonly marks: number;
  readonly via: { readonly from: Step; readonly finding: Finding | null }[];
}

export function tagText(tag: string): TagText {
  return { text: tag, folded: foldCase(tag) };
}

/** The steps behind one part of a pattern. */
export class Frontier {
  readonly tag: TagText;
  /** The part that follows; undefined: the tag must end here. */
  readonly next: PatternPart | undefined;
  readonly #steps = new Map<number, Step>();

  constructor(tag: TagText, next: PatternPart | undefined) {
    this.tag = tag;
    this.next = next;
  }

  add(at: number, marks: number, from: Step, finding: Finding | null): void {
    const key = at * 16 + marks;
    const known = this.#steps.get(key);
    if (known) known.via.push({ from, finding });
    else this.#steps.set(key, { at, marks, via: [{ from, finding }] });
  }

  /** Whether the rest of the pattern may match from `at` on: spares ways that the next part would end at once. */
  mayEnd(at: number): boolean {
    if (this.next === undefined) return at === this.tag.text.length;
    return this.next.kind !== "text" || this.tag.folded.startsWith(this.next.folded, at);
  }

  /** Steps over any text of at least `least` characters. Ways with the same marks run on as one. */
  spread(steps: readonly Step[], least: number, marks: number): void {
    const running = new Map<number, Step>();
    let joined = 0;
    for (let at = (steps[0]?.at ?? 0) + least; at <= this.tag.text.length; at += 1) {
      for (let step = steps[joined]; step && step.at + least <= at; step = steps[++joined]) {
        const before = running.get(step.marks);
        const via = [step, ...(before ? [before] : [])].map((from) => ({ from, finding: null }));
        running.set(step.marks, before ? { at, marks: step.marks, via } : step);
      }
      if (this.mayEnd(at)) for (const step of running.values()) this.add(at, step.marks | marks, step, null);
    }
  }

  sorted(): Step[] {
    const steps = [...this.#steps.values()];
    return steps.length > 1 ? steps.sort((a, b) => a.at - b.at) : steps;
  }
}
