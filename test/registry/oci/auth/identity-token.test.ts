import { expect, onTestFinished, test } from "vitest";
import { createHttpClient } from "../../../../src/http/client.ts";
import { createOciClient } from "../../../../src/registry/oci/client.ts";
import { silentLog } from "../../../run.ts";
import { createFakeClock } from "../../../servers/fake-clock.ts";
import { serve } from "../../../servers/http-server.ts";

test("a refresh token is posted to the token server, never sent to the registry, and no request shows it in its URL", async () => {
  const server = await serve(({ method, url, headers, body }) => {
    if (url.pathname === "/oauth2/token") {
      const form = new URLSearchParams(body.toString());
      const isRight =
        method === "POST" && form.get("refresh_token") === "refresh" && form.get("service") === "registry.test";
      return isRight
        ? { status: 200, body: { access_token: `for ${form.get("scope")}`.replaceAll(" ", "-") } }
        : { status: 401 };
    }
    if (headers.authorization === "Bearer for-repository:web:pull")
      return { status: 200, body: { name: "web", tags: ["main"] } };
    const realm = new URL("/oauth2/token", url).href;
    return { status: 401, headers: { "www-authenticate": `Bearer realm="${realm}",service="registry.test"` } };
  });
  const clock = createFakeClock();
  const http = createHttpClient({ clock, concurrency: 4 });
  onTestFinished(async () => {
    await http.close();
    await server.close();
  });
  const login = { credential: null, identityToken: "refresh" };
  const remedy = "Log in again.";
  const tools = { http, clock, log: silentLog, origin: server.url, remedy, mayReceiveCredential: () => true };

  expect(await createOciClient({ ...tools, ...login }).tags("web")).toEqual(["main"]);

  const shown = server.requests.map(({ path, headers }) => `${path} ${headers.authorization ?? ""}`);
  expect(shown.filter((text) => text.includes("refresh"))).toEqual([]);
  expect(server.requests.map(({ method }) => method)).toEqual(["GET", "POST", "GET"]);
  const refusing = { ...tools, mayReceiveCredential: () => false, ...login };
  await expect(createOciClient(refusing).tags("web")).rejects.toThrow("for which the credential is not");
});
