import { readdirSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { validate } from "@actions/languageservice";
import { describe, expect, it } from "vitest";
import { TextDocument } from "vscode-languageserver-textdocument";
import { parse } from "yaml";

const github = new URL("../.github/", import.meta.url);
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const action = parse(readFileSync(new URL("../action.yml", import.meta.url), "utf8"));

const workflows = readdirSync(new URL("workflows/", github)).map((name): [string, string] => [
  name,
  readFileSync(new URL(`workflows/${name}`, github), "utf8"),
]);
const examples = [...readme.matchAll(/^```yaml\n(.*?)^```$/gms)]
  .map(([, text = ""]) => text)
  .filter((text) => /^jobs:/m.test(text))
  .map((text, index): [string, string] => [`README example ${index + 1}`, text]);

/** The language service would fetch what other actions take from GitHub; tests go nowhere. */
const FOREIGN_ACTION = /^Unable to resolve action `(?!refsweep\/refsweep@)/;

/** What GitHub's own language service says of a workflow, inputs of Refsweep included. */
async function problemsOf(name: string, text: string): Promise<readonly string[]> {
  const url = pathToFileURL(`/.github/workflows/${encodeURIComponent(name)}.yml`).href;
  const problems = await validate(TextDocument.create(url, "yaml", 1, text), {
    actionsMetadataProvider: {
      fetchActionMetadata: async ({ owner, name: repository }) =>
        owner === "refsweep" && repository === "refsweep" ? action : undefined,
    },
  });
  return problems
    .map(({ message, range }) => ({
      line: range.start.line + 1,
      text: typeof message === "string" ? message : message.value,
    }))
    .filter((problem) => !FOREIGN_ACTION.test(problem.text))
    .map((problem) => `line ${problem.line}: ${problem.text}`);
}

describe.each(workflows)("workflow %s", (name, text) => {
  it("is valid", async () => {
    expect(await problemsOf(name, text)).toEqual([]);
  });

  it("pins each action by its commit, with the version beside it", () => {
    const uses = text.split("\n").filter((line) => /^\s*(- )?uses:/.test(line));
    expect(uses.filter((line) => !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });

  it("has no permission but those that a job asks for, and no credential left in the checkout", () => {
    const workflow = parse(text);
    expect(workflow.permissions).toEqual({});
    for (const job of Object.values<Job>(workflow.jobs)) {
      expect(job.permissions).toHaveProperty("contents", "read");
      expect(job["timeout-minutes"]).toBeLessThanOrEqual(20);
      for (const step of job.steps ?? []) {
        if (step.uses?.startsWith("actions/checkout@"))
          expect(step.with).toMatchObject({ "persist-credentials": false });
      }
    }
  });
});

it("finds the README's workflows", () => {
  expect(examples.length).toBeGreaterThanOrEqual(2);
});

it.each(examples)("%s is a valid workflow, and sets only inputs that exist", async (name, text) => {
  expect(await problemsOf(name, text)).toEqual([]);
});

it.each(["dependabot.yml", "ISSUE_TEMPLATE/bug.yml", "ISSUE_TEMPLATE/config.yml"])("%s is YAML", (name) => {
  expect(parse(readFileSync(new URL(name, github), "utf8"))).toBeTypeOf("object");
});

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly steps?: readonly { readonly uses?: string; readonly with?: Readonly<Record<string, unknown>> }[];
}
