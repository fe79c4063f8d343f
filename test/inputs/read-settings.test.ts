import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { Fault } from "../../src/fault.ts";
import { readSettings } from "../../src/inputs/read-settings.ts";
import type { Settings } from "../../src/settings.ts";

type Inputs = Readonly<Record<string, string>>;

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const VALID: Inputs = {
  registry: "registry.digitalocean.com/team",
  token: "dop_v1_secret",
  "github-token": "ghs_secret",
  "git-repository": "Octo/Web-App",
};
const LOCAL = { registry: "localhost:5000", token: "" };
const GHCR = { registry: "ghcr.io/octo", token: "" };
const PR = { GITHUB_EVENT_NAME: "pull_request", GITHUB_EVENT_PATH: "/event.json" };

/** The settings of a step: `inputs` over the valid ones, and what else the runner sets. */
function read(inputs: Inputs = {}, environment: Inputs = {}, payload: unknown = {}): Settings {
  const variables = Object.entries({ ...VALID, ...inputs }).map(
    ([name, value]) => [`INPUT_${name.toUpperCase()}`, value] as const,
  );
  return readSettings({ ...Object.fromEntries(variables), ...environment }, (path) => {
    if (path !== "/event.json") throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    return typeof payload === "string" ? payload : JSON.stringify(payload);
  });
}

/** The one error of a step, whole, as a user sees it. */
function faultOf(...step: Parameters<typeof read>): string {
  try {
    read(...step);
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    expect(error).toMatchObject({ kind: "input" });
    return `${error instanceof Fault ? `${error.message}\n${error.remedy}` : ""}`;
  }
  throw new Error("no error was thrown");
}

/** The lines of the error that name an input. */
function complaints(error: string): readonly string[] {
  return error.split("\n").filter((line) => line.startsWith("- "));
}

