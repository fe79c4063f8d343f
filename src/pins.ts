import { readdir, readFile, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { Fault } from "./fault.ts";
import { compileGlobs, hasWildcard } from "./glob.ts";
import { scanPins } from "./pins/scan.ts";
import type { Digest } from "./plan/manifest.ts";
import type { Pins } from "./plan/view.ts";
import type { Settings } from "./settings.ts";

const MOST_BYTES = 64 * 1024 * 1024;

/**
 * What `protect-digests` pins: its digests, and what its files hold (see `scanPins`).
 *
 * A path without wildcard may lead anywhere; a glob is followed from its first wildcard downwards, through no directory that is a
 * symbolic link, so that it stays where it points. Throws a Fault of kind `input` where a pattern matches no file, where
 * all that it matches is empty, and where a file cannot be read or is larger than 64 MiB.
 */
export async function readPins(settings: Settings): Promise<Pins> {
  const { digests, files } = settings.protectDigests;
  const isWanted = compileGlobs(["**", ...files.filter((entry) => entry.startsWith("!"))], "case-sensitive");
  const found: Pins[] = [{ digests: new Set(digests), tags: new Map() }];
  for (const pattern of files.filter((entry) => !entry.startsWith("!"))) {
    const paths = await filesOf(pattern, settings.workspace);
    const wanted = paths.filter((path) => isWanted(slashed(relative(settings.workspace, path))));
    if (wanted.length === 0) throw pinsFault(`matches no file in ${settings.workspace}`, pattern);
    let isEmpty = true;
    for (const path of wanted) {
      const text = await readText(path, pattern);
      isEmpty &&= text.trim() === "";
      found.push(scanPins(text, settings.registry));
    }
    if (isEmpty) throw pinsFault("matches only empty files, as a command leaves them that failed", pattern);
  }
  return joinPins(found);
}

/** All that any of `pins` holds. */
export function joinPins(pins: readonly Pins[]): Pins {
  const digests = new Set<Digest>();
  const tags = new Map<string, Set<string>>();
  for (const one of pins) {
    for (const digest of one.digests) digests.add(digest);
    for (const [repository, names] of one.tags) {
      const all = tags.get(repository) ?? new Set();
      for (const name of names) all.add(name);
      tags.set(repository, all);
    }
  }
  return { digests, tags };
}

/** The files of one pattern, as absolute paths. */
async function filesOf(pattern: string, workspace: string): Promise<readonly string[]> {
  const whole = slashed(resolve(workspace, pattern));
  if (!hasWildcard(pattern)) return (await isFile(whole)) ? [whole] : [];
  const fixed = pattern.slice(0, pattern.search(/[*?{]/));
  const base = resolve(workspace, fixed.slice(0, fixed.lastIndexOf("/") + 1));
  const matches = compileGlobs([slashed(isAbsolute(pattern) ? pattern : join(workspace, pattern))], "case-sensitive");
  const entries = await readdir(base, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw pinsFault(`needs ${base}, which cannot be read: ${error}`, pattern, error);
  });
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (matches(slashed(path)) && (entry.isFile() || (entry.isSymbolicLink() && (await isFile(path)))))
      files.push(path);
  }
  return files.sort();
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/** Whether a regular file is there, perhaps behind a symbolic link: a device or a pipe would never end. */
async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() === true;
}

function slashed(path: string): string {
  return path.split(sep).join("/");
}

async function readText(path: string, pattern: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES) throw pinsFault(`matches ${path}, which is larger than 64 MiB`, pattern);
    return decode(await readFile(path));
  } catch (error) {
    if (error instanceof Fault) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw pinsFault(`matches ${path}, which cannot be read: ${why}`, pattern, error);
  }
}

/** PowerShell's `>` writes UTF-16, with a byte order mark. */
function decode(bytes: Buffer): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  return bytes.toString("utf8");
}

function pinsFault(what: string, pattern: string, cause?: unknown): Fault {
  return new Fault(
    "input",
    `\`protect-digests\`: ${JSON.stringify(pattern)} ${what}. Nothing was requested`,
    "Check the pattern, and that the files are written before this step (actions/checkout, kubectl get pods); without it, images in use could go.",
    { cause },
  );
}
