import { tmpdir } from "node:os";
import { join } from "node:path";
import { split } from "shlex";
import { Fault } from "./fault.ts";
import { compileTagPatterns, TagPatternError } from "./git/tag-names.ts";
import { parseEvent } from "./inputs/event.ts";
import { parseRegistry } from "./inputs/registry-address.ts";
import {
  type Parsed,
  parseBoolean,
  parseChoice,
  parseCount,
  parseDuration,
  parseGlobs,
  parseList,
  parseUrl,
} from "./inputs/values.ts";
import { isDigest } from "./plan/manifest.ts";
import type { ClosedPullRequestEvent, Credential, RegistryAddress, Settings } from "./settings.ts";

/** What is used where an input is empty: the defaults of action.yml that are not empty there. */
const DEFAULTS: Readonly<Record<string, string>> = {
  provider: "auto",
  "tag-patterns": `{branch}\n{tag}\n{version}\nv{version}\n{major}.{minor}\nv{major}.{minor}\n{major}\nv{major}\npr-{pr}
pr-{pr}-*\nsha-{sha}\n{sha}\ngh-readonly-queue-*-pr-{pr}-{sha}`,
  "protect-tags": "latest\nedge\nnightly\nstable\nbuildcache*",
  "protect-apps": "false",
  untagged: "delete",
  "unmatched-tags": "keep",
  "remove-stale-tags": "false",
  "keep-count": "0",
  "grace-period": "24h",
  scope: "auto",
  "max-deletions": "0",
  "dry-run": "false",
  "run-gc": "false",
  "gc-type": "unreferenced blobs only",
  "gc-timeout": "60m",
  "api-url": "https://api.digitalocean.com",
  concurrency: "16",
};

/** Inputs whose values are never shown, not even in an error. */
const SECRET = new Set(["token", "github-token", "username"]);
const MOST_SHOWN = 100;

/**
 * The inputs and the runner's environment as one checked value.
 *
 * @param environment `INPUT_…`, `GITHUB_…` and `RUNNER_TEMP`, as the runner sets them
 * @param readFile reads the event's payload
 * @throws Fault `input` that names every bad input, with what it got and what it takes
 */
export function readSettings(environment: NodeJS.ProcessEnv, readFile: (path: string) => string): Settings {
  const reader = new InputReader(environment);
  const provider = reader.read("provider", (text) =>
    parseChoice(text, ["auto", "digitalocean", "ghcr", "distribution"]),
  );
  const registry = reader.read("registry", (text) => parseRegistry(text, provider ?? "auto"), "required");
  const github = readGitHub(reader, environment);
  const repository = github.repository ?? "";
  const event = reader.environment("GITHUB_EVENT_PATH", () =>
    parseEvent(environment["GITHUB_EVENT_NAME"], environment["GITHUB_EVENT_PATH"], repository, readFile),
  );
  const settings = {
    registry,
    repositoryPattern: readRepositoryPattern(reader, repository),
    credential: registry === null ? null : readCredential(reader, registry, github.token),
    github,
    ...readRules(reader, registry),
    event,
    scope: readScope(reader, event),
    ...readCollection(reader, registry),
    apiUrl: reader.read("api-url", parseUrl),
    concurrency: reader.read("concurrency", (text) => parseCount(text, 1, 64)),
    workspace: environment["GITHUB_WORKSPACE"] || process.cwd(),
    reportPath: join(environment["RUNNER_TEMP"] || tmpdir(), "refsweep-report.json"),
  };
  reader.throwIfBad();
  if (!isComplete(settings)) throw new TypeError("an input is null, and no error was noted");
  return settings;
}

/** Every bad input was noted where it became null: after `throwIfBad`, none is. `event` and `credential` may be. */
function isComplete(settings: Unchecked<Settings>): settings is Settings {
  const { event: _event, credential: _credential, github, protectDigests, ...rest } = settings;
  return protectDigests !== null && [...Object.values(rest), ...Object.values(github)].every((value) => value !== null);
}

type Unchecked<T> = { readonly [Key in keyof T]: Key extends "github" ? Unchecked<T[Key]> : T[Key] | null };

/** Reads inputs one by one, and keeps account of those that are bad. */
class InputReader {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #errors: string[] = [];

