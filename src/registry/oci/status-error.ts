import { HttpError } from "../../http/errors.ts";
import type { HttpRequest, HttpResponse } from "../../http/http.ts";
import { excerpt, redactUrl } from "../../http/redact.ts";

const MAX_DETAIL_BYTES = 10_000;

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
  const detail = excerpt(response.body.toString("utf8", 0, MAX_DETAIL_BYTES), secrets);
  return new HttpError(`${method} ${url} returned ${response.status}${addition}`, {
    code: "status",
    method,
    url,
    status: response.status,
    retryable: false,
    ...(detail === "" ? {} : { detail }),
  });
}
