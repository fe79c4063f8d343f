import type { Reply } from "../http-server.ts";

const TEXT = { "content-type": "text/plain; charset=utf-8" };

/** An error as the OCI distribution-spec shapes it. */
export function ociError(status: number, code: string, message: string): Reply {
  return { status, body: { errors: [{ code, message }] } };
}

/** What distribution answers for a path, or in read-only mode for a method, that no route is registered for. */
export const NO_ROUTE: Reply = { status: 404, headers: TEXT, body: "404 page not found\n" };
export const READ_ONLY: Reply = { status: 405, headers: { ...TEXT, allow: "GET, HEAD" }, body: "Method not allowed\n" };
