import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join, posix, relative, sep } from "node:path";
import { Fault } from "../fault.ts";
import { compileGlobs, hasWildcard } from "../glob.ts";

const MiB = 1024 * 1024;
/** All files are one text, which Node.js ends at 512 MiB. What kubectl prints of a large cluster is a part of this. */
const MOST_MIB = 256;

/** Nothing has this name, or a link leads to nothing. */
const ABSENT: ReadonlySet<unknown> = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);

/**
 * The files that `patterns` mean: globs relative to `workspace`, those that begin with `!` excluded. Files whose name begins
 * with a dot are files like others, and links are followed; only `.git` folders are left out.
 *
 * @returns the absolute paths of each pattern
 * @throws Fault `input` where a pattern matches no file, or a folder cannot be read
 */
export async function findFiles(
  patterns: readonly string[],
  workspace: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const excluding = patterns
    .filter((pattern) => pattern.startsWith("!"))
    .map((pattern) => fromWorkspace(pattern.slice(1), workspace));
  const stays = compileGlobs(["**", ...excluding.map((each) => `!${each}`)], "case-sensitive");
  const found = new Map<string, readonly string[]>();
  for (const pattern of patterns.filter((each) => !each.startsWith("!"))) {
    const files = (await filesOf(fromWorkspace(pattern, workspace), workspace)).filter(stays);
    if (files.length === 0) throw matchesNothing(pattern, workspace);
    found.set(
      pattern,
      files.map((file) => join(workspace, file)),
    );
  }
  return found;
}

/** @throws Fault `input` where the files are longer together than could be read as one text */
export async function checkSize(paths: Iterable<string>): Promise<void> {
  let bytes = 0;
  let largest = { path: "", size: 0 };
  for (const path of new Set(paths)) {
    const { size } = await orFault(path, () => stat(path));
    bytes += size;
    if (size > largest.size) largest = { path, size };
  }
  if (bytes <= MOST_MIB * MiB) return;
  throw new Fault(
    "input",
    `\`protect-digests\`: its files come to ${Math.ceil(bytes / MiB)} MiB, more than the ${MOST_MIB} MiB that are read`,
    `Name only files in which images stand, such as deploy/**/*.yaml. The largest is ${largest.path}: leave it out with \`!\` if it names none.`,
  );
}

/** The text of a file in UTF-8, or in UTF-16 with its mark, as PowerShell's `>` writes it. */
export async function readText(path: string): Promise<string> {
  return orFault(path, async () => {
    const bytes = await readFile(path);
    const [first, second] = bytes;
    if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
    if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
    return new TextDecoder("utf-8").decode(bytes);
  });
}

/** A pattern, or a path, as it is seen from the workspace, with `/` between its segments. */
function fromWorkspace(pattern: string, workspace: string): string {
  const path = sep === "/" ? pattern : pattern.replaceAll(sep, "/");
  const seen = posix.isAbsolute(path) || /^[A-Za-z]:\//.test(path) ? relative(workspace, path) : path;
  return posix.normalize(sep === "/" ? seen : seen.replaceAll(sep, "/"));
}

async function filesOf(pattern: string, workspace: string): Promise<readonly string[]> {
  const segments = pattern.split("/");
  const wild = segments.findIndex(hasWildcard);
  if (wild < 0) return (await isFile(join(workspace, pattern))) ? [pattern] : [];
  const base = segments.slice(0, wild).join("/");
  const matches = compileGlobs([pattern], "case-sensitive");
  const files: string[] = [];
  await walk(base, workspace, [], (file) => {
    if (matches(file)) files.push(file);
  });
  return files;
}

/** Calls `onFile` for each file below `folder`. `above`: the folders on the way here, against links in a circle. */
async function walk(
  folder: string,
  workspace: string,
  above: readonly string[],
  onFile: (file: string) => void,
): Promise<void> {
  const path = join(workspace, folder);
  const here = await present(path, () => realpath(path));
  if (here === null || above.includes(here) || !(await isFolder(here))) return;
  const entries = await orFault(path, () => readdir(here, { withFileTypes: true }));
  for (const entry of entries) {
    const below = folder === "" ? entry.name : posix.join(folder, entry.name);
    const link = entry.isSymbolicLink();
    if (entry.isFile() || (link && (await isFile(join(workspace, below))))) onFile(below);
    else if (entry.name !== ".git" && (entry.isDirectory() || link)) {
      await walk(below, workspace, [...above, here], onFile);
    }
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await present(path, () => stat(path)))?.isFile() ?? false;
}

async function isFolder(path: string): Promise<boolean> {
  return (await present(path, () => stat(path)))?.isDirectory() ?? false;
}

/** What `work` finds at `path`; null where nothing is there. What may not be looked at may pin an image. */
async function present<T>(path: string, work: () => Promise<T>): Promise<T | null> {
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
      "Whatever it pins would be deleted, so nothing was. Make it readable, or leave it out.",
      { cause },
    );
  }
}

function matchesNothing(pattern: string, workspace: string): Fault {
  return new Fault(
    "input",
    `\`protect-digests\`: ${JSON.stringify(pattern)} matches no file in ${workspace}`,
    "Is the repository checked out before this step? A folder's files are `folder/**`; a digest is `sha256:` and 64 hex digits.",
  );
}
