import { type RecordedRequest, refuse, type ServerFault } from "../servers/http-server.ts";
import { LIST_FAULTS } from "./list-faults.ts";
import type { Scenario, StoreView } from "./scenario.ts";

/** The part of a request by which a fault selects it. */
export type RequestInfo = Pick<RecordedRequest, "method" | "path" | "body">;

/** A fault of one request. */
export interface InjectedFault {
  /** The requests that it applies to; default: all. */
  readonly appliesTo?: (request: RequestInfo) => boolean;
  /** Returns the server's fault. Null: the server answers correctly, but `inject` changed the scenario. */
  readonly inject: (scenario: Scenario<StoreView>) => ServerFault | null;
  /** How long the client waits for a missing response, in milliseconds. */
  readonly timeoutMs?: number;
  /** Tags of manifests that another client deletes meanwhile. Their reported outcomes are not checked. */
  readonly disturbs?: readonly string[];
  /** `some`: no client can detect the fault, so the next run handles what it hid. Default: `all`. */
  readonly finishes?: "all" | "some";
}

const NO_RESPONSE = { timeoutMs: 250 } as const;

function always(fault: ServerFault): InjectedFault {
  return { inject: () => fault };
}

/** Faults of any request, by name. */
const REQUEST_FAULTS: Readonly<Record<string, InjectedFault>> = {
  "429 without retry-after": always(refuse(429)),
  "429 with retry-after": always(refuse(429, { "retry-after": "7" })),
  "500": always(refuse(500)),
  "502 with an HTML page": always(refuse(502, { "content-type": "text/html" }, "<html>Bad gateway</html>")),
  "503": always(refuse(503, { "retry-after": "2" })),
  "no response, and the server did not act": { ...always({ kind: "silent before" }), ...NO_RESPONSE },
  "no response, and the server acted": { ...always({ kind: "silent after" }), ...NO_RESPONSE },
  "half a response, then nothing": { ...always({ kind: "stalled" }), ...NO_RESPONSE },
  "connection reset before the server acted": always({ kind: "reset before" }),
  "connection reset after the server acted": always({ kind: "reset after" }),
  "truncated response": always({ kind: "truncated" }),
  "wrong content-length": always({ kind: "short content-length" }),
  "empty body": always({ kind: "empty body" }),
  "an HTML page with 200": always(refuse(200, { "content-type": "text/html" }, "<html>Sign in</html>")),
  "invalid JSON with 200": always(refuse(200, { "content-type": "application/json" }, '{"manifests":[{"dig')),
  // No server listens at the realm.
  "expired token": always(refuse(401, { "www-authenticate": 'Bearer realm="http://127.0.0.1:9/token"' })),
  "403": always(refuse(403, {}, { id: "forbidden", message: "You are not authorized" })),
  // Not for a DELETE: a client must believe that the manifest is gone.
  "404": {
    ...always(refuse(404, {}, { id: "not_found" })),
    appliesTo: ({ method }) => method !== "DELETE",
    finishes: "some",
  },
};

/** Every fault of one request, by name. */
export const FAULTS: Readonly<Record<string, InjectedFault>> = { ...REQUEST_FAULTS, ...LIST_FAULTS };
