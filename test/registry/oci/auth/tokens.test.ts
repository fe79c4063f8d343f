import { describe, expect, it } from "vitest";
import { digestOfNothing } from "../../../servers/content.ts";
import type { Reply } from "../../../servers/http-server.ts";
import type { TokenServiceOptions } from "../../../servers/oci/auth.ts";
import { LOGIN_PAGE } from "../../../servers/oci/quirks.ts";
import { LATER, setUp } from "../setup.ts";
import { paths, requiresScopes, setUpWithTokens, tokenRequests, withChallenge } from "./token-servers.ts";

const SCOPE_OF_APP = "scope=repository%3Aapp%3Apull";
const OLD_TOKEN = { token: "t", expires_in: 60, issued_at: "2001-01-01T00:00:00Z" };

describe("a token", () => {
  it("is used for its scope only", async () => {
    const setup = await setUpWithTokens();
    await setup.oci.tags("app");
    await setup.oci.tags("app");
    expect(tokenRequests(setup)).toBe(1);
    await setup.oci.tags("other");
    expect(tokenRequests(setup)).toBe(1);
    await setup.oci.delete("app", digestOfNothing("x"), LATER);
    expect(setup.requests()[0]).toBe("GET /token?service=registry.test&scope=repository%3Aapp%3Apull%2Cdelete");
  });

  it.each<[string, Partial<TokenServiceOptions>, number, number]>([
    ["60 s is not renewed after 45 s", {}, 45_000, 0],
    ["60 s is renewed after 55 s", {}, 55_000, 1],
    ["unknown lifetime is not renewed after 45 s", { answers: "token alone" }, 45_000, 0],
    ["unknown lifetime is renewed after 61 s", { answers: "token alone" }, 61_000, 1],
    ["300 s is not renewed after 61 s", { lifetimeSeconds: 300 }, 61_000, 0],
    ["8 s is not renewed after 3 s", { lifetimeSeconds: 8 }, 3_000, 0],
    ["8 s is renewed after 5 s", { lifetimeSeconds: 8 }, 5_000, 1],
  ])("of %s", async (_what, options, ms, renewals) => {
    const setup = await setUpWithTokens(options);
    await setup.oci.tags("app");
    setup.requests();
    await setup.clock.advance(ms);
    await setup.oci.tags("app");
    expect(paths(setup)).toEqual([...Array.from({ length: renewals }, () => "GET /token"), "GET /v2/app/tags/list"]);
  });

  it("from a cache has the age that its server's clock shows", async () => {
    const headers = { date: "Mon, 01 Jan 2001 00:00:40 GMT" };
    const setup = await setUp(withChallenge('Bearer realm="HERE"', () => ({ status: 200, headers, body: OLD_TOKEN })));
    await setup.oci.tags("app");
    await setup.clock.advance(9_000);
    await setup.oci.tags("app");
    expect(tokenRequests(setup)).toBe(1);
    await setup.clock.advance(2_000);
    await setup.oci.tags("app");
    expect(tokenRequests(setup)).toBe(1);
  });

  it("that already expired in a cache is used for one request", async () => {
    const headers = { date: "Mon, 01 Jan 2001 01:00:00 GMT" };
    const setup = await setUp(withChallenge('Bearer realm="HERE"', () => ({ status: 200, headers, body: OLD_TOKEN })));
    expect(await setup.oci.tags("app")).toBe("missing");
    expect(await setup.oci.tags("app")).toBe("missing");
    expect(tokenRequests(setup)).toBe(2);
  });

  it("that could not be fetched is fetched by the next request", async () => {
    let failures = 1;
    const { oci } = await setUp(
      withChallenge('Bearer realm="HERE"', () => {
        failures -= 1;
        return failures >= 0 ? { status: 418 } : { status: 200, body: { token: "t" } };
      }),
    );
    await expect(oci.tags("app")).rejects.toMatchObject({ status: 418 });
    expect(await oci.tags("app")).toBe("missing");
  });

  it("that is revoked is fetched once for all waiting requests", async () => {
    let valid = "";
    let issued = 0;
    const { oci } = await setUp({
      handler: () => (request) => {
        if (request.url.pathname === "/token") {
          issued += 1;
          valid = `t${issued}`;
          return { status: 200, body: { token: valid, expires_in: 3600 } };
        }
        const challenge = `Bearer realm="${new URL("/token", request.url).href}"`;
        if (request.headers.authorization === `Bearer ${valid}`) return { status: 404 };
        return { status: 401, headers: { "www-authenticate": challenge } };
      },
    });
    await oci.tags("app");
    valid = "revoked";
    await Promise.all(["a", "b", "c"].map((tag) => oci.resolve("app", tag)));
    expect(issued).toBe(2);
  });

  it("that expires while its request waits is fetched again, several times if necessary", async () => {
    let refusals = 3;
    const setup = await setUp({
      handler: () => (request) => {
        if (request.url.pathname === "/token") return { status: 200, body: { token: "t", expires_in: 60 } };
        const headers = { "www-authenticate": `Bearer realm="${new URL("/token", request.url).href}"` };
        if (request.headers.authorization === undefined) return { status: 401, headers };
        refusals -= 1;
        void setup.clock.advance(61_000);
        return refusals >= 0 ? { status: 401, headers } : { status: 404 };
      },
    });
    expect(await setup.oci.tags("app")).toBe("missing");
    expect(tokenRequests(setup)).toBe(4);
  });
});

