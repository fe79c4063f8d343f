import * as core from "@actions/core";
import type { Clock } from "../clock.ts";
import { formatCount } from "../format.ts";
import type { Log } from "../log.ts";
import { cut, escapeLog } from "./escape.ts";
import { faultTitle } from "./fault-titles.ts";
import { createProgress } from "./progress.ts";

/** The runner shows 10 annotations of a level for a step, each of up to 4,096 characters. */
const MOST_ANNOTATIONS = 10;
const ANNOTATION_LENGTH = 4_000;

/** A log whose annotations are written at the end, when it is known how many of a kind there are. */
export interface ActionsLog extends Log {
  /** The text without what was masked: for what goes past the log, of which the runner hides nothing. */
  hide(text: string): string;
  /** Writes the annotations collected so far. Synchronous, as a cancelled job has little time left. */
  flush(): void;
}

interface Annotation {
  readonly title: string;
  readonly text: string;
  more: number;
}

type Level = "error" | "warning";

/** The log of a GitHub Actions step. Lines appear at once, annotations with `flush`; nothing said is taken for a command. */
export function createActionsLog(clock: Clock): ActionsLog {
  let secrets: readonly string[] = [];
  const annotations = { error: new Map<string, Annotation>(), warning: new Map<string, Annotation>() };
  let open = 0;

  // Escaping can part a secret in two, which the runner would then not find: it is hidden before that.
  const hide = (text: string): string => {
    let hidden = text;
    for (const secret of secrets) hidden = hidden.replaceAll(secret, "***");
    return hidden;
  };
  const info = (text: string): void => core.info(escapeLog(hide(text)));

  const collect = (level: Level, kind: string, title: string, text: string): void => {
    info(`${level === "error" ? "Error" : "Warning"}: ${text}`);
    const known = annotations[level].get(kind);
    if (known === undefined) annotations[level].set(kind, { title, text: hide(text), more: 0 });
    else known.more += 1;
  };

  return {
    info,
    warn: (kind, text) => collect("warning", kind, "Refsweep", text),
    error: (kind, text) => {
      process.exitCode = core.ExitCode.Failure;
      collect("error", kind, `Refsweep: ${faultTitle(kind)}`, text);
    },
    async group(title, work) {
      // The runner knows no group within a group: the end of the inner one would end both.
      if (open > 0) info(title);
      else core.startGroup(escapeLog(hide(title)));
      open += 1;
      try {
        return await work();
      } finally {
        open -= 1;
        if (open === 0) core.endGroup();
      }
    },
    mask(secret) {
      const forms = formsOf(secret).filter((form) => form !== "" && !secrets.includes(form));
      for (const form of forms) core.setSecret(form);
      // The longest first: of one that begins with another, the rest would be left.
      secrets = [...secrets, ...forms].sort((a, b) => b.length - a.length);
    },
    hide,
    progress: (unit, total) => createProgress(clock, info, unit, total),
    flush() {
      for (const { title, text } of fold(annotations.warning)) core.warning(text, { title });
      for (const { title, text } of fold(annotations.error)) core.error(text, { title });
      annotations.warning.clear();
      annotations.error.clear();
    },
  };
}

/** A secret as it is, and as URLs and JSON hold it. */
function formsOf(secret: string): readonly string[] {
  // Half a surrogate pair has no form in a URL.
  const text = Buffer.from(secret).toString("utf8");
  return [...new Set([secret, encodeURIComponent(text), encodeURI(text), JSON.stringify(secret).slice(1, -1)])];
}

/** At most as many annotations as the runner shows, each with the number of those it stands for. */
function fold(kinds: ReadonlyMap<string, Annotation>): readonly { readonly title: string; readonly text: string }[] {
  const all = [...kinds.values()];
  const shown = all.slice(0, MOST_ANNOTATIONS);
  const hidden = all.slice(MOST_ANNOTATIONS).reduce((sum, { more }) => sum + more + 1, 0);
  return shown.map(({ title, text, more }, index) => {
    const rest = more + (index === MOST_ANNOTATIONS - 1 ? hidden : 0);
    const note = rest === 0 ? "" : `\n… and ${formatCount(rest)} more: see the summary and the log.`;
    return { title, text: `${annotationText(text, ANNOTATION_LENGTH - note.length)}${note}` };
  });
}

/** The lines of an annotation, each of which the runner also shows in the log. */
function annotationText(text: string, max: number): string {
  return cut(
    text
      .slice(0, ANNOTATION_LENGTH * 2)
      .split(/\r\n|[\r\n]/)
      .map((line) => escapeLog(line))
      .join("\n"),
    max,
  );
}
