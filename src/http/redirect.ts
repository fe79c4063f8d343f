import type { Hop } from "./hop.ts";

/** More than this is a loop. */
const MOST_REDIRECTS = 5;

const STATUSES = new Set([301, 302, 303, 307, 308]);

/** What may go to another origin: nothing there can hold a credential. */
const HARMLESS_HEADERS = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "range",
  "user-agent",
]);

/** Where a redirect leads: the next request; `here`: it is an answer like any other; or why it is not followed. */
export type Redirection = Hop | "here" | { readonly refused: string };

/**
 * What to do with an answer to `hop`. Only GET and HEAD are followed: a DELETE that is sent elsewhere is not what was
 * asked for. Another origin gets no credential, must speak https (or be this very machine, as the first one was), and the
 * credentials never come back, even if the redirects do.
 */
export function redirectionOf(hop: Hop, status: number, location: string | undefined, followed: number): Redirection {
  const readable = hop.method === "GET" || hop.method === "HEAD";
  if (!readable || location === undefined || !isRedirect(status, location)) return "here";
  if (!URL.canParse(location, hop.url.href)) return { refused: "to an address that is none" };
  const url = new URL(location, hop.url);
  if (followed >= MOST_REDIRECTS) return { refused: `to ${url.host}, after ${MOST_REDIRECTS} redirects in a row` };
  if (url.username !== "" || url.password !== "") return { refused: `to ${url.host} with a user in its address` };
  if (url.origin === hop.url.origin) return { ...hop, url };
  const local = isLoopback(url) && isLoopback(hop.url) && url.protocol === "http:" && hop.url.protocol === "http:";
  if (url.protocol !== "https:" && !local) return { refused: `to ${url.protocol}//${url.host}, which is not https` };
  const headers = Object.fromEntries(Object.entries(hop.headers).filter(([name]) => HARMLESS_HEADERS.has(name)));
  return { ...hop, url, headers };
}

/** Whether an answer sends its request elsewhere. */
export function isRedirect(status: number, location: string | undefined): boolean {
  return location !== undefined && STATUSES.has(status);
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
