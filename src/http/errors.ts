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
export type HttpErrorCode = "status" | "network" | "protocol" | "too-large" | "interrupted" | "expired";

export interface HttpErrorDetails {
  readonly code: HttpErrorCode;
  readonly method: string;
  /** Without user, password, and the values of query parameters that may be secret. */
  readonly url: string;
  readonly status?: number;
  /** The server's id of the request (`x-request-id`, `x-github-request-id`, or `request_id` in the body). */
  readonly requestId?: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Set if the server never received the request. */
  readonly unsent?: true;
  /** The server's error message, cut to 300 characters. It is untrusted text: escape it before printing. */
  readonly detail?: string;
}

/** A request without the response it needs. `message` names the method, the URL and the cause. */
export class HttpError extends Error implements HttpErrorDetails {
  readonly code: HttpErrorCode;
  readonly method: string;
  readonly url: string;
  readonly status?: number;
  readonly requestId?: string;
  readonly retryable: boolean;
  readonly unsent?: true;
  readonly detail?: string;

  constructor(message: string, details: HttpErrorDetails, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "HttpError";
    this.code = details.code;
    this.method = details.method;
    this.url = details.url;
    this.retryable = details.retryable;
    if (details.status !== undefined) this.status = details.status;
    if (details.requestId !== undefined) this.requestId = details.requestId;
    if (details.unsent !== undefined) this.unsent = details.unsent;
    if (details.detail !== undefined) this.detail = details.detail;
  }
}
