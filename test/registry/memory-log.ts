import type { Log } from "../../src/log.ts";

/** Returns a log that appends its texts to `lines`; warnings as `KIND: TEXT`. */
export function createMemoryLog(lines: string[]): Log {
  return {
    info: (text) => void lines.push(text),
    warn: (kind, text) => void lines.push(`${kind}: ${text}`),
    error: (_kind, text) => void lines.push(text),
    group: (_title, more) => void lines.push(...more),
    mask: () => undefined,
    progress: () => () => undefined,
  };
}
