/**
 * Measures a sweep of a real docker-registry 2.8 with 2,000 tags, of which 1,400 are orphaned and 20 % are multi-platform
 * images; without latency, and with 50 ms for each response. Compares, on copies of the same registry: Refsweep, the same
 * requests sent by undici alone, and loops of skopeo and regctl, extrapolated from a sample.
 *
 * `node test/bench/distribution.ts [tags] [milliseconds]`
 */
import { execFile, fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Agent } from "undici";
import { systemClock } from "../../src/clock.ts";
import { createHttpClient } from "../../src/http/client.ts";
import type { HttpClient } from "../../src/http/http.ts";
import { run } from "../../src/run.ts";
import { type GitHost, serveGitHost } from "../e2e/example.ts";
import { runStep } from "../e2e/runner.ts";
import { settingsOf, silentLog } from "../run.ts";
import { pushImage, pushMultiArch } from "../servers/content.ts";
import { type RealRegistry, startRealRegistry } from "../servers/distribution/real-registry.ts";
import { pullRequest } from "../servers/github/server.ts";
import { copyStore } from "../servers/oci/copy.ts";
import { RegistryStore } from "../servers/oci/store.ts";
import { findTool } from "../servers/tools.ts";

const CONCURRENCY = 16;
const SAMPLE = 20;
const DAY = 86_400_000;
const execute = promisify(execFile);

interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly accept: string;
}

/** The result of a sweep in a separate process. */
interface SweepResult {
  readonly seconds: number;
  readonly deleted: number;
  readonly requests: readonly SentRequest[];
}

/** Fills `web` with `tags` images: `orphans` of merged pull requests, the others of branches. Returns the orphaned tags. */
function fill(store: RegistryStore, tags: number, orphans: number): readonly string[] {
  for (let index = 0; index < tags; index += 1) {
    const tag = index < orphans ? `pr-${index + 1}` : `feature-${index}`;
    const push = { repository: "web", seed: tag, tags: [tag] };
    if (index % 5 === 0) pushMultiArch(store, push);
    else pushImage(store, push);
  }
  return Array.from({ length: orphans }, (_, index) => `pr-${index + 1}`);
}

function serveRefs(tags: number, orphans: number): Promise<GitHost> {
  const now = Date.now();
  const closed = { createdAt: now - 30 * DAY, closedAt: now - 4 * DAY, updatedAt: now - 4 * DAY };
  return serveGitHost({
    branches: ["main", ...Array.from({ length: tags - orphans }, (_, index) => `feature/${orphans + index}`)],
    pullRequests: Array.from({ length: orphans }, (_, index) => pullRequest(index + 1, { state: "merged", ...closed })),
  });
}

/** Starts a proxy that delays the bytes of the registry by `delayMs`. */
async function serveDelayed(to: URL, delayMs: number): Promise<{ readonly url: URL; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = createConnection(Number(to.port), to.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket.setNoDelay(true));
      socket.on("error", () => socket.destroy());
    }
    client.pipe(upstream);
    upstream.on("data", (chunk) => setTimeout(() => client.write(chunk), delayMs));
    upstream.on("close", () => setTimeout(() => client.destroy(), delayMs));
    client.on("close", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Sweeps in this process and sends the result to the parent process. */
async function sweepInChild(url: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const settings = settingsOf(
    { registry: url, provider: "distribution", "repository-pattern": "web", concurrency: String(CONCURRENCY) },
    { ...environment, DOCKER_CONFIG: "/nonexistent" },
  );
  const client = createHttpClient({ clock: systemClock, concurrency: settings.concurrency });
  const requests: SentRequest[] = [];
  const http: HttpClient = {
    ...client,
    send: (request) => {
      if (request.url.host === settings.registry.origin.host) {
        const { method, headers, url: target } = request;
        requests.push({ method, path: target.pathname + target.search, accept: headers?.["accept"] ?? "" });
      }
      return client.send(request);
    },
  };
  const start = performance.now();
  const result = await run(settings, {
    http,
    clock: systemClock,
    log: silentLog,
    signal: new AbortController().signal,
  });
  const seconds = (performance.now() - start) / 1_000;
  await client.close();
  if (result.errors.length > 0) throw new Error(JSON.stringify(result.errors));
  const outcomes = result.repositories.flatMap(({ manifests }) => manifests);
  const deleted = outcomes.filter(({ outcome }) => outcome === "deleted").length;
  process.send?.({ seconds, deleted, requests } satisfies SweepResult);
}

function sweepInProcess(url: URL, gitHost: GitHost): Promise<SweepResult> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ["sweep", url.href, JSON.stringify(gitHost.environment)], {
      execArgv: [],
    });
    child.once("message", (message) => resolve(message as SweepResult));
    child.once("exit", (code) => reject(new Error(`the sweep exited with ${code}`)));
  });
}

