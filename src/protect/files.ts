import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join, posix, relative, sep } from "node:path";
import { Fault } from "../fault.ts";
import { compileGlobs, hasWildcard } from "../glob.ts";

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
    if (files.length === 0) throw noFile(pattern, workspace);
    found.set(
      pattern,
      files.map((file) => join(workspace, file)),
    );
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
  throw new Fault(
    "input",
    `\`protect-digests\`: the files have ${Math.ceil(bytes / MiB)} MiB in total, more than the limit of ${MAX_MIB} MiB`,
    `Name only files that contain image names, such as \`deploy/**/*.yaml\`. The largest file is ${largest.path}: exclude it with \`!\` if it contains none.`,
  );
}

/** Returns the text of a file in UTF-8, or in UTF-16 with a byte order mark, as PowerShell's `>` writes it. */
export async function readText(path: string): Promise<string> {
  return orFault(path, async () => {
    const bytes = await readFile(path);
    const [first, second] = bytes;
    if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
    if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
    return new TextDecoder("utf-8").decode(bytes);
  });
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
  if (firstWildcard < 0) return (await isFile(join(workspace, pattern))) ? [pattern] : [];
  const base = segments.slice(0, firstWildcard).join("/");
  const matches = compileGlobs([pattern], "case-sensitive");
  const files: string[] = [];
  await walk(base, workspace, [], (file) => {
    if (matches(file)) files.push(file);
  });
  return files;
}

/** Calls `onFile` for each file below `folder`. `parents`: the real paths of its parents, to end loops of links. */
async function walk(
  folder: string,
  workspace: string,
  parents: readonly string[],
  onFile: (file: string) => void,
): Promise<void> {
  const path = join(workspace, folder);
  const real = await ifPresent(path, () => realpath(path));
  if (real === null || parents.includes(real) || !(await isFolder(real))) return;
  const entries = await orFault(path, () => readdir(real, { withFileTypes: true }));
  for (const entry of entries) {
    const child = folder === "" ? entry.name : posix.join(folder, entry.name);
    const isLink = entry.isSymbolicLink();
    if (entry.isFile() || (isLink && (await isFile(join(workspace, child))))) onFile(child);
    else if (entry.name !== ".git" && (entry.isDirectory() || isLink)) {
      await walk(child, workspace, [...parents, real], onFile);
    }
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await ifPresent(path, () => stat(path)))?.isFile() ?? false;
}

async function isFolder(path: string): Promise<boolean> {
  return (await ifPresent(path, () => stat(path)))?.isDirectory() ?? false;
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
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault(
      "input",
      `\`protect-digests\`: ${path} could not be read: ${reason}`,
      "Make it readable, or exclude it with `!`. Nothing was deleted, because it may name images in use.",
      { cause },
    );
  }
}

function noFile(pattern: string, workspace: string): Fault {
  return new Fault(
    "input",
    `\`protect-digests\`: ${JSON.stringify(pattern)} matches no file in ${workspace}`,
    "Check out the repository before this step. For all files of a folder, write `folder/**`; a digest is `sha256:` and 64 hex digits.",
  );
}
