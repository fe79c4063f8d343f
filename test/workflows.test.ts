import { readdirSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { validate } from "@actions/languageservice";
import { describe, expect, it } from "vitest";
import { TextDocument } from "vscode-languageserver-textdocument";
import { parse } from "yaml";
import { readSettings } from "../src/inputs/read-settings.ts";

const github = new URL("../.github/", import.meta.url);
const documents = ["README.md", "SECURITY.md", "docs/how-it-decides.md"].map((name): [string, string] => [
  name,
  readFileSync(new URL(`../${name}`, import.meta.url), "utf8"),
]);
const action = parse(readFileSync(new URL("../action.yml", import.meta.url), "utf8"));

const workflows = readdirSync(new URL("workflows/", github)).map((name): [string, string] => [
  name,
  readFileSync(new URL(`workflows/${name}`, github), "utf8"),
]);
const examples = documents.flatMap(([name, document]) =>
  [...document.matchAll(/^```yaml\n(.*?)^```$/gms)]
    .map(([, text = ""]) => completeWorkflow(text))
    .filter((text) => text !== null)
    .map((text, index): [string, string] => [`${name}, example ${index + 1}`, text]),
);

/** Completes an example to a workflow: it may be a workflow, steps, or inputs of a step. Null: it is another kind of YAML. */
function completeWorkflow(text: string): string | null {
  const job = "on: push\njobs:\n  sweep:\n    runs-on: ubuntu-latest\n";
  if (/^jobs:/m.test(text)) return text;
  if (/^ {4}steps:/.test(text)) return job + text;
  if (!/^ {10}\S/.test(text)) return null;
  return `${job}    steps:\n      - uses: refsweep/refsweep@v1\n        with:\n          registry: ghcr.io/octocat\n${text}`;
}

/** The language service would fetch the inputs of other actions from GitHub, which tests must not do. */
const FOREIGN_ACTION = /^Unable to resolve action `(?!refsweep\/refsweep@)/;

/** Returns the problems that GitHub's language service finds in a workflow, also in the inputs of Refsweep. */
async function problemsOf(name: string, text: string): Promise<readonly string[]> {
  const url = pathToFileURL(`/.github/workflows/${encodeURIComponent(name)}.yml`).href;
  const errors = await validate(TextDocument.create(url, "yaml", 1, text), {
    actionsMetadataProvider: {
      fetchActionMetadata: async ({ owner, name: repository }) =>
        owner === "refsweep" && repository === "refsweep" ? action : undefined,
    },
  });
  return errors
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

  it("names each action by its commit, with the version in a comment", () => {
    const uses = text.split("\n").filter((line) => /^\s*(- )?uses:/.test(line));
    expect(uses.filter((line) => !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });

  it("grants permissions per job only and keeps no credential in the checkout", () => {
    const workflow = parse(text);
    expect(workflow.permissions).toEqual({});
    for (const job of Object.values<Job>(workflow.jobs)) {
      expect(job.permissions).toHaveProperty("contents", "read");
      // The nightly run tries each fault at each request.
      expect(job["timeout-minutes"]).toBeLessThanOrEqual(name === "nightly.yml" ? 60 : 20);
      for (const step of job.steps ?? []) {
        if (step.uses?.startsWith("actions/checkout@"))
          expect(step.with).toMatchObject({ "persist-credentials": false });
      }
    }
  });
});

it("finds the examples in the documents", () => {
  const names = [...Array(11).fill("README.md"), "SECURITY.md", ...Array(2).fill("docs/how-it-decides.md")];
  expect(examples.map(([name]) => name.split(",")[0])).toEqual(names);
});

describe.each(examples)("%s", (name, text) => {
  it("is a valid workflow and sets only inputs that exist", async () => {
    expect(await problemsOf(name, text)).toEqual([]);
  });

  it("sets each input to a valid value", () => {
    const steps = Object.values<Job>(parse(text).jobs).flatMap((job) => job.steps ?? []);
    const own = steps.filter(({ uses }) => uses?.startsWith("refsweep/refsweep@"));
    expect(own).toHaveLength(1);
    for (const step of own) {
      const inputs = { "github-token": "ghs_x", "git-repository": "octocat/shop", ...step.with };
      const environment = Object.entries(inputs).map(([input, value]) => [
        `INPUT_${input.toUpperCase()}`,
        String(value).replaceAll(/\$\{\{.*?\}\}/g, "secret"),
      ]);
      expect(() => readSettings(Object.fromEntries(environment), () => "")).not.toThrow();
    }
  });
});

it.each(["dependabot.yml", "ISSUE_TEMPLATE/bug.yml", "ISSUE_TEMPLATE/config.yml"])("%s is YAML", (name) => {
  expect(parse(readFileSync(new URL(name, github), "utf8"))).toBeTypeOf("object");
});

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly steps?: readonly { readonly uses?: string; readonly with?: Readonly<Record<string, unknown>> }[];
}
