import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { HostQueue, type OnWait } from "../../src/http/host-queue.ts";
import { toOutgoing } from "../../src/http/request.ts";
import { createFakeClock, settle } from "../servers/fake-clock.ts";
import { refuse, type ServerFault } from "../servers/http-server.ts";
import { failure, stage } from "./setup.ts";

const NOW = Date.UTC(2026, 10, 21, 12);
const seconds = (ms: number): string => String((NOW + ms) / 1_000);
const GITHUB = { "x-github-request-id": "A:1" };
const secondary = { message: "You have exceeded a secondary rate limit." };

describe("the pause after a rate limit", () => {
  const cases: readonly [string, ServerFault, number][] = [
    ["429, retry-after in seconds", refuse(429, { "retry-after": "30" }), 30_000],
    ["429, retry-after as a date", refuse(429, { "retry-after": "Sat, 21 Nov 2026 12:00:45 GMT" }), 45_000],
    ["503 with retry-after", refuse(503, { "retry-after": "7" }), 7_000],
    [
      "DigitalOcean's minute limit: retry-after, not the reset of the hour",
      refuse(429, {
        "retry-after": "20",
        "ratelimit-limit": "5000",
        "ratelimit-remaining": "0",
        "ratelimit-reset": seconds(3_000_000),
      }),
      20_000,
    ],
    [
      "DigitalOcean's hourly limit: the reset",
      refuse(429, { "ratelimit-limit": "5000", "ratelimit-remaining": "0", "ratelimit-reset": seconds(240_000) }),
      240_000,
    ],
    [
      "GitHub's primary limit: 403, the reset",
      refuse(403, {
        ...GITHUB,
        "x-ratelimit-limit": "1000",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": seconds(240_000),
      }),
      240_000,
    ],
    ["GitHub's secondary limit: 403 with retry-after", refuse(403, { ...GITHUB, "retry-after": "61" }), 61_000],
    ["GitHub's secondary limit: 403, recognized by its message only", refuse(403, GITHUB, secondary), 60_000],
    ["GitHub's secondary limit: 429 without other signs", refuse(429, GITHUB), 60_000],
    ["429 without other signs", refuse(429), 1_000],
    [
      "a date of a clock that is 3 hours ahead",
      refuse(429, { date: "Sat, 21 Nov 2026 15:00:00 GMT", "retry-after": "Sat, 21 Nov 2026 15:00:45 GMT" }),
      45_000,
    ],
    [
      "a reset of a clock that is 3 hours behind",
      refuse(429, {
        date: "Sat, 21 Nov 2026 09:00:00 GMT",
        "ratelimit-remaining": "0",
        "ratelimit-reset": seconds(-3 * 3_600_000 + 240_000),
      }),
      240_000,
    ],
    ["a reset in the past", refuse(429, { "ratelimit-remaining": "0", "ratelimit-reset": seconds(-5_000) }), 1_000],
    ["a retry-after in the past", refuse(429, { "retry-after": "Sat, 21 Nov 2026 11:00:00 GMT" }), 250],
    ["an invalid retry-after", refuse(429, { "retry-after": "-5" }), 1_000],
  ];
  test.each(cases)("%s", async (_, fault, ms) => {
    const { client, server, to, clock } = await stage({ serve: { faults: [fault] } });
    expect((await client.send(to("/"))).status).toBe(200);
    expect(server.requests.length).toBe(2);
    const waited = clock.now() - NOW;
    expect(waited).toBeGreaterThanOrEqual(ms);
    expect(waited).toBeLessThan(ms * 1.3 + 1_000);
  });

  test("slows writes down after a secondary limit, not after a primary one", async () => {
    const primary = {
      ...GITHUB,
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": seconds(60_000),
      "retry-after": "60",
    };
    for (const [headers, ms] of [
      [primary, 0],
      [{ ...GITHUB, "retry-after": "60" }, 2_000],
    ] as const) {
      const { client, to, clock } = await stage({ serve: { faults: [refuse(403, headers)] } });
      await client.send(to("/"));
      const resumedAt = clock.now();
      for (const path of ["/a", "/b", "/c"]) await client.send(to(path, { method: "DELETE" }));
      expect(clock.now() - resumedAt).toBe(ms);
    }
  });

  test("doubles with each consecutive pause", async () => {
    const { client, to, clock } = await stage({
      serve: { faults: [1, 2, 3].map(() => refuse(403, GITHUB, secondary)) },
    });
    await client.send(to("/"));
    const [first = 0, second = 0, third = 0] = clock.sleeps;
    expect([second / first, third / second]).toEqual([2, 2]);
  });
});

