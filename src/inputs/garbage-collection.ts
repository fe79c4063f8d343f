import { split } from "shlex";
import type { Settings } from "../settings.ts";
import type { InputReader } from "./input-reader.ts";
import { type Parsed, parseBoolean, parseChoice, parseDuration } from "./parse.ts";

/** Reads how garbage is collected. */
export function readGarbageCollection(reader: InputReader, platform: NodeJS.Platform) {
  return {
    runGc: reader.read("run-gc", parseRunGc),
    gcType: reader.read("gc-type", (text) =>
      parseChoice(text, [
        "unreferenced blobs only",
        "untagged manifests only",
        "untagged manifests and unreferenced blobs",
      ]),
    ),
    gcCommand: reader.read("gc-command", (text) => parseCommand(text, platform)),
    gcTimeoutMs: reader.read("gc-timeout", parseDuration),
  };
}

function parseRunGc(text: string): Parsed<Settings["runGc"]> {
  const asBoolean = parseBoolean(text);
  if ("value" in asBoolean) return { value: asBoolean.value ? "true" : "false" };
  return parseChoice(text, ["true", "false", "always"]);
}

function parseCommand(text: string, platform: NodeJS.Platform): Parsed<readonly string[]> {
  const fix = "Use one command with its arguments, in one line";
  if (/[\r\n]/.test(text)) return { problem: "it has several lines", fix };
  try {
    const words = split(platform === "win32" ? escapeBackslashes(text) : text);
    return words[0] === "" ? { problem: "the command is empty", fix } : { value: words };
  } catch {
    return { problem: "a quote is not closed, or it ends with a backslash", fix };
  }
}

/** Doubles the backslashes outside of single quotes: Windows paths contain them, and there they escape nothing. */
function escapeBackslashes(text: string): string {
  return text.replace(/'[^']*'|"[^"]*"|\\/g, (part) => (part.startsWith("'") ? part : part.replaceAll("\\", "\\\\")));
}
