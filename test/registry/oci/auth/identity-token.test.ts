import { expect, onTestFinished, test } from "vitest";
import { createHttpClient } from "../../../../src/http/client.ts";
import { OciClient } from "../../../../src/registry/oci/client.ts";
import { silentLog } from "../../../run.ts";
import { createFakeClock } from "../../../servers/fake-clock.ts";
import { startServer } from "../setup.ts";

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
  const clock = createFakeClock();
  const http = createHttpClient({ clock, concurrency: 4 });
  onTestFinished(() => http.close());
  const options = {
    ...{ http, clock, log: silentLog, origin: server.url, credential: null, identityToken: "refresh" },
    remedy: "Log in again.",
  };

  expect(await new OciClient({ ...options, mayReceiveCredential: () => true }).tags("web")).toEqual(["main"]);

  const urlsAndHeaders = server.requests.map(({ path, headers }) => `${path} ${headers.authorization ?? ""}`);
  expect(urlsAndHeaders.filter((text) => text.includes("refresh"))).toEqual([]);
  expect(server.requests.map(({ method }) => method)).toEqual(["GET", "POST", "GET"]);
  const refused = new OciClient({ ...options, mayReceiveCredential: () => false }).tags("web");
  await expect(refused).rejects.toThrow("may not receive the credential");
});
