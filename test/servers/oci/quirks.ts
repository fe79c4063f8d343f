import { digestOfNothing } from "../content.ts";
import type { Handler, Reply } from "../http-server.ts";

/** A proxy's login page, with status 200 for every request: `guard: () => LOGIN_PAGE`. */
export const LOGIN_PAGE: Reply = {
  status: 200,
  headers: { "content-type": "text/html; charset=utf-8" },
  body: "<!doctype html><title>Sign in</title><form method=post><input name=user><input name=password></form>",
};

/** Changes `Docker-Content-Digest` to the digest of another manifest. */
export function withWrongDigest(handler: Handler): Handler {
  return async (request) => {
    const reply = await handler(request);
    if (reply.headers?.["docker-content-digest"] === undefined) return reply;
    return { ...reply, headers: { ...reply.headers, "docker-content-digest": digestOfNothing("wrong") } };
  };
}

/** Adds a link to each last page of a list, so that the list never ends. */
export function withEndlessPages(handler: Handler): Handler {
  return async (request) => {
    const reply = await handler(request);
    const { pathname } = request.url;
    const isList = pathname.endsWith("/tags/list") || pathname === "/v2/_catalog";
    if (!isList || reply.status !== 200 || "link" in (reply.headers ?? {})) return reply;
    return { ...reply, headers: { ...reply.headers, link: `<${request.path}>; rel="next"` } };
  };
}
