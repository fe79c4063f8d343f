import { codeOf, TooLarge, TooSlow, Undecodable } from "./body.ts";
import { HttpError, type HttpErrorCode } from "./errors.ts";
import type { Hop } from "./hop.ts";
import { redactUrl } from "./redact.ts";

/** Whether the server may have acted on a request that failed: `none`: it never got there. */
export type Reach = "none" | "unknown";

/** A failure in words: what happened, and what to do about it where something can be done. */
interface Words {
  readonly code: HttpErrorCode;
  readonly text: string;
  readonly reach: Reach;
  readonly retryable: boolean;
}

const TRUST = "if the certificate is your own authority's, name its file in NODE_EXTRA_CA_CERTS";

/** That the network is at fault while connecting; a connection that stands can fail by some of the same codes. */
const NEVER_SENT: Readonly<Record<string, string>> = {
  ENOTFOUND: "unknown host; check the name, and the runner's DNS or proxy",
  EAI_AGAIN: "the host's name cannot be resolved now; check the runner's DNS or proxy",
  ECONNREFUSED: "connection refused; check host and port",
  EHOSTUNREACH: "the host cannot be reached from here",
  ENETUNREACH: "the network cannot be reached from here",
  UND_ERR_CONNECT_TIMEOUT: "timed out while connecting",
  ETIMEDOUT: "timed out while connecting",
};

const TLS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "TLS: the server's certificate has expired",
  CERT_NOT_YET_VALID: "TLS: the server's certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: `TLS: the server's certificate is self-signed; ${TRUST}`,
  SELF_SIGNED_CERT_IN_CHAIN: `TLS: the server's certificate comes from an authority that is not known here; ${TRUST}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `TLS: the server's certificate comes from an authority that is not known here; ${TRUST}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `TLS: the server sends an incomplete certificate chain; ${TRUST}`,
  ERR_TLS_CERT_ALTNAME_INVALID: "TLS: the server's certificate is for another host name",
  EPROTO: "TLS: the server does not speak TLS on this port; check host, port and http:// or https://",
  ERR_SSL_WRONG_VERSION_NUMBER:
    "TLS: the server does not speak TLS on this port; check host, port and http:// or https://",
  ERR_SSL_PACKET_LENGTH_TOO_LONG:
    "TLS: the server does not speak TLS on this port; check host, port and http:// or https://",
};

/** What `cause` means for `hop`; `timeoutMs` for the words. */
export function failureOf(
  hop: Hop,
  cause: unknown,
  timeoutMs: number,
): { readonly error: HttpError; readonly reach: Reach } {
  const words = wordsFor(hop, cause, timeoutMs);
  const url = redactUrl(hop.url);
  const details = { code: words.code, method: hop.method, url, retryable: words.retryable };
  return { error: new HttpError(`${hop.method} ${url} failed: ${words.text}`, details, { cause }), reach: words.reach };
}

function wordsFor(hop: Hop, cause: unknown, timeoutMs: number): Words {
  const network = { code: "network", reach: "unknown", retryable: true } as const;
  if (cause instanceof TooLarge) {
    return {
      code: "too-large",
      reach: "unknown",
      retryable: false,
      text: `the answer is larger than ${hop.maxBytes} bytes`,
    };
  }
  if (cause instanceof TooSlow) return { ...network, text: "timed out: the answer comes too slowly" };
  if (cause instanceof Undecodable) return { ...network, text: `the answer is damaged: ${cause.message}` };
  const root = rootOf(cause);
  const code = codeOf(root);
  const tls = Object.hasOwn(TLS, code) ? TLS[code] : undefined;
  if (tls !== undefined) return { ...network, reach: "none", retryable: false, text: tls };
  const connects = !(root instanceof Error && "syscall" in root && /^(?:read|write)/.test(String(root.syscall)));
  const unsent = connects && Object.hasOwn(NEVER_SENT, code) ? NEVER_SENT[code] : undefined;
  if (unsent !== undefined) return { ...network, reach: "none", text: unsent };
  const message = cause instanceof Error ? cause.message : "";
  if (code === "UND_ERR_PRX_CONN" || code === "UND_ERR_PRX_TLS" || /\bproxy\b|tunnel/i.test(message)) {
    return { ...network, reach: "none", text: "the proxy refused it; check HTTPS_PROXY, HTTP_PROXY and NO_PROXY" };
  }
  if (code.endsWith("_TIMEOUT")) return { ...network, text: `timed out: nothing came for ${timeoutMs / 1_000} s` };
  if (code.startsWith("HPE_")) return { ...network, code: "protocol", text: `the answer is not HTTP (${code})` };
  if (code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH")
    return { ...network, text: "the answer is not as long as it says" };
  return {
    ...network,
    text: `the connection was closed before the answer was whole${code === "" ? "" : ` (${code})`}`,
  };
}

/** The deepest cause that has a code, or `error` itself: undici and Node wrap it, once or in an AggregateError. */
function rootOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const root = rootOf(error instanceof AggregateError ? error.errors[0] : error.cause);
  return codeOf(root) === "" ? error : root;
}

/** The error for what was cancelled: before it was ever sent, while it was under way, or before it was sent again. */
export function interruption(hop: Hop, state: "waiting" | "in flight" | "repeating", cause?: unknown): HttpError {
  const url = redactUrl(hop.url);
  const text = { waiting: "was not sent", "in flight": "was cut off", repeating: "was not sent again" }[state];
  const doubt = state !== "waiting" && isWrite(hop) ? "; the server may have acted on it all the same" : "";
  const unsent = state === "waiting" ? ({ unsent: true } as const) : {};
  return new HttpError(
    `${hop.method} ${url} ${text}: the run was cancelled${doubt}`,
    { code: "interrupted", method: hop.method, url, retryable: false, ...unsent },
    { cause },
  );
}

/** A POST that may be repeated asks for something: refs, pull requests, a token. */
function isWrite({ method, repeatable }: Hop): boolean {
  return method === "DELETE" || method === "PUT" || !repeatable;
}

/** The error for a DELETE whose turn came too late. */
export function expiry(hop: Hop, waitedMs: number): HttpError {
  const url = redactUrl(hop.url);
  return new HttpError(`${hop.method} ${url} was not sent: its turn came after ${Math.round(waitedMs / 1_000)} s`, {
    code: "expired",
    method: hop.method,
    url,
    retryable: true,
  });
}
