import { afterEach, describe, expect, it } from "vitest";
import { pushImage } from "../content.ts";
import { createFakeClock } from "../fake-clock.ts";
import type { TestServer } from "../http-server.ts";
import { TokenService, type TokenServiceOptions } from "./auth.ts";
import { serveOci } from "./server.ts";
import { RegistryStore } from "./store.ts";

let server: TestServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const LOGIN = `Basic ${Buffer.from("robot:secret").toString("base64")}`;
const clock = createFakeClock({ passes: "by hand" });

async function start(options: Partial<TokenServiceOptions> = {}): Promise<TestServer> {
  const store = new RegistryStore(clock);
  pushImage(store, { repository: "team/app", seed: "v1", tags: ["v1"] });
  const tokens = new TokenService({ accepts: (login) => login?.password === "secret", clock, ...options });
  server = await serveOci(store, { guard: tokens.guard() });
  return server;
}

async function tokenFor(at: TestServer, scope: string): Promise<string> {
  const query = new URLSearchParams({ service: "registry.test", scope });
  const response = await fetch(new URL(`/token?${query}`, at.url), { headers: { authorization: LOGIN } });
  return /"token":"(.+?)"/.exec(await response.text())?.[1] ?? "";
}

/** Sends a request and returns the status and the error of the challenge. */
async function send(at: TestServer, method: string, path: string, token: string): Promise<string> {
  const response = await fetch(new URL(path, at.url), { method, headers: { authorization: `Bearer ${token}` } });
  const error = /error="(.+?)"/.exec(response.headers.get("www-authenticate") ?? "")?.[1];
  return [response.status, error].join(" ").trim();
}

const LIST = "/v2/team/app/tags/list";
const TAG = "/v2/team/app/manifests/v1";

describe("a token", () => {
  it.each([
    ["repository:team/app:pull", "GET", LIST, "200"],
    ["repository:team/app:pull,delete", "DELETE", TAG, "202"],
    ["repository:team/app:*", "DELETE", TAG, "202"],
    ["repository:team/other:pull repository:team/app:pull", "GET", LIST, "200"],
    ["registry:catalog:*", "GET", "/v2/_catalog", "200"],
    ["repository:team/app:pull", "GET", "/v2/", "200"],
    ["repository:team/app:pull", "DELETE", TAG, "401 insufficient_scope"],
    ["repository:team/app:pull", "PUT", TAG, "401 insufficient_scope"],
    ["repository:team/other:pull", "GET", LIST, "401 insufficient_scope"],
    ["repository:team/app:pull", "GET", "/v2/_catalog", "401 insufficient_scope"],
  ])("for %s: %s %s returns %s", async (scope, method, path, outcome) => {
    const at = await start();
    expect(await send(at, method, path, await tokenFor(at, scope))).toBe(outcome);
  });

  it("gives only the granted actions, which can be fewer than requested", async () => {
    const at = await start({ grants: (_resource, actions) => actions.filter((action) => action !== "delete") });
    const token = await tokenFor(at, "repository:team/app:pull,delete");
    expect(await send(at, "GET", LIST, token)).toBe("200");
    expect(await send(at, "DELETE", TAG, token)).toBe("401 insufficient_scope");
  });

  it("is invalid after its lifetime", async () => {
    const at = await start({ lifetimeSeconds: 30 });
    const token = await tokenFor(at, "repository:team/app:pull");
    await clock.advance(29_999);
    expect(await send(at, "GET", LIST, token)).toBe("200");
    await clock.advance(1);
    expect(await send(at, "GET", LIST, token)).toBe("401 invalid_token");
  });
});

describe("a token service", () => {
  it.each([
    ["token with expires_in", { token: expect.any(String), expires_in: 60 }],
    ["access_token with expires_in", { access_token: expect.any(String), expires_in: 60 }],
    ["token alone", { token: expect.any(String) }],
  ] as const)("returns %s", async (answers, shape) => {
    const at = await start({ answers });
    const response = await fetch(new URL("/token", at.url), { headers: { authorization: LOGIN } });
    expect(await response.json()).toEqual(shape);
  });

  it("refuses unknown clients, and the registry names realm and scope to clients without a token", async () => {
    const at = await start();
    expect((await fetch(new URL("/token", at.url))).status).toBe(401);
    const { headers } = await fetch(new URL(TAG, at.url), { method: "DELETE" });
    expect(headers.get("www-authenticate")).toBe(
      `Bearer realm="${at.url}token",service="registry.test",scope="repository:team/app:delete"`,
    );
  });
});
