import { describe, expect, test } from "vitest";
import { digitalOcean } from "../../../src/registry/digitalocean/provider.ts";

test.each([
  ["registry.digitalocean.com", true],
  ["api.digitalocean.com", false],
  ["registry.digitalocean.com.example", false],
])("has the host %s: %s", (host, expected) => {
  expect(digitalOcean.hasHost(host, "https://github.com")).toBe(expected);
});

test.each(["acme", "my-registry-2", "a".repeat(63)])("accepts the registry name %s", (path) => {
  expect(digitalOcean.address.invalidPath(path)).toBeNull();
});

test.each(["", "Acme", "acme/web", "acme_1", "a".repeat(64)])("rejects the registry name %j", (path) => {
  expect(digitalOcean.address.invalidPath(path)).toBe("must name one registry after the host");
});

describe("credential", () => {
  const inputs = { username: "", token: "", githubToken: "ghs_1" };

  test("is the token, as user and password", () => {
    const token = "dop_v1_secret";
    expect(digitalOcean.credential({ ...inputs, token })).toEqual({ username: token, secret: token });
  });

  test.each([
    ["", "is required"],
    ["two words", "contains a blank"],
    ["line\nbreak", "contains a blank"],
  ])("rejects the token %j", (token, problem) => {
    expect(digitalOcean.credential({ ...inputs, token })).toEqual({
      input: "token",
      problem: expect.stringContaining(problem),
    });
  });
});
