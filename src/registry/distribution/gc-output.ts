import { type Digest, isDigest } from "../../digest.ts";

/** What a run of `registry garbage-collect` printed, as far as it is known. */
export interface GcOutput {
  /** Takes in the next piece of standard output, wherever it ends. */
  feed(chunk: string): void;
  /** What was said so far. */
  told(): GcTold;
}

export interface GcTold {
  /** The line that sums it up; null: it was not printed. */
  readonly summary: { readonly marked: number; readonly blobs: number; readonly manifests: number } | null;
  /** The blobs that it names as eligible for deletion: manifests, configs and layers alike. */
  readonly eligible: ReadonlySet<Digest>;
}

const SUMMARY = /^(\d+) blobs marked, (\d+) blobs and (\d+) manifests eligible for deletion$/;
const ELIGIBLE = /^blob eligible for deletion: (\S+)$/;
/** No line that counts is longer; a command that prints no line ends must not fill the memory. */
const LONGEST_LINE = 64 * 1024;

/**
 * Reads what distribution prints, line by line: 2.8 and 3 have these two lines in common (both versions'
 * `registry/storage/garbagecollect.go`). Anything else that a command prints is passed over.
 */
export function createGcOutput(): GcOutput {
  const eligible = new Set<Digest>();
  let summary: GcTold["summary"] = null;
  let rest = "";

  function readLine(line: string): void {
    const digest = ELIGIBLE.exec(line)?.[1];
    if (digest !== undefined && isDigest(digest)) eligible.add(digest);
    const counts = SUMMARY.exec(line);
    if (counts === null) return;
    const [marked = 0, blobs = 0, manifests = 0] = counts.slice(1).map(Number);
    summary = { marked, blobs, manifests };
  }

  return {
    feed(chunk) {
      const lines = (rest + chunk).split("\n");
      rest = (lines.pop() ?? "").slice(-LONGEST_LINE);
      for (const line of lines) readLine(line.trimEnd());
    },
    told() {
      readLine(rest.trimEnd());
      return { summary, eligible };
    },
  };
}

/** Whether the command makes the registry delete untagged manifests; a word may hold a whole command, as ssh takes it. */
export function deletesUntagged(words: readonly string[]): boolean {
  return flagsOf(words).some((flag) => /^-[dq]*m/.test(flag) || /^--delete-untagged(?:=true)?$/.test(flag));
}

/** Whether the command only tells what it would delete. */
export function isDryRun(words: readonly string[]): boolean {
  return flagsOf(words).some((flag) => /^-[mq]*d/.test(flag) || /^--dry-run(?:=true)?$/.test(flag));
}

function flagsOf(words: readonly string[]): readonly string[] {
  const all = words.flatMap((word) => word.split(/[\s"']+/));
  // A `-d` of docker's own, or of a script's, says nothing of the collection.
  const at = all.findIndex((word) => word === "garbage-collect" || word.endsWith("-garbage-collect"));
  return at === -1 ? [] : all.slice(at + 1);
}
