import { createFakeClock } from "../servers/fake-clock.ts";
import { refuse, type ServerFault } from "../servers/http-server.ts";

/** What can go wrong with one request, by name. */
export const FAULTS: Readonly<Record<string, ServerFault>> = {
  "429 without retry-after": refuse(429),
  "429 with retry-after": refuse(429, { "retry-after": "7" }),
  "500": refuse(500),
  "502 with a page": refuse(502, { "content-type": "text/html" }, "<html>Bad gateway</html>"),
  "503": refuse(503, { "retry-after": "2" }),
  "connection reset before the server acted": { kind: "reset before" },
  "connection reset after the server acted": { kind: "reset after" },
  "cut answer": { kind: "truncated" },
  "wrong content-length": { kind: "short content-length" },
  "empty body": { kind: "empty body" },
  "an HTML page with 200": refuse(200, { "content-type": "text/html" }, "<html>Sign in</html>"),
  "broken JSON with 200": refuse(200, { "content-type": "application/json" }, '{"manifests":[{"dig'),
  "expired token": refuse(401, { "www-authenticate": 'Bearer realm="https://example.invalid/token"' }),
  "403": refuse(403, {}, { id: "forbidden", message: "You are not authorized" }),
};

/** A clock on which no wait takes time. */
export function stageClock(now: number) {
  return createFakeClock({ startAt: now });
}
