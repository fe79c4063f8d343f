/** A list that may be shown in part: its rows stand between `head` and `tail`. All texts end with a line break. */
export interface Section {
  readonly head: string;
  readonly count: number;
  row(index: number): string;
  /** What closes the list; says how many rows are left out, where any are. */
  tail(leftOut: number): string;
}

/** Sections as far as they fit. */
export interface Fitted {
  readonly text: string;
  /** UTF-8 bytes of `text`. */
  readonly bytes: number;
  readonly shown: number;
  readonly leftOut: number;
}

interface Filling {
  readonly section: Section;
  readonly rows: string[];
  full: boolean;
}

export function byteLength(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

/**
 * Takes a row of each section in turn, until all are taken or `budget` UTF-8 bytes are used: a small section is shown whole
 * beside a large one. Rows that are not shown are never rendered.
 */
export function shareOut(sections: readonly Section[], budget: number): Fitted {
  const fillings = sections.map((section): Filling => ({ section, rows: [], full: section.count === 0 }));
  let bytes = 0;
  let open = fillings.filter(({ full }) => !full);
  while (open.length > 0) {
    for (const filling of open) bytes += takeRow(filling, budget - bytes);
    open = open.filter(({ full }) => !full);
  }
  const text = fillings.map(textOf).join("");
  const shown = fillings.reduce((sum, { rows }) => sum + rows.length, 0);
  const all = sections.reduce((sum, { count }) => sum + count, 0);
  return { text, bytes: byteLength(text), shown, leftOut: all - shown };
}

/** Takes one more row, where it fits; returns the bytes that it uses, those of head and tail with the first. */
function takeRow(filling: Filling, room: number): number {
  const { section, rows } = filling;
  const row = section.row(rows.length);
  const around = rows.length === 0 ? byteLength(section.head) + longestTail(section) : 0;
  const cost = byteLength(row) + around;
  if (cost > room) {
    filling.full = true;
    return 0;
  }
  rows.push(row);
  filling.full = rows.length === section.count;
  return cost;
}

/** Room for a tail of other numbers: `1,023 MiB` is longer than the `9.9 GiB` that it is a part of. */
const TAIL_SLACK = 64;

/** `count` has as many digits as any number of rows that are left out. */
function longestTail(section: Section): number {
  return Math.max(byteLength(section.tail(0)), byteLength(section.tail(section.count)) + TAIL_SLACK);
}

function textOf({ section, rows }: Filling): string {
  return rows.length === 0 ? "" : `${section.head}${rows.join("")}${section.tail(section.count - rows.length)}`;
}