describe("the scopes of a token request", () => {
  it("include the scope that the registry names", async () => {
    const setup = await setUp(
      withChallenge('Bearer realm="HERE",service="s",scope="repository:proxy/app:pull"', () => ({
        status: 200,
        body: { token: "t" },
      })),
    );
    await setup.oci.tags("app");
    expect(setup.requests().filter((line) => line.includes("/token"))).toEqual([
      `GET /token?service=s&${SCOPE_OF_APP}&scope=repository%3Aproxy%2Fapp%3Apull`,
    ]);
  });

  it.each([
    ["part of the requested scope", "repository:app:delete", "scope=repository%3Aapp%3Apull%2Cdelete"],
    [
      "more than the requested scope",
      "repository:app:pull,push",
      "scope=repository%3Aapp%3Apull%2Cdelete&scope=repository%3Aapp%3Apull%2Cpush",
    ],
  ])("are each sent once if the registry names %s", async (_what, scope, query) => {
    const reply: Reply = { status: 200, body: { token: "t" } };
    const setup = await setUp(withChallenge(`Bearer realm="HERE",scope="${scope}"`, () => reply));
    await setup.oci.delete("app", digestOfNothing("x"), LATER);
    expect(setup.requests().filter((line) => line.includes("/token"))).toEqual([`GET /token?${query}`]);
  });

  it("are not sent again if the registry refuses a token for all of them", async () => {
    const setup = await setUp({
      handler: () => (request) => {
        if (request.url.pathname === "/token") return { status: 200, body: { token: "t" } };
        const challenge = `Bearer realm="${new URL("/token", request.url).href}",scope="repository:other:pull"`;
        return { status: 401, headers: { "www-authenticate": challenge } };
      },
    });
    await expect(setup.oci.tags("app")).rejects.toMatchObject({ kind: "permission" });
    expect(tokenRequests(setup)).toBe(1);
  });

  it("include scopes of the second challenge, once for all waiting requests", async () => {
    const setup = await setUp({
      handler: () => requiresScopes("repository:proxy/app:pull repository:extra:pull"),
    });
    await Promise.all([setup.oci.tags("app"), setup.oci.tags("app"), setup.oci.tags("app")]);
    expect(await setup.oci.tags("app")).toBe("missing");
    expect(setup.requests().filter((line) => line.includes("/token"))).toEqual([
      `GET /token?${SCOPE_OF_APP}`,
      `GET /token?${SCOPE_OF_APP}&scope=repository%3Aproxy%2Fapp%3Apull&scope=repository%3Aextra%3Apull`,
    ]);
  });

  it("do not grow forever if each challenge names another one", async () => {
    let refusals = 0;
    const { oci } = await setUp({
      handler: () => (request) => {
        if (request.url.pathname === "/token") return { status: 200, body: { token: "t" } };
        refusals += 1;
        const realm = new URL("/token", request.url).href;
        const challenge = `Bearer realm="${realm}",error="insufficient_scope",scope="repository:${refusals}:pull"`;
        return { status: 401, headers: { "www-authenticate": challenge } };
      },
    });
    await expect(oci.tags("app")).rejects.toMatchObject({ kind: "permission" });
    expect(refusals).toBe(5);
  });
});

describe("a token response", () => {
  it.each<[string, Reply, string]>([
    ["a web page", LOGIN_PAGE, "did not return JSON"],
    ["invalid JSON", { status: 200, body: "{" }, "did not return JSON"],
    ["a list", { status: 200, body: [] }, "returned no token"],
    ["an empty object", { status: 200, body: {} }, "returned no token"],
    ["an empty token", { status: 200, body: { token: "" } }, "returned no token"],
    ["a token of another type", { status: 200, body: { token: 1, access_token: null } }, "returned no token"],
    ["a token with a line break", { status: 200, body: { token: "t\r\nx-evil: 1" } }, "returned no token"],
    ["a token with a blank", { status: 200, body: { token: "a b" } }, "returned no token"],
  ])("with %s is an error", async (_what, reply, message) => {
    const { oci } = await setUp(withChallenge('Bearer realm="HERE"', () => reply));
    await expect(oci.tags("app")).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining(message),
    });
  });

  it.each<[string, object]>([
    ["a lifetime that is not a number", { token: "t", expires_in: "300" }],
    ["a negative lifetime", { token: "t", expires_in: -5 }],
    ["a lifetime of null", { token: "t", expires_in: null }],
    ["an empty `token` and an `access_token`", { token: "", access_token: "t" }],
  ])("with %s is valid for 60 s", async (_what, body) => {
    const setup = await setUp(withChallenge('Bearer realm="HERE"', () => ({ status: 200, body })));
    await setup.oci.tags("app");
    await setup.clock.advance(45_000);
    await setup.oci.tags("app");
    expect(tokenRequests(setup)).toBe(1);
  });
});
