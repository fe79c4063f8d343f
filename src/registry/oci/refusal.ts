import * as v from "valibot";
import { Fault } from "../../fault.ts";
import { HttpError } from "../../http/errors.ts";
import type { HttpResponse } from "../../http/http.ts";
import { excerpt } from "../../http/redact.ts";

/** OCI distribution-spec, "Error Codes". */
const Errors = v.object({
  errors: v.tupleWithRest(
    [v.object({ code: v.optional(v.string(), ""), message: v.optional(v.string(), "") })],
    v.unknown(),
  ),
});

/** 400 with these codes is about the request, not about a policy. */
const INVALID_REQUEST = /^(?:DIGEST|NAME|TAG|MANIFEST)_(?:INVALID|UNKNOWN)$/;
/** What registries say of images that their policy protects, and never of a token. */
const POLICY = /immutable|protected|referenced|locked|retention|legal hold|in use/i;

/**
 * Returns why the registry's policy keeps a manifest; null: the response is another error. Registries use different statuses:
 * zot returns 405 for a manifest that an index lists, Harbor 412 for a referenced or immutable one, Quay 409 for an immutable tag,
 * Artifact Registry 400 for a tagged one.
 *
 * @param hasDeleted whether the registry deleted anything in this run: then deletes are not disabled
 */
export function refusalOf(response: HttpResponse, hasDeleted: boolean): string | null {
  const { status, body } = response;
  const { code, message } = errorIn(body);
  const reason = excerpt(message || code || body.toString("utf8", 0, 1_000), []) || `status ${status}`;
  if (status === 409 || status === 412) return reason;
  if (status !== 400 && status !== 405) return null;
  if (status === 400 && INVALID_REQUEST.test(code)) return null;
  return hasDeleted || (code !== "" && code !== "UNSUPPORTED") ? reason : null;
}

/** Returns the registry's reason if `error` is a 403 that is about a policy and not about the credential. */
export function refusalInError(error: unknown): string | null {
  const cause = error instanceof Fault && error.kind === "permission" ? error.cause : null;
  if (!(cause instanceof HttpError) || cause.status !== 403 || cause.detail === undefined) return null;
  return POLICY.test(cause.detail) ? excerpt(errorIn(Buffer.from(cause.detail)).message || cause.detail, []) : null;
}

/** Returns the first error of a response; empty texts if it has another format. */
function errorIn(body: Buffer): { readonly code: string; readonly message: string } {
  try {
    return v.parse(Errors, JSON.parse(body.toString("utf8"))).errors[0];
  } catch {
    return { code: "", message: "" };
  }
}
