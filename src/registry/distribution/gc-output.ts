import { type Digest, isDigest } from "../../digest.ts";

export interface GcOutput {
  /** The summary line; null if it was not printed. */
  readonly summary: { readonly marked: number; readonly blobs: number; readonly manifests: number } | null;
  /** The digests of all blobs that are eligible for deletion: manifests, configs and layers. */
  readonly eligible: ReadonlySet<Digest>;
}

const SUMMARY = /^(\d+) blobs marked, (\d+) blobs and (\d+) manifests eligible for deletion$/;
const ELIGIBLE = /^blob eligible for deletion: (\S+)$/;
/** A command that prints no line ends must not use up the memory. */
const MAX_LINE = 64 * 1024;

/**
 * Parses the output of `registry garbage-collect`: the two lines that distribution 2.8 and 3 have in common
 * (`registry/storage/garbagecollect.go` of both). It ignores all other lines.
 */
export class GcOutputParser {
  readonly #eligible = new Set<Digest>();
  #summary: GcOutput["summary"] = null;
  #rest = "";

  /** Adds the next chunk of standard output. */
  add(chunk: string): void {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = (lines.pop() ?? "").slice(-MAX_LINE);
    for (const line of lines) this.#parse(line.trimEnd());
  }

  result(): GcOutput {
    this.#parse(this.#rest.trimEnd());
    return { summary: this.#summary, eligible: this.#eligible };
  }

  #parse(line: string): void {
    const digest = ELIGIBLE.exec(line)?.[1];
    if (digest !== undefined && isDigest(digest)) this.#eligible.add(digest);
    const counts = SUMMARY.exec(line);
    if (counts === null) return;
    const [marked = 0, blobs = 0, manifests = 0] = counts.slice(1).map(Number);
    this.#summary = { marked, blobs, manifests };
  }
}

/** Returns whether the collection deletes untagged manifests. One word can contain several, such as a command for ssh. */
export function deletesUntagged(words: readonly string[]): boolean {
  return flagsOf(words).some((flag) => /^-[dq]*m/.test(flag) || /^--delete-untagged(?:=true)?$/.test(flag));
}

/** Returns whether the collection is a dry run. */
export function isDryRun(words: readonly string[]): boolean {
  return flagsOf(words).some((flag) => /^-[mq]*d/.test(flag) || /^--dry-run(?:=true)?$/.test(flag));
}

function flagsOf(words: readonly string[]): readonly string[] {
  const all = words.flatMap((word) => word.split(/[\s"']+/));
  // Flags before `garbage-collect` belong to docker, kubectl or a script.
  const at = all.findIndex((word) => word === "garbage-collect" || word.endsWith("-garbage-collect"));
  return at === -1 ? [] : all.slice(at + 1);
}
