import type { HttpResponse } from "../../http/http.ts";
import { excerpt } from "../../http/redact.ts";
import type { Log } from "../../log.ts";

/** The only form that the spec defines. Other warnings come from proxies. */
const WARNING = /(?:^|,)\s*299 - "((?:[^"\\]|\\.)*)"/g;
/** A registry that sends a different warning with each response must not fill the log. */
const MAX_WARNINGS = 5;

/**
 * Returns a function that logs the warnings of a registry's responses, each text once (OCI distribution-spec, "Warnings").
 * It ignores responses of other hosts, which a redirect led to.
 */
export function createWarningLogger(origin: URL, log: Log): (response: HttpResponse) => void {
  const logged = new Set<string>();
  return ({ headers, url }) => {
    if (url.origin !== origin.origin) return;
    for (const [, quoted = ""] of (headers["warning"] ?? "").matchAll(WARNING)) {
      const text = excerpt(quoted.replaceAll(/\\(.)/g, "$1"), []);
      if (text === "" || logged.has(text) || logged.size === MAX_WARNINGS) continue;
      logged.add(text);
      log.warn("registry-warning", `${origin.host} warns: ${text}`);
    }
  };
}
