import { EOL } from "node:os";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { Annotations, type Level } from "./annotations.ts";
import { escapeLog } from "./escape.ts";
import { FAULT_TITLES } from "./faults.ts";
import { linesOf } from "./message.ts";
import { createProgress } from "./progress.ts";
import { issueCommand } from "./workflow-commands.ts";

/** The log of a GitHub Actions step. Lines are written at once, annotations by `flush`. */
export interface ActionsLog extends Log {
  /** One notice annotation a kind; later ones are counted. */
  notice(kind: string, text: string): void;
  /** Returns the text without secrets, for files, in which the runner hides nothing. */
  hide(text: string): string;
  /** Whether an error was logged: then the step fails. */
  failed(): boolean;
  /** Writes the annotations since the last call. Synchronous, because a cancelled job has little time left. */
  flush(): void;
}

const PREFIX = { error: "Error: ", warning: "Warning: ", notice: "" } as const satisfies Record<Level, string>;

/** Creates a log whose texts the runner never takes for commands. */
export function createActionsLog(clock: Clock): ActionsLog {
  let secrets: readonly string[] = [];
  let failed = false;
  const annotations = new Annotations();

  // Escaping can split a secret, which the runner would then not find.
  const hide = (text: string): string => {
    let hidden = text;
    for (const secret of secrets) hidden = hidden.replaceAll(secret, "***");
    return hidden;
  };
  const info = (text: string): void => void process.stdout.write(`${escapeLog(hide(text))}${EOL}`);
  const annotate = (level: Level, kind: string, title: string, text: string): void => {
    for (const line of linesOf(`${PREFIX[level]}${text}`)) info(line);
    annotations.add(level, kind, title, hide(text));
  };

  return {
    info,
    notice: (kind, text) => annotate("notice", kind, "Refsweep", text),
    warn: (kind, text) => annotate("warning", kind, "Refsweep", text),
    error(kind, text) {
      failed = true;
      annotate("error", kind, `Refsweep: ${FAULT_TITLES[kind]}`, text);
    },
    group(title, lines) {
      issueCommand("group", {}, escapeLog(hide(title)));
      for (const line of lines) info(line);
      issueCommand("endgroup", {}, "");
    },
    mask(secret) {
      const forms = formsOf(secret).filter((form) => form !== "" && !secrets.includes(form));
      for (const form of forms) issueCommand("add-mask", {}, form);
      // The longest first, because one secret can be the beginning of another.
      secrets = [...secrets, ...forms].sort((a, b) => b.length - a.length);
    },
    hide,
    progress: (unit, total) => createProgress(clock, info, unit, total),
    failed: () => failed,
    flush: () => annotations.flush(),
  };
}

/** Returns the secret itself, and the forms in which URLs and JSON contain it. */
function formsOf(secret: string): readonly string[] {
  // `encodeURI` throws on half of a surrogate pair.
  const text = Buffer.from(secret).toString("utf8");
  return [...new Set([secret, encodeURIComponent(text), encodeURI(text), JSON.stringify(secret).slice(1, -1)])];
}
