import { Fault } from "../../../fault.ts";
import type { HttpRequest, HttpResponse } from "../../../http/http.ts";
import { secretsOf } from "../../../http/redact.ts";
import { statusError } from "../status-error.ts";
import { type AuthorizerOptions, basicAuthorization } from "./options.ts";

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
