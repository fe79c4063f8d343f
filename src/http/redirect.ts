import { isLoopback } from "./loopback.ts";
import type { OutgoingRequest, ReceivedResponse } from "./request.ts";
import { redirectError } from "./request-errors.ts";

const MAX_REDIRECTS = 5;
const REDIRECT_STATUSES = new Set([301, 302, 303, 307, 308]);

/** Headers that cannot hold a credential. */
const HEADERS_FOR_OTHER_ORIGINS = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "user-agent",
]);

/**
 * Returns the request to which a response redirects `request`; null: it is no redirect of a GET.
 *
 * Another origin gets no credentials and must use https, except from loopback to loopback. Credentials are not restored by
 * a redirect back to the first origin. Throws HttpError for a redirect that breaks these rules.
 *
 * @param previous the number of redirects before this one
 */
export function followRedirect(
  request: OutgoingRequest,
  { status, headers }: Omit<ReceivedResponse, "body">,
  previous: number,
): OutgoingRequest | null {
  const { location } = headers;
  if (request.method !== "GET" || location === undefined || !REDIRECT_STATUSES.has(status)) return null;
  const url = URL.parse(location, request.url.href);
  const refusal = refusalOf(request.url, url, previous);
  if (url === null || refusal !== null) throw redirectError(request, status, refusal ?? "");
  if (url.origin === request.url.origin) return { ...request, url };
  const allowed = Object.entries(request.headers).filter(([name]) => HEADERS_FOR_OTHER_ORIGINS.has(name));
  return { ...request, url, headers: Object.fromEntries(allowed) };
}

function refusalOf(from: URL, to: URL | null, previous: number): string | null {
  if (to === null) return "to an invalid URL";
  if (previous >= MAX_REDIRECTS) return `to ${to.host}, after ${MAX_REDIRECTS} redirects in a row`;
  if (to.username !== "" || to.password !== "") return `to ${to.host} with a user in the URL`;
  const isLocal = [from, to].every(({ protocol, hostname }) => protocol === "http:" && isLoopback(hostname));
  if (to.origin === from.origin || to.protocol === "https:" || isLocal) return null;
  return `to ${to.protocol}//${to.host}, which is not https`;
}
