import { isRead, type OutgoingRequest, type ReceivedResponse } from "./request.ts";
import { redirectError } from "./request-errors.ts";

const MAX_REDIRECTS = 5;
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Headers that cannot hold a credential. */
const HEADERS_FOR_OTHER_ORIGINS = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "user-agent",
]);

/**
 * Returns the request to which a response redirects `request`; null: it is no redirect of a GET or HEAD.
 *
 * Only a request with `mayLeaveOrigin` is redirected to another origin. It gets no credentials there, which a redirect back
 * does not restore. Throws HttpError for any other redirect to another origin, and for one from https to http.
 *
 * @param previous the number of redirects before this one
 */
export function followRedirect(
  request: OutgoingRequest,
  { status, headers }: Omit<ReceivedResponse, "body">,
  previous: number,
): OutgoingRequest | null {
  const { location } = headers;
  if (!isRead(request.method) || location === undefined || !REDIRECT_STATUSES.has(status)) return null;
  const url = URL.parse(location, request.url.href);
  const refusal = refusalOf(request, url, previous);
  if (url === null || refusal !== null) throw redirectError(request, status, refusal ?? "");
  if (url.origin === request.url.origin) return { ...request, url };
  const allowed = Object.entries(request.headers).filter(([name]) => HEADERS_FOR_OTHER_ORIGINS.has(name));
  return { ...request, url, headers: Object.fromEntries(allowed) };
}

function refusalOf({ url: from, mayLeaveOrigin }: OutgoingRequest, to: URL | null, previous: number): string | null {
  if (to === null) return "to an invalid URL";
  if (previous >= MAX_REDIRECTS) return `to ${to.host}, after ${MAX_REDIRECTS} redirects in a row`;
  if (to.username !== "" || to.password !== "") return `to ${to.host} with a user in the URL`;
  if (to.origin === from.origin) return null;
  const target = `${to.protocol}//${to.host}`;
  if (!mayLeaveOrigin) return `to ${target}, but only ${from.origin} may answer it`;
  const isHttp = to.protocol === "http:" && from.protocol === "http:";
  return to.protocol === "https:" || isHttp ? null : `to ${target}, which is not https`;
}
