import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fillExampleRegistry, type GitHost, serveExampleGitHost } from "./e2e/example.ts";
import { runStep, type StepResult } from "./e2e/runner.ts";
import { renderHtml } from "./render.ts";
import { type DigitalOceanRegistry, serveDigitalOceanRegistry } from "./servers/digitalocean/registry.ts";
import { startRealRegistry } from "./servers/distribution/real-registry.ts";
import { copyStore } from "./servers/oci/copy.ts";
import { RegistryStore } from "./servers/oci/store.ts";
import { findTool } from "./servers/tools.ts";

// npm run demo: sweeps an example registry on this machine with dist/index.js. Sends nothing to other machines.

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "../.demo");
const TOKEN = "dop_v1_demo0123456789";
/** The embedded garbage collection succeeds at the first status request. */
const SHORT_COLLECTION = { statuses: ["requested", "succeeded"] } as const;

const now = Date.now();
const [gitHost, store] = [await serveExampleGitHost(now), new RegistryStore()];
fillExampleRegistry(store, now);
const registry = await serveDigitalOceanRegistry(store, {
  registry: "acme",
  token: TOKEN,
  collection: SHORT_COLLECTION,
});
try {
  console.log(`Serving a registry with ${countOf(store)} manifests in ${store.repositories().length} repositories.\n`);
  await show(
    "1. A dry run: the images that would be deleted, and why",
    "dry",
    await sweep(gitHost, registry, { "dry-run": "true" }),
  );
  await show("2. A real run with garbage collection", "sweep", await sweep(gitHost, registry, { "run-gc": "true" }));
  await sweepRealRegistry();
  console.log("Run `npm test` for the tests.");
} finally {
  await Promise.all([gitHost.close(), registry.close()]);
}

/** Sweeps the same images in Debian's docker-registry, if it is installed, and collects its garbage with its own command. */
async function sweepRealRegistry(): Promise<void> {
  const program = findTool("docker-registry");
  if (program === null) {
    console.log("3. Skipped: a real self-hosted registry. Install the package docker-registry to include it.\n");
    return;
  }
  const images = new RegistryStore();
  fillExampleRegistry(images, now, "known");
  const real = await startRealRegistry(program);
  try {
    await copyStore(images, { url: real.url });
    const before = real.storedBytes();
    const inputs = { registry: real.url.host, "run-gc": "true", "gc-command": real.collectCommand().join(" ") };
    const result = await runStep({ inputs, environment: gitHost.environment });
    await show("3. A real self-hosted registry with its own garbage collection command", "self-hosted", result);
    console.log(`Blobs in its folder: ${before} bytes before the run, ${real.storedBytes()} after it.\n`);
  } finally {
    await real.close();
  }
}

function countOf(registryStore: RegistryStore): number {
  const sizes = registryStore.repositories().map((repository) => registryStore.manifests(repository).length);
  return sizes.reduce((sum, size) => sum + size, 0);
}

function sweep(
  { environment }: GitHost,
  { address, api }: DigitalOceanRegistry,
  inputs: Readonly<Record<string, string>>,
): Promise<StepResult> {
  const where = { registry: `http://${address}`, provider: "digitalocean", "api-url": api.apiUrl.href, token: TOKEN };
  return runStep({ inputs: { ...where, ...inputs }, environment });
}

async function show(title: string, name: string, result: StepResult): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const [page, report] = [join(FOLDER, `${name}.html`), join(FOLDER, `${name}.json`)];
  writeFileSync(page, renderHtml(result.summary));
  writeFileSync(report, JSON.stringify(result.report, null, 2));
  console.log(`${heading(title)}\n\n${readable(result.log)}\n${heading("Job summary")}\n\n${plain(result.summary)}`);
  console.log(`Exit code ${result.exitCode} after ${(result.milliseconds / 1000).toFixed(1)} s.`);
  console.log(`Summary as HTML: ${page}\nReport file:     ${report}\n`);
  if (result.exitCode !== 0) process.exitCode = 1;
}

function heading(text: string): string {
  return `\u001b[1m── ${text} ${"─".repeat(Math.max(0, 76 - text.length))}\u001b[0m`;
}

/** Formats the log as GitHub shows it: without commands, groups indented. */
function readable(log: string): string {
  let indent = "";
  const lines = log.split("\n").flatMap((line) => {
    const [, command = "", text = ""] = /^::([a-z-]+)[^:]*::(.*)$/.exec(line) ?? [];
    if (command === "add-mask") return [];
    if (command === "endgroup") indent = "";
    if (command === "endgroup") return [];
    if (command !== "group") return [`${indent}${command === "" ? line : `${command}: ${text}`}`];
    indent = "    ";
    return [`▸ ${text}`];
  });
  return lines.join("\n");
}

/** Formats the start of the summary for a terminal: the headline and the first tables. */
function plain(summary: string): string {
  const details = summary.indexOf("<details>");
  return `${(details < 0 ? summary : summary.slice(0, details))
    .replaceAll(/<[^>]+>/g, "")
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&nbsp;", " ")
    .trimEnd()}\n  … See the HTML file below for every deletion with its reason.\n`;
}
