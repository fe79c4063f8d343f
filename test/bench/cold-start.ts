// Compares a dry run of dist/ (one repository with 10 manifests) with an empty Node process, in alternating runs.
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { serveGitHost } from "../e2e/example.ts";
import { runStep } from "../e2e/runner.ts";
import { pushImage } from "../servers/content.ts";
import { serveDigitalOceanRegistry } from "../servers/digitalocean/registry.ts";
import { pullRequest } from "../servers/github/server.ts";
import { RegistryStore } from "../servers/oci/store.ts";

const RUNS = 15;
const DIST = new URL("../../dist/", import.meta.url);
const DAY = 86_400_000;

const now = Date.now();
const store = new RegistryStore();
for (let index = 0; index < 10; index += 1) {
  const tags = index < 5 ? [`pr-${index + 1}`] : [`branch-${index}`];
  pushImage(store, { repository: "web", seed: `image ${index}`, tags, pushedAt: now - 9 * DAY });
}
const token = "dop_v1_test";
const registry = await serveDigitalOceanRegistry(store, { registry: "acme", token });
const gitHost = await serveGitHost({
  branches: ["main"],
  pullRequests: [1, 2, 3, 4, 5].map((number) => pullRequest(number, { state: "merged", closedAt: now - DAY })),
  // The time of the Git processes on the server is not measured.
  gitResponses: "cached",
});
const inputs = {
  registry: `http://${registry.address}`,
  provider: "digitalocean",
  "api-url": registry.api.apiUrl.href,
  token,
  "dry-run": "true",
};
const times: { readonly step: number[]; readonly empty: number[] } = { step: [], empty: [] };
for (let run = 0; run < RUNS; run += 1) {
  const { milliseconds, exitCode, log } = await runStep({ inputs, environment: gitHost.environment });
  if (exitCode !== 0) throw new Error(log);
  times.step.push(milliseconds);
  const start = performance.now();
  spawnSync(process.execPath, ["-e", ""]);
  times.empty.push(performance.now() - start);
}
await Promise.all([registry.close(), gitHost.close()]);
const bytes = readdirSync(DIST).reduce((sum, file) => sum + statSync(new URL(file, DIST)).size, 0);
const [step, empty] = [median(times.step), median(times.empty)];
console.log(`dry run of 10 manifests: ${step.toFixed(0)} ms, ${(step / empty).toFixed(1)} x an empty Node process`);
console.log(`empty Node process: ${empty.toFixed(0)} ms; dist/: ${(bytes / 1024 / 1024).toFixed(2)} MiB`);

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
