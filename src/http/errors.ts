/**
 * Why a request failed.
 *
 * - `status`: an answer whose status the caller did not expect.
 * - `network`: no whole answer: refused, reset, unknown host, TLS, timed out, cut short.
 * - `protocol`: an answer that breaks its own rules: bad redirect, wrong content length.
 * - `too-large`: a body above the request's limit.
 * - `interrupted`: the job was cancelled before or while it was sent.
 * - `expired`: a DELETE that its host made wait for so long that what was decided may no longer hold: it was not sent.
 */
export type HttpErrorCode = "status" | "network" | "protocol" | "too-large" | "interrupted" | "expired";

export interface HttpErrorDetails {
  readonly code: HttpErrorCode;
  readonly method: string;
  /** Without user, password, or the values of query parameters that can hold a secret. */
  readonly url: string;
  readonly status?: number;
  /** The server's own id for the request (`x-request-id`, `x-github-request-id`, the body's `request_id`). */
  readonly requestId?: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Set where the request never left: the server cannot have acted on it. */
  readonly unsent?: true;
  /** What the server said, cut to a sane length; text from outside, never to be shown unescaped. */
  readonly detail?: string;
}

/** A request that did not get the answer it was sent for. `message` names method, URL and what came instead. */
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
