import { HttpError } from "../../http/errors.ts";
import { explain } from "../../http/explanation.ts";
import type { HttpRequest, HttpResponse } from "../../http/http.ts";
import { redactUrl } from "../../http/redact.ts";

/**
 * Returns the error for a response that the HTTP client passed on, but that is a failure.
 *
 * @param secrets removed from the excerpt of the body
 * @param addition ends the message: `, but the manifest still exists`
 */
export function statusError(
  method: HttpRequest["method"],
  response: HttpResponse,
  secrets: readonly string[] = [],
  addition = "",
): HttpError {
  const url = redactUrl(response.url);
  const { detail, remedy } = explain(response, response.url, secrets);
  return new HttpError(`${method} ${url} returned ${response.status}${addition}`, {
    code: "status",
    method,
    url,
    status: response.status,
    retryable: false,
    ...(detail === "" ? {} : { detail }),
    remedy,
  });
}

/** Returns the error for a DELETE that returned 404, or claimed success, although the manifest can be read. */
export function notDeleted(response: HttpResponse): HttpError {
  return statusError("DELETE", response, [], ", but the manifest still exists");
}
