/**
 * How much of undici's own speed is left with pacing, retries and counting around it: a run of each in turn, over the same
 * server in a process of its own, and the ratio of their medians. `node test/bench/http.ts [requests] [in flight]`.
 */
import { fork } from "node:child_process";
import { createServer } from "node:http";
import { Agent } from "undici";
import { systemClock } from "../../src/clock.ts";
import { createHttpClient } from "../../src/http/client.ts";

const ROUNDS = 9;
const BODY = JSON.stringify({
  manifests: Array.from({ length: 20 }, (_, i) => ({ digest: `sha256:${i}`, tags: [`pr-${i}`] })),
});

type Send = (url: URL) => Promise<Buffer>;

async function inParallel(total: number, inFlight: number, work: () => Promise<unknown>): Promise<void> {
  let left = total;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) await work();
    }),
  );
}

async function perSecond(total: number, inFlight: number, url: URL, send: Send): Promise<number> {
  const start = performance.now();
  await inParallel(total, inFlight, () => send(url));
  return (total / (performance.now() - start)) * 1_000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function measure(url: URL, total: number, inFlight: number): Promise<void> {
  const agent = new Agent({ connections: inFlight, allowH2: false });
  const client = createHttpClient({
    clock: systemClock,
    concurrency: inFlight,
    policy: () => ({ perMinute: 100_000_000 }),
  });
  const bare: Send = async ({ origin, pathname }) => {
    const answer = await agent.request({ origin, path: pathname, method: "GET" });
    return Buffer.from(await answer.body.arrayBuffer());
  };
  const ours: Send = async (at) => (await client.send({ method: "GET", url: at, expected: [200] })).body;
  await perSecond(total, inFlight, url, bare);
  await perSecond(total, inFlight, url, ours);
  const rates = { bare: [] as number[], ours: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.bare.push(await perSecond(total, inFlight, url, bare));
    rates.ours.push(await perSecond(total, inFlight, url, ours));
  }
  const [reference, rate] = [median(rates.bare), median(rates.ours)];
  console.log(
    `undici ${reference.toFixed(0)} requests/s, ours ${rate.toFixed(0)} requests/s, ratio ${(rate / reference).toFixed(2)}`,
  );
  await queueing(client.send, url, total * 5);
  await client.close();
  await agent.close();
}

/** All requests at once: the queue must not cost more the longer it is. */
async function queueing(send: ReturnType<typeof createHttpClient>["send"], url: URL, total: number): Promise<void> {
  const start = performance.now();
  await Promise.all(Array.from({ length: total }, () => send({ method: "GET", url, expected: [200] })));
  const rate = (total / (performance.now() - start)) * 1_000;
  console.log(`${total} requests queued at once: ${rate.toFixed(0)} requests/s`);
}

if (process.argv[2] === "serve") {
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(BODY);
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (address !== null && typeof address === "object") process.send?.(address.port);
  });
} else {
  const [total, inFlight] = [Number(process.argv[2] ?? 4_000), Number(process.argv[3] ?? 16)];
  const child = fork(import.meta.filename, ["serve"]);
  child.once("message", (port) => {
    measure(new URL(`http://127.0.0.1:${port}/`), total, inFlight).finally(() => child.kill());
  });
}
