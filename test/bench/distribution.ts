/**
 * A sweep of a real docker-registry 2.8 with 2,000 tags, of which 1,400 are to go, 20 % of them multi-arch; direct, and
 * behind a proxy that adds 50 ms to each answer. Side by side, each on a copy of the same registry: Refsweep, the same
 * requests sent by undici with nothing else, and loops of skopeo and regctl (where it is) over a sample, extrapolated.
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
import { findGoProgram } from "../servers/go-programs.ts";
import { copyStore } from "../servers/oci/copy.ts";
import { RegistryStore } from "../servers/oci/store.ts";
import { isProgram } from "../servers/program.ts";
import { findTool } from "../servers/tools.ts";

const IN_FLIGHT = 16;
const SAMPLE = 20;
const DAY = 86_400_000;
const run = promisify(execFile);

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly accept: string;
}

/** What a sweep in a process of its own came to. */
interface Swept {
  readonly seconds: number;
  readonly deleted: number;
  readonly requests: readonly Sent[];
}

/** Fills `web`: `orphans` of `tags` are of merged pull requests, the others of living branches. Returns the dead tags. */
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

/** Passes bytes on, those of the registry `delayMs` later. */
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

/** Sweeps in this process, which does nothing else, and tells its parent. */
async function sweepAlone(url: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const settings = settingsOf(
    { registry: url, provider: "distribution", "repository-pattern": "web", concurrency: String(IN_FLIGHT) },
    { ...environment, DOCKER_CONFIG: "/nonexistent" },
  );
  const client = createHttpClient({ clock: systemClock, concurrency: settings.concurrency });
  const requests: Sent[] = [];
  const http: HttpClient = {
    ...client,
    send: (request) => {
      if (request.url.host === settings.registry.origin.host) {
        const { method, headers, url: at } = request;
        requests.push({ method, path: at.pathname + at.search, accept: headers?.["accept"] ?? "" });
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
  process.send?.({ seconds, deleted, requests } satisfies Swept);
}

function refsweep(url: URL, gitHost: GitHost): Promise<Swept> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ["sweep", url.href, JSON.stringify(gitHost.environment)], {
      execArgv: [],
    });
    child.once("message", (message) => resolve(message as Swept));
    child.once("exit", (code) => reject(new Error(`the sweep ended with ${code}`)));
  });
}

/** The peak memory of dist/index.js in bytes: that of this file's own process holds what runs TypeScript, too. */
async function peakOfDist(url: URL, gitHost: GitHost): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "refsweep-peak-"));
  const file = join(folder, "peak");
  const tell = `import{writeFileSync}from"node:fs";process.on("exit",()=>writeFileSync(${JSON.stringify(file)},String(process.resourceUsage().maxRSS)))`;
  const step = await runStep({
    inputs: {
      registry: url.href,
      provider: "distribution",
      "repository-pattern": "web",
      concurrency: String(IN_FLIGHT),
    },
    environment: {
      ...gitHost.environment,
      DOCKER_CONFIG: folder,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tell)}`,
    },
  });
  if (step.exitCode !== 0) throw new Error(`dist/index.js ended with ${step.exitCode}: ${step.log}`);
  const peakBytes = Number(readFileSync(file, "utf8")) * 1024;
  rmSync(folder, { recursive: true });
  return peakBytes;
}

/** The same requests, in the same order, reads before deletions as they came. Returns the seconds. */
async function bareLimit(url: URL, requests: readonly Sent[]): Promise<number> {
  const agent = new Agent({ connections: IN_FLIGHT });
  const start = performance.now();
  for (let from = 0; from < requests.length; ) {
    let to = from;
    while (to < requests.length && requests[to]?.method === requests[from]?.method) to += 1;
    const open = requests.slice(from, to);
    const sender = async (): Promise<void> => {
      for (let next = open.shift(); next !== undefined; next = open.shift()) {
        const { method, path, accept } = next;
        const verb = method === "DELETE" ? "DELETE" : "GET";
        const answer = await agent.request({ origin: url.origin, path, method: verb, headers: { accept } });
        await answer.body.arrayBuffer();
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
    from = to;
  }
  await agent.close();
  return (performance.now() - start) / 1_000;
}

/** Seconds for each tag, of one command after another over a sample of tags. */
async function loop(
  program: string,
  tags: readonly string[],
  args: (tag: string) => readonly string[],
): Promise<number> {
  const environment = { PATH: process.env["PATH"], HOME: "/nonexistent", REGCTL_CONFIG: "/nonexistent/config.json" };
  const start = performance.now();
  for (const tag of tags) await run(program, args(tag), { env: environment });
  return (performance.now() - start) / 1_000 / tags.length;
}

interface Contest {
  readonly program: string;
  readonly master: RealRegistry;
  readonly gitHost: GitHost;
  readonly dead: readonly string[];
  readonly delayMs: number;
}

/** A copy of the filled registry, as far away as the contest is. */
async function withCopy<T>({ program, master, delayMs }: Contest, work: (url: URL) => Promise<T>): Promise<T> {
  const registry = await startRealRegistry(program, {}, master.folder);
  const proxy = delayMs === 0 ? null : await serveDelayed(registry.url, delayMs);
  try {
    return await work(proxy?.url ?? registry.url);
  } finally {
    proxy?.close();
    await registry.close();
  }
}

async function others(contest: Contest): Promise<ReadonlyMap<string, number>> {
  const { dead } = contest;
  const seconds = new Map<string, number>();
  // A deletion costs the more the more tags are left: half way is the mean.
  const [gone, sample] = [dead.slice(0, dead.length / 2), dead.slice(dead.length / 2, dead.length / 2 + SAMPLE)];
  const half = async (url: URL, measure: () => Promise<number>): Promise<number> => {
    const accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";
    const agent = new Agent({ connections: IN_FLIGHT });
    const open = [...gone];
    const deleter = async (): Promise<void> => {
      for (let tag = open.shift(); tag !== undefined; tag = open.shift()) {
        const path = `/v2/web/manifests/${tag}`;
        const shown = await agent.request({ origin: url.origin, path, method: "GET", headers: { accept } });
        await shown.body.dump();
        const digest = String(shown.headers["docker-content-digest"]);
        const answer = await agent.request({
          origin: url.origin,
          path: `/v2/web/manifests/${digest}`,
          method: "DELETE",
        });
        await answer.body.dump();
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, deleter));
    await agent.close();
    return measure();
  };
  if (isProgram("skopeo")) {
    const each = await withCopy(contest, (url) =>
      half(url, () =>
        loop("skopeo", sample, (tag) => ["delete", "--tls-verify=false", `docker://${url.host}/web:${tag}`]),
      ),
    );
    seconds.set("skopeo", each * dead.length);
  }
  const regctl = findGoProgram("regctl");
  if (regctl !== null) {
    const each = await withCopy(contest, (url) => {
      const host = `reg=${url.host},tls=disabled`;
      const args = ["manifest", "delete", "--force-tag-dereference", "--host", host];
      return half(url, () => loop(regctl, sample, (tag) => [...args, `${url.host}/web:${tag}`]));
    });
    seconds.set("regctl", each * dead.length);
  }
  return seconds;
}

