/** A list that may be shown in part, with its rows between `head` and `tail`. All texts end with a line break. */
export interface Section {
  readonly head: string;
  readonly count: number;
  row(index: number): string;
  /** Closes the list, and shows how many rows are left out. */
  tail(leftOut: number): string;
}

/** Sections, or as many of their rows as fit. */
export interface Fitted {
  readonly text: string;
  /** UTF-8 bytes of `text`. */
  readonly bytes: number;
  readonly shown: number;
  readonly leftOut: number;
}

interface PartialSection {
  readonly section: Section;
  readonly rows: string[];
  full: boolean;
}

export function byteLength(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

/**
 * Adds one row to each section, again and again, until all rows are shown or `budget` UTF-8 bytes are used. So a small
 * section is complete next to a large one. Rows that are not shown are not rendered.
 */
export function fitSections(sections: readonly Section[], budget: number): Fitted {
  const all = sections.map((section): PartialSection => ({ section, rows: [], full: section.count === 0 }));
  let bytes = 0;
  let open = all.filter(({ full }) => !full);
  while (open.length > 0) {
    for (const partial of open) bytes += addRow(partial, budget - bytes);
    open = open.filter(({ full }) => !full);
  }
  const text = all.map(textOf).join("");
  const shown = all.reduce((sum, { rows }) => sum + rows.length, 0);
  const total = sections.reduce((sum, { count }) => sum + count, 0);
  return { text, bytes: byteLength(text), shown, leftOut: total - shown };
}

/** Adds one row if it fits. Returns the bytes that it uses; those of head and tail count with the first row. */
function addRow(partial: PartialSection, room: number): number {
  const { section, rows } = partial;
  const row = section.row(rows.length);
  const frame = rows.length === 0 ? byteLength(section.head) + maxTailBytes(section) : 0;
  const bytes = byteLength(row) + frame;
  if (bytes > room) {
    partial.full = true;
    return 0;
  }
  rows.push(row);
  partial.full = rows.length === section.count;
  return bytes;
}

/** Room for other numbers in the tail: a part such as `1,023 MiB` is longer than its total `9.9 GiB`. */
const TAIL_SLACK = 64;

/** No number of rows has more digits than `count`. */
function maxTailBytes(section: Section): number {
  return Math.max(byteLength(section.tail(0)), byteLength(section.tail(section.count)) + TAIL_SLACK);
}

function textOf({ section, rows }: PartialSection): string {
  return rows.length === 0 ? "" : `${section.head}${rows.join("")}${section.tail(section.count - rows.length)}`;
}
