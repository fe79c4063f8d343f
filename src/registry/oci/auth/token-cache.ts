import { fetchToken } from "./bearer.ts";
import type { Challenge } from "./challenge.ts";
import type { AuthorizerOptions } from "./options.ts";

/** A token that is being fetched or was fetched. All requests for its scope share it. */
export interface Token {
  readonly value: Promise<string>;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch; Infinity while it is being fetched. */
  expiresAt: number;
}

/** Tokens are renewed this long before they expire; tokens with a shorter lifetime, after half of it. */
const MARGIN_MS = 10_000;

/** The Bearer tokens of one registry, by scope. */
export class TokenCache {
  readonly #options: AuthorizerOptions;
  readonly #tokens = new Map<string, Token>();
  /** Scopes that the registry wants in addition. */
  readonly #additional = new Map<string, readonly string[]>();
  readonly #loggedHosts = new Set<string>();

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** Returns the token for `scope`, and fetches a new one if there is none or it has expired. */
  get(challenge: Challenge, scope: string): Token {
    const known = this.#tokens.get(scope);
    if (known !== undefined && known.expiresAt > this.#options.clock.now()) return known;
    this.#logTokenServer(challenge);
    const scopes = [scope, ...(this.#additional.get(scope) ?? [])];
    const token = this.#fetch(challenge, scopes);
    this.#tokens.set(scope, token);
    token.value.catch(() => this.drop(scope, token));
    return token;
  }

  /** Requests `scopes` together with `scope` from now on. */
  add(scope: string, scopes: readonly string[]): void {
    this.#additional.set(scope, [...(this.#additional.get(scope) ?? []), ...scopes]);
  }

  /** Drops the token of `scope`, unless another request has replaced it. */
  drop(scope: string, token: Token | null): void {
    if (this.#tokens.get(scope) === token) this.#tokens.delete(scope);
  }

  #fetch(challenge: Challenge, scopes: readonly string[]): Token {
    const { clock, log } = this.#options;
    const token: Token = {
      scopes,
      expiresAt: Number.POSITIVE_INFINITY,
      value: fetchToken(this.#options, challenge, scopes).then(({ value, lifetimeMs }) => {
        log.mask(value);
        token.expiresAt = clock.now() + Math.max(lifetimeMs - MARGIN_MS, lifetimeMs / 2);
        return value;
      }),
    };
    return token;
  }

  #logTokenServer(challenge: Challenge): void {
    const { origin, log } = this.#options;
    const host = URL.parse(challenge.parameters["realm"] ?? "")?.host;
    if (host === undefined || host === origin.host || this.#loggedHosts.has(host)) return;
    this.#loggedHosts.add(host);
    log.info(`Using ${host} as the token server for ${origin.host}`);
  }
}
