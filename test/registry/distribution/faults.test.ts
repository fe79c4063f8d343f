import { createServer } from "node:https";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createHttpClient } from "../../../src/http/client.ts";
import type { RunResult } from "../../../src/report/result.ts";
import { run } from "../../../src/run.ts";
import { fillExampleRegistry, type GitHost, serveExampleGitHost } from "../../e2e/example.ts";
import { settingsOf, silentLog } from "../../run.ts";
import { makeSigningKey } from "../../servers/distribution/signed-tokens.ts";
import { createFakeClock } from "../../servers/fake-clock.ts";
import {
  type FaultScript,
  type Reply,
  refuse,
  type ServedRequest,
  serve,
  type TestServer,
} from "../../servers/http-server.ts";
import { serveOci } from "../../servers/oci/server.ts";
import { RegistryStore } from "../../servers/oci/store.ts";
import { needs } from "../../servers/tools.ts";

let gitHost: GitHost;
const cleanup: (() => unknown)[] = [];

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
});

afterEach(async () => {
  await Promise.all(cleanup.splice(0).map((close) => close()));
});

afterAll(() => gitHost.close());

/** Sweeps on a clock that skips all waits, because failed requests are retried. */
async function sweepAt(url: string): Promise<RunResult> {
  const settings = settingsOf(
    { registry: url, provider: "distribution", token: "secret-of-a-user", username: "me" },
    { ...gitHost.environment, DOCKER_CONFIG: "/nonexistent" },
  );
  const clock = createFakeClock({ startAt: Date.now() });
  const http = createHttpClient({ clock, concurrency: 8, timeoutMs: 5_000 });
  cleanup.push(() => http.close());
  return run(settings, { http, clock, log: silentLog, signal: new AbortController().signal });
}

async function startExample(
  faults: FaultScript,
): Promise<{ readonly server: TestServer; readonly store: RegistryStore }> {
  const store = new RegistryStore();
  fillExampleRegistry(store, Date.now(), "known");
  const server = await serveOci(store, { referrersApi: "no" });
  server.inject(faults);
  cleanup.push(() => server.close());
  return { server, store };
}

const reply = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}) =>
  refuse(status, headers, body);
const LOGIN_PAGE = reply("<!doctype html><title>Sign in</title>", 200, { "content-type": "text/html" });
const INDEX = { "content-type": "application/vnd.oci.image.index.v1+json" };

function on(path: RegExp, answer: (request: ServedRequest) => ReturnType<FaultScript>): FaultScript {
  return (request) => (path.test(request.path) ? answer(request) : null);
}

