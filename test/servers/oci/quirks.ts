import { digestOfNothing } from "../content.ts";
import type { Handler, Reply } from "../http-server.ts";

/** A proxy's login page, 200 for whatever is asked: `guard: () => LOGIN_PAGE`. */
export const LOGIN_PAGE: Reply = {
  status: 200,
  headers: { "content-type": "text/html; charset=utf-8" },
  body: "<!doctype html><title>Sign in</title><form method=post><input name=user><input name=password></form>",
};

/** A registry whose `Docker-Content-Digest` is of another manifest than its body. */
export function lyingDigest(handler: Handler): Handler {
  return async (request) => {
    const reply = await handler(request);
    if (reply.headers?.["docker-content-digest"] === undefined) return reply;
    return { ...reply, headers: { ...reply.headers, "docker-content-digest": digestOfNothing("a lie") } };
  };
}

/** A registry whose lists of names never end: each page links to one more, and the last ones are all alike. */
export function endlessPages(handler: Handler): Handler {
  return async (request) => {
    const reply = await handler(request);
    const { pathname } = request.url;
    const isList = pathname.endsWith("/tags/list") || pathname === "/v2/_catalog";
    if (!isList || reply.status !== 200 || "link" in (reply.headers ?? {})) return reply;
    return { ...reply, headers: { ...reply.headers, link: `<${request.path}>; rel="next"` } };
  };
}
