/**
 * Compares the requests per second of the HTTP client with undici's own: in alternating rounds against a server in another
 * process. Prints both medians and their ratio. `node test/bench/http.ts [requests] [in flight]`.
 */
import { fork } from "node:child_process";
import { createServer } from "node:http";
import { Agent } from "undici";
import { systemClock } from "../../src/clock.ts";
import { createHttpClient } from "../../src/http/client.ts";
import type { HttpClient } from "../../src/http/http.ts";

const ROUNDS = 9;
const BODY = JSON.stringify({
  manifests: Array.from({ length: 20 }, (_, i) => ({ digest: `sha256:${i}`, tags: [`pr-${i}`] })),
});

type Send = (url: URL) => Promise<Buffer>;

async function requestsPerSecond(total: number, inFlight: number, url: URL, send: Send): Promise<number> {
  const start = performance.now();
  let unsent = total;
  const worker = async (): Promise<void> => {
    while (unsent-- > 0) await send(url);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
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
  const withUndici: Send = async ({ origin, pathname }) => {
    const response = await agent.request({ origin, path: pathname, method: "GET" });
    return Buffer.from(await response.body.arrayBuffer());
  };
  const withClient: Send = async (at) => (await client.send({ method: "GET", url: at, expected: [200] })).body;
  await requestsPerSecond(total, inFlight, url, withUndici);
  await requestsPerSecond(total, inFlight, url, withClient);
  const rates = { undici: [] as number[], client: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.undici.push(await requestsPerSecond(total, inFlight, url, withUndici));
    rates.client.push(await requestsPerSecond(total, inFlight, url, withClient));
  }
  const [undici, own] = [median(rates.undici), median(rates.client)];
  const ratio = (own / undici).toFixed(2);
  console.log(`undici ${undici.toFixed(0)} requests/s, client ${own.toFixed(0)} requests/s, ratio ${ratio}`);
  await measureLongQueue(client, url, total * 5);
  await client.close();
  await agent.close();
}

/** Sends all requests at once. The time per request must not grow with the length of the queue. */
async function measureLongQueue(client: HttpClient, url: URL, total: number): Promise<void> {
  const start = performance.now();
  await Promise.all(Array.from({ length: total }, () => client.send({ method: "GET", url, expected: [200] })));
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
