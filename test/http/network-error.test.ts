import { expect, test } from "vitest";
import { networkError } from "../../src/http/network-error.ts";
import { toOutgoing } from "../../src/http/request.ts";

const POST = toOutgoing({ method: "POST", url: new URL("https://registry.example/"), body: "{}", expected: [201] });

function failed(code: string, syscall: string): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
}

test.each([
  ["ECONNREFUSED", "connect", true],
  ["ETIMEDOUT", "connect", true],
  ["ENOTFOUND", "getaddrinfo", true],
  ["EAI_AGAIN", "getaddrinfo", true],
  ["EHOSTUNREACH", "connect", true],
  ["ETIMEDOUT", "read", undefined],
  ["ETIMEDOUT", "write", undefined],
  ["EHOSTUNREACH", "read", undefined],
  ["ENETUNREACH", "writev", undefined],
  ["ECONNRESET", "read", undefined],
])("%s by %s: unsent is %s", (code, syscall, unsent) => {
  const cause = failed(code, syscall);
  const wrapped = new Error("fetch failed", { cause: new AggregateError([cause]) });
  for (const error of [cause, wrapped]) {
    const failure = networkError(POST, error, 1_000);
    expect(failure.unsent).toBe(unsent);
    expect(failure).toMatchObject({ code: "network", retryable: true, cause: error });
  }
});

test("uses the code of an error whose cause has none", () => {
  const wrapped = Object.assign(new Error("socket", { cause: new Error("other side closed") }), {
    code: "UND_ERR_SOCKET",
  });
  expect(networkError(POST, wrapped, 1_000).message).toContain("(UND_ERR_SOCKET)");
  expect(networkError(POST, "not an Error", 1_000).unsent).toBeUndefined();
});
