import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { parseSync, Visitor } from "vite";

const ROOT = join(import.meta.dirname, "..");

/** A parsed TypeScript file. Paths are relative to the repository's root and use `/`: `src/http/client.ts`. */
export interface SourceFile {
  readonly path: string;
  /** Imported modules: static, type-only and dynamic imports, and re-exports. Relative ones as paths from the root. */
  readonly imports: readonly string[];
  /** Names of the exported declarations. */
  readonly exports: readonly Snippet[];
  /** String literals and the literal parts of templates, without module names. */
  readonly strings: readonly Snippet[];
  readonly comments: readonly Snippet[];
}

export interface Snippet {
  /** 1 for the first line of the file. */
  readonly line: number;
  readonly text: string;
}

/** Returns the files below `folder` whose names end with `ending`, sorted. */
export function filesBelow(folder: string, ending: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((file) => posix.join(folder, file.replaceAll("\\", "/")))
    .filter((file) => file.endsWith(ending))
    .sort();
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Parses a TypeScript file. Throws an Error if it has a syntax error. */
export function readSource(path: string): SourceFile {
  const text = readText(path);
  const { program, module, comments, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);
  const modules = new Map<number, string>();
  const strings: Snippet[] = [];
  const snippet = (start: number, content: string): Snippet => ({
    line: text.slice(0, start).split("\n").length,
    text: content,
  });
  const addModule = ({ source }: { readonly source: object | null }): void => {
    if (source !== null && "start" in source && "value" in source)
      modules.set(Number(source.start), String(source.value));
  };
  new Visitor({
    ImportDeclaration: addModule,
    ExportNamedDeclaration: addModule,
    ExportAllDeclaration: addModule,
    ImportExpression: addModule,
    TSImportType: addModule,
    Literal({ start, value }) {
      if (typeof value === "string" && !modules.has(start)) strings.push(snippet(start, value));
    },
    TemplateElement: ({ start, value }) => void strings.push(snippet(start, value.cooked ?? value.raw)),
  }).visit(program);
  const names = module.staticExports.flatMap(({ entries }) => entries);
  return {
    path,
    imports: [...modules.values()].map((name) => (name.startsWith(".") ? posix.join(posix.dirname(path), name) : name)),
    exports: names.flatMap(({ start, exportName: { name } }) => (name == null ? [] : [snippet(start, name)])),
    strings,
    comments: comments.map(({ start, value }) => snippet(start, value)),
  };
}
