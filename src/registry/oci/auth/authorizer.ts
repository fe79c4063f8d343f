import type { HttpRequest, HttpResponse } from "../../../http/http.ts";
import { statusError } from "../status-error.ts";
import { createWarningLogger } from "../warnings.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { type AuthorizerOptions, basicAuthorization, permissionFault } from "./options.ts";
import { type Token, TokenCache } from "./token-cache.ts";

type UnauthorizedRequest = Omit<HttpRequest, "authorization">;

/**
 * Sends a request to a registry with the authorization that it requires. Throws Fault `permission` for 401 and 403.
 *
 * @param scope as in the token specification: `repository:NAME:pull,delete`
 */
export type AuthorizedSend = (request: UnauthorizedRequest, scope: string) => Promise<HttpResponse>;

interface Authorization {
  /** Absent: the request is anonymous. */
  readonly header?: string;
  readonly token?: Token;
}

/** A token can expire while its request waits for the rate limit. */
const MAX_ATTEMPTS = 5;

/** Finds out which authorization the registry requires: none, Basic, or a Bearer token. */
export function createAuthorizedSend(options: AuthorizerOptions): AuthorizedSend {
  const { http, credential } = options;
  const tokens = new TokenCache(options);
  const logWarnings = createWarningLogger(options.origin, options.log);
  let bearer: Challenge | null = null;
  let usesBasic = false;
  /** The first request finds out which authorization is required. The others wait for it. */
  let firstRequest: Promise<unknown> | null = null;

  async function authorizationFor(scope: string): Promise<Authorization> {
    if (bearer !== null) {
      const token = tokens.get(bearer, scope);
      return { header: `Bearer ${await token.value}`, token };
    }
    return usesBasic && credential !== null ? { header: basicAuthorization(credential) } : {};
  }

  /** Applies the challenge of the `attempt`th 401. Returns false if another attempt would send the same again. */
  function applyChallenge(response: HttpResponse, sent: Authorization, scope: string, attempt: number): boolean {
    const challenges = parseChallenges(response.headers["www-authenticate"] ?? "");
    const wanted = challenges.find(({ scheme }) => scheme === "bearer");
    if (wanted === undefined) {
      usesBasic ||= credential !== null && challenges.some(({ scheme }) => scheme === "basic");
      return usesBasic && sent.header === undefined;
    }
    const token = sent.token ?? null;
    // A challenge names its scopes in one parameter, separated by spaces (distribution, spec/auth/scope.md).
    const scopes = (wanted.parameters["scope"] ?? "").split(" ").filter((other) => other !== "");
    const missing = scopes.filter((other) => !includesScope(token?.scopes ?? [scope], other));
    const expired = token !== null && token.expiresAt <= options.clock.now();
    if (attempt > 1 && !expired && missing.length === 0) return false;
    bearer = wanted;
    if (missing.length > 0) tokens.add(scope, missing);
    tokens.drop(scope, token);
    return true;
  }

  async function sendAuthorized(request: UnauthorizedRequest, scope: string): Promise<HttpResponse> {
    for (let attempt = 1; ; attempt += 1) {
      const authorization = await authorizationFor(scope);
      const response = await http.send({
        ...request,
        expected: [...request.expected, 401, 403],
        ...(authorization.header === undefined ? {} : { authorization: authorization.header }),
      });
      logWarnings(response);
      if (response.status !== 401 && response.status !== 403) return response;
      // A redirect led to another host: its 401 says nothing about the registry's credential.
      if (response.url.origin !== request.url.origin) throw statusError(request.method, response);
      const mayRetry = response.status === 401 && attempt < MAX_ATTEMPTS;
      if (!mayRetry || !applyChallenge(response, authorization, scope, attempt)) {
        throw permissionFault(options, request.method, response, [scope], authorization.header);
      }
    }
  }

  return async (request, scope) => {
    if (firstRequest !== null) {
      await firstRequest.catch(() => null);
      return sendAuthorized(request, scope);
    }
    const sending = sendAuthorized(request, scope);
    firstRequest = sending;
    return sending;
  };
}

/** Returns whether `scopes` include `wanted`: `repository:app:pull,delete` includes `repository:app:delete`. */
function includesScope(scopes: readonly string[], wanted: string): boolean {
  const [resource, actions] = splitScope(wanted);
  const granted = scopes.map(splitScope).filter(([other]) => other === resource);
  return actions.every((action) => granted.some(([, others]) => others.includes(action)));
}

function splitScope(scope: string): readonly [resource: string, actions: readonly string[]] {
  const end = scope.lastIndexOf(":");
  return [scope.slice(0, end), scope.slice(end + 1).split(",")];
}
