import { expect, test } from "vitest";
import { readText } from "../source-files.ts";
import type { Group } from "./life.ts";
import type { Scheme } from "./scheme.ts";
import { SCHEMES } from "./schemes.ts";

const NAMES: readonly (readonly [Group, string])[] = [
  ["pull requests", "closed pull requests"],
  ["deleted branch", "deleted branches"],
  ["last commit", "the last commit of deleted branches"],
  ["older", "older builds"],
];

function describeGroups(groups: readonly Group[]): string {
  const shown = NAMES.filter(([group]) => {
    const isPartOfBranch = group === "last commit" && groups.includes("deleted branch");
    return groups.includes(group) && !isPartOfBranch;
  });
  return shown.length === 0 ? "nothing" : shown.map(([, name]) => name).join(", ");
}

function inputsOf({ patterns, retention, deletedWithAll }: Scheme): string {
  const inputs = [
    ...patterns.map((pattern) => `tag-patterns: ${pattern}`),
    ...(retention === undefined ? [] : [`retention: ${retention.replace(/keep=\d+/, "keep=10")}`]),
    ...(retention === undefined && deletedWithAll.includes("older") ? ["superseded: delete", "keep-count: 10"] : []),
  ];
  return inputs.map((input) => `\`${input}\``).join(", ");
}

function rowOf(scheme: Scheme): string {
  const inputs = inputsOf(scheme);
  const withInputs = inputs === "" ? "the same" : describeGroups(scheme.deletedWithAll);
  return `| ${[scheme.title, scheme.example, describeGroups(scheme.deletedByDefault), inputs || "none", withInputs].join(" | ")} |`;
}

test("docs/how-it-decides.md has the table of these schemes", () => {
  const text = readText("docs/how-it-decides.md");
  const [, table] = /<!-- schemes -->\n(.*)<!-- \/schemes -->/s.exec(text) ?? [];
  const head =
    "| Tags | Example | Deleted by default | Inputs | Deleted with these inputs |\n| --- | --- | --- | --- | --- |";
  expect(table).toBe(`\n${head}\n${SCHEMES.map(rowOf).join("\n")}\n\n`);
});
