import { Fault } from "../fault.ts";
import type { Parsed } from "./parse.ts";

/** What is used where an input is empty: the defaults of action.yml, but for those that depend on the run. */
export const DEFAULTS: Readonly<Record<string, string>> = {
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

/** Inputs whose values are never shown: their errors say what is wrong and not with what, and they stay out of all others. */
const SECRETS = ["token", "github-token", "username"];
/** Values that are URLs, where a password or a token may stand before an `@`, or after a `?`. */
const URLS = ["registry", "api-url", "GITHUB_API_URL", "GITHUB_GRAPHQL_URL", "GITHUB_SERVER_URL"];
const LONGEST_SHOWN = 100;

/** Reads inputs one by one, and keeps account of those that are bad. */
export class InputReader {
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

  /** The input as a checked value; null: it is bad, which is noted. */
  read<T>(name: string, parse: (text: string) => Parsed<T>, need: "required" | "optional" = "optional"): T | null {
    const text = this.text(name);
    if (text === "" && need === "required") return this.bad(name, "is required, and empty");
    return this.#accept(name, text, parse(text));
  }

  /** A value of the runner's environment, or `fallback` where it is empty. */
  environment<T>(name: string, parse: (text: string) => Parsed<T>, fallback = ""): T | null {
    const text = this.#environment[name] || fallback;
    return this.#accept(name, text, parse(text));
  }

  /** Notes that an input is bad. */
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

  #accept<T>(name: string, text: string, parsed: Parsed<T>): T | null {
    if ("value" in parsed) return parsed.value;
    return this.bad(name, `got ${this.#shown(name, text)}; it takes ${this.#withoutSecrets(parsed.takes)}`);
  }

  #shown(name: string, text: string): string {
    if (URLS.includes(name) && /[@?#%\\]/.test(text)) return "a value that is not shown, as it may hold a password";
    const safe = this.#withoutSecrets(text);
    return JSON.stringify(safe.length > LONGEST_SHOWN ? `${safe.slice(0, LONGEST_SHOWN)}…` : safe);
  }

  /** Without the values of secret inputs: they may have been given in the wrong place, too. */
  #withoutSecrets(text: string): string {
    const secrets = SECRETS.map((name) => this.text(name)).filter((secret) => secret.length >= 4);
    return secrets.reduce((safe, secret) => safe.replaceAll(secret, "***"), text);
  }
}
