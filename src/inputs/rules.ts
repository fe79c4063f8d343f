import { split } from "shlex";
import { isDigest } from "../digest.ts";
import type { RegistryAddress, Settings } from "../settings.ts";
import { compileTagPatterns, TagPatternError } from "../tags/live-tags.ts";
import type { InputReader } from "./input-reader.ts";
import { type Parsed, parseBoolean, parseChoice, parseCount, parseDuration, parseGlobs, parseList } from "./parse.ts";

/** What stays and what goes. */
export function readRules(reader: InputReader, registry: RegistryAddress | null) {
  const protectApps = reader.read("protect-apps", parseBoolean);
  if (protectApps === true && registry !== null && registry.provider !== "digitalocean") {
    reader.bad("protect-apps", `got "true"; it is for \`provider: digitalocean\`, and this is ${registry.provider}`);
  }
  return {
    tagPatterns: reader.read("tag-patterns", parseTagPatterns),
    protectTags: reader.read("protect-tags", (text) => parseGlobs(text, "image tags")),
    protectDigests: reader.read("protect-digests", parsePins),
    protectApps,
    untagged: reader.read("untagged", (text) => parseChoice(text, ["delete", "keep"])),
    unmatchedTags: reader.read("unmatched-tags", (text) => parseChoice(text, ["keep", "delete"])),
    removeStaleTags: reader.read("remove-stale-tags", parseBoolean),
    keepCount: reader.read("keep-count", parseNumber),
    gracePeriodMs: reader.read("grace-period", parseDuration),
    maxDeletions: reader.read("max-deletions", parseNumber),
    dryRun: reader.read("dry-run", parseBoolean),
  };
}

/** How garbage is collected. That a provider has no collection is reported by the run; a command for one is a mistake. */
export function readCollection(reader: InputReader, registry: RegistryAddress | null) {
  const gcCommand = reader.read("gc-command", parseCommand);
  if (gcCommand !== null && gcCommand.length > 0 && registry !== null && registry.provider !== "distribution") {
    reader.bad("gc-command", `is for \`provider: distribution\`, and this is ${registry.provider}`);
  }
  return {
    runGc: reader.read("run-gc", parseRunGc),
    gcType: reader.read("gc-type", (text) =>
      parseChoice(text, [
        "unreferenced blobs only",
        "untagged manifests only",
        "untagged manifests and unreferenced blobs",
      ]),
    ),
    gcCommand,
    gcTimeoutMs: reader.read("gc-timeout", parseDuration),
  };
}

function parseNumber(text: string): Parsed<number> {
  return parseCount(text, 0, Number.MAX_SAFE_INTEGER);
}

function parseTagPatterns(text: string): Parsed<readonly string[]> {
  const patterns = parseList(text);
  const placeholders = "`{branch}`, `{tag}`, `{version}`, `{major}`, `{minor}`, `{pr}`, `{sha}`, `*` and literal text";
  if (patterns.length === 0) return { takes: `at least one pattern of ${placeholders}` };
  try {
    compileTagPatterns(patterns);
    return { value: patterns };
  } catch (error) {
    if (!(error instanceof TagPatternError)) throw error;
    return { takes: `patterns of ${placeholders}: ${error.message}` };
  }
}

/** An entry with the look of a digest must be one: cut short, it would pin nothing, and say nothing. */
function parsePins(text: string): Parsed<Settings["protectDigests"]> {
  const entries = parseList(text);
  const bad = entries.find((entry) => /sha(?:256|512):/i.test(entry) && !isDigest(entry));
  if (bad !== undefined) {
    const takes = "digests (`sha256:` and 64 lower-case hex digits) or files";
    return { takes: `${takes}, and ${JSON.stringify(bad.slice(0, 200))} is no digest` };
  }
  const files = parseGlobs(entries.filter((entry) => !isDigest(entry)).join("\n"), "files");
  return "value" in files ? { value: { digests: entries.filter(isDigest), files: files.value } } : files;
}

function parseRunGc(text: string): Parsed<Settings["runGc"]> {
  const asBoolean = parseBoolean(text);
  if ("value" in asBoolean) return { value: asBoolean.value ? "true" : "false" };
  return parseChoice(text, ["true", "false", "always"]);
}

function parseCommand(text: string): Parsed<readonly string[]> {
  const takes = "one command with its arguments, whose quotes are closed";
  if (/[\r\n]/.test(text)) return { takes: `${takes}, in one line` };
  try {
    const words = split(text);
    return words[0] === "" ? { takes } : { value: words };
  } catch {
    return { takes };
  }
}
