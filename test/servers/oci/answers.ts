import type { Reply } from "../http-server.ts";

const TEXT = { "content-type": "text/plain; charset=utf-8" };

/** An error in the format of the OCI distribution-spec. */
export function ociError(status: number, code: string, message: string): Reply {
  return { status, body: { errors: [{ code, message }] } };
}

/** Distribution's reply to an unknown path. */
export const NO_ROUTE: Reply = { status: 404, headers: TEXT, body: "404 page not found\n" };
/** Distribution's reply to a write in read-only mode. */
export const READ_ONLY: Reply = { status: 405, headers: { ...TEXT, allow: "GET, HEAD" }, body: "Method not allowed\n" };
