import { Fault } from "../../../fault.ts";
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

/** Returns the Fault `permission` for a response with status 401 or 403. */
export function permissionFault(
  { credential, remedy }: Pick<AuthorizerOptions, "credential" | "remedy">,
  method: HttpRequest["method"],
  response: HttpResponse,
  scopes: readonly string[],
): Fault {
  const secrets = credential === null ? [] : secretsOf(basicAuthorization(credential));
  const cause = statusError(method, response, secrets);
  const who = credential === null ? "Anonymous access" : "The credential";
  const message = `${who} lacks the permission ${scopes.join(" ")}: ${cause.message}`;
  return new Fault("permission", message, remedy, { cause });
}
