import { Fault } from "../fault.ts";
import { describeError, HttpError, isForbiddenDeletion } from "../http/errors.ts";
import type { HttpResponse } from "../http/http.ts";
import type { Credential, Settings } from "../settings.ts";
import type { InvalidInput } from "./provider.ts";
import type { Deletion } from "./registry.ts";

/** Returns the problem of a token that cannot be sent in an `Authorization: Bearer` header; null if it can. */
export function invalidToken(token: string): InvalidInput | null {
  if (/^[\x21-\x7e]*$/.test(token)) return null;
  return { input: "token", problem: "contains a blank, a line break or another character that no token has" };
}

/** Returns the credential of a provider that always needs one. Throws Fault `input` if it is missing. */
export function requireCredential({ credential }: Pick<Settings, "credential">): Credential {
  if (credential === null) throw new Fault("input", "`token` is missing", "Set `token` to a token of the registry.");
  return credential;
}

/** How to fix a token that an API rejects (401), or that lacks a permission (403). */
export interface TokenRemedies {
  readonly rejected: string;
  readonly lacking: string;
}

/** Returns the response of an API. Throws Fault `permission` instead of HttpError for 401, and for 403 without a rate limit. */
export async function requirePermission(
  service: string,
  remedies: TokenRemedies,
  response: Promise<HttpResponse>,
): Promise<HttpResponse> {
  try {
    return await response;
  } catch (error) {
    // A 403 that can be retried is a rate limit.
    if (!(error instanceof HttpError) || error.retryable) throw error;
    const answer = describeError(error);
    const cause = { cause: error };
    const { status, remedy } = error;
    if (status === 401) {
      throw new Fault("permission", `${service} rejected the token: ${answer}`, remedy ?? remedies.rejected, cause);
    }
    if (status !== 403) throw error;
    const what = remedy === undefined ? "The token lacks a permission" : `${service} refused the request`;
    throw new Fault("permission", `${what}: ${answer}`, remedy ?? remedies.lacking, cause);
  }
}

/** Returns a DELETE that failed with 403 as a result; throws any other error. */
export function forbiddenIfRefused(error: unknown): Extract<Deletion, { outcome: "forbidden" }> {
  if (!isForbiddenDeletion(error)) throw error;
  return { outcome: "forbidden", fault: error };
}