  constructor(environment: NodeJS.ProcessEnv) {
    this.#environment = environment;
  }

  /** The input as it is given, or its default; empty: neither. */
  text(name: string): string {
    const given = this.#environment[`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`]?.trim() ?? "";
    return given === "" ? (DEFAULTS[name] ?? "") : given;
  }

  read<T>(name: string, parse: (text: string) => Parsed<T>, need: "required" | "optional" = "optional"): T | null {
    const text = this.text(name);
    if (text === "" && need === "required") return this.bad(name, "is required");
    const parsed = parse(text);
    if ("value" in parsed) return parsed.value;
    return this.bad(name, `got ${this.#shown(name, text)}; it takes ${parsed.takes}`);
  }

  /** A value of the runner's environment. */
  environment<T>(name: string, parse: (text: string) => Parsed<T>): T | null {
    const parsed = parse(this.#environment[name] ?? "");
    return "value" in parsed ? parsed.value : this.bad(name, `takes ${parsed.takes}`);
  }

  bad(name: string, what: string): null {
    this.#errors.push(`\`${name}\` ${what}`);
    return null;
  }

  throwIfBad(): void {
    if (this.#errors.length === 0) return;
    const count = this.#errors.length === 1 ? "an input is" : `${this.#errors.length} inputs are`;
    throw new Fault(
      "input",
      `Nothing was requested, as ${count} bad:\n${this.#errors.map((error) => `- ${error}`).join("\n")}`,
      "Mend them under `with:` in the workflow; the README has a table of all inputs.",
    );
  }

  /** A value in an error: never a secret, and nothing that may hold one, as the user and password of a URL. */
  #shown(name: string, text: string): string {
    if (SECRET.has(name)) return "a value that is not shown";
    const safe = text.replaceAll(/[^\s/@]+@/g, "…@");
    return JSON.stringify(safe.length > MOST_SHOWN ? `${safe.slice(0, MOST_SHOWN)}…` : safe);
  }
}

function readGitHub(reader: InputReader, environment: NodeJS.ProcessEnv): Unchecked<Settings["github"]> {
  const url = (name: string, fallback: string): URL | null =>
    reader.environment(name, (text) => parseUrl(text === "" ? fallback : text));
  const repository = reader.text("git-repository") || (environment["GITHUB_REPOSITORY"] ?? "");
  const token = reader.text("github-token");
  if (token === "") reader.bad("github-token", "is required: it takes `${{ github.token }}`");
  else if (/[\s\p{Cc}]/u.test(token)) reader.bad("github-token", "got a value with blanks; it takes one token");
  const isName = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]*)\/(?!\.{1,2}$)[A-Za-z0-9._-]+$/.test(repository);
  if (!isName)
    reader.bad("git-repository", `got ${JSON.stringify(repository.slice(0, MOST_SHOWN))}; it takes \`OWNER/NAME\``);
  return {
    token,
    repository,
    apiUrl: url("GITHUB_API_URL", "https://api.github.com"),
    graphqlUrl: url("GITHUB_GRAPHQL_URL", "https://api.github.com/graphql"),
    serverUrl: url("GITHUB_SERVER_URL", "https://github.com"),
  };
}

function readRepositoryPattern(reader: InputReader, repository: string): readonly string[] | null {
  const name = repository.slice(repository.indexOf("/") + 1);
  const patterns = reader.read("repository-pattern", (text) => parseGlobs(text, "repository names"));
  if (patterns === null || patterns.length > 0) return patterns;
  if (reader.text("repository-pattern") === "") return [name, `${name}/**`];
  return reader.bad("repository-pattern", "holds no pattern; leave it out for the Git repository's own name");
}

function readCredential(reader: InputReader, registry: RegistryAddress, githubToken: string | null): Credential | null {
  const username = reader.text("username");
  const token = reader.text("token");
  if (/[\s\p{Cc}]/u.test(token)) reader.bad("token", "got a value with blanks; it takes one token or password");
  if (/[:\p{Cc}]/u.test(username)) reader.bad("username", "got a value with a colon; it takes one user name");
  switch (registry.provider) {
    case "digitalocean":
      if (token === "") return reader.bad("token", "is required: it takes a DigitalOcean API token");
      return { username: token, secret: token };
    case "ghcr":
      return { username: username || "x-access-token", secret: token || (githubToken ?? "") };
    case "distribution":
      if (username !== "" && token === "") return reader.bad("token", "is required where `username` is given");
      return token === "" ? null : { username, secret: token };
  }
}

