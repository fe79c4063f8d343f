import { afterEach, describe, expect, it } from "vitest";
import { isLoopback } from "../../../../src/registry/oci/auth/bearer.ts";
import { digestOfNothing, pushImage } from "../../../servers/content.ts";
import { type Handler, type Reply, type ServedRequest, serve, type TestServer } from "../../../servers/http-server.ts";
import { basicAuth, type Guard, TokenService, type TokenServiceOptions } from "../../../servers/oci/auth.ts";
import { LOGIN_PAGE } from "../../../servers/oci/quirks.ts";
import { CREDENTIAL, type OciBench, type OciBenchOptions, openOciBench } from "../bench.ts";

const BASIC = `Basic ${Buffer.from("robot:se:cret").toString("base64")}`;
const LOGIN = { user: CREDENTIAL.username, password: CREDENTIAL.secret };
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function bench(options: OciBenchOptions = {}): Promise<OciBench> {
  const made = await openOciBench(options);
  undo.push(() => made.close());
  return made;
}

async function elsewhere(handler: Handler): Promise<TestServer> {
  const server = await serve(handler);
  undo.push(() => server.close());
  return server;
}

/** A registry with tokens of its own, on the client's clock, which is made with the client. */
async function withTokens(
  options: Partial<TokenServiceOptions> = {},
  rest: Omit<OciBenchOptions, "behaviour"> = {},
): Promise<OciBench> {
  const guard: { current: Guard } = { current: () => null };
  const made = await bench({ ...rest, behaviour: { guard: (request) => guard.current(request) } });
  guard.current = new TokenService({
    accepts: (login) => login?.user === LOGIN.user && login.password === LOGIN.password,
    clock: made.clock,
    ...options,
  }).guard();
  return made;
}

/** A registry that asks for a token by `challenge`, takes whatever token comes, and otherwise has nothing. */
function asking(challenge: string, tokenServer: (request: ServedRequest) => Reply = () => ({ status: 404 })) {
  const handler: Handler = (request) => {
    if (request.url.pathname === "/token") return tokenServer(request);
    const here = new URL("/token", request.url).href;
    const headers = { "www-authenticate": challenge.replace("HERE", here) };
    return request.headers.authorization?.startsWith("Bearer ") ? { status: 404 } : { status: 401, headers };
  };
  return { handler: () => handler };
}

/** A registry whose first challenge names no scope, and that takes only a token of all `scopes` (spec/auth/token.md). */
function grantsWhatIsAsked(scopes: string): Handler {
  return ({ url, headers }) => {
    if (url.pathname === "/token") return { status: 200, body: { token: url.searchParams.getAll("scope").join("+") } };
    const granted = headers.authorization?.slice("Bearer ".length).split("+");
    if (granted !== undefined && scopes.split(" ").every((scope) => granted.includes(scope))) return { status: 404 };
    const realm = `Bearer realm="${new URL("/token", url).href}"`;
    const challenge = granted === undefined ? realm : `${realm},error="insufficient_scope",scope="${scopes}"`;
    return { status: 401, headers: { "www-authenticate": challenge } };
  };
}

const paths = (made: OciBench): readonly string[] => made.asked().map((line) => line.replace(/\?.*/, ""));
const tokensAsked = (made: OciBench): number => paths(made).filter((path) => path === "GET /token").length;

