import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, test } from "vitest";
import { filesBelow, readText } from "./source-files.ts";

const ROOT = join(import.meta.dirname, "..");
const DOCUMENTS = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", ...filesBelow("docs", ".md")];

/** Paths in backticks, such as `src/http/client.ts`, relative to the root. Placeholders in capitals are not paths. */
function namedPaths(text: string): readonly string[] {
  return [...text.matchAll(/`((?:src|test|docs|scripts|dist|\.ci|\.github)\/[\w./-]*)`/g)]
    .map(([, path = ""]) => path)
    .filter((path) => !/[A-Z]{3}/.test(path));
}

/** Targets of links within the repository, relative to the root. */
function linkedPaths(document: string, text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => posix.join(posix.dirname(document), target));
}

describe.each(DOCUMENTS)("%s", (document) => {
  test("names only paths that exist", () => {
    const text = readText(document);
    const paths = [...namedPaths(text), ...linkedPaths(document, text)];
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

test("docs/pitfalls.md names tests that exist", () => {
  const named = [...readText("docs/pitfalls.md").matchAll(/`(test\/[^`]+)`: "(.+)"$/gm)];
  expect(named.length).toBeGreaterThan(30);
  const missing = named.filter(([, path = "", title = ""]) => !readText(path).includes(title));
  expect(missing.map(([line]) => line)).toEqual([]);
});
