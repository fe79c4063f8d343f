import { describe, expect, it } from "vitest";
import { errorsOf, faultOf, GHCR, type Inputs, LOCAL } from "./setup.ts";

describe("the error of invalid inputs", () => {
  it("names the value, the problem and the fix", () => {
    expect(faultOf({ "grace-period": "7 days", "keep-count": "-1", token: "" })).toMatchObject({
      message: `3 invalid inputs (no request was sent):
- \`token\` is required: set it to a DigitalOcean API token.
- \`keep-count\`: "-1" is not valid. Use an integer of at least 0.
- \`grace-period\`: "7 days" is not valid. Use a duration such as \`7d\`, \`36h\` or \`90m\`, or \`0\`.`,
      remedy: "Fix them under `with:` in the workflow. The README lists all inputs and their values.",
    });
  });

  it("uses the singular for one input", () => {
    expect(faultOf({ registry: "ghcr.io/octo/web", token: "" })).toMatchObject({
      message: `1 invalid input (no request was sent):
- \`registry\`: "ghcr.io/octo/web" is not valid: it must name one user or organization after the host. Use \`ghcr.io/OWNER\`, and name the repositories in \`repository-pattern\`.`,
      remedy: "Fix it under `with:` in the workflow. The README lists all inputs and their values.",
    });
  });

  it("lists all invalid inputs", () => {
    const invalid = {
      registry: "nowhere",
      provider: "docker",
      "repository-pattern": "{",
      "github-token": "",
      "git-repository": "web",
      "tag-patterns": "{x}",
      "protect-tags": "!",
      "protect-digests": "sha256:1",
      "protect-apps": "?",
      untagged: "?",
      "unmatched-tags": "?",
      "remove-stale-tags": "?",
      "keep-count": "?",
      "grace-period": "?",
      scope: "?",
      "max-deletions": "?",
      "dry-run": "?",
      "run-gc": "?",
      "gc-type": "?",
      "gc-command": "'",
      "gc-timeout": "?",
      "api-url": "?",
      concurrency: "?",
    };
    const errors = errorsOf(invalid, { GITHUB_API_URL: "?" });
    const names = errors.map((line) => /^- `([^`]+)`/.exec(line)?.[1]);
    expect([...names].sort()).toEqual([...Object.keys(invalid), "GITHUB_API_URL"].sort());
    expect(faultOf(invalid, { GITHUB_API_URL: "?" }).message).toContain("24 invalid inputs");
  });

  it("cuts long values", () => {
    expect(faultOf({ "keep-count": "x".repeat(10_000) }).message.length).toBeLessThan(500);
  });
});

describe("a secret is never shown", () => {
  it.each<[string, Inputs]>([
    ["a token with blanks", { token: "hunter2 hunter2" }],
    ["GitHub's token with blanks", { "github-token": "hunter2 x" }],
    ["a user name", { ...LOCAL, token: "x", username: "hunter2:x" }],
    ["a registry with user and password", { registry: "https://me:hunter2@host.example/x" }],
    ["a password with a slash", { registry: "https://me:a/hunter2/b@host.example/x" }],
    ["a password with a blank", { registry: "https://me:a hunter2@host.example" }],
    ["a token in a query", { registry: "host.example/x?token=hunter2" }],
    ["an API's URL with a password", { "api-url": "https://me:hunter2@host.example" }],
    ["an API's URL with a token", { "api-url": "https://host.example/?t=hunter2" }],
    ["a token in another input", { token: "hunter2", "keep-count": "hunter2", "tag-patterns": "hunter2" }],
  ])("%s", (_, inputs) => {
    const { message, remedy } = faultOf(inputs);
    expect(`${message}\n${remedy}`).not.toContain("hunter2");
  });
});

describe("a misspelled input", () => {
  it.each([
    ["dryrun", "dry-run"],
    ["dry_run", "dry-run"],
    ["Dry-Runs", "dry-run"],
    ["protect-tag", "protect-tags"],
    ["protected-tags", "protect-tags"],
    ["protect-app", "protect-apps"],
    ["grace_period", "grace-period"],
    ["max-deletes", "max-deletions"],
    ["repository-patterns", "repository-pattern"],
    ["gctype", "gc-type"],
    ["github_token", "github-token"],
  ])("%s: the error names %s", (name, known) => {
    expect(errorsOf({ [name]: "x" })).toEqual([`- \`${name.toLowerCase()}\` is not an input. Use \`${known}\`.`]);
  });

  it.each(["args", "entrypoint", "age", "policy", "x", ""])("is not suspected in %j", (name) => {
    expect(() => errorsOf({ [name]: "x" })).toThrow("no error was thrown");
  });

  it("is not suspected in a variable of another name", () => {
    expect(() => errorsOf({}, { DRYRUN: "true", GITHUB_TOKENS: "x" })).toThrow("no error was thrown");
  });
});

describe("an input of another provider", () => {
  it.each<[string, Inputs, string]>([
    ["gc-command", { ...GHCR, "gc-command": "gc" }, "ghcr"],
    ["gc-command", { "gc-command": "gc" }, "digitalocean"],
    ["protect-apps", { ...GHCR, "protect-apps": "true" }, "ghcr"],
    ["protect-apps", { ...LOCAL, "protect-apps": "True" }, "distribution"],
    ["gc-type", { ...LOCAL, "gc-type": "untagged manifests only" }, "distribution"],
    ["api-url", { ...GHCR, "api-url": "https://api.example" }, "ghcr"],
    ["api-url", { ...LOCAL, "api-url": "https://api.example" }, "distribution"],
  ])("%s is an error: %j", (name, inputs, provider) => {
    expect(errorsOf(inputs)).toEqual([`- \`${name}\` is not an input of \`provider: ${provider}\`. Remove it.`]);
  });

  it.each<Inputs>([
    { ...GHCR, "protect-apps": "false", "gc-type": "unreferenced blobs only", "gc-command": "", "api-url": "" },
    { ...LOCAL, "protect-apps": "FALSE", "gc-type": "unreferenced blobs only" },
  ])("can have its default value: %j", (inputs) => expect(() => errorsOf(inputs)).toThrow("no error was thrown"));
});
