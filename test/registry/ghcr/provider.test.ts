import { describe, expect, test } from "vitest";
import { ghcr } from "../../../src/registry/ghcr/provider.ts";

test.each([
  ["ghcr.io", "https://github.com", true],
  ["ghcr.io", "https://github.example.com", true],
  ["containers.github.example.com", "https://github.example.com", true],
  ["containers.github.example.com", "https://github.example.com:8443/", true],
  ["containers.octo.ghe.com", "https://octo.ghe.com", true],
  ["containers.github.com", "https://github.com", false],
  ["containers.github.example.com", "https://github.com", false],
  ["containers.github.example.com", "", false],
  ["github.example.com", "https://github.example.com", false],
  ["docker.io", "https://github.com", false],
])("has the host %s if the GitHub server is %j: %s", (host, server, expected) => {
  expect(ghcr.hasHost(host, server)).toBe(expected);
});

test.each(["acme", "Acme-2", "octo_cat", "a".repeat(100)])("accepts the owner %s", (path) => {
  expect(ghcr.address.invalidPath(path)).toBeNull();
});

test.each(["", "-acme", "acme/web", "ac me", "a".repeat(101)])("rejects the owner %j", (path) => {
  expect(ghcr.address.invalidPath(path)).toBe("must name one user or organization after the host");
});

describe("credential", () => {
  const inputs = { username: "", token: "", githubToken: "ghs_1" };

  test.each([
    ["the github-token by default", {}, { username: "x-access-token", secret: "ghs_1" }],
    ["the token", { token: "ghp_2" }, { username: "x-access-token", secret: "ghp_2" }],
    ["the username", { username: "octo", token: "ghp_2" }, { username: "octo", secret: "ghp_2" }],
  ])("is %s", (_, given, credential) => {
    expect(ghcr.credential({ ...inputs, ...given })).toEqual(credential);
  });

  test("rejects a token with a blank", () => {
    expect(ghcr.credential({ ...inputs, token: "two words" })).toMatchObject({ input: "token" });
  });
});
