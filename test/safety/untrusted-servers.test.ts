import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { GITHUB_TOKEN } from "../e2e/example.ts";
import { runStepInProcess, type StepResult } from "../e2e/runner.ts";
import { pushImage } from "../servers/content.ts";
import { type FaultScript, refuse, serve, type TestServer } from "../servers/http-server.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { serversOf } from "./harness.ts";
import { openScenario, type Scenario } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

/** Text that could have an effect in a log, a table, HTML or a terminal. */
const HOSTILE =
  "::error::owned\n::set-output name=x::y\r##[error]owned|`<img src=x onerror=alert(1)>\u001b[31m\u202e**[x](http://evil.example)";
const COMMANDS = ["::group", "::endgroup", "::error", "::warning", "::notice"];

let gitHost: GitHost;
let scenario: Scenario;
let foreign: TestServer;

useGitHost((served) => {
  gitHost = served;
});

beforeEach(async () => {
  scenario = await openScenario("digitalocean", { fill });
  foreign = await serve(() => ({ status: 200, body: { token: "stolen" } }));
});

afterEach(async () => {
  await Promise.all([scenario.close(), foreign.close()]);
});

function fill(store: RegistryStore): void {
  for (const tag of ["pr-1", "pr-2", "main"])
    pushImage(store, { repository: "web", seed: tag, tags: [tag], pushedAt: 1.7e12 });
}

function run(): Promise<StepResult> {
  return runStepInProcess({ inputs: scenario.inputs, environment: gitHost.environment });
}

/** The log without the lines that mask secrets. */
const shown = ({ log }: StepResult): string => log.replaceAll(/^::add-mask::.*$/gm, "");

function expectNoEffect(result: StepResult): void {
  const commands = shown(result).match(/^::[a-z-]+/gm) ?? [];
  expect(commands.filter((command) => !COMMANDS.includes(command))).toEqual([]);
  expect(result.log).not.toMatch(/^::error::owned/m);
  expect(result.log).not.toContain("##[error]owned");
  for (const text of [shown(result), result.summary]) {
    expect(text).not.toContain("\u001b");
    expect(text).not.toContain("\u202e");
  }
  expect(result.summary).not.toContain("<img");
}

function expectNoSecret(result: StepResult): void {
  const { log, summary, report, outputs } = { ...result, log: shown(result) };
  const all = [log, summary, JSON.stringify(report ?? ""), JSON.stringify(outputs)].join("\n");
  for (const secret of [scenario.inputs["token"] ?? "", GITHUB_TOKEN]) {
    const logins = [`${secret}:${secret}`, `x-access-token:${secret}`];
    for (const form of [secret, ...logins.map((login) => Buffer.from(login).toString("base64"))])
      expect(all).not.toContain(form);
  }
}

function injectEverywhere(script: FaultScript): void {
  for (const server of Object.values(serversOf(scenario, gitHost))) server.inject(script);
}

describe("hostile text has no effect", () => {
  test.each([400, 401, 403, 404, 409, 422])("in an error with status %i", async (status) => {
    injectEverywhere(({ headers }) =>
      refuse(
        status,
        { "x-request-id": HOSTILE.replaceAll(/[^\x20-\x7e]/g, " ") },
        { id: HOSTILE, message: `${HOSTILE} ${headers.authorization ?? ""}` },
      ),
    );
    const result = await run();
    expect(result.exitCode).toBe(1);
    expectNoEffect(result);
    expectNoSecret(result);
  });

  test("in tags and repository names, which are errors", async () => {
    pushImage(scenario.store, { repository: `web/${HOSTILE}`, seed: "hostile", tags: [HOSTILE, "pr-1"] });
    const result = await run();
    expectNoEffect(result);
    expectNoSecret(result);
    expect(result.exitCode).toBe(1);
    expect(scenario.store.manifests("web")).toHaveLength(3);
  });
});

describe("no credential is sent to a foreign host", () => {
  test("by redirects", async () => {
    injectEverywhere(({ path }) => refuse(307, { location: new URL(path, foreign.url).href }));
    const result = await run();
    expect(result.exitCode).toBe(1);
    for (const { headers } of foreign.requests) expect(headers.authorization).toBeUndefined();
    expectNoSecret(result);
    expect(scenario.store.manifests("web")).toHaveLength(3);
  });

  test("by the realm of a token server", async () => {
    const realm = new URL("token", foreign.url).href;
    scenario.servers["oci"]?.inject(() => refuse(401, { "www-authenticate": `Bearer realm="${realm}",service="x"` }));
    const result = await run();
    expect(result.exitCode).toBe(1);
    for (const { headers } of foreign.requests) expect(headers.authorization).toBeUndefined();
    expect(scenario.store.manifests("web")).toHaveLength(3);
  });

  test("by links between pages", async () => {
    const next = new URL("v2/registries/acme/repositoriesV2?page=2&page_token=x", foreign.url).href;
    scenario.servers["api"]?.inject((request) =>
      request.path.includes("repositoriesV2") && !request.path.includes("page_token")
        ? refuse(200, {}, { repositories: [{ name: "web" }], meta: { total: 2 }, links: { pages: { next } } })
        : null,
    );
    await run();
    expect(foreign.requests).toEqual([]);
  });
});

describe("an unexpected body is an error, and nothing is deleted", () => {
  test.each<[string, unknown]>([
    ["50 MB", "x".repeat(50_000_000)],
    ["JSON with a million levels", `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`],
    ["an HTML page", "<!doctype html><title>Sign in</title>"],
  ])("%s", async (_title, body) => {
    injectEverywhere(() => refuse(200, { "content-type": "application/json" }, body));
    const result = await run();
    expect(result.exitCode).toBe(1);
    expect(result.log.length).toBeLessThan(100_000);
    expectNoEffect(result);
    expect(scenario.store.manifests("web")).toHaveLength(3);
  });
});
