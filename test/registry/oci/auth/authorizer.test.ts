import { describe, expect, it } from "vitest";
import { digestOfNothing, pushImage } from "../../../servers/content.ts";
import { refuse } from "../../../servers/http-server.ts";
import { basicAuth, type Guard } from "../../../servers/oci/auth.ts";
import { LATER, type Setup, setUp, startServer } from "../setup.ts";
import { BASIC, LOGIN, paths, setUpWithTokens, withChallenge } from "./token-servers.ts";

describe("the credential", () => {
  it("is not sent to a registry that does not require it", async () => {
    const { oci, server } = await setUp();
    await oci.tags("app");
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it("is sent as Basic from the second request on", async () => {
    const { oci, server } = await setUp({ behaviour: { guard: basicAuth(LOGIN) } });
    await oci.tags("app");
    await oci.tags("app");
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, BASIC, BASIC]);
  });

  it("is sent as Basic after a refusal without a challenge", async () => {
    const setup = await setUp({
      handler: (registry) => (request) => {
        if (request.path.includes("secret")) return { status: 401 };
        const headers = { "www-authenticate": 'Basic realm="r"' };
        return request.headers.authorization === BASIC ? registry(request) : { status: 401, headers };
      },
    });
    await setup.oci.tags("app");
    await expect(setup.oci.tags("secret")).rejects.toMatchObject({ kind: "permission" });
    setup.requests();
    await setup.oci.tags("app");
    expect(paths(setup)).toEqual(["GET /v2/app/tags/list"]);
  });

  it.each(["token with expires_in", "access_token with expires_in", "token alone"] as const)(
    "is exchanged for a token, which is masked: %s",
    async (answers) => {
      const { oci, server, masked, requests } = await setUpWithTokens({ answers });
      expect(await oci.tags("app")).toBe("missing");
      expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
        undefined,
        BASIC,
        `Bearer ${masked[0]}`,
      ]);
      expect(requests()[1]).toBe("GET /token?service=registry.test&scope=repository%3Aapp%3Apull");
    },
  );

  it("is exchanged once; the other requests wait", async () => {
    const { oci, store, requests } = await setUpWithTokens();
    const digests = ["a", "b", "c", "d"].map((seed) => pushImage(store, { repository: "app", seed }));
    await Promise.all(digests.map((digest) => oci.read("app", digest)));
    expect(requests()).toHaveLength(1 + 1 + digests.length);
  });

  it("is not required for an anonymous token", async () => {
    const { oci } = await setUpWithTokens({ accepts: (login) => login === null }, { credential: null });
    expect(await oci.tags("app")).toBe("missing");
  });
});

describe("a DELETE", () => {
  it("that was not authorized is sent again with a new token", async () => {
    const { oci, store, server, requests } = await setUpWithTokens();
    const digest = pushImage(store, { repository: "app", seed: "v1" });
    await oci.read("app", digest);
    const challenge = { "www-authenticate": `Bearer realm="${new URL("/token", server.url).href}"` };
    let refusals = 1;
    server.inject(({ method }) => {
      if (method !== "DELETE" || refusals === 0) return null;
      refusals -= 1;
      return refuse(401, challenge);
    });
    expect(await oci.delete("app", digest, LATER)).toMatchObject({ status: 202 });
    expect(requests().filter((request) => request.startsWith("DELETE"))).toHaveLength(2);
  });

  it("is not sent again after the time by which it must be sent", async () => {
    const setup = await setUp({
      handler: () => (request) => {
        const headers = { "www-authenticate": `Bearer realm="${new URL("/token", request.url).href}"` };
        if (request.url.pathname !== "/token") return { status: 401, headers };
        void setup.clock.advance(5_000);
        return { status: 200, body: { token: "t" } };
      },
    });
    const deletion = setup.oci.delete("app", digestOfNothing("x"), setup.clock.now() + 1_000);
    await expect(deletion).rejects.toMatchObject({ name: "HttpError", code: "expired" });
    expect(setup.requests().filter((request) => request.startsWith("DELETE"))).toHaveLength(1);
  });
});