function readRules(reader: InputReader, registry: RegistryAddress | null) {
  const protectApps = reader.read("protect-apps", parseBoolean);
  if (protectApps === true && registry !== null && registry.provider !== "digitalocean") {
    reader.bad("protect-apps", `got "true"; it is for \`provider: digitalocean\`, and this is ${registry.provider}`);
  }
  return {
    tagPatterns: reader.read("tag-patterns", parseTagPatterns),
    protectTags: reader.read("protect-tags", (text) => parseGlobs(text, "image tags")),
    protectDigests: reader.read("protect-digests", parsePins),
    protectApps,
    untagged: reader.read("untagged", (text) => parseChoice(text, ["delete", "keep"])),
    unmatchedTags: reader.read("unmatched-tags", (text) => parseChoice(text, ["keep", "delete"])),
    removeStaleTags: reader.read("remove-stale-tags", parseBoolean),
    keepCount: reader.read("keep-count", parseNumber),
    gracePeriodMs: reader.read("grace-period", parseDuration),
    maxDeletions: reader.read("max-deletions", parseNumber),
    dryRun: reader.read("dry-run", parseBoolean),
  };
}

function parseNumber(text: string): Parsed<number> {
  return parseCount(text, 0, Number.MAX_SAFE_INTEGER);
}

function parseTagPatterns(text: string): Parsed<readonly string[]> {
  const patterns = parseList(text);
  const placeholders = "`{branch}`, `{tag}`, `{version}`, `{major}`, `{minor}`, `{pr}`, `{sha}`, `*` and literal text";
  if (patterns.length === 0) return { takes: `at least one pattern of ${placeholders}` };
  try {
    compileTagPatterns(patterns);
    return { value: patterns };
  } catch (error) {
    if (!(error instanceof TagPatternError)) throw error;
    return { takes: `patterns of ${placeholders}: ${error.message}` };
  }
}

/** An entry with the look of a digest must be one: cut short, it would pin nothing, and say nothing. */
function parsePins(text: string): Parsed<Settings["protectDigests"]> {
  const entries = parseList(text);
  const bad = entries.find((entry) => /^sha(?:256|512)[:-]/i.test(entry) && !isDigest(entry));
  if (bad !== undefined) {
    return {
      takes: `digests (\`sha256:\` and 64 lower-case hex digits) or files, and ${JSON.stringify(bad)} is no digest`,
    };
  }
  return { value: { digests: entries.filter(isDigest), files: entries.filter((entry) => !isDigest(entry)) } };
}

function readScope(reader: InputReader, event: ClosedPullRequestEvent | null): Settings["scope"] | null {
  const scope = reader.read("scope", (text) => parseChoice(text, ["auto", "repository", "pull-request"]));
  if (scope === "pull-request" && event === null) {
    return reader.bad("scope", "got `pull-request`; it takes an event of a closed pull request of `git-repository`");
  }
  return scope === "auto" ? (event === null ? "repository" : "pull-request") : scope;
}

function readCollection(reader: InputReader, registry: RegistryAddress | null) {
  const gcCommand = reader.read("gc-command", parseCommand);
  if (gcCommand !== null && gcCommand.length > 0 && registry !== null && registry.provider !== "distribution") {
    reader.bad("gc-command", `is for \`provider: distribution\`, and this is ${registry.provider}`);
  }
  return {
    runGc: reader.read("run-gc", (text) => {
      const asBoolean = parseBoolean(text);
      if ("value" in asBoolean) return { value: asBoolean.value ? "true" : "false" } as const;
      return parseChoice(text, ["true", "false", "always"]);
    }),
    gcType: reader.read("gc-type", (text) =>
      parseChoice(text, [
        "unreferenced blobs only",
        "untagged manifests only",
        "untagged manifests and unreferenced blobs",
      ]),
    ),
    gcCommand,
    gcTimeoutMs: reader.read("gc-timeout", parseDuration),
  };
}

function parseCommand(text: string): Parsed<readonly string[]> {
  try {
    return { value: split(text) };
  } catch {
    return { takes: "a command whose quotes are closed" };
  }
}