async function compare(contest: Contest): Promise<boolean> {
  const ours: Swept[] = [];
  const bare: number[] = [];
  for (let round = 0; round < 2; round += 1) {
    const swept = await withCopy(contest, (url) => refsweep(url, contest.gitHost));
    ours.push(swept);
    bare.push(await withCopy(contest, (url) => bareLimit(url, swept.requests)));
  }
  const [seconds, limit] = [Math.min(...ours.map((one) => one.seconds)), Math.min(...bare)];
  const peak = (await withCopy(contest, (url) => peakOfDist(url, contest.gitHost))) / 2 ** 20;
  const { deleted = 0, requests = [] } = ours[0] ?? {};
  const share = limit / seconds;
  const how = contest.delayMs === 0 ? "direct" : `${contest.delayMs} ms`;
  console.log(
    `${how}: Refsweep ${seconds.toFixed(1)} s for ${deleted} manifests by ${requests.length} requests, at most ${peak.toFixed(0)} MiB`,
  );
  console.log(`${how}: the same requests by undici alone ${limit.toFixed(1)} s: ${share.toFixed(2)} of that limit`);
  const rivals = await others(contest);
  for (const [name, estimate] of rivals) {
    const times = (estimate / seconds).toFixed(1);
    console.log(
      `${how}: a loop of ${name} over ${contest.dead.length} tags ${estimate.toFixed(0)} s (from ${SAMPLE}): ${times} times as long, and no child deleted`,
    );
  }
  const fastest = Math.min(...rivals.values());
  return share >= 0.9 && peak < 200 && (contest.delayMs === 0 || fastest / seconds >= 5);
}

async function main(tags: number, delays: readonly number[]): Promise<void> {
  const program = findTool("docker-registry");
  if (program === null) return console.log("docker-registry is not installed: nothing to measure");
  const orphans = Math.round(tags * 0.7);
  const store = new RegistryStore();
  const dead = fill(store, tags, orphans);
  const [master, gitHost] = [await startRealRegistry(program), await serveRefs(tags, orphans)];
  await copyStore(store, master);
  let held = true;
  for (const delayMs of delays) held = (await compare({ program, master, gitHost, dead, delayMs })) && held;
  await Promise.all([master.close(), gitHost.close()]);
  console.log(held ? "The goals are held." : "A GOAL IS MISSED.");
}

const [first = "2000", second, environment = "{}"] = process.argv.slice(2);
if (first === "sweep") await sweepAlone(second ?? "", JSON.parse(environment));
else await main(Number(first), second === undefined ? [0, 50] : [Number(second)]);
