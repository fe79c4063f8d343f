import type { Clock } from "../clock.ts";
import type { HostPolicy, HttpClient } from "../http/http.ts";
import type { Log } from "../log.ts";
import type { Credential, Settings } from "../settings.ts";
import type { Capabilities } from "./capabilities.ts";
import type { Registry } from "./registry.ts";

/** How long deleted manifests can be restored. */
export interface RestoreWindow {
  readonly days: number;
  /** The vendor's page that explains how. */
  readonly url: string;
}

/** The address rule of a provider. */
export interface AddressRule {
  /** As shown to users, such as `ghcr.io/OWNER`. */
  readonly form: string;
  /** Returns why `path`, the part of the input `registry` after the host, is not valid; null if it is valid. */
  invalidPath(path: string): string | null;
}

/** The inputs that a credential can come from. An empty string means that the input is empty. */
export interface CredentialInputs {
  readonly username: string;
  readonly token: string;
  readonly githubToken: string;
}

/** An invalid input, and what is wrong with it as the end of a sentence: `is required`. */
export interface InvalidInput {
  readonly input: string;
  readonly problem: string;
}

/** What an opened registry works with. */
export interface Services {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts when the job is cancelled. */
  readonly signal: AbortSignal;
}

/** A kind of registry, as data. `providers.ts` lists them all. */
export interface Provider {
  /** The value of the input `provider`. */
  readonly name: string;
  /**
   * Whether `host` (lower case, without port) is one of this provider's own. `distribution` has none: it takes the hosts
   * that no other provider has.
   *
   * @param githubServerUrl the value of `GITHUB_SERVER_URL`
   */
  hasHost(host: string, githubServerUrl: string): boolean;
  readonly address: AddressRule;
  /** The registry's credential; null: anonymous, or a Docker login. */
  credential(inputs: CredentialInputs): Credential | null | InvalidInput;
  /** The default of the input `api-url`; null: the provider has no API of its own at a fixed address. */
  readonly apiUrl: string | null;
  /** Inputs that only some providers have, of those this provider has: `protect-apps`, `gc-type`, `gc-command`, `api-url`. */
  readonly inputs: readonly string[];
  readonly capabilities: Capabilities;
  readonly restoreWindow: RestoreWindow | null;
  /** The page of a repository in the registry's web interface; null: there is none. */
  repositoryUrl(settings: Pick<Settings, "registry" | "github">, repository: string): string | null;
  /** What is known about the limits of the hosts that a run talks to, before their first answer. */
  ratePolicy(settings: Settings): (host: string) => HostPolicy;
  /** Opens the registry. Loads the provider's code; sends no request. Throws Fault `input`. */
  open(settings: Settings, services: Services): Promise<Registry>;
}
