import { expect, test } from "vitest";
import { isLoopback } from "../../src/http/loopback.ts";

test.each([
  ["http://localhost:5000/", true],
  ["http://registry.localhost/", true],
  ["http://127.0.0.1/", true],
  ["http://127.1/", true],
  ["http://[::1]:5000/", true],
  ["http://localhost.example/", false],
  ["http://127.0.0.1.example/", false],
  ["http://notlocalhost/", false],
  ["http://[::2]/", false],
  ["http://10.0.0.1/", false],
])("%s: %s", (url, expected) => {
  expect(isLoopback(new URL(url).hostname)).toBe(expected);
});
