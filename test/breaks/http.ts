import type { Break } from "./break.ts";

/** Lines of the HTTP client. */
export const HTTP_BREAKS: readonly Break[] = [
  {
    file: "http/redirect.ts",
    line: "if (!mayLeaveOrigin) return `to ${target}, but only ${from.origin} may answer it`;",
    replacement: "",
    danger: "believes the answer of another host",
    tests: ["http/redirect.test.ts"],
  },
  {
    file: "http/redirect.ts",
    line: "const allowed = Object.entries(request.headers).filter(([name]) => HEADERS_FOR_OTHER_ORIGINS.has(name));",
    replacement: "const allowed = Object.entries(request.headers);",
    danger: "sends the credential to another host",
    tests: ["http/redirect.test.ts"],
  },
  {
    file: "http/redirect.ts",
    line: 'return to.protocol === "https:" || isHttp ? null : `to ${target}, which is not https`;',
    replacement: "return null;",
    danger: "follows a redirect from https to http",
    tests: ["http/redirect.test.ts"],
  },
  {
    file: "http/request.ts",
    line: 'if (method === "DELETE") return "never";',
    replacement: 'if (method === "DELETE") return "always";',
    danger: "repeats a DELETE without a recheck",
    tests: ["http/delete.test.ts"],
  },
  {
    file: "http/host-queue.ts",
    line: "const expired = all.filter(({ request }) => request.sendBy < at);",
    replacement: "const expired = all.filter(() => false);",
    danger: "sends a DELETE that waited too long",
    tests: ["http/delete.test.ts"],
  },
  {
    file: "http/client.ts",
    line: "const isExpected = outgoing.expected.includes(status) && !(final.rateLimited && status === 403);",
    replacement: "const isExpected = outgoing.expected.includes(status);",
    danger: "takes a rate limit for a missing permission",
    tests: ["http/rate-limit.test.ts", "http/github.test.ts"],
  },
  {
    file: "http/request.ts",
    line: 'if (isRead(method)) headers["cache-control"] = "no-cache";',
    replacement: "",
    danger: "believes an old answer of a cache",
    tests: ["http/response.test.ts", "http/retry.test.ts"],
  },
];
