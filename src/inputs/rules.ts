import { isDigest } from "../digest.ts";
import type { Settings } from "../settings.ts";
import { compileTagPatterns, TagPatternError } from "../tags/patterns.ts";
import { DEFAULTS } from "./defaults.ts";
import type { InputReader } from "./input-reader.ts";
import {
  type Parsed,
  parseBoolean,
  parseChoice,
  parseCount,
  parseDuration,
  parseGlobs,
  parseList,
  parseSelectingGlobs,
} from "./parse.ts";
import { parseRetention } from "./retention.ts";

/** Reads the inputs that decide which images are kept. */
export function readRules(reader: InputReader) {
  return {
    tagPatterns: reader.read("tag-patterns", parseTagPatterns),
    protectTags: reader.read("protect-tags", parseProtectTags),
    protectDigests: reader.read("protect-digests", parseProtectDigests),
    protectApps: reader.read("protect-apps", parseBoolean),
    untagged: reader.read("untagged", (text) => parseChoice(text, ["delete", "keep"])),
    unmatchedTags: reader.read("unmatched-tags", (text) => parseChoice(text, ["keep", "delete"])),
    superseded: reader.read("superseded", (text) => parseChoice(text, ["keep", "delete"])),
    retention: reader.read("retention", parseRetention),
    foreignRepositories: reader.read("foreign-repositories", (text) => parseChoice(text, ["skip", "sweep"])),
    removeStaleTags: reader.read("remove-stale-tags", parseBoolean),
    keepCount: reader.read("keep-count", (text) => parseCount(text, 0)),
    gracePeriodMs: reader.read("grace-period", parseDuration),
    validate: reader.read("validate", parseBoolean),
    olderThanMs: reader.read("older-than", parseDuration),
    maxDeletions: reader.read("max-deletions", (text) => parseCount(text, 0)),
    dryRun: reader.read("dry-run", parseBoolean),
  };
}

function parseTagPatterns(text: string): Parsed<readonly string[]> {
  const patterns = parseList(text);
  const fix = "Use patterns such as `pr-{pr}` or `{branch}-{sha}`";
  if (patterns.length === 0) return { problem: "it contains no pattern", fix };
  // Compiling takes time, which a run has more of while it waits for GitHub.
  if (text === DEFAULTS["tag-patterns"]) return { value: patterns };
  try {
    compileTagPatterns(patterns);
    return { value: patterns };
  } catch (error) {
    if (!(error instanceof TagPatternError)) throw error;
    return { problem: error.message, fix };
  }
}

/** Adds the entries to the default ones. */
function parseProtectTags(text: string): Parsed<readonly string[]> {
  const globs = parseGlobs(text, "image tag");
  return "value" in globs ? { value: [...new Set([...parseList(DEFAULTS["protect-tags"]), ...globs.value])] } : globs;
}

/** A digest that is cut short would protect nothing. So every entry that resembles a digest must be one. */
function parseProtectDigests(text: string): Parsed<Settings["protectDigests"]> {
  const entries = parseList(text);
  const invalid = entries.find((entry) => /sha(?:256|512):/i.test(entry) && !isDigest(entry));
  if (invalid !== undefined) {
    return { problem: `"${invalid}" is not a digest`, fix: "Use `sha256:` and 64 lower-case hex digits, or files" };
  }
  const files = parseSelectingGlobs(entries.filter((entry) => !isDigest(entry)).join("\n"), "file");
  return "value" in files ? { value: { digests: entries.filter(isDigest), files: files.value } } : files;
}
