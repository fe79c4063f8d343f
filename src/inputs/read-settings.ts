import { homedir } from "node:os";
import { join } from "node:path";
import type { Provider } from "../registry/provider.ts";
import { PROVIDERS, providerFor } from "../registry/providers.ts";
import type { Credential, RegistryAddress, Settings } from "../settings.ts";
import { DEFAULTS, type InputName } from "./defaults.ts";
import { parseEvent } from "./event.ts";
import { readGarbageCollection } from "./garbage-collection.ts";
import { readGitHub, type Unchecked } from "./github.ts";
import { InputReader } from "./input-reader.ts";
import { type Parsed, parseChoice, parseCount, parseSelectingGlobs, parseUrl } from "./parse.ts";
import { parseRegistry } from "./registry-address.ts";
import { readRules } from "./rules.ts";
import { readScope } from "./scope.ts";
import { defaultPatterns } from "./select-repositories.ts";

/** Inputs that only some providers have. */
const PROVIDER_INPUTS: readonly InputName[] = ["protect-apps", "gc-type", "gc-command", "api-url"];

/**
 * Returns the inputs and the runner's environment as one checked value.
 *
 * @param environment `INPUT_…` and `GITHUB_…`, as the runner sets them
 * @param readFile reads the event's payload
 * @throws Fault `input` that lists all invalid inputs
 */
export function readSettings(
  environment: NodeJS.ProcessEnv,
  readFile: (path: string) => string,
  platform: NodeJS.Platform = process.platform,
): Settings {
  const reader = new InputReader(environment);
  reader.rejectMisspelledNames();
  const github = readGitHub(reader, environment);
  const registry = readRegistry(reader, github.serverUrl?.href ?? "");
  const provider = registry === null ? null : providerFor(registry.provider);
  if (provider !== null) rejectInputsOfOthers(reader, provider);
  const event = reader.readVariable("GITHUB_EVENT_PATH", (path) =>
    parseEvent(environment["GITHUB_EVENT_NAME"], path, readFile),
  );
  const settings = {
    registry,
    repositoryPattern: readRepositoryPattern(reader, github.repository ?? ""),
    credential: provider === null ? null : readCredential(reader, provider),
    github,
    ...readRules(reader),
    ...readScope(reader, event, github.repository),
    ...readGarbageCollection(reader, platform),
    apiUrl: readApiUrl(reader, registry, provider),
    concurrency: reader.read("concurrency", (text) => parseCount(text, 1, 64)),
    workspace: environment["GITHUB_WORKSPACE"] || process.cwd(),
    dockerConfigPath: join(
      environment["DOCKER_CONFIG"] || join(environment["HOME"] || homedir(), ".docker"),
      "config.json",
    ),
  };
  reader.throwIfInvalid();
  if (!isComplete(settings)) throw new TypeError("an input is null, and no error was recorded");
  return settings;
}

/** Whether every value is valid. `event`, `deletedBranch` and `credential` may be null. */
function isComplete(settings: Unchecked<Settings>): settings is Settings {
  const { event: _event, deletedBranch: _branch, credential: _credential, github, ...rest } = settings;
  return [...Object.values(rest), ...Object.values(github)].every((value) => value !== null);
}

function readRegistry(reader: InputReader, githubServerUrl: string): RegistryAddress | null {
  const names = ["auto", ...PROVIDERS.map(({ name }) => name)];
  const name = reader.read("provider", (text) => parseChoice(text, names));
  const provider = name === null || name === "auto" ? null : providerFor(name);
  return reader.read("registry", (text) => parseRegistry(text, provider, githubServerUrl));
}

function rejectInputsOfOthers(reader: InputReader, provider: Provider): void {
  for (const input of PROVIDER_INPUTS) {
    if (provider.inputs.includes(input) || reader.text(input).toLowerCase() === DEFAULTS[input]) continue;
    reader.reject(input, `is not an input of \`provider: ${provider.name}\``, "Remove it");
  }
}

/** Returns the registry's credential. Null: none is given, or it is invalid and the error is recorded. */
function readCredential(reader: InputReader, provider: Provider): Credential | null {
  const username = reader.text("username");
  // A colon ends the name in Basic credentials (RFC 7617, section 2).
  if (/[:\p{Cc}]/u.test(username)) reader.reject("username", "contains a colon or a line break, as no user name does");
  const inputs = { username, token: reader.text("token"), githubToken: reader.text("github-token") };
  const credential = provider.credential(inputs);
  if (credential === null || !("problem" in credential)) return credential;
  const { input, problem } = credential;
  return reader.reject(input, problem);
}

function readApiUrl(reader: InputReader, registry: RegistryAddress | null, provider: Provider | null): URL | null {
  const fallback = URL.parse(provider?.apiUrl ?? "") ?? registry?.origin ?? null;
  return reader.read<URL | null>("api-url", (text) => (text === "" ? { value: fallback } : parseUrl(text)));
}

function readRepositoryPattern(reader: InputReader, gitRepository: string): readonly string[] | null {
  return reader.read("repository-pattern", (text): Parsed<readonly string[]> => {
    if (text === "") return { value: defaultPatterns(gitRepository) };
    const patterns = parseSelectingGlobs(text, "repository name");
    if (!("value" in patterns) || patterns.value.length > 0) return patterns;
    return {
      problem: "it contains no pattern",
      fix: "Remove it to select the repositories named after the Git repository",
    };
  });
}
