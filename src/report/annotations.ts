import { formatCount } from "../format.ts";
import { cut, escapeLog } from "./escape.ts";
import { linesOf } from "./message.ts";
import { issueCommand } from "./workflow-commands.ts";

/** The runner shows 10 annotations of a level for a step, each of up to 4,096 characters. */
const MAX_ANNOTATIONS = 10;
const MAX_LENGTH = 4_000;

export type Level = "error" | "warning" | "notice";

interface Annotation {
  readonly title: string;
  readonly text: string;
  /** Further annotations of the same kind. */
  more: number;
}

/** Collects annotations, one a kind, until it is known how many there are of each. */
export class Annotations {
  readonly #byLevel = {
    notice: new Map<string, Annotation>(),
    warning: new Map<string, Annotation>(),
    error: new Map<string, Annotation>(),
  };

  add(level: Level, kind: string, title: string, text: string): void {
    const known = this.#byLevel[level].get(kind);
    if (known === undefined) this.#byLevel[level].set(kind, { title, text, more: 0 });
    else known.more += 1;
  }

  /** Writes the annotations since the last call. */
  flush(): void {
    for (const [level, annotations] of Object.entries(this.#byLevel)) {
      for (const { title, text } of limit([...annotations.values()])) issueCommand(level, { title }, text);
      annotations.clear();
    }
  }
}

/** Returns at most as many annotations as the runner shows, each with the number of those it stands for. */
function limit(all: readonly Annotation[]): readonly { readonly title: string; readonly text: string }[] {
  const hidden = all.slice(MAX_ANNOTATIONS).reduce((sum, { more }) => sum + more + 1, 0);
  return all.slice(0, MAX_ANNOTATIONS).map(({ title, text, more }, index) => {
    const rest = more + (index === MAX_ANNOTATIONS - 1 ? hidden : 0);
    const note = rest === 0 ? "" : `\n… and ${formatCount(rest)} more: see the summary and the log.`;
    return { title, text: `${annotationText(text, MAX_LENGTH - note.length)}${note}` };
  });
}

/** The runner also prints each line of an annotation in the log. */
function annotationText(text: string, max: number): string {
  const lines = linesOf(text.slice(0, MAX_LENGTH * 2)).map((line) => escapeLog(line));
  return cut(lines.join("\n"), max);
}
