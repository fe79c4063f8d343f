import type { Clock } from "../../../clock.ts";
import type { HttpClient } from "../../../http/http.ts";
import type { Log } from "../../../log.ts";
import type { Credential } from "../../../settings.ts";

export interface AuthorizerOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
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