test.each([0.5, 1, 7, 400])(
  "no request waits forever with a clock that advances %d ms at every reading",
  async (step) => {
    const fake = createFakeClock();
    let readings = 0;
    // Timers can fire a little early.
    const sleep = (ms: number, signal?: AbortSignal) => fake.sleep(Math.max(0, ms - 2 * step), signal);
    const clock = { ...fake, now: () => fake.now() + readings++ * step, sleep };
    const { client, server, to } = await stage({ clock, client: { policy: () => ({ perMinute: 1 }) } });
    await Promise.all(Array.from({ length: 10 }, () => client.send(to("/"))));
    expect(server.requests.length).toBe(10);
  },
);

test("one 429 delays all requests to its host, and none to another host", async () => {
  const clock = createFakeClock({ passes: "by hand" });
  const waits: Parameters<OnWait>[0][] = [];
  const { client, server, to } = await stage({
    clock,
    serve: { faults: [refuse(429, { "retry-after": "30" })] },
    client: { onWait: (wait) => waits.push(wait) },
  });
  const other = await stage({ clock });
  const first = client.send(to("/first"));
  while (clock.sleeping() === 0) await settle();
  const others = Array.from({ length: 20 }, (_, i) => client.send(to(`/${i}`)));
  await clock.advance(29_000);
  await client.send({ method: "GET", url: other.server.url, expected: [200] });
  expect(server.requests.length).toBe(1);
  await clock.advance(2_000);
  await Promise.all([first, ...others]);
  expect(server.requests.length).toBe(22);
  expect(waits).toEqual([{ host: server.url.host, ms: 30_250, reason: "it returned 429 with retry-after" }]);
});

test("sends one request first after a pause, and one more in parallel after each success", async () => {
  const served = { now: 0, ended: 0 };
  const atArrival: { readonly now: number; readonly ended: number }[] = [];
  const { client, server, to } = await stage({
    serve: { faults: Array(16).fill(refuse(429, { "retry-after": "5" })) },
    handler: async () => {
      served.now += 1;
      atArrival.push({ ...served });
      await wait(3);
      served.now -= 1;
      served.ended += 1;
      return { status: 200 };
    },
  });
  await Promise.all(Array.from({ length: 40 }, (_, i) => client.send(to(`/${i}`))));
  expect(server.requests.length).toBe(16 + 40);
  expect(atArrival.every(({ now, ended }) => now <= Math.min(16, 1 + ended))).toBe(true);
});

test("a success of a request from before a pause allows no more requests after it", async () => {
  const clock = createFakeClock({ passes: "by hand" });
  const queue = new HostQueue("host", 2, {}, clock);
  const acquire = () => queue.acquire(toOutgoing({ method: "GET", url: new URL("http://host/"), expected: [] }), false);
  const [early, refused] = [await acquire(), await acquire()];
  queue.release(refused, { status: 429, headers: { "retry-after": "1" }, body: Buffer.of() });
  queue.release(early, { status: 200, headers: {}, body: Buffer.of() });
  let admitted = 0;
  for (const _ of "ab") void Promise.resolve(acquire()).then(() => (admitted += 1));
  await clock.advance(2_000);
  expect(admitted).toBe(1);
});

