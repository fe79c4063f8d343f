/** One line of safety code, replaced by a wrong one, and the tests that must notice it. */
export interface Break {
  /** Below `src/`. */
  readonly file: string;
  /** The complete line without its indentation. It exists once in the file. */
  readonly line: string;
  /** What replaces it. */
  readonly replacement: string;
  /** What the wrong line could do. */
  readonly danger: string;
  /** Test files, below `test/`. At least one of their tests must fail. */
  readonly tests: readonly string[];
}

/** Returns a source with the wrong line; null: the line does not exist, or not only once. */
export function applyBreak(source: string, { line, replacement }: Break): string | null {
  const lines = source.split("\n");
  const at = lines.findIndex((each) => each.trim() === line);
  if (at === -1 || lines.filter((each) => each.trim() === line).length > 1) return null;
  return lines.with(at, replacement).join("\n");
}
