import { Fault } from "../../../fault.ts";
import { HttpError } from "../../../http/errors.ts";
import type { HttpRequest, HttpResponse } from "../../../http/http.ts";
import { excerpt, redactUrl, secretsOf } from "../../../http/redact.ts";
import type { Credential } from "../../../settings.ts";
import type { AuthorizerOptions } from "./authorizer.ts";

/** The `Authorization` header of a user and a password (RFC 7617). */
export function basicOf({ username, secret }: Credential): string {
  return `Basic ${Buffer.from(`${username}:${secret}`).toString("base64")}`;
}

/** An answer of 401 or 403, as the end of the run that it is. */
export function refusal(
  { credential, remedy }: Pick<AuthorizerOptions, "credential" | "remedy">,
  method: HttpRequest["method"],
  response: HttpResponse,
  scopes: readonly string[],
): Fault {
  const who = credential === null ? "anonymous access" : "the credential";
  const secrets = credential === null ? [] : secretsOf(basicOf(credential));
  const cause = refusedAnswer(method, response, secrets);
  const message = `${method} ${cause.url} refused ${who} for ${scopes.join(" ")}: it answered ${response.status}`;
  return new Fault("permission", message, remedy, { cause });
}

/**
 * The same answer, where it says nothing about the credential.
 *
 * @param besides what is known beside it, as the message goes on
 */
export function refusedAnswer(
  method: HttpRequest["method"],
  response: HttpResponse,
  secrets: readonly string[],
  besides = "",
): HttpError {
  const url = redactUrl(response.url);
  const detail = excerpt(response.body.toString("utf8", 0, 10_000), secrets);
  return new HttpError(`${method} ${url} answered ${response.status}${besides}`, {
    code: "status",
    method,
    url,
    status: response.status,
    retryable: false,
    ...(detail === "" ? {} : { detail }),
  });
}