/** Returns the peak memory of dist/index.js in bytes. A process that runs TypeScript would use more. */
async function peakOfDist(url: URL, gitHost: GitHost): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "refsweep-peak-"));
  const file = join(folder, "peak");
  const script = `import{writeFileSync}from"node:fs";process.on("exit",()=>writeFileSync(${JSON.stringify(file)},String(process.resourceUsage().maxRSS)))`;
  const step = await runStep({
    inputs: {
      registry: url.href,
      provider: "distribution",
      "repository-pattern": "web",
      concurrency: String(CONCURRENCY),
    },
    environment: {
      ...gitHost.environment,
      DOCKER_CONFIG: folder,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}`,
    },
  });
  if (step.exitCode !== 0) throw new Error(`dist/index.js exited with ${step.exitCode}: ${step.log}`);
  const peakBytes = Number(readFileSync(file, "utf8")) * 1024;
  rmSync(folder, { recursive: true });
  return peakBytes;
}

/** Sends the same requests in the same order, reads before deletions. Returns the seconds. */
async function sendByUndici(url: URL, requests: readonly SentRequest[]): Promise<number> {
  const agent = new Agent({ connections: CONCURRENCY });
  const start = performance.now();
  for (let from = 0; from < requests.length; ) {
    let to = from;
    while (to < requests.length && requests[to]?.method === requests[from]?.method) to += 1;
    const queue = requests.slice(from, to);
    const sender = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { method, path, accept } = next;
        const verb = method === "DELETE" ? "DELETE" : "GET";
        const response = await agent.request({ origin: url.origin, path, method: verb, headers: { accept } });
        await response.body.arrayBuffer();
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, sender));
    from = to;
  }
  await agent.close();
  return (performance.now() - start) / 1_000;
}

/** Runs a command for each tag, one after another. Returns the seconds per tag. */
async function runForTags(
  program: string,
  tags: readonly string[],
  args: (tag: string) => readonly string[],
): Promise<number> {
  const environment = { PATH: process.env["PATH"], HOME: "/nonexistent", REGCTL_CONFIG: "/nonexistent/config.json" };
  const start = performance.now();
  for (const tag of tags) await execute(program, args(tag), { env: environment });
  return (performance.now() - start) / 1_000 / tags.length;
}

interface Comparison {
  readonly program: string;
  readonly master: RealRegistry;
  readonly gitHost: GitHost;
  readonly orphaned: readonly string[];
  readonly delayMs: number;
}

/** Calls `work` with a copy of the filled registry. */
async function withCopy<T>({ program, master, delayMs }: Comparison, work: (url: URL) => Promise<T>): Promise<T> {
  const registry = await startRealRegistry(program, {}, master.folder);
  const proxy = delayMs === 0 ? null : await serveDelayed(registry.url, delayMs);
  try {
    return await work(proxy?.url ?? registry.url);
  } finally {
    proxy?.close();
    await registry.close();
  }
}

async function measureOtherTools(comparison: Comparison): Promise<ReadonlyMap<string, number>> {
  const { orphaned } = comparison;
  const seconds = new Map<string, number>();
  // The time of a deletion grows with the number of tags, so measure with half of the orphaned tags deleted.
  const [deleted, sample] = [
    orphaned.slice(0, orphaned.length / 2),
    orphaned.slice(orphaned.length / 2, orphaned.length / 2 + SAMPLE),
  ];
  const afterDeletions = async (url: URL, measure: () => Promise<number>): Promise<number> => {
    const accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";
    const agent = new Agent({ connections: CONCURRENCY });
    const queue = [...deleted];
    const deleter = async (): Promise<void> => {
      for (let tag = queue.shift(); tag !== undefined; tag = queue.shift()) {
        const path = `/v2/web/manifests/${tag}`;
        const manifest = await agent.request({ origin: url.origin, path, method: "GET", headers: { accept } });
        await manifest.body.dump();
        const digest = String(manifest.headers["docker-content-digest"]);
        const response = await agent.request({
          origin: url.origin,
          path: `/v2/web/manifests/${digest}`,
          method: "DELETE",
        });
        await response.body.dump();
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, deleter));
    await agent.close();
    return measure();
  };
  if (findTool("skopeo") !== null) {
    const each = await withCopy(comparison, (url) =>
      afterDeletions(url, () =>
        runForTags("skopeo", sample, (tag) => ["delete", "--tls-verify=false", `docker://${url.host}/web:${tag}`]),
      ),
    );
    seconds.set("skopeo", each * orphaned.length);
  }
  const regctl = findTool("regctl");
  if (regctl !== null) {
    const each = await withCopy(comparison, (url) => {
      const host = `reg=${url.host},tls=disabled`;
      const args = ["manifest", "delete", "--force-tag-dereference", "--host", host];
      return afterDeletions(url, () => runForTags(regctl, sample, (tag) => [...args, `${url.host}/web:${tag}`]));
    });
    seconds.set("regctl", each * orphaned.length);
  }
  return seconds;
}

