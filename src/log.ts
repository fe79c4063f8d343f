import type { FaultKind } from "./fault.ts";

/** Where the run tells what it does. Texts may hold anything: the log escapes them. */
export interface Log {
  /** One line. */
  info(text: string): void;
  /** One warning annotation a kind, however often it is called; later ones are counted. */
  warn(kind: string, text: string): void;
  /** Error annotations, one a kind; marks the step as failed. */
  error(kind: FaultKind, text: string): void;
  /** Runs `work` in a collapsible group. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** Hides `secret` wherever it would be shown. */
  mask(secret: string): void;
  /** Counts one of `total` at each call, and tells now and then how far it is; `unit` as in `manifests deleted`. */
  progress(unit: string, total: number): () => void;
}