describe("a missing permission is an error", () => {
  const permission = (text: string): object =>
    expect.objectContaining({
      kind: "permission",
      message: expect.stringContaining(text),
      remedy: "Check the credential.",
    });

  it.each<[string, () => Promise<Setup>, string, number]>([
    [
      "if Basic is refused",
      () => setUp({ behaviour: { guard: basicAuth({ user: "x", password: "y" }) } }),
      "returned 401",
      2,
    ],
    [
      "if there is no credential",
      () => setUp({ credential: null, behaviour: { guard: basicAuth(LOGIN) } }),
      "Anonymous",
      1,
    ],
    ["if the token server refuses", () => setUpWithTokens({ accepts: () => false }), "/token", 2],
    ["if the token grants nothing", () => setUpWithTokens({ grants: () => [] }), "repository:app:pull", 3],
    ["for 403", () => setUp({ behaviour: { guard: () => ({ status: 403, body: "denied" }) } }), "returned 403", 1],
    ["for 401 without a challenge", () => setUp({ behaviour: { guard: () => ({ status: 401 }) } }), "returned 401", 1],
    [
      "for an unknown scheme",
      () => setUp({ behaviour: { guard: () => ({ status: 401, headers: { "www-authenticate": "Negotiate" } }) } }),
      "returned 401",
      1,
    ],
  ])("%s", async (_what, open, text, count) => {
    const { oci, requests } = await open();
    await expect(oci.tags("app")).rejects.toEqual(permission(text));
    expect(requests()).toHaveLength(count);
  });

  it("if the token server grants reading only", async () => {
    const { oci, store } = await setUpWithTokens({
      grants: (_resource, actions) => actions.filter((action) => action === "pull"),
    });
    const digest = pushImage(store, { repository: "app", seed: "v1" });
    expect(await oci.read("app", digest)).toMatchObject({ kind: "image" });
    await expect(oci.delete("app", digest, LATER)).rejects.toEqual(permission("DELETE"));
    expect(store.resolve("app", digest)).not.toBeNull();
  });

  it("that does not show the password, even if the server sends it back", async () => {
    const guard: Guard = ({ headers }) => ({
      status: 401,
      headers: { "www-authenticate": 'Basic realm="r"' },
      body: `no ${headers.authorization} se:cret`,
    });
    const { oci } = await setUp({ behaviour: { guard } });
    const error: unknown = await oci.tags("app").catch((thrown: unknown) => thrown);
    const cause = error instanceof Error ? error.cause : null;
    expect(cause).toMatchObject({ name: "HttpError", status: 401, detail: expect.stringContaining("no Basic ***") });
    expect(JSON.stringify([String(error), cause])).not.toContain("se:cret");
  });
});

describe("a token server", () => {
  it.each([
    ["that is not a URL", "token", "invalid URL"],
    ["that is missing", "", "invalid URL"],
    ["with another scheme", "ftp://127.0.0.1/token", "invalid URL"],
    ["that is a script", "javascript:alert(1)", "invalid URL"],
    ["with a user and a password", "https://u:p@auth.example/token", "invalid URL"],
    ["with a user", "https://u@auth.example/token", "invalid URL"],
    ["with a password", "https://:p@auth.example/token", "invalid URL"],
    ["without TLS", "http://auth.example/token", "without TLS"],
    ["whose name starts like a loopback address", "http://127.0.0.1.example/token", "without TLS"],
  ])("%s gets no request", async (_what, realm, message) => {
    const { oci, http, server } = await setUp(withChallenge(`Bearer realm="${realm}"`));
    await expect(oci.tags("app")).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining(message),
    });
    expect(Object.keys(http.counts())).toEqual([server.url.host]);
  });

  it("on the registry's own host is not logged, and needs no approval without a credential", async () => {
    const anonymous = { credential: null, mayReceiveCredential: () => false };
    const { oci, lines } = await setUpWithTokens({ accepts: (login) => login === null }, anonymous);
    expect(await oci.tags("app")).toBe("missing");
    expect(lines).toEqual([]);
  });

  it("on another host is logged once, and gets the credential only if it may receive it", async () => {
    const auth = await startServer(() => ({ status: 200, body: { token: "t" } }));
    const options = withChallenge(`Bearer realm="${new URL("/token", auth.url).href}"`);
    const { oci, lines, server } = await setUp(options);
    await oci.tags("app");
    await oci.tags("other");
    expect(auth.requests.map(({ headers }) => headers.authorization)).toEqual([BASIC, BASIC]);
    expect(lines).toEqual([`Using ${auth.url.host} as the token server for ${server.url.host}`]);
    const strict = await setUp({ ...options, mayReceiveCredential: (realm) => realm.host === "api.example" });
    await expect(strict.oci.tags("app")).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining(`${auth.url.host} as its token server, which may not receive the credential`),
    });
    expect(auth.requests).toHaveLength(2);
  });

  it("is ignored if a redirect led to its challenge", async () => {
    const auth = await startServer(() => ({ status: 200, body: { token: "t" } }));
    const realm = new URL("/token", auth.url).href;
    const storage = await startServer(() => ({
      status: 401,
      headers: { "www-authenticate": `Bearer realm="${realm}", Basic realm="r"` },
    }));
    const { oci } = await setUp({
      handler:
        () =>
        ({ path }) => ({ status: 307, headers: { location: new URL(path, storage.url).href } }),
    });
    const config = { mediaType: "x", digest: digestOfNothing("config"), sizeBytes: 10 };
    await expect(oci.createdAt("app", config)).rejects.toMatchObject({
      name: "HttpError",
      status: 401,
      url: expect.stringContaining(storage.url.host),
    });
    expect(auth.requests).toEqual([]);
    expect(storage.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it("that redirects to another host is not believed", async () => {
    const other = await startServer(() => ({ status: 200, body: { token: "t" } }));
    const { oci, server } = await setUp(
      withChallenge('Bearer realm="HERE"', () => ({
        status: 302,
        headers: { location: new URL("/t", other.url).href },
      })),
    );
    const message = expect.stringMatching(`${server.url.host}.* redirects to ${other.url.origin}`);
    await expect(oci.tags("app")).rejects.toMatchObject({ code: "protocol", message });
    expect(other.requests).toEqual([]);
  });
});
