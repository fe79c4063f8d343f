import { createFakeClock } from "../servers/fake-clock.ts";
import { type RecordedRequest, refuse, type ServerFault } from "../servers/http-server.ts";
import { LIST_FAULTS } from "./list-faults.ts";
import type { Scenario, StoreView } from "./scenario.ts";

/** What a fault knows of a request. */
export type Met = Pick<RecordedRequest, "method" | "path" | "body">;

/** What goes wrong with one request. */
export interface InjectedFault {
  /** The requests that it can meet; default: all. */
  readonly meets?: (request: Met) => boolean;
  /** What the server does about the request; null: nothing out of the ordinary, but the world has moved. */
  readonly respond: (scenario: Scenario<StoreView>) => ServerFault | null;
  /** How long the client waits for an answer, in milliseconds, where none comes. */
  readonly timeoutMs?: number;
  /** Tags of manifests that somebody else deletes meanwhile: what is told of them may be true or not by now. */
  readonly disturbs?: readonly string[];
  /** `some`: the answer was a lie that nobody can see through, so what it hid is for the next run. Default `all`. */
  readonly finishes?: "all" | "some";
}

const SILENCE = { timeoutMs: 250 } as const;

function always(fault: ServerFault): InjectedFault {
  return { respond: () => fault };
}

/** What can go wrong with any request, by name. */
const REQUEST_FAULTS: Readonly<Record<string, InjectedFault>> = {
  "429 without retry-after": always(refuse(429)),
  "429 with retry-after": always(refuse(429, { "retry-after": "7" })),
  "500": always(refuse(500)),
  "502 with a page": always(refuse(502, { "content-type": "text/html" }, "<html>Bad gateway</html>")),
  "503": always(refuse(503, { "retry-after": "2" })),
  "no answer, and the server did not act": { ...always({ kind: "silent before" }), ...SILENCE },
  "no answer, and the server acted": { ...always({ kind: "silent after" }), ...SILENCE },
  "half an answer, and then silence": { ...always({ kind: "stalled" }), ...SILENCE },
  "connection reset before the server acted": always({ kind: "reset before" }),
  "connection reset after the server acted": always({ kind: "reset after" }),
  "cut answer": always({ kind: "truncated" }),
  "wrong content-length": always({ kind: "short content-length" }),
  "empty body": always({ kind: "empty body" }),
  "an HTML page with 200": always(refuse(200, { "content-type": "text/html" }, "<html>Sign in</html>")),
  "broken JSON with 200": always(refuse(200, { "content-type": "application/json" }, '{"manifests":[{"dig')),
  // A realm that nobody serves.
  "expired token": always(refuse(401, { "www-authenticate": 'Bearer realm="http://127.0.0.1:9/token"' })),
  "403": always(refuse(403, {}, { id: "forbidden", message: "You are not authorized" })),
  // Not to a DELETE: what a registry then says is gone, nobody can know to be there.
  "404": {
    ...always(refuse(404, {}, { id: "not_found" })),
    meets: ({ method }) => method !== "DELETE",
    finishes: "some",
  },
};

/** What can go wrong with one request, by name. */
export const FAULTS: Readonly<Record<string, InjectedFault>> = { ...REQUEST_FAULTS, ...LIST_FAULTS };

/** A clock on which no wait takes time. */
export function instantClock(now: number) {
  return createFakeClock({ startAt: now });
}