describe("a bad value is named, with what it got and what it takes", () => {
  it.each([
    ["registry", "", "required"],
    ["registry", "team", "is no host"],
    ["registry", "team/web", "is no host"],
    ["registry", "https://", "is no host"],
    ["registry", "ftp://host.example/x", "is no host"],
    ["registry", "host.example:99999", "is no host"],
    ["registry", "host.example:0", "is no host"],
    ["registry", "host.example:port/x", "is no host"],
    ["registry", "-host.example", "is no host"],
    ["registry", "host..example", "is no host"],
    ["registry", "ho_st.example", "is no host"],
    ["registry", "1.2.3", "is no host"],
    ["registry", "0x7f.0.0.1", "is no host"],
    ["registry", "127.0.0.256", "is no host"],
    ["registry", "[::1:5000", "is no host"],
    ["registry", `${"a".repeat(300)}.example`, "is no host"],
    ["registry", "host.example/a b", "without user"],
    ["registry", "host.example/../etc", "in lower case"],
    ["registry", "host.example/a/../b", "in lower case"],
    ["registry", "host.example/a//b", "in lower case"],
    ["registry", "host.example//", "in lower case"],
    ["registry", "host.example/Team", "in lower case"],
    ["registry", "host.example/a%2Fb", "without user"],
    ["registry", "host.example\\a", "without user"],
    ["registry", "host.example/a?x=1", "without user"],
    ["registry", "host.example/a#b", "without user"],
    ["registry", "registry.digitalocean.com", "the name of one registry"],
    ["registry", "registry.digitalocean.com/", "the name of one registry"],
    ["registry", "registry.digitalocean.com/a/b", "the name of one registry"],
    ["registry", "registry.digitalocean.com/Team", "the name of one registry"],
    ["registry", "registry.digitalocean.com/te_am", "the name of one registry"],
    ["registry", "registry.digitalocean.com/..", "the name of one registry"],
    ["registry", `registry.digitalocean.com/${"a".repeat(64)}`, "the name of one registry"],
    ["registry", "ghcr.io", "one user or organisation"],
    ["registry", "ghcr.io/octo/web", "one user or organisation"],
    ["registry", "ghcr.io/-octo", "one user or organisation"],
    ["provider", "docker", "`auto`, `digitalocean`, `ghcr`, `distribution`"],
    ["provider", "DigitalOcean", "`auto`, `digitalocean`, `ghcr`, `distribution`"],
    ["provider", "auto,ghcr", "`auto`, `digitalocean`, `ghcr`, `distribution`"],
    ["repository-pattern", "!", "empty pattern"],
    ["repository-pattern", "web\n!", "empty pattern"],
    ["repository-pattern", "{web", "never closed"],
    ["repository-pattern", "{web,api", "never closed"],
    ["repository-pattern", "web}", "closes no brace"],
    ["repository-pattern", "{a,b\nc}", "never closed"],
    ["repository-pattern", "!web", "does not begin with `!`"],
    ["repository-pattern", "{a,b}".repeat(12), "1000"],
    ["repository-pattern", "a".repeat(2_000), "at most 1000 characters"],
    ["repository-pattern", "# none", "holds no pattern"],
    ["repository-pattern", ",", "holds no pattern"],
    ["repository-pattern", "**, !prod[0-9]", 'none can hold "["'],
    ["repository-pattern", "**\n!prod # in use", 'none can hold " "'],
    ["repository-pattern", "web:v1", 'none can hold ":"'],
    ["repository-pattern", "**, !prod/", "without a slash at either end"],
    ["repository-pattern", "**, !/prod", "without a slash at either end"],
    ["repository-pattern", "**, !./prod", "without a slash at either end"],
    ["repository-pattern", "**, !team//prod", "without a slash at either end"],
    ["username", "a:b", "colon"],
    ["token", "", "DigitalOcean API token"],
    ["token", "a b", "one token"],
    ["token", "a\nb", "one token"],
    ["token", "tökén", "one token"],
    ["github-token", "", "required"],
    ["github-token", "a b", "one token"],
    ["git-repository", "", "`OWNER/NAME`"],
    ["git-repository", "web", "`OWNER/NAME`"],
    ["git-repository", "octo/", "`OWNER/NAME`"],
    ["git-repository", "/web", "`OWNER/NAME`"],
    ["git-repository", "octo/web/x", "`OWNER/NAME`"],
    ["git-repository", "octo/..", "`OWNER/NAME`"],
    ["git-repository", "octo/web.git", "`OWNER/NAME`"],
    ["git-repository", "https://github.com/octo/web", "`OWNER/NAME`"],
    ["git-repository", "octo/we b", "`OWNER/NAME`"],
    ["tag-patterns", "# none", "at least one pattern"],
    ["tag-patterns", "latest", "it names no ref"],
    ["tag-patterns", "{banch}", "unknown"],
    ["tag-patterns", "pr-{PR}", "unknown"],
    ["tag-patterns", "{branch", "never closed"],
    ["tag-patterns", "{branch}}", "no image tag can hold"],
    ["tag-patterns", "{{branch}}", "one brace"],
    ["tag-patterns", "{branch,tag}", "unknown"],
    ["tag-patterns", "!{branch}", "no image tag can hold"],
    ["tag-patterns", "{branch}/{sha}", "no image tag can hold"],
    ["tag-patterns", "pr-1{pr}", "digit"],
    ["protect-tags", "!latest", "does not begin with `!`"],
    ["protect-tags", "latest, !", "empty pattern"],
    ["protect-tags", "v{1,2", "never closed"],
    ["protect-tags", "v[0-9]*", 'none can hold "["'],
    ["protect-tags", "release/*", 'none can hold "/"'],
    ["protect-tags", "latest # the default", 'none can hold " "'],
    ["protect-tags", "'latest'", `none can hold "'"`],
    ["protect-tags", "latest\u200b", 'none can hold "\u200b"'],
    ["protect-tags", "*, !pr-\\d+", 'none can hold "\\\\"'],
    ["protect-tags", "édge", 'none can hold "é"'],
    ["protect-tags", "!!latest, *", 'none can hold "!"'],
    ["protect-digests", "sha256:abc", "is no digest"],
    ["protect-digests", `${DIGEST}0`, "is no digest"],
    ["protect-digests", DIGEST.toUpperCase(), "is no digest"],
    ["protect-digests", `!${DIGEST}`, "is no digest"],
    ["protect-digests", `host.example/web@${DIGEST}`, "is no digest"],
    ["protect-digests", "deploy/{a,b", "never closed"],
    ["protect-digests", "!deploy/**", "does not begin with `!`"],
    ["protect-apps", "yes", "true or false"],
    ["untagged", "remove", "`delete`, `keep`"],
    ["untagged", "true", "`delete`, `keep`"],
    ["unmatched-tags", "Keep", "`keep`, `delete`"],
    ["remove-stale-tags", "on", "true or false"],
    ["keep-count", "-1", "a whole number"],
    ["keep-count", "1e3", "a whole number"],
    ["keep-count", "0x10", "a whole number"],
    ["keep-count", "1.5", "a whole number"],
    ["keep-count", "NaN", "a whole number"],
    ["keep-count", "Infinity", "a whole number"],
    ["keep-count", "+1", "a whole number"],
    ["keep-count", "010", "a whole number"],
    ["keep-count", "1 0", "a whole number"],
    ["keep-count", "1_000", "a whole number"],
    ["keep-count", "٣", "a whole number"],
    ["keep-count", "9007199254740993", "a whole number"],
    ["keep-count", "9".repeat(400), "a whole number"],
    ["grace-period", "24", "a duration"],
    ["grace-period", "-1h", "a duration"],
    ["grace-period", "1.5h", "a duration"],
    ["grace-period", "1h30m", "a duration"],
    ["grace-period", "1 h", "a duration"],
    ["grace-period", "24H", "a duration"],
    ["grace-period", "30s", "a duration"],
    ["grace-period", "1y", "a duration"],
    ["grace-period", "h", "a duration"],
    ["grace-period", "36526d", "at most 100 years"],
    ["grace-period", "999999d", "at most 100 years"],
    ["grace-period", `${"9".repeat(400)}d`, "at most 100 years"],
    ["scope", "pr", "`auto`, `repository`, `pull-request`"],
    ["scope", "pull-request", "the event of a closed pull request"],
    ["max-deletions", "-5", "a whole number"],
    ["max-deletions", "none", "a whole number"],
    ["dry-run", "yes", "true or false"],
    ["dry-run", "1", "true or false"],
    ["dry-run", "tRUE", "true or false"],
    ["dry-run", "true # really", "true or false"],
    ["run-gc", "never", "`true`, `false`, `always`"],
    ["gc-type", "unreferenced", "`unreferenced blobs only`"],
    ["gc-command", "docker exec registry gc", "`provider: distribution`"],
    ["gc-timeout", "15", "a duration"],
    ["gc-timeout", "-15m", "a duration"],
    ["api-url", "api.digitalocean.com", "an http or https URL"],
    ["api-url", "ftp://api.digitalocean.com", "an http or https URL"],
    ["api-url", "https:api.digitalocean.com", "an http or https URL"],
    ["api-url", "https://api.digitalocean.com/?page=1", "an http or https URL"],
    ["api-url", "https://api.digitalocean.com/#", "an http or https URL"],
    ["api-url", "https://exa mple.com", "an http or https URL"],
    ["concurrency", "0", "from 1 to 64"],
    ["concurrency", "65", "from 1 to 64"],
    ["concurrency", "sixteen", "from 1 to 64"],
  ])("%s: %j", (name, value, part) => {
    const lines = complaints(faultOf({ [name]: value }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`^- \`${name}\` `));
    expect(lines[0]).toContain(part);
  });

  it.each<[string, Inputs, string, string]>([
    ["a command for a registry that is not ours to run", { ...GHCR, "gc-command": "gc" }, "gc-command", "ghcr"],
    ["an open quote", { ...LOCAL, "gc-command": "sh -c 'gc" }, "gc-command", "quotes are closed"],
    ["an open double quote", { ...LOCAL, "gc-command": 'sh -c "gc' }, "gc-command", "quotes are closed"],
    ["a backslash at the end", { ...LOCAL, "gc-command": "gc \\" }, "gc-command", "quotes are closed"],
    ["two commands", { ...LOCAL, "gc-command": "stop\ngc" }, "gc-command", "in one line"],
    ["a command without a name", { ...LOCAL, "gc-command": "'' gc" }, "gc-command", "one command"],
    ["apps of another provider", { ...GHCR, "protect-apps": "true" }, "protect-apps", "`provider: digitalocean`"],
    ["a user without a password", { ...LOCAL, username: "me" }, "token", "required where `username`"],
    ["a password of two lines", { ...LOCAL, username: "me", token: "a\nb" }, "token", "line breaks"],
    [
      "GHCR's host and DigitalOcean's provider",
      { registry: "ghcr.io/octo", provider: "digitalocean" },
      "registry",
      "`provider: ghcr`",
    ],
    [
      "DigitalOcean's host and GHCR's provider",
      { provider: "ghcr", token: "" },
      "registry",
      "`provider: digitalocean`",
    ],
    ["an owner that the provider needs", { provider: "ghcr", registry: "host.example" }, "registry", "OWNER"],
    ["a name that the provider needs", { provider: "digitalocean", registry: "host.example" }, "registry", "NAME"],
  ])("%s", (_, inputs, name, part) => {
    const lines = complaints(faultOf(inputs));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`^- \`${name}\` `));
    expect(lines[0]).toContain(part);
  });

  it.each([
    ["GITHUB_API_URL", "api.github.com"],
    ["GITHUB_GRAPHQL_URL", "ftp://github.com"],
    ["GITHUB_SERVER_URL", "https://user:pass@github.com"],
  ])("%s: %s", (name, value) => {
    const lines = complaints(faultOf({}, { [name]: value }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`- \`${name}\` got `);
    expect(lines[0]).not.toContain("pass@");
  });

  it("and all bad values are named at once, in one error", () => {
    const bad = {
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
    const error = faultOf(bad, { GITHUB_API_URL: "?" });
    const named = complaints(error).map((line) => /^- `([^`]+)` /.exec(line)?.[1]);
    expect([...named].sort()).toEqual([...Object.keys(bad), "GITHUB_API_URL"].sort());
    expect(error).toContain("24 inputs are bad");
  });

  it("cut short where it is long", () => {
    expect(faultOf({ "keep-count": "x".repeat(10_000) }).length).toBeLessThan(500);
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
    ["a token in the place of another input", { token: "hunter2", "keep-count": "hunter2", "tag-patterns": "hunter2" }],
  ])("%s", (_, inputs) => {
    const error = faultOf(inputs);
    expect(complaints(error).length).toBeGreaterThan(0);
    expect(error).not.toContain("hunter2");
  });
});

describe("what is left empty has its default", () => {
  it("whatever action.yml says", () => {
    const settings = read({ "protect-tags": "", "grace-period": " ", "keep-count": "\n" });
    expect(settings).toMatchObject({
      registry: { provider: "digitalocean", path: "team", name: "registry.digitalocean.com/team" },
      repositoryPattern: ["Web-App", "Web-App/**"],
      protectTags: ["latest", "edge", "nightly", "stable", "buildcache*"],
      protectDigests: { digests: [], files: [] },
      protectApps: false,
      untagged: "delete",
      unmatchedTags: "keep",
      removeStaleTags: false,
      keepCount: 0,
      gracePeriodMs: 24 * 3_600_000,
      event: null,
      scope: "repository",
      maxDeletions: 0,
      dryRun: false,
      runGc: "false",
      gcType: "unreferenced blobs only",
      gcCommand: [],
      gcTimeoutMs: 3_600_000,
      concurrency: 16,
      workspace: process.cwd(),
      reportPath: join(tmpdir(), "refsweep-report.json"),
    });
    expect(settings.tagPatterns).toHaveLength(13);
    expect(settings.apiUrl.href).toBe("https://api.digitalocean.com/");
    expect(settings.github.apiUrl.href).toBe("https://api.github.com/");
    expect(settings.github.graphqlUrl.href).toBe("https://api.github.com/graphql");
    expect(settings.github.serverUrl.href).toBe("https://github.com/");
  });

  it("the same one with action.yml's defaults and without them", () => {
    const inputs: unknown = parse(readFileSync(new URL("../../action.yml", import.meta.url), "utf8")).inputs;
    const described = Object.entries(
      v.parse(v.record(v.string(), v.object({ default: v.optional(v.string()) })), inputs),
    );
    const defaults = described.flatMap(([name, { default: text = "" }]) =>
      text.includes("$" + "{{") ? [] : [[name, text]],
    );
    expect(defaults.length).toBeGreaterThan(20);
    expect(read({ ...Object.fromEntries(defaults), ...VALID })).toEqual(read());
  });

  it("and the runner's environment is heard", () => {
    const settings = read(
      { "git-repository": "" },
      {
        GITHUB_REPOSITORY: "octo/api",
        GITHUB_API_URL: "https://ghe.example/api/v3",
        GITHUB_GRAPHQL_URL: "https://ghe.example/api/graphql",
        GITHUB_SERVER_URL: "https://ghe.example",
        GITHUB_WORKSPACE: "/workspace",
        RUNNER_TEMP: "/runner/temp",
      },
    );
    expect(settings.github.repository).toBe("octo/api");
    expect(settings.repositoryPattern).toEqual(["api", "api/**"]);
    expect(settings.github.apiUrl.href).toBe("https://ghe.example/api/v3");
    expect(settings.github.graphqlUrl.href).toBe("https://ghe.example/api/graphql");
    expect(settings.github.serverUrl.href).toBe("https://ghe.example/");
    expect(settings).toMatchObject({ workspace: "/workspace", reportPath: "/runner/temp/refsweep-report.json" });
  });
});

describe("where GitHub is", () => {
  const server = "GITHUB_SERVER_URL";
  const api = "GITHUB_API_URL";
  const graphql = "GITHUB_GRAPHQL_URL";
  it.each<[string, Inputs, string, string, string]>([
    ["nothing told", {}, "https://github.com/", "https://api.github.com/", "https://api.github.com/graphql"],
    [
      "an Enterprise Server alone",
      { [server]: "https://ghe.example" },
      "https://ghe.example/",
      "https://ghe.example/api/v3",
      "https://ghe.example/api/graphql",
    ],
    [
      "the API of an Enterprise Server alone",
      { [api]: "https://ghe.example:8443/api/v3/" },
      "https://ghe.example:8443/",
      "https://ghe.example:8443/api/v3/",
      "https://ghe.example:8443/api/graphql",
    ],
    [
      "a tenant of ghe.com",
      { [server]: "https://octo.ghe.com" },
      "https://octo.ghe.com/",
      "https://api.octo.ghe.com/",
      "https://api.octo.ghe.com/graphql",
    ],
    [
      "the API of a tenant of ghe.com",
      { [api]: "https://api.octo.ghe.com" },
      "https://octo.ghe.com/",
      "https://api.octo.ghe.com/",
      "https://api.octo.ghe.com/graphql",
    ],
    [
      "a server that has no GraphQL, below a path",
      { [server]: "https://git.example/gitea", [api]: "https://git.example/gitea/api/v1", [graphql]: "" },
      "https://git.example/gitea/",
      "https://git.example/gitea/api/v1",
      "https://git.example/gitea/api/v1/graphql",
    ],
  ])(
    "%s: what is not told is beside it, so that no token goes elsewhere",
    (_, environment, serverUrl, apiUrl, graphqlUrl) => {
      const { github } = read({}, environment);
      expect([github.serverUrl.href, github.apiUrl.href, github.graphqlUrl.href]).toEqual([
        serverUrl,
        apiUrl,
        graphqlUrl,
      ]);
      expect(new URL("octo/web.git", github.serverUrl).href).toBe(`${serverUrl}octo/web.git`);
    },
  );
});

describe("the registry", () => {
  it.each([
    ["registry.digitalocean.com/team-1", "auto", "digitalocean", "https://registry.digitalocean.com", "team-1"],
    ["https://Registry.DigitalOcean.com/team/", "auto", "digitalocean", "https://registry.digitalocean.com", "team"],
    ["http://127.0.0.1:5000/team", "digitalocean", "digitalocean", "http://127.0.0.1:5000", "team"],
    ["ghcr.io/Octo", "auto", "ghcr", "https://ghcr.io", "Octo"],
    ["ghcr.io/octo-", "auto", "ghcr", "https://ghcr.io", "octo-"],
    ["containers.ghe.example/octo", "ghcr", "ghcr", "https://containers.ghe.example", "octo"],
    ["http://127.0.0.1:8080/octo", "ghcr", "ghcr", "http://127.0.0.1:8080", "octo"],
    ["registry.example", "auto", "distribution", "https://registry.example", ""],
    ["registry.example:5000/a/b-c_d", "auto", "distribution", "https://registry.example:5000", "a/b-c_d"],
    ["registry:5000", "auto", "distribution", "https://registry:5000", ""],
    ["http://registry/a", "auto", "distribution", "http://registry", "a"],
    ["HTTPS://registry.example", "distribution", "distribution", "https://registry.example", ""],
    ["localhost", "auto", "distribution", "http://localhost", ""],
    ["localhost:5000/team", "auto", "distribution", "http://localhost:5000", "team"],
    ["registry.localhost", "auto", "distribution", "http://registry.localhost", ""],
    ["127.0.0.1:5000", "auto", "distribution", "http://127.0.0.1:5000", ""],
    ["127.8.8.8", "auto", "distribution", "http://127.8.8.8", ""],
    ["[::1]:5000/x", "auto", "distribution", "http://[::1]:5000", "x"],
    ["https://localhost:5000", "auto", "distribution", "https://localhost:5000", ""],
    ["128.0.0.1", "auto", "distribution", "https://128.0.0.1", ""],
    ["localhost.example", "auto", "distribution", "https://localhost.example", ""],
    ["127.0.0.1.example", "auto", "distribution", "https://127.0.0.1.example", ""],
    ["registry.digitalocean.com.example/a", "auto", "distribution", "https://registry.digitalocean.com.example", "a"],
  ])("%s with provider %s is %s at %s", (registry, provider, is, origin, path) => {
    const settings = read({ registry, provider });
    expect(settings.registry).toMatchObject({ provider: is, path });
    expect(settings.registry.origin.origin).toBe(origin);
    const name = registry.replace(/^https?:\/\//i, "").replace(/\/$/, "");
    expect(settings.registry.name.toLowerCase()).toBe(name.toLowerCase());
  });

  it.each<[string, Inputs, unknown]>([
    ["DigitalOcean's token is user and password", {}, { username: "dop_v1_secret", secret: "dop_v1_secret" }],
    ["GHCR falls back on GitHub's token", GHCR, { username: "x-access-token", secret: "ghs_secret" }],
    ["GHCR takes a token of its own", { ...GHCR, token: "ghp_x", username: "me" }, { username: "me", secret: "ghp_x" }],
    ["another registry needs none", LOCAL, null],
    ["another registry takes a token alone", { ...LOCAL, token: "x" }, { username: "", secret: "x" }],
    ["a password may hold blanks", { ...LOCAL, username: "me", token: "a b" }, { username: "me", secret: "a b" }],
  ])("%s", (_, inputs, credential) => expect(read(inputs).credential).toEqual(credential));

  it.each([["true"], ["always"]])("without a collection to start takes run-gc: %s, and the run reports it", (runGc) => {
    expect(read({ ...GHCR, "run-gc": runGc }).runGc).toBe(runGc);
    expect(read({ ...LOCAL, "run-gc": runGc })).toMatchObject({ runGc, gcCommand: [] });
  });
});

describe("a value", () => {
  it.each<[string, string, keyof Settings, unknown]>([
    ["keep-count", "0", "keepCount", 0],
    ["keep-count", " 12 ", "keepCount", 12],
    ["keep-count", "9007199254740991", "keepCount", Number.MAX_SAFE_INTEGER],
    ["max-deletions", "500", "maxDeletions", 500],
    ["concurrency", "1", "concurrency", 1],
    ["concurrency", "64", "concurrency", 64],
    ["grace-period", "0", "gracePeriodMs", 0],
    ["grace-period", "0h", "gracePeriodMs", 0],
    ["grace-period", "90m", "gracePeriodMs", 5_400_000],
    ["grace-period", "36h", "gracePeriodMs", 129_600_000],
    ["grace-period", "7d", "gracePeriodMs", 604_800_000],
    ["grace-period", "2w", "gracePeriodMs", 1_209_600_000],
    ["grace-period", "36525d", "gracePeriodMs", 3_155_760_000_000],
    ["gc-timeout", "0", "gcTimeoutMs", 0],
    ["dry-run", "true", "dryRun", true],
    ["dry-run", "True", "dryRun", true],
    ["dry-run", "TRUE", "dryRun", true],
    ["dry-run", "False", "dryRun", false],
    ["dry-run", "FALSE", "dryRun", false],
    ["remove-stale-tags", "true", "removeStaleTags", true],
    ["protect-apps", "true", "protectApps", true],
    ["run-gc", "True", "runGc", "true"],
    ["run-gc", "FALSE", "runGc", "false"],
    ["run-gc", "always", "runGc", "always"],
    ["untagged", "keep", "untagged", "keep"],
    ["unmatched-tags", "delete", "unmatchedTags", "delete"],
    ["gc-type", "untagged manifests only", "gcType", "untagged manifests only"],
    ["scope", "repository", "scope", "repository"],
    ["protect-tags", "a, b ,\n c\r\nd,,\n\n", "protectTags", ["a", "b", "c", "d"]],
    ["protect-tags", "a\n# b, c\n  # d\ne", "protectTags", ["a", "e"]],
    ["protect-tags", "\ufeff_a-1.2*\u00a0", "protectTags", ["_a-1.2*"]],
    ["protect-digests", "a\n# b, c\n  # d\ne # f", "protectDigests", { digests: [], files: ["a", "e # f"] }],
    ["protect-tags", "{a,b}, {c,{d,e}},f", "protectTags", ["{a,b}", "{c,{d,e}}", "f"]],
    ["protect-tags", "v*,!v1", "protectTags", ["v*", "!v1"]],
    ["protect-tags", "# none", "protectTags", []],
    ["repository-pattern", "web, web/**, !web/old", "repositoryPattern", ["web", "web/**", "!web/old"]],
    ["tag-patterns", "{branch}\npr-{pr}, sha-{sha}", "tagPatterns", ["{branch}", "pr-{pr}", "sha-{sha}"]],
    [
      "protect-digests",
      `${DIGEST}, deploy/{a,b}.yaml\n!deploy/old`,
      "protectDigests",
      { digests: [DIGEST], files: ["deploy/{a,b}.yaml", "!deploy/old"] },
    ],
  ])("%s: %j", (name, value, key, expected) => expect(read({ [name]: value })[key]).toEqual(expected));

  it.each([
    ["docker exec registry gc --config /a.yml", ["docker", "exec", "registry", "gc", "--config", "/a.yml"]],
    [`sh -c "a 'b' c" '' d\\ e`, ["sh", "-c", "a 'b' c", "", "d e"]],
    ["echo $HOME && x | y > z", ["echo", "$HOME", "&&", "x", "|", "y", ">", "z"]],
  ])("gc-command: %s", (command, words) => {
    expect(read({ ...LOCAL, "gc-command": command }).gcCommand).toEqual(words);
  });
});

describe("the event", () => {
  const base = { repo: { full_name: "Octo/Web-App" } };
  const head = { ref: "feature/x", sha: "a".repeat(40), repo: { full_name: "octo/web-app" } };
  const closed = {
    action: "closed",
    number: 12,
    pull_request: {
      number: 12,
      merged: true,
      closed_at: "2026-11-02T10:00:00Z",
      merge_commit_sha: "b".repeat(40),
      head,
      base,
    },
  };
  const change = (changes: object): unknown => ({ ...closed, pull_request: { ...closed.pull_request, ...changes } });

  it.each([["pull_request"], ["pull_request_target"]])("%s, closed, limits the sweep to it", (name) => {
    const settings = read({}, { ...PR, GITHUB_EVENT_NAME: name }, closed);
    expect(settings.scope).toBe("pull-request");
    expect(settings.event).toEqual({
      number: 12,
      merged: true,
      closedAt: Date.UTC(2026, 10, 2, 10),
      headBranch: "feature/x",
      headCommit: "a".repeat(40),
      mergeCommit: "b".repeat(40),
      fromFork: false,
    });
  });

  it.each(["octo/web-app", "OCTO/WEB-APP"])(
    "limits it whatever the case of the repository's name: %s",
    (repository) => {
      expect(read({ "git-repository": repository }, PR, closed)).toMatchObject({ scope: "pull-request" });
    },
  );

  it("does not where scope says so, but answers what is asked about it", () => {
    const settings = read({ scope: "repository" }, PR, closed);
    expect(settings).toMatchObject({ scope: "repository", event: { number: 12 } });
  });

  it.each<[string, unknown, unknown]>([
    ["a branch of this repository", closed, false],
    ["a fork", change({ head: { ...head, repo: { full_name: "someone/web-app" } } }), true],
    ["a fork that is gone", change({ head: { ...head, repo: null } }), true],
  ])("of %s: fromFork", (_, payload, fromFork) => {
    expect(read({}, PR, payload).event).toMatchObject({ fromFork });
  });

  it("of a pull request that was not merged tells no merge commit: it was a temporary one", () => {
    expect(read({}, PR, change({ merged: false })).event).toMatchObject({ merged: false, mergeCommit: null });
  });

  it.each<[string, Inputs, unknown]>([
    ["an open pull request", PR, { ...closed, action: "synchronize" }],
    ["another repository", PR, change({ base: { repo: { full_name: "octo/other" } } })],
    ["a push", { GITHUB_EVENT_NAME: "push", GITHUB_EVENT_PATH: "/event.json" }, closed],
    ["a schedule without a file", { GITHUB_EVENT_NAME: "schedule", GITHUB_EVENT_PATH: "/nowhere" }, {}],
    ["nothing", {}, {}],
  ])("of %s limits nothing, and is refused where scope asks for it", (_, environment, payload) => {
    expect(read({}, environment, payload)).toMatchObject({ scope: "repository", event: null });
    const lines = complaints(faultOf({ scope: "pull-request" }, environment, payload));
    expect(lines).toEqual([expect.stringContaining("`scope` ")]);
  });

  it.each<[string, Inputs, unknown, string]>([
    ["that is not there", { ...PR, GITHUB_EVENT_PATH: "/nowhere.json" }, {}, "ENOENT"],
    ["that is not named", { GITHUB_EVENT_NAME: "pull_request" }, {}, "not set"],
    ["that is no JSON", PR, "{", "no JSON"],
    ["that is no object", PR, "null", "GITHUB_EVENT_PATH"],
    ["without a pull request", PR, { action: "closed" }, "pull_request"],
    ["without a number", PR, change({ number: "12" }), "number"],
    ["with a number that is none", PR, change({ number: 1.5 }), "number"],
    ["without a head", PR, change({ head: null }), "head"],
    ["that says not when it was closed", PR, change({ closed_at: null }), "when it was closed"],
    ["that was closed at no time", PR, change({ closed_at: "yesterday" }), "when it was closed"],
  ])("in a file %s is an error", (_, environment, payload, part) => {
    for (const scope of ["auto", "pull-request"]) {
      const lines = complaints(faultOf({ scope }, environment, payload));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain("- `GITHUB_EVENT_PATH` got ");
      expect(lines[0]).toContain(part);
    }
  });
});
