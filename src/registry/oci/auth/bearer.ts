import * as v from "valibot";
import { Fault } from "../../../fault.ts";
import type { HttpRequest, HttpResponse } from "../../../http/http.ts";
import { redactUrl } from "../../../http/redact.ts";
import type { AuthorizerOptions } from "./authorizer.ts";
import type { Challenge } from "./challenge.ts";
import { basicOf, refusal } from "./refusal.ts";

/** A Bearer token, and for how many milliseconds from now it is good. */
export interface BearerToken {
  readonly value: string;
  readonly lifeMs: number;
}

/** A token without `expires_in` lives 60 s (Distribution's token specification). */
const DEFAULT_LIFE_S = 60;
const MAX_ANSWER_BYTES = 1024 * 1024;

const TokenShape = v.object({
  token: v.optional(v.unknown()),
  access_token: v.optional(v.unknown()),
  expires_in: v.optional(v.unknown()),
  issued_at: v.optional(v.unknown()),
});

/**
 * Asks the token server that `challenge` names for a token of `scopes` (distribution, spec/auth/token.md). What it grants
 * may be less, without an error.
 * Throws a Fault of kind `registry` for a realm that may not have the credential, or an answer without a token; one of
 * kind `permission` where it refuses.
 */
export async function fetchToken(
  options: AuthorizerOptions,
  challenge: Challenge,
  scopes: readonly string[],
): Promise<BearerToken> {
  const request = tokenRequest(options, realmOf(options, challenge), challenge.parameters["service"], scopes);
  const response = await options.http.send({
    ...request,
    expected: [200, 401, 403],
    maxBytes: MAX_ANSWER_BYTES,
  });
  if (response.status !== 200) throw refusal(options, request.method, response, scopes);
  return parseToken(response);
}

/** A GET with the credential; a refresh token is taken by POST only (distribution, spec/auth/oauth.md). */
function tokenRequest(
  { credential, identityToken }: AuthorizerOptions,
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
): Omit<HttpRequest, "expected"> {
  const accept = "application/json";
  if (identityToken !== undefined) {
    const form = new URLSearchParams({ grant_type: "refresh_token", client_id: "refsweep", scope: scopes.join(" ") });
    form.set("service", service ?? "");
    form.set("refresh_token", identityToken);
    const headers = { accept, "content-type": "application/x-www-form-urlencoded" };
    return { method: "POST", url: realm, headers, body: form.toString(), idempotent: true };
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const authorization = credential === null ? {} : { authorization: basicOf(credential) };
  return { method: "GET", url, headers: { accept }, ...authorization };
}

function parseToken(response: HttpResponse): BearerToken {
  let body: unknown;
  try {
    body = JSON.parse(response.body.toString("utf8"));
  } catch {
    body = null;
  }
  const parsed = v.safeParse(TokenShape, body);
  const answer = parsed.success ? parsed.output : {};
  const value = [answer.token, answer.access_token].find(isToken);
  if (value === undefined) {
    throw new Fault(
      "registry",
      `The token server at ${redactUrl(response.url)} answered 200 without a token`,
      "Check the registry's address: a login page or a proxy may answer in its place.",
    );
  }
  const { expires_in: life } = answer;
  const seconds = typeof life === "number" && life >= 0 ? life : DEFAULT_LIFE_S;
  return { value, lifeMs: Math.max(0, seconds * 1000 - ageOf(answer.issued_at, response)) };
}

/** What can stand in a header without breaking it. */
function isToken(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
}

/** How old a token already is, by the server's own clock, which may differ from ours; 0 where it does not tell both times. */
function ageOf(issuedAt: unknown, { headers }: HttpResponse): number {
  const age = Date.parse(headers["date"] ?? "") - (typeof issuedAt === "string" ? Date.parse(issuedAt) : Number.NaN);
  // A `Date` header counts whole seconds.
  return age >= 1000 ? age : 0;
}

/** The token server that a registry names; credentials go over TLS, or stay on this machine, or with the registry. */
function realmOf(
  { origin, credential, identityToken, mayReceiveCredential }: AuthorizerOptions,
  challenge: Challenge,
): URL {
  const text = challenge.parameters["realm"] ?? "";
  const realm = URL.parse(text);
  if (realm === null || !/^https?:$/.test(realm.protocol) || realm.username !== "" || realm.password !== "") {
    throw badRealm(origin, `names a token server that is no URL: ${JSON.stringify(text.slice(0, 200))}`);
  }
  if (realm.protocol !== "https:" && !isLoopback(realm.hostname) && realm.origin !== origin.origin) {
    throw badRealm(origin, `names a token server without TLS: ${realm.origin}`);
  }
  if ((credential !== null || identityToken !== undefined) && !mayReceiveCredential(realm)) {
    throw badRealm(origin, `sends for its tokens to ${realm.host}, for which the credential is not`);
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

/** Whether `hostname`, as a URL has it, is this machine; a name may begin as an address does (`127.0.0.1.example`). */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}
