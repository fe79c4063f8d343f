import { expect } from "vitest";
import type { Reply } from "../../servers/http-server.ts";
import type { SetupOptions } from "./setup.ts";

/** Sends `reply` to all requests whose path matches; the embedded registry handles the others. */
export function replaceReplies(matches: (path: string) => boolean, reply: Reply): Pick<SetupOptions, "handler"> {
  return { handler: (registry) => (request) => (matches(request.path) ? reply : registry(request)) };
}

/** Matches a Fault `listing` whose message contains `text`. */
export function listingFault(text: string): object {
  return expect.objectContaining({ kind: "listing", message: expect.stringContaining(text) });
}

export const always = (): boolean => true;
