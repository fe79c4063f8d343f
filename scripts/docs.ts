// npm run docs             writes the tables of inputs and outputs in README.md from action.yml
// npm run docs -- --check  fails if they are not up to date

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as v from "valibot";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..");

const Described = v.object({
  description: v.string(),
  required: v.optional(v.boolean(), false),
  default: v.optional(v.string(), ""),
});
const Action = v.object({
  inputs: v.record(v.string(), Described),
  outputs: v.record(v.string(), v.object({ description: v.string() })),
});

/** Returns `readme` with the two tables that describe `action`, the text of action.yml. Throws if a marker is missing. */
export function withTables(readme: string, action: string): string {
  const { inputs, outputs } = v.parse(Action, parse(action));
  const inputRows = Object.entries(inputs).map(([name, input]) => [code(name), defaultOf(input), input.description]);
  const outputRows = Object.entries(outputs).map(([name, { description }]) => [code(name), description]);
  const withInputs = between(readme, "inputs", table(["Input", "Default", "Meaning"], inputRows));
  return between(withInputs, "outputs", table(["Output", "Meaning"], outputRows));
}

function between(readme: string, name: string, content: string): string {
  const [before, rest, ...others] = readme.split(`<!-- ${name} -->`);
  const end = `<!-- /${name} -->`;
  const at = rest?.indexOf(end) ?? -1;
  if (before === undefined || rest === undefined || others.length > 0 || at < 0) {
    throw new Error(`README.md must contain one \`<!-- ${name} -->\` and one \`${end}\` after it, for the table`);
  }
  return `${before}<!-- ${name} -->\n\n${content}\n\n${rest.slice(at)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows.map((row) => row.map(cell))];
  return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
}

/** Returns the default as code. The entries of a list are separated by commas, because a table cell has one line. */
function defaultOf(input: v.InferOutput<typeof Described>): string {
  if (input.required) return "(required)";
  return input.default
    .split("\n")
    .filter((line) => line !== "")
    .map(code)
    .join(", ");
}

function code(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.trim().replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
}

function run(): void {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  const path = join(root, "README.md");
  const readme = readFileSync(path, "utf8");
  const written = withTables(readme, readFileSync(join(root, "action.yml"), "utf8"));
  if (written === readme) return;
  if (!values.check) {
    writeFileSync(path, written);
    return;
  }
  console.error("The tables in README.md do not match action.yml. Run `npm run docs` and commit README.md.");
  process.exitCode = 1;
}

if (import.meta.main) run();
