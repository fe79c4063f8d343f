import { expect, onTestFinished, test } from "vitest";
import { createHttpClient } from "../../../../src/http/client.ts";
import { OciClient } from "../../../../src/registry/oci/client.ts";
import { silentLog } from "../../../run.ts";
import { createFakeClock } from "../../../servers/fake-clock.ts";
import { startServer } from "../setup.ts";

function openClient(origin: URL, mayReceiveCredential = true): OciClient {
  const clock = createFakeClock();
  const http = createHttpClient({ clock, concurrency: 4 });
  onTestFinished(() => http.close());
  return new OciClient({
    ...{ http, clock, log: silentLog, origin, credential: null, identityToken: "refresh" },
    mayReceiveCredential: () => mayReceiveCredential,
    remedy: "Log in again.",
  });
}

test("a refresh token is sent by POST to the token server only, and never in a URL", async () => {
  const server = await startServer(({ method, url, headers, body }) => {
    if (url.pathname === "/oauth2/token") {
      const form = new URLSearchParams(body.toString());
      const isValid =
        method === "POST" && form.get("refresh_token") === "refresh" && form.get("service") === "registry.test";
      return isValid
        ? { status: 200, body: { access_token: `for ${form.get("scope")}`.replaceAll(" ", "-") } }
        : { status: 401 };
    }
    if (headers.authorization === "Bearer for-repository:web:pull")
      return { status: 200, body: { name: "web", tags: ["main"] } };
    const realm = new URL("/oauth2/token", url).href;
    return { status: 401, headers: { "www-authenticate": `Bearer realm="${realm}",service="registry.test"` } };
  });
  expect(await openClient(server.url).tags("web")).toEqual(["main"]);

  const urlsAndHeaders = server.requests.map(({ path, headers }) => `${path} ${headers.authorization ?? ""}`);
  expect(urlsAndHeaders.filter((text) => text.includes("refresh"))).toEqual([]);
  expect(server.requests.map(({ method }) => method)).toEqual(["GET", "POST", "GET"]);
  const refused = openClient(server.url, false).tags("web");
  await expect(refused).rejects.toThrow("may not receive the credential");
});

test("a refused refresh token is an error of the credential, without the token", async () => {
  const server = await startServer(({ url }) => {
    if (url.pathname === "/token") return { status: 401, body: "unknown token refresh" };
    return { status: 401, headers: { "www-authenticate": `Bearer realm="${new URL("/token", url).href}"` } };
  });
  await expect(openClient(server.url).tags("web")).rejects.toMatchObject({
    kind: "permission",
    message: expect.stringMatching(/^The credential lacks the permission repository:web:pull/),
    cause: { detail: expect.stringContaining("unknown token ***") },
  });
});

test("an access token that the registry repeats in a refusal is not in the error", async () => {
  const server = await startServer(({ url, headers }) => {
    if (url.pathname === "/token") return { status: 200, body: { token: "issued-token" } };
    if (headers.authorization !== undefined) return { status: 403, body: `denied: ${headers.authorization}` };
    return { status: 401, headers: { "www-authenticate": `Bearer realm="${new URL("/token", url).href}"` } };
  });
  await expect(openClient(server.url).tags("web")).rejects.toMatchObject({
    cause: { detail: expect.stringContaining("denied: Bearer ***") },
  });
});
