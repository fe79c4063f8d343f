import { expect, test } from "vitest";
import { isLoopback } from "../../src/http/loopback.ts";

test.each([
  ["localhost", true],
  ["app.localhost", true],
  ["127.0.0.1", true],
  ["127.8.9.10", true],
  ["127.1", true],
  ["[::1]", true],
  ["127.0.0.1.example", false],
  ["127.evil.example", false],
  ["localhost.example", false],
  ["notlocalhost", false],
  ["10.0.0.1", false],
  ["[::2]", false],
])("`%s` is loopback: %s", (host, expected) => {
  expect(isLoopback(new URL(`http://${host}/`).hostname)).toBe(expected);
});
