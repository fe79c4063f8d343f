import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createHttpClient } from "../../src/http/client.ts";
import type { RunResult } from "../../src/report/result.ts";
import { run } from "../../src/run.ts";
import { type GitHost, serveGitHost } from "../e2e/example.ts";
import { settingsOf, silentLog } from "../run.ts";
import { pushImage } from "../servers/content.ts";
import { type DigitalOceanRegistry, serveDigitalOceanRegistry } from "../servers/digitalocean/registry.ts";
import { pullRequest } from "../servers/github/server.ts";
import { refuse } from "../servers/http-server.ts";
import { RegistryStore } from "../servers/oci/store.ts";

const TOKEN = "dop_v1_played0123456789";
const DAY = 86_400_000;
const NUMBERS = [1, 2, 3, 4, 5];

let workspace = "";
let gitHost: GitHost;
let registry: DigitalOceanRegistry;
let store: RegistryStore;

/** Five merged pull requests with an image each. An app runs the first by its tag, and the second by its digest. */
beforeEach(async () => {
  const now = Date.now();
  workspace = mkdtempSync(join(tmpdir(), "refsweep-protect-"));
  store = new RegistryStore();
  const digests = NUMBERS.map((number) =>
    pushImage(store, { repository: "web", seed: `${number}`, tags: [`pr-${number}`], pushedAt: now - 5 * DAY }),
  );
  const image = { registry_type: "DOCR", registry: "", repository: "web" };
  const services = [{ image: { ...image, tag: "pr-1" } }, { image: { ...image, digest: digests[1] } }];
  const apps = [{ id: "app", spec: { name: "app", services } }];
  registry = await serveDigitalOceanRegistry(store, { registry: "acme", token: TOKEN, behaviour: { apps } });
  const times = { createdAt: now - 9 * DAY, closedAt: now - 4 * DAY, updatedAt: now - 4 * DAY };
  gitHost = await serveGitHost({
    branches: ["main"],
    pullRequests: NUMBERS.map((number) => pullRequest(number, { state: "merged", ...times })),
  });
  writeFileSync(join(workspace, "deploy.yaml"), `image: ${registry.address}/web:pr-3\n`);
  writeFileSync(join(workspace, "compose.yml"), 'image: "$REGISTRY/web:$RELEASE"\n');
  writeFileSync(join(workspace, ".env"), `REGISTRY=${registry.address}\nRELEASE=pr-5\n`);
  writeFileSync(join(workspace, "pods.json"), `{"imageID":"docker-pullable://x@${digests[3]}"}`);
});

afterEach(async () => {
  rmSync(workspace, { recursive: true, force: true });
  await Promise.all([registry.close(), gitHost.close()]);
});

async function runWith(inputs: Readonly<Record<string, string>>): Promise<RunResult> {
  const own = { registry: `http://${registry.address}`, provider: "digitalocean", token: TOKEN };
  const settings = settingsOf(
    { ...own, "api-url": registry.api.apiUrl.href, ...inputs },
    { ...gitHost.environment, GITHUB_WORKSPACE: workspace },
  );
  const http = createHttpClient({ clock: systemClock, concurrency: settings.concurrency });
  const signal = new AbortController().signal;
  const result = await run(settings, { http, clock: systemClock, log: silentLog, signal });
  await http.close();
  return result;
}

test.each([
  ["nothing", {}, []],
  ["apps", { "protect-apps": "true" }, ["pr-1", "pr-2"]],
  ["a file that names a tag", { "protect-digests": "*.yaml" }, ["pr-3"]],
  ["files with a tag in a variable", { "protect-digests": "compose.yml, .env" }, ["pr-5"]],
  ["a file that names a digest", { "protect-digests": "*.json" }, ["pr-4"]],
  ["apps and files", { "protect-apps": "true", "protect-digests": "*.yaml, *.json" }, ["pr-1", "pr-2", "pr-3", "pr-4"]],
])("keeps images in use, although their pull requests were merged: %s", async (_, inputs, tags) => {
  const result = await runWith(inputs);
  expect(result.errors).toEqual([]);
  expect([...store.tags("web")].sort()).toEqual(tags);
  const requests = registry.api.requests.filter(({ path }) => path.startsWith("/v2/apps"));
  // One for the plan, one for the recheck.
  expect(requests).toHaveLength("protect-apps" in inputs ? 2 : 0);
});

test.each([
  ["by its tag", () => ({ tag: "pr-5" })],
  ["by its digest", () => ({ digest: store.resolve("web", "pr-5")?.digest })],
])("keeps an image to which an app is rolled back after the plan: %s", async (_title, version) => {
  const { behaviour } = registry.api.state;
  const image = { registry_type: "DOCR", registry: "", repository: "web" };
  // The last request before the recheck: is a collection running?
  registry.api.inject(({ path }) => {
    if (path.endsWith("/garbage-collection"))
      behaviour.apps = [{ id: "app", spec: { services: [{ image: { ...image, ...version() } }] } }];
    return null;
  });
  const result = await runWith({ "protect-apps": "true" });
  expect(result.errors).toEqual([]);
  expect([...store.tags("web")].sort()).toEqual(["pr-1", "pr-2", "pr-5"]);
});

test("deletes nothing if the recheck cannot list the apps", async () => {
  registry.api.inject(({ path }, ordinal) => (path.startsWith("/v2/apps") && ordinal > 1 ? refuse(403) : null));
  const result = await runWith({ "protect-apps": "true" });
  expect(result.errors).toMatchObject([{ kind: "permission", message: expect.stringContaining("/v2/apps") }]);
  expect(store.tags("web")).toHaveLength(NUMBERS.length);
});

test("sends no request if a file does not exist", async () => {
  const result = await runWith({ "protect-apps": "true", "protect-digests": "deploy.yml" });
  expect(result.errors).toMatchObject([{ kind: "input", message: expect.stringContaining('"deploy.yml"') }]);
  expect(store.tags("web")).toHaveLength(NUMBERS.length);
  expect(registry.api.requests).toEqual([]);
});
