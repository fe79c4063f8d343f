import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { ALLOWED, BANNED_NAME_PARTS, BANNED_PHRASES } from "./plain-english/banned.ts";
import { filesBelow, readSource, readText, type Snippet } from "./source-files.ts";

// For one folder: npx vitest run test/plain-english.test.ts -t src/http

const LISTS = "test/plain-english/banned.ts";
const BANNED = new RegExp(String.raw`(?<![\w-])(?:${BANNED_PHRASES.join("|")})(?![\w-])`, "gi");
const CONTEXT = 40;

const code = ["src", "test", "scripts"].flatMap((folder) =>
  [".ts", ".mjs"].flatMap((ending) => filesBelow(folder, ending)).filter((path) => path !== LISTS),
);
const FOLDERS = [".ci", ".github", "docs"].filter(isThere);
const documents = [
  ...["action.yml", "README.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md"].filter(isThere),
  ...FOLDERS.flatMap((folder) => filesBelow(folder, "")).filter((path) => /\.(?:md|yml)$|^\.ci\/./.test(path)),
];

/** Banned words of one file, as `path:line: text`. */
interface Finding {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

const findings: readonly Finding[] = [...code.flatMap(inSource), ...documents.flatMap(inDocument)];
const used = new Set(findings.flatMap((finding) => ALLOWED.filter((allowance) => covers(allowance, finding))));

function isThere(path: string): boolean {
  return existsSync(join(import.meta.dirname, "..", path));
}

function inSource(path: string): readonly Finding[] {
  const { strings, comments, exports } = readSource(path);
  const names = path.startsWith("src/") ? exports : [];
  return [...inNames(path, [{ line: 1, text: basename(path) }, ...names]), ...inTexts(path, [...strings, ...comments])];
}

function inDocument(path: string): readonly Finding[] {
  return inTexts(path, [{ line: 1, text: readText(path) }]);
}

function inNames(path: string, names: readonly Snippet[]): readonly Finding[] {
  const parts = (name: string): readonly string[] => name.split(/[^a-zA-Z]|(?<=[a-z])(?=[A-Z])/);
  return names
    .filter(({ text }) => parts(text).some((part) => BANNED_NAME_PARTS.has(part.toLowerCase())))
    .map(({ line, text }) => ({ path, line, text: `name ${text}` }));
}

function inTexts(path: string, texts: readonly Snippet[]): readonly Finding[] {
  return texts.flatMap(({ line, text }) => {
    // A phrase may continue on the next line of a comment.
    const joined = text.replaceAll(/\n[ \t]*(?:\*|#|\/\/)?[ \t]/g, (gap) => `\n${" ".repeat(gap.length - 1)}`);
    return [...joined.replaceAll("\n", " ").matchAll(BANNED)].map((match) => ({
      path,
      line: line + text.slice(0, match.index).split("\n").length - 1,
      text: contextOf(text, match.index, match[0].length),
    }));
  });
}

function contextOf(text: string, start: number, length: number): string {
  return text.slice(Math.max(0, start - CONTEXT), start + length + CONTEXT).replaceAll(/\s+/g, " ");
}

function covers(allowance: (typeof ALLOWED)[number], { path, text }: Finding): boolean {
  return allowance.path === path && text.includes(allowance.text);
}

function groupOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

test.each([...new Set([...code, ...documents].map(groupOf))].sort())("%s contains no banned word", (group) => {
  const wrong = findings
    .filter((finding) => groupOf(finding.path) === group && !ALLOWED.some((allowance) => covers(allowance, finding)))
    .map(({ path, line, text }) => `${path}:${line}: ${text}`);
  expect(wrong).toEqual([]);
});

test("every exception is needed", () => {
  expect(ALLOWED.filter((allowance) => !used.has(allowance))).toEqual([]);
});
