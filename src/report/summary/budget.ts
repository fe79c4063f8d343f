/** A list that may be shown in part, with its rows between `head` and `tail`. All texts end with a line break. */
export interface Section {
  readonly head: string;
  /** Each renders one row. */
  readonly rows: readonly (() => string)[];
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

interface PartialSection extends Section {
  readonly shown: string[];
}

/**
 * Adds one row to each section, again and again, until all rows are shown or `budget` UTF-8 bytes are used. So a small
 * section is complete next to a large one. Rows that are not shown are not rendered.
 */
export function fitSections(sections: readonly Section[], budget: number): Fitted {
  const all = sections.map((section): PartialSection => ({ ...section, shown: [] }));
  let room = budget;
  const addRow = (section: PartialSection): boolean => {
    const row = section.rows[section.shown.length]?.();
    if (row === undefined) return false;
    const bytes = Buffer.byteLength(row) + (section.shown.length === 0 ? maxFrameBytes(section) : 0);
    if (bytes > room) return false;
    room -= bytes;
    section.shown.push(row);
    return true;
  };
  let open = all;
  while (open.length > 0) open = open.filter(addRow);
  const text = all.map(textOf).join("");
  const shown = all.reduce((sum, section) => sum + section.shown.length, 0);
  const total = all.reduce((sum, section) => sum + section.rows.length, 0);
  return { text, bytes: Buffer.byteLength(text), shown, leftOut: total - shown };
}

/** Room for other numbers in the tail: a part such as `1,023 MiB` is longer than its total `9.9 GiB`. */
const TAIL_SLACK = 64;

/** Bytes of head and tail. No number of rows has more digits than that of all. */
function maxFrameBytes({ head, rows, tail }: Section): number {
  return (
    Buffer.byteLength(head) + Math.max(Buffer.byteLength(tail(0)), Buffer.byteLength(tail(rows.length)) + TAIL_SLACK)
  );
}

function textOf({ head, rows, shown, tail }: PartialSection): string {
  return shown.length === 0 ? "" : `${head}${shown.join("")}${tail(rows.length - shown.length)}`;
}
