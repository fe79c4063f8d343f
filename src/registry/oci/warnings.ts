import type { HttpResponse } from "../../http/http.ts";
import { excerpt } from "../../http/redact.ts";
import type { Log } from "../../log.ts";

/** The only form that the spec has; others are a proxy's, or of another agent. */
const WARNING = /(?:^|,)\s*299 - "((?:[^"\\]|\\.)*)"/g;
/** A registry that warns of each request anew is not to fill the log. */
const MOST_WARNINGS = 5;

/**
 * Tells what a registry warns of in its answers (OCI distribution-spec, "Warnings"), each text once; by the spec nothing
 * else follows from it.
 *
 * @returns what takes in an answer; one from elsewhere, where a redirect led to, is passed over
 */
export function createWarnings(origin: URL, log: Log): (response: HttpResponse) => void {
  const told = new Set<string>();
  return ({ headers, url }) => {
    if (url.origin !== origin.origin) return;
    for (const [, quoted = ""] of (headers["warning"] ?? "").matchAll(WARNING)) {
      const text = excerpt(quoted.replaceAll(/\\(.)/g, "$1"), []);
      if (text === "" || told.has(text) || told.size === MOST_WARNINGS) continue;
      told.add(text);
      log.warn("registry-warning", `${origin.host} warns: ${text}`);
    }
  };
}
