import * as v from "valibot";
import type { Clock } from "../clock.ts";
import { Fault } from "../fault.ts";
import { HttpError } from "../http/errors.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../http/http.ts";
import type { Log } from "../report/log.ts";
import type { Credential } from "../settings.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";

export interface AuthorizerOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
  /** The registry's own origin. */
  readonly origin: URL;
  /** Null: anonymous. */
  readonly credential: Credential | null;
  /** Whether a token server may be given the credential; asked only for realms that are https, or loopback. */
  readonly mayReceiveCredential: (realm: URL) => boolean;
  /** What a user whose token lacks a right should do, for the error. */
  readonly remedy: string;
}

/** Sends requests to one registry with what it asks for: nothing, Basic, or a Bearer token of its realm. */
export interface Authorizer {
  /** @param scope as in the token specification: `repository:NAME:pull,delete` */
  send(request: Omit<HttpRequest, "authorization">, scope: string): Promise<HttpResponse>;
}

/** A token that was asked for: all who need it wait for the same one. */
interface Token {
  readonly value: Promise<string>;
  /** Milliseconds since the epoch; until the answer is there, never. */
  expiresAt: number;
}

/** A token without `expires_in` lives 60 s (Distribution's token specification). */
const DEFAULT_LIFE_S = 60;
/** A token is given up this long before its end, so that none expires on its way. */
const MARGIN_MS = 10_000;

const TokenShape = v.object({
  token: v.optional(v.string()),
  access_token: v.optional(v.string()),
  expires_in: v.optional(v.number()),
});

export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const tokens = new Map<string, Token>();
  const told = new Set<string>();
  let bearer: Challenge | null = null;
  let basic = false;
  /** The first request finds out what the registry asks for; the others wait for it, in place of being refused too. */
  let discovery: Promise<unknown> | null = null;

  async function authorizationFor(scope: string): Promise<string | null> {
    if (bearer !== null) return `Bearer ${await tokenFor(bearer, scope).value}`;
    return basic && options.credential !== null ? basicOf(options.credential) : null;
  }

  function tokenFor(challenge: Challenge, scope: string): Token {
    const known = tokens.get(scope);
    if (known !== undefined && known.expiresAt > options.clock.now()) return known;
    const answer = fetchToken(options, challenge, scope, told);
    const token: Token = { value: answer.then(({ value }) => value), expiresAt: Number.POSITIVE_INFINITY };
    tokens.set(scope, token);
    answer.then(
      ({ lifeSeconds }) => {
        token.expiresAt = options.clock.now() + Math.max(0, lifeSeconds * 1000 - MARGIN_MS);
      },
      () => tokens.delete(scope),
    );
    return token;
  }

  async function attempt(request: Omit<HttpRequest, "authorization">, scope: string): Promise<HttpResponse> {
    const authorization = await authorizationFor(scope);
    const expected = [...request.expected, 401];
    return options.http.send({ ...request, expected, ...(authorization === null ? {} : { authorization }) });
  }

  async function sendAsAsked(request: Omit<HttpRequest, "authorization">, scope: string): Promise<HttpResponse> {
    const sentAs = bearer === null ? undefined : tokens.get(scope);
    const sentBasic = basic;
    const first = await attempt(request, scope);
    if (first.status !== 401) return first;
    const challenges = parseChallenges(first.headers["www-authenticate"] ?? "");
    const wanted = challenges.find(({ scheme }) => scheme === "bearer");
    const takesBasic = options.credential !== null && challenges.some(({ scheme }) => scheme === "basic");
    if (wanted === undefined && (!takesBasic || sentBasic)) throw refused(options, first, scope);
    if (wanted === undefined) basic = true;
    else bearer = wanted;
    // The token that was refused may have expired early; one that another request fetched meanwhile is as good as new.
    if (sentAs !== undefined && sentAs === tokens.get(scope)) tokens.delete(scope);
    const second = await attempt(request, scope);
    if (second.status === 401) throw refused(options, second, scope);
    return second;
  }

  return {
    async send(request, scope) {
      if (discovery !== null) {
        await discovery.catch(() => null);
        return sendAsAsked(request, scope);
      }
      const asked = sendAsAsked(request, scope);
      discovery = asked;
      return asked;
    },
  };
}

async function fetchToken(
  options: AuthorizerOptions,
  challenge: Challenge,
  scope: string,
  told: Set<string>,
): Promise<Answer> {
  const realm = realmOf(options, challenge);
  const { credential, origin, log } = options;
  if (realm.host !== origin.host && !told.has(realm.host)) {
    told.add(realm.host);
    log.info(`${origin.host} sends for its tokens to ${realm.host}`);
  }
  const url = new URL(realm);
  const service = challenge.parameters["service"];
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.append("scope", scope);
  const sends = credential !== null && options.mayReceiveCredential(realm);
  const response = await options.http.send({
    method: "GET",
    url,
    headers: { accept: "application/json" },
    ...(sends ? { authorization: basicOf(credential) } : {}),
    expected: [200, 401, 403],
    maxBytes: 1024 * 1024,
  });
  if (response.status !== 200) throw refused(options, response, scope);
  const answer = parseToken(response);
  log.mask(answer.value);
  return answer;
}

interface Answer {
  readonly value: string;
  readonly lifeSeconds: number;
}

function parseToken(response: HttpResponse): Answer {
  let body: unknown;
  try {
    body = JSON.parse(response.body.toString("utf8"));
  } catch {
    body = null;
  }
  const parsed = v.safeParse(TokenShape, body);
  const value = parsed.success ? (parsed.output.token ?? parsed.output.access_token ?? "") : "";
  if (!parsed.success || value === "") {
    throw new Fault(
      "registry",
      `The token server ${response.url.origin}${response.url.pathname} answered 200 without a token`,
      "Check the registry's address: a login page or a proxy may answer in its place.",
    );
  }
  return { value, lifeSeconds: parsed.output.expires_in ?? DEFAULT_LIFE_S };
}

/** The token server that a registry names; credentials go over TLS, or stay on this machine. */
function realmOf({ origin }: AuthorizerOptions, challenge: Challenge): URL {
  const text = challenge.parameters["realm"] ?? "";
  const realm = URL.parse(text);
  if (
    realm === null ||
    !["http:", "https:"].includes(realm.protocol) ||
    realm.username !== "" ||
    realm.password !== ""
  ) {
    throw badRealm(origin, `names a token server that is no URL: ${JSON.stringify(text.slice(0, 200))}`);
  }
  if (realm.protocol !== "https:" && !isLoopback(realm.hostname) && realm.origin !== origin.origin) {
    throw badRealm(origin, `names a token server without TLS: ${realm.origin}`);
  }
  return realm;
}

function badRealm(origin: URL, what: string): Fault {
  return new Fault(
    "registry",
    `${origin.host} ${what}`,
    "Mend the registry's `auth.token.realm`; no credential was sent.",
  );
}

/** Whether `hostname` (as in a URL) is this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127\./.test(hostname);
}

function basicOf({ username, secret }: Credential): string {
  return `Basic ${Buffer.from(`${username}:${secret}`).toString("base64")}`;
}

function refused(options: AuthorizerOptions, response: HttpResponse, scope: string): Fault {
  const who = options.credential === null ? "anonymous access" : "the credential";
  const url = `${response.url.origin}${response.url.pathname}`;
  const cause = new HttpError(`${url} answered ${response.status}`, {
    code: "status",
    method: "GET",
    url,
    status: response.status,
    retryable: false,
  });
  return new Fault("permission", `${url} refused ${who} for ${scope}: it answered ${response.status}`, options.remedy, {
    cause,
  });
}
