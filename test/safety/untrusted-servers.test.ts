import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type GitHost, serveGitHost } from "../e2e/example.ts";
import { runStep, type StepResult } from "../e2e/runner.ts";
import { pushImage } from "../servers/content.ts";
import { type DigitalOceanRegistry, serveDigitalOceanRegistry } from "../servers/digitalocean/registry.ts";
import { pullRequest } from "../servers/github/server.ts";
import { type FaultScript, refuse, serve, type TestServer } from "../servers/http-server.ts";
import { RegistryStore } from "../servers/oci/store.ts";

const TOKEN = "dop_v1_h0stile0123456789";
const DAY = 86_400_000;
/** Everything that a log, a table, HTML or a terminal could obey. */
const HOSTILE =
  "::error::pwned\n::set-output name=x::y\r##[error]pwned|`<img src=x onerror=alert(1)>\u001b[31m\u202e**[x](http://evil.example)";

let gitHost: GitHost;
let store: RegistryStore;
let registry: DigitalOceanRegistry;
let foreign: TestServer;

beforeEach(async () => {
  const now = Date.now();
  store = new RegistryStore();
  for (const number of [1, 2]) {
    pushImage(store, { repository: "web", seed: `${number}`, tags: [`pr-${number}`], pushedAt: now - 9 * DAY });
  }
  pushImage(store, { repository: "web", seed: "main", tags: ["main"], pushedAt: now - 9 * DAY });
  gitHost = await serveGitHost({
    branches: ["main"],
    pullRequests: [1, 2].map((number) =>
      pullRequest(number, { state: "merged", closedAt: now - DAY, updatedAt: now - DAY }),
    ),
  });
  registry = await serveDigitalOceanRegistry(store, { registry: "acme", token: TOKEN });
  foreign = await serve(() => ({ status: 200, body: { token: "stolen" } }));
});

afterEach(async () => {
  await Promise.all([gitHost.close(), registry.close(), foreign.close()]);
});

function run(): Promise<StepResult> {
  return runStep({
    inputs: {
      registry: `http://${registry.address}`,
      provider: "digitalocean",
      "api-url": registry.api.apiUrl.href,
      token: TOKEN,
    },
    environment: gitHost.environment,
  });
}

/** The log without the lines that tell the runner what to hide. */
const shown = ({ log }: StepResult): string => log.replaceAll(/^::add-mask::.*$/gm, "");

function expectHarmless(result: StepResult): void {
  const commands = shown(result).match(/^::[a-z-]+/gm) ?? [];
  expect(commands.filter((command) => !["::group", "::endgroup", "::error", "::warning"].includes(command))).toEqual(
    [],
  );
  expect(result.log).not.toMatch(/^::error::pwned/m);
  expect(result.log).not.toContain("##[error]pwned");
  for (const text of [shown(result), result.summary]) {
    expect(text).not.toContain("\u001b");
    expect(text).not.toContain("\u202e");
  }
  expect(result.summary).not.toContain("<img");
}

function expectNoSecret(result: StepResult): void {
  const all = [shown(result), result.summary, JSON.stringify(result.report ?? ""), JSON.stringify(result.outputs)].join(
    "\n",
  );
  const github = gitHost.environment["GITHUB_TOKEN"] ?? "";
  for (const secret of [TOKEN, github]) {
    const forms = [
      secret,
      Buffer.from(`${secret}:${secret}`).toString("base64"),
      Buffer.from(`x-access-token:${secret}`).toString("base64"),
    ];
    for (const form of forms) expect(all).not.toContain(form);
  }
}

const everything = (reply: FaultScript): void => {
  for (const server of [registry.api, registry.oci, gitHost.git, gitHost.github]) server.inject(reply);
};

describe("hostile text", () => {
  test.each([400, 401, 403, 404, 409, 422])(
    "in an API's %i is shown and not obeyed, and no secret with it",
    async (status) => {
      everything((request) =>
        refuse(
          status,
          { "x-request-id": HOSTILE.replaceAll(/[^\x20-\x7e]/g, " ") },
          {
            id: HOSTILE,
            message: `${HOSTILE} ${request.headers.authorization ?? ""}`,
          },
        ),
      );
      const result = await run();
      expect(result.exitCode).toBe(1);
      expectHarmless(result);
      expectNoSecret(result);
    },
  );

  test("in tags and repository names is shown and not obeyed", async () => {
    pushImage(store, {
      repository: `web/${HOSTILE}`,
      seed: "hostile",
      tags: [HOSTILE, "pr-1"],
      pushedAt: Date.now() - 9 * DAY,
    });
    const result = await run();
    expectHarmless(result);
    expectNoSecret(result);
    // No registry has such names: the list is not what it should be, and decides nothing.
    expect(result.exitCode).toBe(1);
    expect(store.manifests("web")).toHaveLength(3);
  });
});

describe("a server that points elsewhere gets no credential there", () => {
  test("by redirects", async () => {
    everything(({ path }) => refuse(307, { location: new URL(path, foreign.url).href }));
    const result = await run();
    expect(result.exitCode).toBe(1);
    for (const { headers } of foreign.requests) expect(headers.authorization).toBeUndefined();
    expectNoSecret(result);
    expect(store.manifests("web")).toHaveLength(3);
  });

  test("by the realm of its tokens", async () => {
    const realm = new URL("token", foreign.url).href;
    registry.oci.inject(() => refuse(401, { "www-authenticate": `Bearer realm="${realm}",service="x"` }));
    const result = await run();
    expect(result.exitCode).toBe(1);
    for (const { headers } of foreign.requests) expect(headers.authorization).toBeUndefined();
    expect(store.manifests("web")).toHaveLength(3);
  });

  test("by the links of its pages", async () => {
    const next = new URL("v2/registries/acme/repositoriesV2?page=2&page_token=x", foreign.url).href;
    registry.api.inject((request) =>
      request.path.includes("repositoriesV2") && !request.path.includes("page_token")
        ? refuse(200, {}, { repositories: [{ name: "web" }], meta: { total: 2 }, links: { pages: { next } } })
        : null,
    );
    await run();
    expect(foreign.requests).toEqual([]);
  });
});

describe("bodies without measure", () => {
  test.each<[string, unknown]>([
    ["50 MB", "x".repeat(50_000_000)],
    ["JSON that is a million deep", `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`],
    ["a page of HTML", "<!doctype html><title>Sign in</title>"],
  ])("%s: an error, and nothing is deleted", async (_title, body) => {
    everything(() => refuse(200, { "content-type": "application/json" }, body));
    const result = await run();
    expect(result.exitCode).toBe(1);
    expect(result.log.length).toBeLessThan(100_000);
    expectHarmless(result);
    expect(store.manifests("web")).toHaveLength(3);
  });
});
