import { closestMatch } from "leven";
import { Fault } from "../fault.ts";
import { DEFAULTS, type InputName } from "./defaults.ts";
import type { Parsed } from "./parse.ts";

/** Variables of the runner that are read as settings. */
type Variable = "GITHUB_API_URL" | "GITHUB_GRAPHQL_URL" | "GITHUB_SERVER_URL" | "GITHUB_EVENT_PATH";

/** Inputs whose values are never shown, wherever else they occur. */
const SECRETS = ["token", "github-token", "username"] as const;
/** URLs can contain a password before an `@`, or a token after a `?`. */
const URLS: readonly string[] = ["registry", "api-url", "GITHUB_API_URL", "GITHUB_GRAPHQL_URL", "GITHUB_SERVER_URL"];
const MAX_VALUE = 100;
const MAX_PROBLEM = 300;

/** Reads inputs, and collects the errors of all of them. */
export class InputReader {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #errors: string[] = [];

  constructor(environment: NodeJS.ProcessEnv) {
    this.#environment = environment;
  }

  /** Returns the value of the workflow, or the default if it is empty. */
  text(name: InputName): string {
    return this.#environment[`INPUT_${name.toUpperCase()}`]?.trim() || DEFAULTS[name];
  }

  /** Returns the parsed input. Null: it is invalid, and the error is recorded. */
  read<T>(name: InputName, parse: (text: string) => Parsed<T>): T | null {
    return this.#valueOf(name, this.text(name), parse);
  }

  /** Returns a parsed variable of the runner, or `fallback` parsed if it is empty. Null as in `read`. */
  readVariable<T>(name: Variable, parse: (text: string) => Parsed<T>, fallback = ""): T | null {
    return this.#valueOf(name, this.#environment[name] || fallback, parse);
  }

  /** Records an error: `problem` continues a sentence that starts with the input's name. */
  reject(name: string, problem: string, fix?: string): null {
    const remedy = fix === undefined ? "" : ` ${fix}.`;
    this.#errors.push(`\`${name}\` ${this.#show(problem, MAX_PROBLEM)}.${remedy}`);
    return null;
  }

  /** Records an error for each unknown `INPUT_…` variable whose name resembles an input's, such as `dryrun`. */
  rejectMisspelledNames(): void {
    for (const variable of Object.keys(this.#environment)) {
      if (!variable.startsWith("INPUT_")) continue;
      const name = variable.slice("INPUT_".length).toLowerCase();
      if (Object.hasOwn(DEFAULTS, name)) continue;
      // About one in four characters differs at most.
      const known = closestMatch(name, Object.keys(DEFAULTS), { maxDistance: Math.ceil(name.length / 4) });
      if (known !== undefined) this.reject(name.slice(0, MAX_VALUE), "is not an input", `Use \`${known}\``);
    }
  }

  /** @throws Fault `input` that lists all errors */
  throwIfInvalid(): void {
    const count = this.#errors.length;
    if (count === 0) return;
    const [inputs, them] = count === 1 ? ["1 invalid input", "it"] : [`${count} invalid inputs`, "them"];
    throw new Fault(
      "input",
      `${inputs} (no request was sent):\n${this.#errors.map((error) => `- ${error}`).join("\n")}`,
      `Fix ${them} under \`with:\` in the workflow. The README lists all inputs and their values.`,
    );
  }

  #valueOf<T>(name: string, text: string, parse: (text: string) => Parsed<T>): T | null {
    const parsed = parse(text);
    if ("value" in parsed) return parsed.value;
    const { problem, fix } = parsed;
    if (text === "") return this.reject(name, "is required, but empty", fix);
    const isHidden = URLS.includes(name) && /[@?#%\\]/.test(text);
    const value = isHidden ? "the value (not shown: it may contain a password)" : JSON.stringify(this.#show(text));
    const reason = problem === undefined ? "" : `: ${this.#show(problem, MAX_PROBLEM)}`;
    this.#errors.push(`\`${name}\`: ${value} is not valid${reason}. ${fix}.`);
    return null;
  }

  /** Returns `text` without secrets, which may have been given in another input by mistake, cut to `max` characters. */
  #show(text: string, max = MAX_VALUE): string {
    const secrets = SECRETS.map((name) => this.text(name)).filter((secret) => secret.length >= 4);
    const safe = secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
    return safe.length > max ? `${safe.slice(0, max)}…` : safe;
  }
}
