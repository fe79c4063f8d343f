import { expect, test } from "vitest";
import { failureOf } from "../../src/http/failure.ts";
import { firstHop } from "../../src/http/hop.ts";

const POST = firstHop({ method: "POST", url: new URL("https://registry.example/"), body: "{}", expected: [201] });

function failed(code: string, syscall: string): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
}

/** What may have reached the server is never sent twice, unless that changes nothing. */
test.each([
  ["ECONNREFUSED", "connect", "none"],
  ["ETIMEDOUT", "connect", "none"],
  ["ENOTFOUND", "getaddrinfo", "none"],
  ["EAI_AGAIN", "getaddrinfo", "none"],
  ["EHOSTUNREACH", "connect", "none"],
  ["ETIMEDOUT", "read", "unknown"],
  ["ETIMEDOUT", "write", "unknown"],
  ["EHOSTUNREACH", "read", "unknown"],
  ["ENETUNREACH", "writev", "unknown"],
  ["ECONNRESET", "read", "unknown"],
])("%s by %s: what was sent got to: %s", (code, syscall, reach) => {
  const cause = failed(code, syscall);
  const wrapped = new Error("fetch failed", { cause: new AggregateError([cause]) });
  for (const error of [cause, wrapped]) {
    const failure = failureOf(POST, error, 1_000);
    expect(failure.reach).toBe(reach);
    expect(failure.error).toMatchObject({ code: "network", retryable: true, cause: error });
  }
});

test("a cause without a code leaves that of what wraps it", () => {
  const wrapped = Object.assign(new Error("socket", { cause: new Error("other side closed") }), {
    code: "UND_ERR_SOCKET",
  });
  expect(failureOf(POST, wrapped, 1_000).error.message).toContain("(UND_ERR_SOCKET)");
  expect(failureOf(POST, "nothing of an error", 1_000).reach).toBe("unknown");
});
