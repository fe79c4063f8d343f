import type { FaultKind } from "./fault.ts";

/** The log of a run. Texts may contain anything: the log escapes them. */
export interface Log {
  /** Writes one line. */
  info(text: string): void;
  /** Adds a warning annotation. Only the first of a kind is shown; the others are counted. */
  warn(kind: string, text: string): void;
  /** Adds an error annotation, and makes the step fail. Only the first of a kind is shown; the others are counted. */
  error(kind: FaultKind, text: string): void;
  /** Writes lines in a collapsible group. */
  group(title: string, lines: readonly string[]): void;
  /** Hides `secret` wherever it would be shown. */
  mask(secret: string): void;
  /** Returns a function that counts one of `total` at each call, and logs the progress from time to time. */
  progress(unit: string, total: number): () => void;
}