describe("a 403 without a rate limit", () => {
  test.each<[string, ServerFault]>([
    ["plain", refuse(403)],
    [
      "from GitHub, with budget left",
      refuse(403, { ...GITHUB, "x-ratelimit-remaining": "10", "x-ratelimit-reset": seconds(60_000) }),
    ],
    ["from DigitalOcean", refuse(403, { "ratelimit-remaining": "10", "ratelimit-reset": seconds(60_000) })],
  ])("is not retried: %s", async (_, fault) => {
    const { client, server, to, clock } = await stage({ serve: { faults: () => fault } });
    expect(await failure(client.send(to("/")))).toMatchObject({ status: 403, retryable: false });
    expect([server.requests.length, clock.sleeps]).toEqual([1, []]);
  });

  test("differs from one with a rate limit, also if 403 is expected", async () => {
    const { client, to } = await stage({ serve: { faults: () => refuse(403, GITHUB, secondary) } });
    expect(await failure(client.send(to("/", { expected: [200, 403] })))).toMatchObject({
      status: 403,
      retryable: true,
    });
  });
});

describe("a host that refuses requests for longer than a run waits", () => {
  test.each([
    ["retry-after: 2 h", { "retry-after": "7200" }],
    ["retry-after: years", { "retry-after": "99999999999" }],
    ["retry-after: more digits than a number holds", { "retry-after": "9".repeat(400) }],
    ["a date in 2099", { "retry-after": "Wed, 21 Oct 2099 07:28:00 GMT" }],
    ["a reset tomorrow", { "ratelimit-remaining": "0", "ratelimit-reset": seconds(86_400_000) }],
  ])("fails all requests at once: %s", async (_, headers) => {
    const { client, server, to, clock } = await stage({ serve: { faults: () => refuse(429, headers) } });
    const error = await failure(client.send(to("/a")));
    expect(error).toMatchObject({ code: "status", status: 429, retryable: true });
    expect(error.unsent).toBeUndefined();
    expect(error.message).toMatch(/refuses requests until \d+-\d\d-\d\dT.*Z \(\d+ min\)/);
    expect(await failure(client.send(to("/b")))).toMatchObject({ status: 429, unsent: true });
    expect([server.requests.length, clock.sleeps]).toEqual([1, []]);
  });

  test("waits for five minutes", async () => {
    const { client, to } = await stage({ serve: { faults: [refuse(429, { "retry-after": "300" })] } });
    expect((await client.send(to("/"))).status).toBe(200);
  });
});

test("stops waiting for a host that limits the rate again after five minutes", async () => {
  const { client, server, to, clock } = await stage({
    serve: { faults: () => refuse(429, { "retry-after": "200" }) },
  });
  expect(await failure(client.send(to("/")))).toMatchObject({ status: 429, retryable: true });
  expect(server.requests.length).toBe(3);
  expect(clock.now() - NOW).toBeLessThan(410_000);
});

describe("the budget in rate limit headers", () => {
  test("is kept for each host", async () => {
    const headers = { "ratelimit-limit": "5000", "ratelimit-remaining": "4321", "ratelimit-reset": seconds(60_000) };
    const { client, server, to } = await stage({ handler: () => ({ status: 200, headers }) });
    expect(client.budget(server.url.host)).toBeNull();
    await client.send(to("/"));
    expect(client.budget(server.url.host)).toEqual({ limit: 5_000, remaining: 4_321, resetAt: NOW + 60_000 });
  });

  test("is not exceeded: with 10 left for 15 requests, one request is sent first after the reset", async () => {
    let left = 11;
    const clock = createFakeClock();
    let resetAt = NOW + 60_000;
    const { client, server, to } = await stage({
      clock,
      handler: () => {
        if (clock.now() >= resetAt) [left, resetAt] = [100, resetAt + 3_600_000];
        if (left === 0) return { status: 429 };
        left -= 1;
        return {
          status: 200,
          headers: {
            "x-ratelimit-limit": "100",
            "x-ratelimit-remaining": `${left}`,
            "x-ratelimit-reset": `${resetAt / 1_000}`,
          },
        };
      },
    });
    await client.send(to("/"));
    await Promise.all(Array.from({ length: 15 }, () => client.send(to("/"))));
    expect(server.requests.map(({ status }) => status)).toEqual(Array(16).fill(200));
  });
});
