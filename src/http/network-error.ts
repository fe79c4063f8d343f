import { codeOf, DecompressionError, TooLargeError } from "./decompress.ts";
import type { HttpError, HttpErrorDetails } from "./errors.ts";
import { TooSlowError } from "./receive.ts";
import type { OutgoingRequest } from "./request.ts";
import { errorFor } from "./request-errors.ts";

const TRUST = "If the certificate is from your own authority, set NODE_EXTRA_CA_CERTS to its file";
const UNKNOWN_AUTHORITY = `TLS: the authority of the server's certificate is unknown. ${TRUST}`;
const NO_TLS = "TLS: the server does not use TLS on this port. Check the host, the port, and http:// or https://";

/** Codes of errors while connecting. An open connection can fail with some of the same codes. */
const CONNECT_ERRORS: Readonly<Record<string, string>> = {
  ENOTFOUND: "unknown host. Check the name, and the runner's DNS or proxy",
  EAI_AGAIN: "the host name cannot be resolved now. Check the runner's DNS or proxy",
  ECONNREFUSED: "connection refused. Check the host and the port",
  EHOSTUNREACH: "the host is unreachable",
  ENETUNREACH: "the network is unreachable",
  UND_ERR_CONNECT_TIMEOUT: "connection timed out",
  ETIMEDOUT: "connection timed out",
};

const TLS_ERRORS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "TLS: the server's certificate has expired",
  CERT_NOT_YET_VALID: "TLS: the server's certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: `TLS: the server's certificate is self-signed. ${TRUST}`,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `TLS: the server sends an incomplete certificate chain. ${TRUST}`,
  ERR_TLS_CERT_ALTNAME_INVALID: "TLS: the server's certificate is for another host name",
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
};

interface Diagnosis extends Omit<HttpErrorDetails, "method" | "url"> {
  readonly text: string;
}

/** The error for a request without a complete response. `unsent` is set if the server cannot have received it. */
export function networkError(request: OutgoingRequest, cause: unknown, timeoutMs: number): HttpError {
  const { text, ...details } = diagnose(request, cause, timeoutMs);
  return errorFor(request, `failed: ${text}`, details, cause);
}

function diagnose({ maxBytes }: OutgoingRequest, cause: unknown, timeoutMs: number): Diagnosis {
  const failed = (text: string) => ({ code: "network", retryable: true, text }) as const;
  const unsent = (text: string) => ({ ...failed(text), unsent: true }) as const;
  if (cause instanceof TooLargeError) {
    return { code: "too-large", retryable: false, text: `the response is larger than ${maxBytes} bytes` };
  }
  if (cause instanceof TooSlowError) return failed("timed out because the response is too slow");
  if (cause instanceof DecompressionError) return failed(`the response is damaged: ${cause.message}`);
  const root = rootCause(cause);
  const code = codeOf(root);
  const tls = TLS_ERRORS[code];
  if (tls !== undefined) return { ...unsent(tls), retryable: false };
  const isOpen = root instanceof Error && "syscall" in root && /^(?:read|write)/.test(String(root.syscall));
  const connect = isOpen ? undefined : CONNECT_ERRORS[code];
  if (connect !== undefined) return unsent(connect);
  const message = cause instanceof Error ? cause.message : "";
  if (code === "UND_ERR_PRX_CONN" || code === "UND_ERR_PRX_TLS" || /\bproxy\b|tunnel/i.test(message)) {
    return unsent("the proxy refused the connection. Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY");
  }
  if (code.endsWith("_TIMEOUT")) return failed(`timed out: no data for ${timeoutMs / 1_000} s`);
  if (code.startsWith("HPE_")) return { ...failed(`the response is not HTTP (${code})`), code: "protocol" };
  if (code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH") return failed("the response does not match its content-length");
  return failed(`the connection was closed before the response was complete${code === "" ? "" : ` (${code})`}`);
}

/** The deepest cause with a code, or `error` itself. Undici and Node wrap errors, sometimes in an AggregateError. */
function rootCause(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const root = rootCause(error instanceof AggregateError ? error.errors[0] : error.cause);
  return codeOf(root) === "" ? error : root;
}
