import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { serveGitHost } from "../e2e/example.ts";
import { runStep } from "../e2e/runner.ts";
import { pushImage } from "../servers/content.ts";
import { serveDigitalOceanRegistry } from "../servers/digitalocean/registry.ts";
import { pullRequest } from "../servers/github/server.ts";
import { RegistryStore } from "../servers/oci/store.ts";

// A dry run of dist/ from its first byte to its last, one repository of 10 manifests, against an empty Node process in turns.

const RUNS = 9;
const DIST = new URL("../../dist/", import.meta.url);
const DAY = 86_400_000;

const now = Date.now();
const store = new RegistryStore();
for (let index = 0; index < 10; index += 1) {
  const tags = index < 5 ? [`pr-${index + 1}`] : [`branch-${index}`];
  pushImage(store, { repository: "web", seed: `image ${index}`, tags, pushedAt: now - 9 * DAY });
}
const token = "dop_v1_played";
const registry = await serveDigitalOceanRegistry(store, { registry: "acme", token });
const gitHost = await serveGitHost({
  branches: ["main"],
  pullRequests: [1, 2, 3, 4, 5].map((number) => pullRequest(number, { state: "merged", closedAt: now - DAY })),
});
const inputs = {
  registry: `http://${registry.address}`,
  provider: "digitalocean",
  "api-url": registry.api.apiUrl.href,
  token,
  "dry-run": "true",
};
const [step, empty]: [number[], number[]] = [[], []];
for (let run = 0; run < RUNS; run += 1) {
  const { milliseconds, exitCode, log } = await runStep({ inputs, environment: gitHost.environment });
  if (exitCode !== 0) throw new Error(log);
  step.push(milliseconds);
  const started = performance.now();
  spawnSync(process.execPath, ["-e", ""]);
  empty.push(performance.now() - started);
}
await Promise.all([registry.close(), gitHost.close()]);
const bytes = readdirSync(DIST).reduce((sum, file) => sum + statSync(new URL(file, DIST)).size, 0);
const [own, node] = [median(step), median(empty)];
console.log(
  `dry run of 10 manifests: ${own.toFixed(0)} ms, ${(own / node).toFixed(1)} times an empty Node process (${node.toFixed(0)} ms)`,
);
console.log(`dist/: ${(bytes / 1024 / 1024).toFixed(2)} MiB`);

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