describe("one error, and nothing is deleted from the affected repositories, for", () => {
  test.each([
    [
      "a login page for the catalog",
      on(/_catalog/, () => LOGIN_PAGE),
      /_catalog.* returned 200 with a web page/,
      "all",
    ],
    ["a login page for tags", on(/\/web\/tags/, () => LOGIN_PAGE), /web\/tags\/list.* with a web page/, "web"],
    [
      "a login page for a manifest",
      on(/\/web\/manifests\/v/, () => LOGIN_PAGE),
      /web\/manifests\/.* with a web page/,
      "web",
    ],
    ["JSON of another API", on(/_catalog/, () => reply({ users: 3, repositories: 3 })), /unexpected JSON/, "all"],
    ["text instead of JSON", on(/\/web\/tags/, () => reply("tags")), /did not return JSON/, "web"],
    [
      "a list that links to its first page",
      on(/\/web\/tags/, () => reply({ tags: ["pr-10"] }, 200, { link: '</v2/web/tags/list?last=a>; rel="next"' })),
      /does not end/,
      "web",
    ],
    [
      "an endless list",
      (() => {
        let page = 0;
        return on(/\/web\/tags/, () => {
          page += 1;
          return reply({ tags: ["pr-10"] }, 200, { link: `</v2/web/tags/list?last=${page}>; rel="next"` });
        });
      })(),
      /does not end/,
      "web",
    ],
    [
      "a next page on another host",
      on(/\/web\/tags/, () => reply({ tags: [] }, 200, { link: '<https://evil.example/v2/>; rel="next"' })),
      /another host/,
      "web",
    ],
    [
      "a manifest larger than 4 MiB",
      on(/\/web\/manifests\/main/, () => reply(Buffer.alloc(4 * 1024 * 1024 + 1, " "), 200, INDEX)),
      /manifests\/main.*4194304 bytes/,
      "web",
    ],
    [
      "a manifest with another digest",
      on(/\/web\/manifests\/main/, () =>
        reply(Buffer.from('{"schemaVersion":2}'), 200, {
          ...INDEX,
          "docker-content-digest": `sha256:${"0".repeat(64)}`,
        }),
      ),
      /content with digest/,
      "web",
    ],
    [
      "a manifest converted to schema 1",
      on(/\/web\/manifests\/main/, () =>
        reply({ schemaVersion: 1 }, 200, {
          "content-type": "application/vnd.docker.distribution.manifest.v1+prettyjws",
        }),
      ),
      /converted web:main to schema 1/,
      "web",
    ],
    [
      "a token server with an invalid URL",
      on(/./, () => reply("", 401, { "www-authenticate": 'Bearer realm="not a url",service="x"' })),
      /invalid URL: "not a url"/,
      "all",
    ],
    [
      "a token server without TLS",
      on(/./, () => reply("", 401, { "www-authenticate": 'Bearer realm="http://evil.example/token"' })),
      /without TLS: http:\/\/evil\.example/,
      "all",
    ],
    ["a permanent server error", on(/\/web\/tags/, () => reply("", 500)), /web\/tags\/list.* 500/, "web"],
  ] as const)("%s", async (_, faults, message, affected) => {
    const { server, store } = await startExample(faults);
    const result = await sweepAt(server.url.href);
    expect(result.errors).toHaveLength(1);
    expect(result.errors[0]?.message).toMatch(message);
    expect(result.errors[0]?.remedy).not.toBe("");
    expect(JSON.stringify(result)).not.toContain("secret-of-a-user");
    expect(store.tags("web")).toContain("pr-11");
    expect(store.tags("web/worker").includes("pr-11")).toBe(affected === "all");
  });
});

describe("one error for", () => {
  test("an unknown host", async () => {
    const { errors } = await sweepAt("http://registry.invalid");
    expect(errors).toMatchObject([{ message: expect.stringContaining("registry.invalid") }]);
  });

  test("a closed port", async () => {
    const server = await serve(() => ({ status: 200 }));
    await server.close();
    const { errors } = await sweepAt(server.url.href);
    expect(errors).toMatchObject([{ message: expect.stringMatching(/ECONNREFUSED|refused/) }]);
  });

  test("a self-signed certificate", needs("openssl"), async () => {
    const { key, certificate } = makeSigningKey();
    const server = createServer({ key: key.export({ type: "pkcs8", format: "pem" }), cert: certificate });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanup.push(() => server.close());
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { errors } = await sweepAt(`https://127.0.0.1:${port}`);
    expect(errors).toMatchObject([{ message: expect.stringMatching(/certificate is self-signed/) }]);
  });

  test.each<[string, Reply, RegExp]>([
    ["a web site", { status: 200, headers: { "content-type": "text/html" }, body: "<html>" }, /web page/],
    ["another API", { status: 200, body: { message: "hello" } }, /unexpected JSON/],
    ["404 for every request", { status: 404, body: "404 page not found" }, /no repository web/],
  ])("%s", async (_, answer, message) => {
    const server = await serve(() => answer);
    cleanup.push(() => server.close());
    const { errors } = await sweepAt(server.url.href);
    expect(errors).toHaveLength(1);
    expect(`${errors[0]?.message}`).toMatch(message);
  });
});