async function compare(comparison: Comparison): Promise<boolean> {
  const sweeps: SweepResult[] = [];
  const undici: number[] = [];
  for (let round = 0; round < 2; round += 1) {
    const swept = await withCopy(comparison, (url) => sweepInProcess(url, comparison.gitHost));
    sweeps.push(swept);
    undici.push(await withCopy(comparison, (url) => sendByUndici(url, swept.requests)));
  }
  const [seconds, limit] = [Math.min(...sweeps.map(({ seconds }) => seconds)), Math.min(...undici)];
  const peak = (await withCopy(comparison, (url) => peakOfDist(url, comparison.gitHost))) / 2 ** 20;
  const { deleted = 0, requests = [] } = sweeps[0] ?? {};
  const share = limit / seconds;
  const latency = comparison.delayMs === 0 ? "no latency" : `${comparison.delayMs} ms`;
  console.log(
    `${latency}: Refsweep ${seconds.toFixed(1)} s for ${deleted} deleted manifests and ${requests.length} requests, peak memory ${peak.toFixed(0)} MiB`,
  );
  console.log(
    `${latency}: the same requests by undici alone ${limit.toFixed(1)} s, which is ${share.toFixed(2)} of that time`,
  );
  const others = await measureOtherTools(comparison);
  for (const [name, estimate] of others) {
    const times = (estimate / seconds).toFixed(1);
    console.log(
      `${latency}: a loop of ${name} over ${comparison.orphaned.length} tags ${estimate.toFixed(0)} s (extrapolated from ${SAMPLE}), ${times} times as long, and it deletes no child manifests`,
    );
  }
  const fastest = Math.min(...others.values());
  return share >= 0.9 && peak < 200 && (comparison.delayMs === 0 || fastest / seconds >= 5);
}

async function main(tags: number, delays: readonly number[]): Promise<void> {
  const program = findTool("docker-registry");
  if (program === null) return console.log("Skipped: docker-registry is not installed.");
  const orphans = Math.round(tags * 0.7);
  const store = new RegistryStore();
  const orphaned = fill(store, tags, orphans);
  const [master, gitHost] = [await startRealRegistry(program), await serveRefs(tags, orphans)];
  await copyStore(store, master);
  let isFast = true;
  for (const delayMs of delays) isFast = (await compare({ program, master, gitHost, orphaned, delayMs })) && isFast;
  await Promise.all([master.close(), gitHost.close()]);
  console.log(isFast ? "All goals are met." : "A goal is not met.");
}

const [first = "2000", second, environment = "{}"] = process.argv.slice(2);
if (first === "sweep") await sweepInChild(second ?? "", JSON.parse(environment));
else await main(Number(first), second === undefined ? [0, 50] : [Number(second)]);
