import type { Stats } from "node:fs";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join, posix, relative, sep } from "node:path";
import { compileGlobs, hasWildcard } from "../glob.ts";
import { invalidFiles } from "./fault.ts";

const MiB = 1024 * 1024;
/** The files become one string, which Node.js limits to 512 MiB. The kubectl output of a large cluster is far below this. */
const MAX_MIB = 256;

/** The path does not exist, or it is a link to nothing. */
const ABSENT: ReadonlySet<unknown> = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);

/**
 * Finds the files of `patterns`: globs relative to `workspace`, of which those that start with `!` exclude. Names that start
 * with a dot match too, and links are followed. Only `.git` folders are skipped.
 *
 * @returns the absolute paths by pattern
 * @throws Fault `input` if a pattern matches no file, or a folder cannot be read
 */
export async function findFiles(
  patterns: readonly string[],
  workspace: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const exclusions = patterns
    .filter((pattern) => pattern.startsWith("!"))
    .map((pattern) => `!${fromWorkspace(pattern.slice(1), workspace)}`);
  const isIncluded = compileGlobs(["**", ...exclusions], "case-sensitive");
  const found = new Map<string, readonly string[]>();
  for (const pattern of patterns.filter((each) => !each.startsWith("!"))) {
    const files = (await filesOf(fromWorkspace(pattern, workspace), workspace)).filter(isIncluded);
    if (files.length === 0) {
      throw invalidFiles(
        `${JSON.stringify(pattern)} matches no file in ${workspace}`,
        "Check out the repository before this step. For all files of a folder, write `folder/**`; a digest is `sha256:` and 64 hex digits.",
      );
    }
    const paths = files.map((file) => join(workspace, file));
    found.set(pattern, paths);
  }
  return found;
}

/** @throws Fault `input` if the files together are too large for one string */
export async function checkSize(paths: Iterable<string>): Promise<void> {
  let bytes = 0;
  let largest = { path: "", size: 0 };
  for (const path of new Set(paths)) {
    const { size } = await orFault(path, () => stat(path));
    bytes += size;
    if (size > largest.size) largest = { path, size };
  }
  if (bytes <= MAX_MIB * MiB) return;
  throw invalidFiles(
    `the files have ${Math.ceil(bytes / MiB)} MiB in total, more than the limit of ${MAX_MIB} MiB`,
    `Name only files that contain image names, such as \`deploy/**/*.yaml\`. The largest file is ${largest.path}: exclude it with \`!\` if it contains none.`,
  );
}

/** Returns the text of a file in UTF-8, or in UTF-16 with a byte order mark, as PowerShell's `>` writes it. */
export async function readText(path: string): Promise<string> {
  const bytes = await orFault(path, () => readFile(path));
  const [first, second] = bytes;
  const utf16 = first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : null;
  return new TextDecoder(utf16 ?? "utf-8").decode(bytes);
}

/** Returns a pattern or path relative to the workspace, with `/` as its separator. */
function fromWorkspace(pattern: string, workspace: string): string {
  const path = toSlashes(pattern);
  const isAbsolute = posix.isAbsolute(path) || /^[A-Za-z]:\//.test(path);
  return posix.normalize(toSlashes(isAbsolute ? relative(workspace, path) : path));
}

function toSlashes(path: string): string {
  return sep === "/" ? path : path.replaceAll(sep, "/");
}

async function filesOf(pattern: string, workspace: string): Promise<readonly string[]> {
  const segments = pattern.split("/");
  const firstWildcard = segments.findIndex(hasWildcard);
  if (firstWildcard < 0) return (await statOf(join(workspace, pattern)))?.isFile() ? [pattern] : [];
  const matches = compileGlobs([pattern], "case-sensitive");
  const files: string[] = [];
  for await (const file of filesBelow(segments.slice(0, firstWildcard).join("/"), workspace, [])) {
    if (matches(file)) files.push(file);
  }
  return files;
}

/** Yields each file below `folder`. `parents`: the real paths of its parents, to end loops of links. */
async function* filesBelow(folder: string, workspace: string, parents: readonly string[]): AsyncGenerator<string> {
  const path = join(workspace, folder);
  const real = await ifPresent(path, () => realpath(path));
  if (real === null || parents.includes(real) || !(await statOf(real))?.isDirectory()) return;
  for (const entry of await orFault(path, () => readdir(real, { withFileTypes: true }))) {
    const child = folder === "" ? entry.name : posix.join(folder, entry.name);
    const isLink = entry.isSymbolicLink();
    if (entry.isFile() || (isLink && (await statOf(join(workspace, child)))?.isFile())) yield child;
    else if (entry.name !== ".git" && (entry.isDirectory() || isLink)) {
      yield* filesBelow(child, workspace, [...parents, real]);
    }
  }
}

function statOf(path: string): Promise<Stats | null> {
  return ifPresent(path, () => stat(path));
}

/** Returns null if nothing exists at `path`. Any other error is a Fault, because the file may name an image in use. */
async function ifPresent<T>(path: string, work: () => Promise<T>): Promise<T | null> {
  return orFault(path, () =>
    work().catch((error: unknown) => {
      if (error instanceof Error && "code" in error && ABSENT.has(error.code)) return null;
      throw error;
    }),
  );
}

async function orFault<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw invalidFiles(
      `${path} could not be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      "Make it readable, or exclude it with `!`. Nothing was deleted, because it may name images in use.",
      cause,
    );
  }
}