describe("the credential goes as the registry asks for it", () => {
  it("not at all where it does not ask", async () => {
    const made = await bench();
    await made.oci.tags("app");
    expect(made.server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it("as Basic still, when one refusal names no scheme", async () => {
    const made = await bench({
      handler: (registry) => (request) => {
        if (request.path.includes("secret")) return { status: 401 };
        const headers = { "www-authenticate": 'Basic realm="r"' };
        return request.headers.authorization === BASIC ? registry(request) : { status: 401, headers };
      },
    });
    await made.oci.tags("app");
    await expect(made.oci.tags("secret")).rejects.toMatchObject({ kind: "permission" });
    made.asked();
    await made.oci.tags("app");
    expect(paths(made)).toEqual(["GET /v2/app/tags/list"]);
  });

  it("as Basic, from the second request on", async () => {
    const made = await bench({ behaviour: { guard: basicAuth(LOGIN) } });
    await made.oci.tags("app");
    await made.oci.tags("app");
    expect(made.server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, BASIC, BASIC]);
  });

  it.each(["token with expires_in", "access_token with expires_in", "token alone"] as const)(
    "for a token (%s), which is masked",
    async (answers) => {
      const made = await withTokens({ answers });
      expect(await made.oci.tags("app")).toBe("missing");
      expect(made.server.requests.map(({ headers }) => headers.authorization)).toEqual([
        undefined,
        BASIC,
        `Bearer ${made.masked[0]}`,
      ]);
      expect(made.asked()[1]).toBe("GET /token?service=registry.test&scope=repository%3Aapp%3Apull");
    },
  );

  it("for a token where the registry takes both, and to whoever asks first: one asks, the others wait", async () => {
    const made = await withTokens();
    const digests = ["a", "b", "c", "d"].map((seed) => pushImage(made.store, { repository: "app", seed }));
    await Promise.all(digests.map((digest) => made.oci.read("app", digest)));
    expect(made.asked()).toHaveLength(1 + 1 + digests.length);
  });

  it("not at all to a token server, where there is none: the token is anonymous", async () => {
    const made = await withTokens({ accepts: (login) => login === null }, { credential: null });
    expect(await made.oci.tags("app")).toBe("missing");
  });
});

describe("a token", () => {
  it("is kept for its scope, and for no other", async () => {
    const made = await withTokens();
    await made.oci.tags("app");
    await made.oci.tags("app");
    expect(tokensAsked(made)).toBe(1);
    await made.oci.tags("other");
    expect(tokensAsked(made)).toBe(1);
    await made.oci.delete("app", digestOfNothing("x"));
    expect(made.asked()[0]).toBe("GET /token?service=registry.test&scope=repository%3Aapp%3Apull%2Cdelete");
  });

  it.each<[string, Partial<TokenServiceOptions>, number, number]>([
    ["of 60 s, after 45 s", {}, 45_000, 0],
    ["of 60 s, after 55 s", {}, 55_000, 1],
    ["without a time, after 45 s", { answers: "token alone" }, 45_000, 0],
    ["without a time, after 61 s", { answers: "token alone" }, 61_000, 1],
    ["of 300 s, after 61 s", { lifetimeSeconds: 300 }, 61_000, 0],
    ["of 8 s, after 3 s", { lifetimeSeconds: 8 }, 3_000, 0],
    ["of 8 s, after 5 s", { lifetimeSeconds: 8 }, 5_000, 1],
  ])("%s, and is fetched anew or not", async (_what, options, ms, fetched) => {
    const made = await withTokens(options);
    await made.oci.tags("app");
    made.asked();
    await made.clock.advance(ms);
    await made.oci.tags("app");
    expect(paths(made)).toEqual([...Array.from({ length: fetched }, () => "GET /token"), "GET /v2/app/tags/list"]);
  });

  it("that is issued out of a store is as old as its server says, by its server's clock", async () => {
    const body = { token: "t", expires_in: 60, issued_at: "2001-01-01T00:00:00Z" };
    const headers = { date: "Mon, 01 Jan 2001 00:00:40 GMT" };
    const made = await bench(asking('Bearer realm="HERE"', () => ({ status: 200, headers, body })));
    await made.oci.tags("app");
    await made.clock.advance(9_000);
    await made.oci.tags("app");
    expect(tokensAsked(made)).toBe(1);
    await made.clock.advance(2_000);
    await made.oci.tags("app");
    expect(tokensAsked(made)).toBe(1);
  });

  it("that could not be fetched is asked for again by the next request", async () => {
    let failures = 1;
    const made = await bench(
      asking('Bearer realm="HERE"', () => {
        failures -= 1;
        return failures >= 0 ? { status: 418 } : { status: 200, body: { token: "t" } };
      }),
    );
    await expect(made.oci.tags("app")).rejects.toMatchObject({ status: 418 });
    expect(await made.oci.tags("app")).toBe("missing");
  });

  it("that was issued out of a store after its end is for one request", async () => {
    const body = { token: "t", expires_in: 60, issued_at: "2001-01-01T00:00:00Z" };
    const headers = { date: "Mon, 01 Jan 2001 01:00:00 GMT" };
    const made = await bench(asking('Bearer realm="HERE"', () => ({ status: 200, headers, body })));
    expect(await made.oci.tags("app")).toBe("missing");
    expect(await made.oci.tags("app")).toBe("missing");
    expect(tokensAsked(made)).toBe(2);
  });

  it("that ends before its time is fetched once more, by one of all that wait", async () => {
    let valid = "";
    let issued = 0;
    const made = await bench({
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
    await made.oci.tags("app");
    valid = "revoked";
    await Promise.all(["a", "b", "c"].map((tag) => made.oci.resolve("app", tag)));
    expect(issued).toBe(2);
  });

  it("that ended while its request waited for its turn is fetched anew, as often as that happens", async () => {
    let refusals = 3;
    const made = await bench({
      handler: () => (request) => {
        if (request.url.pathname === "/token") return { status: 200, body: { token: "t", expires_in: 60 } };
        const headers = { "www-authenticate": `Bearer realm="${new URL("/token", request.url).href}"` };
        if (request.headers.authorization === undefined) return { status: 401, headers };
        refusals -= 1;
        void made.clock.advance(61_000);
        return refusals >= 0 ? { status: 401, headers } : { status: 404 };
      },
    });
    expect(await made.oci.tags("app")).toBe("missing");
    expect(tokensAsked(made)).toBe(4);
  });

  it("is asked for by what the registry names too, where that is not ours", async () => {
    const made = await bench(
      asking('Bearer realm="HERE",service="s",scope="repository:proxy/app:pull"', () => ({
        status: 200,
        body: { token: "t" },
      })),
    );
    await made.oci.tags("app");
    expect(made.asked().filter((line) => line.includes("/token"))).toEqual([
      "GET /token?service=s&scope=repository%3Aapp%3Apull&scope=repository%3Aproxy%2Fapp%3Apull",
    ]);
  });

  it.each([
    ["what it asks for already", "repository:app:delete", "scope=repository%3Aapp%3Apull%2Cdelete"],
    [
      "more than that",
      "repository:app:pull,push",
      "scope=repository%3Aapp%3Apull%2Cdelete&scope=repository%3Aapp%3Apull%2Cpush",
    ],
  ])("is asked for by each scope once, where the registry names %s", async (_what, scope, query) => {
    const reply: Reply = { status: 200, body: { token: "t" } };
    const made = await bench(asking(`Bearer realm="HERE",scope="${scope}"`, () => reply));
    await made.oci.delete("app", digestOfNothing("x"));
    expect(made.asked().filter((line) => line.includes("/token"))).toEqual([`GET /token?${query}`]);
  });

  it("of all that the registry names is not asked for again, where that refuses it", async () => {
    const made = await bench({
      handler: () => (request) => {
        if (request.url.pathname === "/token") return { status: 200, body: { token: "t" } };
        const challenge = `Bearer realm="${new URL("/token", request.url).href}",scope="repository:other:pull"`;
        return { status: 401, headers: { "www-authenticate": challenge } };
      },
    });
    await expect(made.oci.tags("app")).rejects.toMatchObject({ kind: "permission" });
    expect(tokensAsked(made)).toBe(1);
  });

  it("is asked for anew by a scope that only the second refusal names, once for all who wait", async () => {
    const made = await bench({ handler: () => grantsWhatIsAsked("repository:proxy/app:pull repository:extra:pull") });
    await Promise.all([made.oci.tags("app"), made.oci.tags("app"), made.oci.tags("app")]);
    expect(await made.oci.tags("app")).toBe("missing");
    expect(made.asked().filter((line) => line.includes("/token"))).toEqual([
      "GET /token?scope=repository%3Aapp%3Apull",
      "GET /token?scope=repository%3Aapp%3Apull&scope=repository%3Aproxy%2Fapp%3Apull&scope=repository%3Aextra%3Apull",
    ]);
  });

  it("that names another scope at each refusal is an error, in the end", async () => {
    let refusals = 0;
    const made = await bench({
      handler: () => (request) => {
        if (request.url.pathname === "/token") return { status: 200, body: { token: "t" } };
        refusals += 1;
        const realm = new URL("/token", request.url).href;
        const challenge = `Bearer realm="${realm}",error="insufficient_scope",scope="repository:${refusals}:pull"`;
        return { status: 401, headers: { "www-authenticate": challenge } };
      },
    });
    await expect(made.oci.tags("app")).rejects.toMatchObject({ kind: "permission" });
    expect(refusals).toBe(5);
  });

  it.each<[string, Reply]>([
    ["a web page", LOGIN_PAGE],
    ["no JSON", { status: 200, body: "{" }],
    ["a list", { status: 200, body: [] }],
    ["nothing of it", { status: 200, body: {} }],
    ["an empty one", { status: 200, body: { token: "" } }],
    ["one of another type", { status: 200, body: { token: 1, access_token: null } }],
    ["one that would add a header", { status: 200, body: { token: "t\r\nx-evil: 1" } }],
    ["one of two words", { status: 200, body: { token: "a b" } }],
  ])("server that answers 200 with %s is an error", async (_what, reply) => {
    const made = await bench(asking('Bearer realm="HERE"', () => reply));
    await expect(made.oci.tags("app")).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining("200 without a token"),
    });
  });

  it.each<[string, object]>([
    ["no time that is one", { token: "t", expires_in: "300" }],
    ["a time below zero", { token: "t", expires_in: -5 }],
    ["no time", { token: "t", expires_in: null }],
    ["the empty name first", { token: "", access_token: "t" }],
  ])("with %s is taken, for 60 s", async (_what, body) => {
    const made = await bench(asking('Bearer realm="HERE"', () => ({ status: 200, body })));
    await made.oci.tags("app");
    await made.clock.advance(45_000);
    await made.oci.tags("app");
    expect(tokensAsked(made)).toBe(1);
  });
});

describe("a refusal ends the run, as one of permission", () => {
  const permission = (text: string): object =>
    expect.objectContaining({
      kind: "permission",
      message: expect.stringContaining(text),
      remedy: "Check the credential.",
    });

  it.each<[string, () => Promise<OciBench>, string, number]>([
    ["of Basic", () => bench({ behaviour: { guard: basicAuth({ user: "x", password: "y" }) } }), "answered 401", 2],
    ["of anonymous access", () => bench({ credential: null, behaviour: { guard: basicAuth(LOGIN) } }), "anonymous", 1],
    ["by the token server", () => withTokens({ accepts: () => false }), "/token", 2],
    ["of a token that may less than was asked for", () => withTokens({ grants: () => [] }), "repository:app:pull", 3],
    ["by 403", () => bench({ behaviour: { guard: () => ({ status: 403, body: "denied" }) } }), "answered 403", 1],
    ["without a challenge", () => bench({ behaviour: { guard: () => ({ status: 401 }) } }), "answered 401", 1],
    [
      "by a scheme that is not known",
      () => bench({ behaviour: { guard: () => ({ status: 401, headers: { "www-authenticate": "Negotiate" } }) } }),
      "answered 401",
      1,
    ],
  ])("%s", async (_what, open, text, requests) => {
    const made = await open();
    await expect(made.oci.tags("app")).rejects.toEqual(permission(text));
    expect(made.asked()).toHaveLength(requests);
  });

  it("of deletion, by a token server that grants only reading", async () => {
    const made = await withTokens({ grants: (_resource, actions) => actions.filter((action) => action === "pull") });
    const digest = pushImage(made.store, { repository: "app", seed: "v1" });
    expect(await made.oci.read("app", digest)).toMatchObject({ kind: "image" });
    await expect(made.oci.delete("app", digest)).rejects.toEqual(permission("DELETE"));
    expect(made.store.resolve("app", digest)).not.toBeNull();
  });

  it("shows neither password nor token, though the server says them", async () => {
    const guard: Guard = ({ headers }) => ({
      status: 401,
      headers: { "www-authenticate": 'Basic realm="r"' },
      body: `no ${headers.authorization} se:cret`,
    });
    const made = await bench({ behaviour: { guard } });
    const error: unknown = await made.oci.tags("app").catch((thrown: unknown) => thrown);
    const cause = error instanceof Error ? error.cause : null;
    expect(cause).toMatchObject({ name: "HttpError", status: 401, detail: expect.stringContaining("no Basic ***") });
    expect(JSON.stringify([String(error), cause])).not.toContain("se:cret");
  });
});

describe("the credential goes nowhere else", () => {
  it.each([
    ["that is no URL", "token", "no URL"],
    ["that is missing", "", "no URL"],
    ["of another scheme", "ftp://127.0.0.1/token", "no URL"],
    ["of a script", "javascript:alert(1)", "no URL"],
    ["with a user", "https://u:p@auth.example/token", "no URL"],
    ["with a user alone", "https://u@auth.example/token", "no URL"],
    ["with a password alone", "https://:p@auth.example/token", "no URL"],
    ["without TLS", "http://auth.example/token", "without TLS"],
    ["whose name begins as this machine's address", "http://127.0.0.1.example/token", "without TLS"],
  ])("a realm %s is refused, and nothing is sent there", async (_what, realm, message) => {
    const made = await bench(asking(`Bearer realm="${realm}"`));
    await expect(made.oci.tags("app")).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining(message),
    });
    expect(Object.keys(made.http.counts())).toEqual([made.server.url.host]);
  });

  it("a realm on the registry's own host is not told of, and asked without a credential where there is none", async () => {
    const anonymous = { credential: null, mayReceiveCredential: () => false };
    const made = await withTokens({ accepts: (login) => login === null }, anonymous);
    expect(await made.oci.tags("app")).toBe("missing");
    expect(made.lines).toEqual([]);
  });

  it("a realm on another host gets it where the registry's own rules allow it, and is told of once", async () => {
    const auth = await elsewhere(() => ({ status: 200, body: { token: "t" } }));
    const options = asking(`Bearer realm="${new URL("/token", auth.url).href}"`);
    const made = await bench(options);
    await made.oci.tags("app");
    await made.oci.tags("other");
    expect(auth.requests.map(({ headers }) => headers.authorization)).toEqual([BASIC, BASIC]);
    expect(made.lines).toEqual([`${made.server.url.host} sends for its tokens to ${auth.url.host}`]);
    const strict = await bench({ ...options, mayReceiveCredential: (realm) => realm.host === "api.example" });
    await expect(strict.oci.tags("app")).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining(`${auth.url.host}, for which the credential is not`),
    });
    expect(auth.requests).toHaveLength(2);
  });

  it("a challenge that a redirect led to is not obeyed", async () => {
    const auth = await elsewhere(() => ({ status: 200, body: { token: "t" } }));
    const realm = new URL("/token", auth.url).href;
    const storage = await elsewhere(() => ({
      status: 401,
      headers: { "www-authenticate": `Bearer realm="${realm}", Basic realm="r"` },
    }));
    const made = await bench({
      handler:
        () =>
        ({ path }) => ({ status: 307, headers: { location: new URL(path, storage.url).href } }),
    });
    const config = { mediaType: "x", digest: digestOfNothing("config"), sizeBytes: 10 };
    await expect(made.oci.createdAt("app", config)).rejects.toMatchObject({
      name: "HttpError",
      status: 401,
      url: expect.stringContaining(storage.url.host),
    });
    expect(auth.requests).toEqual([]);
    expect(storage.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it("a token server that redirects to another host does not pass it on", async () => {
    const other = await elsewhere(() => ({ status: 401 }));
    const made = await bench(
      asking('Bearer realm="HERE"', () => ({ status: 302, headers: { location: new URL("/t", other.url).href } })),
    );
    await expect(made.oci.tags("app")).rejects.toMatchObject({ kind: "permission" });
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it.each([
    ["localhost", true],
    ["app.localhost", true],
    ["127.0.0.1", true],
    ["127.8.9.10", true],
    ["[::1]", true],
    ["127.0.0.1.example", false],
    ["127.evil.example", false],
    ["localhost.example", false],
    ["notlocalhost", false],
    ["10.0.0.1", false],
    ["[::2]", false],
  ])("`%s` is this machine: %s", (host, is) => {
    expect(isLoopback(new URL(`http://${host}/`).hostname)).toBe(is);
  });
});
