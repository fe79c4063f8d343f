// The main file of @actions/core also loads its HTTP client and all of undici, which takes 50 ms.
import { issueCommand } from "../../node_modules/@actions/core/lib/command.js";

export { prepareKeyValueMessage as formatOutput } from "../../node_modules/@actions/core/lib/file-command.js";

/** Adds an annotation to the step. */
export function annotate(level: "error" | "warning" | "notice", title: string, text: string): void {
  issueCommand(level, { title }, text);
}

export function startGroup(title: string): void {
  issueCommand("group", {}, title);
}

export function endGroup(): void {
  issueCommand("endgroup", {}, "");
}

/** Makes the runner hide `secret` in the log. */
export function addMask(secret: string): void {
  issueCommand("add-mask", {}, secret);
}
