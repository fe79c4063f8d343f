import * as v from "valibot";
import { Fault } from "../../../fault.ts";
import type { HttpRequest, HttpResponse } from "../../../http/http.ts";
import { parseJson } from "../../../http/json.ts";
import { isLoopback } from "../../../http/loopback.ts";
import { redactUrl } from "../../../http/redact.ts";
import type { Challenge } from "./challenge.ts";
import { type AuthorizerOptions, basicAuthorization, permissionFault } from "./options.ts";

export interface BearerToken {
  readonly value: string;
  /** Milliseconds from now. */
  readonly lifetimeMs: number;
}

/** The lifetime of a token without `expires_in` (distribution, spec/auth/token.md). */
const DEFAULT_LIFETIME_S = 60;
const MAX_RESPONSE_BYTES = 1024 * 1024;
const CHECK_REALM =
  "Check the registry's address and its `auth.token.realm`: a login page or a proxy may have answered.";

/** Only characters that are safe in a header. */
const TokenText = v.fallback(v.optional(v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/))), undefined);
const TokenResponse = v.object({
  token: TokenText,
  access_token: TokenText,
  expires_in: v.fallback(v.optional(v.pipe(v.number(), v.minValue(0)), DEFAULT_LIFETIME_S), DEFAULT_LIFETIME_S),
  issued_at: v.fallback(v.optional(v.string(), ""), ""),
});

/**
 * Requests a token for `scopes` from the token server that `challenge` names (distribution, spec/auth/token.md). The token
 * can grant less than was requested, without an error. Throws Fault `registry` if the server may not have the credential or
 * returns no token, and Fault `permission` if it refuses.
 */
export async function fetchToken(
  options: AuthorizerOptions,
  challenge: Challenge,
  scopes: readonly string[],
): Promise<BearerToken> {
  const request = tokenRequest(options, realmOf(options, challenge), challenge.parameters["service"], scopes);
  const response = await options.http.send({ ...request, expected: [200, 401, 403], maxBytes: MAX_RESPONSE_BYTES });
  if (response.status !== 200) throw permissionFault(options, request.method, response, scopes);
  return parseToken(response, request.method);
}

/** A GET with the credential, or a POST with the refresh token (distribution, spec/auth/oauth.md). */
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
  const authorization = credential === null ? {} : { authorization: basicAuthorization(credential) };
  return { method: "GET", url, headers: { accept }, ...authorization };
}

function parseToken(response: HttpResponse, method: HttpRequest["method"]): BearerToken {
  const request = `${method} ${redactUrl(response.url)}`;
  const body = parseJson(response.body, TokenResponse, { request, kind: "registry", remedy: CHECK_REALM });
  const value = body.token ?? body.access_token;
  if (value === undefined) throw new Fault("registry", `${request} returned no token`, CHECK_REALM);
  return { value, lifetimeMs: Math.max(0, body.expires_in * 1000 - ageOf(body.issued_at, response)) };
}

/** Returns the age of a cached token in milliseconds, by the server's own clock; 0 if it does not send both times. */
function ageOf(issuedAt: string, { headers }: HttpResponse): number {
  const age = Date.parse(headers["date"] ?? "") - Date.parse(issuedAt);
  // A `Date` header has a resolution of one second.
  return age >= 1000 ? age : 0;
}

/** Returns the URL of the token server. Credentials are sent over TLS, to this machine, or to the registry itself only. */
function realmOf(
  { origin, credential, identityToken, mayReceiveCredential }: AuthorizerOptions,
  challenge: Challenge,
): URL {
  const text = challenge.parameters["realm"] ?? "";
  const realm = URL.parse(text);
  if (realm === null || !/^https?:$/.test(realm.protocol) || realm.username !== "" || realm.password !== "") {
    throw invalidRealm(origin, `named a token server with an invalid URL: ${JSON.stringify(text.slice(0, 200))}`);
  }
  if (realm.protocol !== "https:" && !isLoopback(realm.hostname) && realm.origin !== origin.origin) {
    throw invalidRealm(origin, `named a token server without TLS: ${realm.origin}`);
  }
  if ((credential !== null || identityToken !== undefined) && !mayReceiveCredential(realm)) {
    throw invalidRealm(origin, `named ${realm.host} as its token server, which may not receive the credential`);
  }
  return realm;
}

function invalidRealm(origin: URL, problem: string): Fault {
  return new Fault(
    "registry",
    `${origin.host} ${problem}`,
    "Correct `auth.token.realm` in the registry's configuration. Refsweep sent no credential.",
  );
}
