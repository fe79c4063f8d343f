import { Fault } from "../../../fault.ts";
import { describeError } from "../../../http/errors.ts";
import type { HttpRequest, HttpResponse } from "../../../http/http.ts";
import { secretsOf } from "../../../http/redact.ts";
import type { Credential } from "../../../settings.ts";
import type { Services } from "../../provider.ts";
import { statusError } from "../status-error.ts";

export interface AuthorizerOptions extends Pick<Services, "http" | "clock" | "log"> {
  /** The registry. */
  readonly origin: URL;
  /** Null: anonymous. */
  readonly credential: Credential | null;
  /** A refresh token, which token servers accept instead of the credential. */
  readonly identityToken?: string;
  /** Whether the credential may be sent to a token server. Called only for https, loopback, or the registry itself. */
  readonly mayReceiveCredential: (realm: URL) => boolean;
  /** The remedy of a missing permission. */
  readonly remedy: string;
}

/** Returns the `Authorization` header for Basic (RFC 7617). */
export function basicAuthorization({ username, secret }: Credential): string {
  return `Basic ${Buffer.from(`${username}:${secret}`).toString("base64")}`;
}

/**
 * Returns the Fault `permission` for a response with status 401 or 403.
 *
 * @param authorization the header of the request, which the response may repeat
 */
export function permissionFault(
  { credential, identityToken, remedy }: Pick<AuthorizerOptions, "credential" | "identityToken" | "remedy">,
  method: HttpRequest["method"],
  response: HttpResponse,
  scopes: readonly string[],
  authorization?: string,
): Fault {
  const sent = [authorization, credential === null ? undefined : basicAuthorization(credential)];
  const secrets = [...sent.flatMap(secretsOf), ...(identityToken === undefined ? [] : [identityToken])];
  const cause = statusError(method, response, secrets);
  const isAnonymous = credential === null && identityToken === undefined;
  const who = isAnonymous ? "Anonymous access" : "The credential";
  const scope = scopes.join(" ");
  const problem = cause.remedy === undefined ? `lacks the permission ${scope}` : `was refused for ${scope}`;
  return new Fault("permission", `${who} ${problem}: ${describeError(cause)}`, cause.remedy ?? remedy, { cause });
}
