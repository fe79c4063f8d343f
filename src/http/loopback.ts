/** Source of a regular expression that matches the usual names of this machine, as they appear in URLs and image names. */
export const LOOPBACK = "(?:localhost|127(?:\\.\\d{1,3}){3}|\\[::1\\])";

const LOOPBACK_HOST = new RegExp(`^(?:${LOOPBACK}|.+\\.localhost)$`);

/** Returns whether `hostname`, as `URL.hostname` gives it, is this machine (RFC 6761, 6.3 for names below `localhost`). */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK_HOST.test(hostname);
}
