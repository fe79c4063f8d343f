import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { ClosedPullRequestEvent, Settings } from "../settings.ts";
import { readCredential, readGitHub, type Unchecked } from "./credentials.ts";
import { parseEvent } from "./event.ts";
import { InputReader } from "./input-reader.ts";
import { type Parsed, parseChoice, parseCount, parseGlobs, parseUrl } from "./parse.ts";
import { parseRegistry } from "./registry-address.ts";
import { readCollection, readRules } from "./rules.ts";

/**
 * The inputs and the runner's environment as one checked value. An input that is empty has the default of action.yml.
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
  const event = readEvent(reader, environment, github.repository, readFile);
  const settings = {
    registry,
    repositoryPattern: readRepositoryPattern(reader, github.repository ?? ""),
    credential: registry === null ? null : readCredential(reader, registry, github.token),
    github,
    ...readRules(reader, registry),
    event: event?.pullRequest ?? null,
    scope: readScope(reader, event),
    ...readCollection(reader, registry),
    apiUrl: reader.read("api-url", parseUrl),
    concurrency: reader.read("concurrency", (text) => parseCount(text, 1, 64)),
    workspace: environment["GITHUB_WORKSPACE"] || process.cwd(),
    dockerConfigPath: join(
      environment["DOCKER_CONFIG"] || join(environment["HOME"] || homedir(), ".docker"),
      "config.json",
    ),
    reportPath: reportPathOf(environment),
  };
  reader.throwIfBad();
  if (!isComplete(settings)) throw new TypeError("an input is null, and no error was noted");
  return settings;
}

/** Where the report file is written, whatever the inputs are. */
export function reportPathOf(environment: NodeJS.ProcessEnv): string {
  return join(environment["RUNNER_TEMP"] || tmpdir(), "refsweep-report.json");
}

/** Every bad input was noted where it became null: after `throwIfBad`, none is. `event` and `credential` may be. */
function isComplete(settings: Unchecked<Settings>): settings is Settings {
  const { event: _event, credential: _credential, github, ...rest } = settings;
  return [...Object.values(rest), ...Object.values(github)].every((value) => value !== null);
}

/** What is known of the event; null: it could not be read. */
type Event = { readonly pullRequest: ClosedPullRequestEvent | null } | null;

function readEvent(
  reader: InputReader,
  environment: NodeJS.ProcessEnv,
  repository: string | null,
  readFile: (path: string) => string,
): Event {
  return reader.environment("GITHUB_EVENT_PATH", (path): Parsed<NonNullable<Event>> => {
    const parsed = parseEvent(environment["GITHUB_EVENT_NAME"], path, repository ?? "", readFile);
    return "value" in parsed ? { value: { pullRequest: parsed.value } } : parsed;
  });
}

function readRepositoryPattern(reader: InputReader, repository: string): readonly string[] | null {
  const name = repository.slice(repository.indexOf("/") + 1);
  const patterns = reader.read("repository-pattern", (text) => parseGlobs(text, "repository names"));
  if (patterns === null || patterns.length > 0) return patterns;
  if (reader.text("repository-pattern") === "") return [name, `${name}/**`];
  return reader.bad("repository-pattern", "holds no pattern; leave it out for the Git repository's own name");
}

function readScope(reader: InputReader, event: Event): Settings["scope"] | null {
  const scope = reader.read("scope", (text) => parseChoice(text, ["auto", "repository", "pull-request"]));
  const isClosed = event !== null && event.pullRequest !== null;
  if (scope === "pull-request" && event !== null && !isClosed) {
    return reader.bad("scope", 'got "pull-request"; it takes the event of a closed pull request of `git-repository`');
  }
  return scope === "auto" ? (isClosed ? "pull-request" : "repository") : scope;
}
