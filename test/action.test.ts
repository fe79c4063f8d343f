import { readFileSync } from "node:fs";
import { validate } from "@actions/languageservice";
import { describe, expect, it } from "vitest";
import { TextDocument } from "vscode-languageserver-textdocument";
import { parse } from "yaml";
import { withTables } from "../scripts/docs.ts";
import { readSettings } from "../src/inputs/read-settings.ts";

const text = readFileSync(new URL("../action.yml", import.meta.url), "utf8");
const action: Action = parse(text);

const TAG_PATTERNS = [
  "{branch}",
  "{tag}",
  "{version}",
  "v{version}",
  "{major}.{minor}",
  "v{major}.{minor}",
  "{major}",
  "v{major}",
  "pr-{pr}",
  "pr-{pr}-*",
  "sha-{sha}",
  "{sha}",
  "gh-readonly-queue-*-pr-{pr}-{sha}",
];

/** The public names and defaults. A change breaks workflows that rely on them. */
const INPUTS = {
  registry: undefined,
  provider: "auto",
  "repository-pattern": "",
  username: "",
  token: "",
  "github-token": `\${{ github.token }}`,
  "git-repository": `\${{ github.repository }}`,
  "tag-patterns": lines(TAG_PATTERNS),
  "protect-tags": lines(["latest", "edge", "nightly", "stable", "buildcache*"]),
  "protect-digests": "",
  "protect-apps": "false",
  untagged: "delete",
  "unmatched-tags": "keep",
  superseded: "keep",
  "foreign-repositories": "skip",
  retention: "",
  "remove-stale-tags": "false",
  "keep-count": "0",
  "grace-period": "24h",
  "older-than": "0",
  scope: "auto",
  validate: "false",
  "max-deletions": "0",
  "dry-run": "false",
  "run-gc": "false",
  "gc-type": "unreferenced blobs only",
  "gc-command": "",
  "gc-timeout": "60m",
  "api-url": "",
  concurrency: "16",
};

const OUTPUTS = [
  "deleted-images",
  "kept-images",
  "deleted-count",
  "kept-count",
  "failed-count",
  "deferred-count",
  "deleted-digests",
  "deleted-bytes",
  "storage-bytes",
  "gc-status",
  "gc-freed-bytes",
  "gc-blobs-deleted",
  "report",
];

function lines(entries: readonly string[]): string {
  return entries.map((entry) => `${entry}\n`).join("");
}

interface Described {
  readonly description: string;
  readonly required?: boolean;
  readonly default?: string;
}

interface Action {
  readonly inputs: Readonly<Record<string, Described>>;
  readonly outputs: Readonly<Record<string, Described>>;
}

describe("action.yml", () => {
  it("runs dist/index.js under Node 24", () => {
    expect(action).toMatchObject({ runs: { using: "node24", main: "dist/index.js" } });
  });

  it("has these inputs and defaults", () => {
    const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default]);
    expect(Object.fromEntries(defaults)).toEqual(INPUTS);
  });

  it("requires only the registry", () => {
    const required = Object.keys(action.inputs).filter((name) => action.inputs[name]?.required === true);
    expect(required).toEqual(["registry"]);
  });

  it("has these outputs", () => {
    expect(Object.keys(action.outputs)).toEqual(OUTPUTS);
  });

  it("describes each of them in one line", () => {
    const descriptions = [action.inputs, action.outputs]
      .flatMap((all) => Object.values(all))
      .map((one) => one.description);
    expect(descriptions.filter((description) => !/^\S.*\S$/.test(description))).toEqual([]);
  });

  it("has the defaults that the code uses for empty inputs", () => {
    const own = { INPUT_REGISTRY: "localhost:5000", "INPUT_GITHUB-TOKEN": "ghs_x", "INPUT_GIT-REPOSITORY": "octo/web" };
    const given = Object.entries(action.inputs).map(([name, input]) => [`INPUT_${name.toUpperCase()}`, input.default]);
    const settings = readSettings({ ...Object.fromEntries(given), ...own }, () => "");
    expect(settings).toEqual(readSettings(own, () => ""));
  });

  it("is valid for GitHub's language service, which finds errors", async () => {
    expect(await errorsOf(text)).toEqual([]);
    expect(await errorsOf(text.replace("node24", "node99"))).not.toEqual([]);
    expect(await errorsOf(text.replace("\noutputs:", "\nresults:"))).not.toEqual([]);
  });
});

let documents = 0;

/** Each document has its own address, because the service caches documents by address. */
async function errorsOf(content: string): Promise<readonly string[]> {
  documents += 1;
  const document = TextDocument.create(`file:///${documents}/action.yml`, "yaml", 1, content);
  return (await validate(document)).map(({ message }) => JSON.stringify(message));
}

describe("the tables of the README", () => {
  const places = "# T\n<!-- inputs -->\noutdated\n<!-- /inputs -->\nmiddle\n<!-- outputs --><!-- /outputs -->\nend\n";

  it("contain each input and output, and the text around them is kept", () => {
    const written = withTables(places, text);
    expect(written).toMatch(/^# T\n<!-- inputs -->\n\n\| Input \| Default \| Meaning \|\n/);
    expect(written).toContain("| `registry` | (required) | `registry.digitalocean.com/NAME`, ");
    expect(written).toContain("| `protect-tags` | `latest`, `edge`, `nightly`, `stable`, `buildcache*` | ");
    expect(written).toContain("| `token` |  | ");
    for (const name of [...Object.keys(INPUTS), ...OUTPUTS]) expect(written).toContain(`\n| \`${name}\` | `);
    expect(written).toContain("<!-- /inputs -->\nmiddle\n<!-- outputs -->");
    expect(written).not.toContain("outdated");
    expect(written.endsWith("<!-- /outputs -->\nend\n")).toBe(true);
  });

  it("do not change if they are written again", () => {
    const once = withTables(places, text);
    expect(withTables(once, text)).toBe(once);
  });

  it("escape characters that would end a cell", () => {
    const small = "inputs: { a: { description: 'x | y', default: 'b|c' } }\noutputs: {}\n";
    expect(withTables(places, small)).toContain("| `a` | `b\\|c` | x \\| y |");
  });

  it.each([
    ["no marker", "# T\n"],
    ["an end without a start", "<!-- /inputs -->"],
    ["no end", "<!-- inputs -->"],
    ["two markers", `${places}${places}`],
  ])("are an error with %s", (_, readme) => {
    expect(() => withTables(readme, text)).toThrow("README.md must contain");
  });
});
