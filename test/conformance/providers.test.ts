import { describe, expect, test } from "vitest";
import { PROVIDERS, providerFor, providerOfHost } from "../../src/registry/providers.ts";
import { ADAPTERS } from "./adapters.ts";
import { openRegistry } from "./open-registry.ts";

const GITHUB = "https://github.com";

test("each provider has an adapter, and each adapter a provider", () => {
  expect(new Set(ADAPTERS.map(({ provider }) => provider))).toEqual(new Set(PROVIDERS.map(({ name }) => name)));
});

test("names are unique", () => {
  expect(new Set(PROVIDERS.map(({ name }) => name)).size).toBe(PROVIDERS.length);
  expect(new Set(ADAPTERS.map(({ name }) => name)).size).toBe(ADAPTERS.length);
});

test("an unknown provider is an error", () => {
  expect(() => providerFor("unknown")).toThrow("unknown");
});

test.each([
  ["registry.digitalocean.com", GITHUB, "digitalocean"],
  ["ghcr.io", GITHUB, "ghcr"],
  ["containers.github.example.com", "https://github.example.com", "ghcr"],
  ["containers.github.example.com", GITHUB, "distribution"],
  ["registry.example.com", GITHUB, "distribution"],
  ["registry.digitalocean.com.example.com", GITHUB, "distribution"],
  ["notghcr.io", GITHUB, "distribution"],
  ["127.0.0.1", GITHUB, "distribution"],
])("%s with GitHub at %s is a host of %s", (host, server, name) => {
  expect(providerOfHost(host, server).name).toBe(name);
});

describe.each(PROVIDERS.map((provider) => ({ name: provider.name, provider })))("$name", ({ provider }) => {
  test("rejects an invalid path and credential with the end of a sentence", () => {
    expect(provider.address.invalidPath("Not/A path")).toMatch(/^[a-z].*[^.]$/);
    const invalid = provider.credential({ username: "", token: "two\nlines", githubToken: "ghs_1" });
    expect(invalid).toMatchObject({ input: "token", problem: expect.stringMatching(/^[a-z].*[^.]$/) });
  });

  test("accepts the path that its address form shows", () => {
    const path = provider.address.form
      .toLowerCase()
      .replace(/^[^/]*\/?/, "")
      .replace(/\]$/, "")
      .replace(/^.*\[\//, "");
    expect(provider.address.invalidPath(path)).toBeNull();
  });

  test("links to the vendor's page about restoring, if deleted manifests can be restored", () => {
    const { restoreWindow } = provider;
    if (restoreWindow === null) return;
    expect(restoreWindow.days).toBeGreaterThan(0);
    expect(new URL(restoreWindow.url).protocol).toBe("https:");
  });
});

describe.each(ADAPTERS.map((adapter) => ({ name: adapter.name, adapter })))("$name", ({ adapter }) => {
  test("opens without a request, with the capabilities that the provider declares", async () => {
    const { provider, registry, requests } = await openRegistry(adapter);
    expect(registry.capabilities).toEqual(provider.capabilities);
    expect(registry.appImages !== undefined).toBe(provider.capabilities.reportsAppImages);
    expect(requests()).toEqual([]);
  });

  test("has an API for garbage collection only if it declares one", async () => {
    const { provider, registry, server } = await openRegistry(adapter);
    server.pushImage("web", { seed: "a", tags: ["main"] });
    const { status, note } = await registry.collectGarbage();
    expect(status).toBe(provider.capabilities.garbageCollection === "api" ? "succeeded" : "unsupported");
    expect(note).not.toBe("");
  });
});
