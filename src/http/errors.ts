import { Fault, unexpected } from "../fault.ts";

/**
 * Why a request failed.
 *
 * - `status`: the response has a status that the caller did not expect, or the host refuses requests for too long.
 * - `network`: no complete response: connection refused or reset, unknown host, TLS, timeout, cut short.
 * - `protocol`: the response breaks a protocol: a bad redirect, not HTTP.
 * - `too-large`: the body is larger than the request's limit.
 * - `interrupted`: the run was cancelled.
 * - `expired`: the request could not be sent by its `sendBy`.
 */
type HttpErrorCode = "status" | "network" | "protocol" | "too-large" | "interrupted" | "expired";

/** A request without the response it needs. `message` names the method, the URL and the cause. */
export class HttpError extends Error {
  readonly code: HttpErrorCode;
  readonly method: string;
  /** Without user, password, and the values of query parameters that may be secret. */
  readonly url: string;
  readonly status?: number | undefined;
  /** The server's id of the request (`x-request-id`, `x-github-request-id`, or `request_id` in the body). */
  readonly requestId?: string | undefined;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Set if the server never received the request. */
  readonly unsent?: true | undefined;
  /** The server's error message, cut to 500 characters. It is untrusted text: escape it before printing. */
  readonly detail?: string | undefined;
  /** How to fix it, if the response says so. */
  readonly remedy?: string | undefined;

  constructor(message: string, details: HttpErrorDetails, options?: ErrorOptions) {
    super(message, options);
    this.name = "HttpError";
    this.code = details.code;
    this.method = details.method;
    this.url = details.url;
    this.status = details.status;
    this.requestId = details.requestId;
    this.retryable = details.retryable;
    this.unsent = details.unsent;
    this.detail = details.detail;
    this.remedy = details.remedy;
  }
}

export type HttpErrorDetails = Omit<HttpError, keyof Error>;

/** Returns the message of an error, with the server's own message. */
export function describeError(error: Error): string {
  return error instanceof HttpError && error.detail !== undefined ? `${error.message}: ${error.detail}` : error.message;
}

/** Returns an error that can be shown to the user: any other one is a bug. */
export function reportable(error: unknown): Fault | HttpError {
  return error instanceof Fault || error instanceof HttpError ? error : unexpected(error);
}

/**
 * Returns the result of a check that follows a DELETE. If the check fails, the DELETE was sent all the same, and may have succeeded:
 * then the error is neither `unsent` nor `expired`, nor a rate limit.
 */
export async function afterDeletion<T>(check: Promise<T>): Promise<T> {
  try {
    return await check;
  } catch (error) {
    if (!(error instanceof HttpError) || !(error.retryable || error.unsent === true)) throw error;
    const { code, method, url, retryable, detail } = error;
    const codeAfter = code === "expired" ? "network" : code;
    throw new HttpError(error.message, { code: codeAfter, method, url, retryable, detail }, { cause: error });
  }
}

/** Whether an error is the answer 403 to a DELETE: the token may delete something else. */
export function isForbiddenDeletion(error: unknown): error is Fault {
  const cause = error instanceof Fault && error.kind === "permission" ? error.cause : null;
  return cause instanceof HttpError && cause.status === 403 && cause.method === "DELETE";
}
