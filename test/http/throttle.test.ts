import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { HostGate, type OnWait } from "../../src/http/host.ts";
import { createFakeClock, settle } from "../servers/fake-clock.ts";
import { refuse, type ServerFault } from "../servers/http-server.ts";
import { failure, stage } from "./setup.ts";

const NOW = Date.UTC(2026, 10, 21, 12);
const seconds = (ms: number): string => String((NOW + ms) / 1_000);
const GITHUB = { "x-github-request-id": "A:1" };
const secondary = { message: "You have exceeded a secondary rate limit." };

describe("how long the host is left alone", () => {
  const cases: readonly [string, ServerFault, number][] = [
    ["429, retry-after in seconds", refuse(429, { "retry-after": "30" }), 30_000],
    ["429, retry-after as a date", refuse(429, { "retry-after": "Sat, 21 Nov 2026 12:00:45 GMT" }), 45_000],
    ["503 with retry-after", refuse(503, { "retry-after": "7" }), 7_000],
    [
      "DigitalOcean's minute: retry-after, not the hour's reset",
      refuse(429, {
        "retry-after": "20",
        "ratelimit-limit": "5000",
        "ratelimit-remaining": "0",
        "ratelimit-reset": seconds(3_000_000),
      }),
      20_000,
    ],
    [
      "DigitalOcean's hour: the reset",
      refuse(429, { "ratelimit-limit": "5000", "ratelimit-remaining": "0", "ratelimit-reset": seconds(900_000) }),
      900_000,
    ],
    [
      "GitHub's primary limit: 403, the reset",
      refuse(403, {
        ...GITHUB,
        "x-ratelimit-limit": "1000",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": seconds(600_000),
      }),
      600_000,
    ],
    ["GitHub's secondary limit: 403 with retry-after", refuse(403, { ...GITHUB, "retry-after": "61" }), 61_000],
    ["GitHub's secondary limit: 403, known by its words alone", refuse(403, GITHUB, secondary), 60_000],
    ["GitHub's secondary limit: 429 without any other sign", refuse(429, GITHUB), 60_000],
    ["429 without any sign", refuse(429), 1_000],
    [
      "a date by a clock that is 3 hours ahead",
      refuse(429, { date: "Sat, 21 Nov 2026 15:00:00 GMT", "retry-after": "Sat, 21 Nov 2026 15:00:45 GMT" }),
      45_000,
    ],
    [
      "a reset by a clock that is 3 hours behind",
      refuse(429, {
        date: "Sat, 21 Nov 2026 09:00:00 GMT",
        "ratelimit-remaining": "0",
        "ratelimit-reset": seconds(-3 * 3_600_000 + 900_000),
      }),
      900_000,
    ],
    ["a reset that is over", refuse(429, { "ratelimit-remaining": "0", "ratelimit-reset": seconds(-5_000) }), 1_000],
    ["429, a retry-after that is over", refuse(429, { "retry-after": "Sat, 21 Nov 2026 11:00:00 GMT" }), 250],
    ["429, a retry-after that is none", refuse(429, { "retry-after": "-5" }), 1_000],
  ];
  test.each(cases)("%s", async (_, fault, ms) => {
    const { client, server, to, clock } = await stage({ serve: { faults: [fault] } });
    expect((await client.send(to("/"))).status).toBe(200);
    expect(server.requests.length).toBe(2);
    const waited = clock.now() - NOW;
    expect(waited).toBeGreaterThanOrEqual(ms);
    expect(waited).toBeLessThan(ms * 1.3 + 1_000);
  });

  test("writes go on as before after the primary limit, and slowly after a secondary one", async () => {
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
      const over = clock.now();
      for (const path of ["/a", "/b", "/c"]) await client.send(to(path, { method: "DELETE" }));
      expect(clock.now() - over).toBe(ms);
    }
  });

  test("pauses in a row get longer", async () => {
    const { client, to, clock } = await stage({
      serve: { faults: [1, 2, 3].map(() => refuse(403, GITHUB, secondary)) },
    });
    await client.send(to("/"));
    const [first = 0, second = 0, third = 0] = clock.sleeps;
    expect([second / first, third / second]).toEqual([2, 2]);
  });
});

test.each([0.5, 1, 7, 400])(
  "a clock that moves by %d ms at every look leaves nobody waiting for ever",
  async (step) => {
    const fake = createFakeClock();
    let looks = 0;
    // Timers wake a little early by the clock that is asked afterwards.
    const sleep = (ms: number, signal?: AbortSignal) => fake.sleep(Math.max(0, ms - 2 * step), signal);
    const clock = { ...fake, now: () => fake.now() + looks++ * step, sleep };
    const { client, server, to } = await stage({ clock, client: { policy: () => ({ perMinute: 1 }) } });
    await Promise.all(Array.from({ length: 10 }, () => client.send(to("/"))));
    expect(server.requests.length).toBe(10);
  },
);

test("one 429 holds back every request to its host, and none to another", async () => {
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
  expect(waits).toEqual([{ host: server.url.host, ms: 30_250, reason: "it answered 429 with retry-after" }]);
});

test("after a pause one request goes first, and each good answer lets one more in", async () => {
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

test("an answer to what was sent before a pause lets nobody more in after it", async () => {
  const clock = createFakeClock({ passes: "by hand" });
  const gate = new HostGate("host", 2, {}, clock);
  const ticket = () => gate.ticket("GET", "/");
  const [early, refused] = [ticket(), ticket()];
  expect([gate.enter(early, "new"), gate.enter(refused, "new")]).toEqual([null, null]);
  gate.leave(refused, { status: 429, headers: { "retry-after": "1" }, body: Buffer.of() });
  gate.leave(early, { status: 200, headers: {}, body: Buffer.of() });
  let inside = 0;
  for (const _ of "ab") void gate.enter(ticket(), "new")?.then(() => (inside += 1));
  await clock.advance(2_000);
  expect(inside).toBe(1);
});

describe("a 403 about permission", () => {
  test.each<[string, ServerFault]>([
    ["plain", refuse(403)],
    [
      "from GitHub, with a budget left",
      refuse(403, { ...GITHUB, "x-ratelimit-remaining": "10", "x-ratelimit-reset": seconds(60_000) }),
    ],
    ["from DigitalOcean", refuse(403, { "ratelimit-remaining": "10", "ratelimit-reset": seconds(60_000) })],
  ])("is not repeated: %s", async (_, fault) => {
    const { client, server, to, clock } = await stage({ serve: { faults: () => fault } });
    expect(await failure(client.send(to("/")))).toMatchObject({ status: 403, retryable: false });
    expect([server.requests.length, clock.sleeps]).toEqual([1, []]);
  });

  test("is told apart from one about rate, even where 403 is expected", async () => {
    const { client, to } = await stage({ serve: { faults: () => refuse(403, GITHUB, secondary) } });
    expect(await failure(client.send(to("/", { expected: [200, 403] })))).toMatchObject({
      status: 403,
      retryable: true,
    });
  });
});

describe("a host that refuses for longer than a run can wait", () => {
  test.each([
    ["retry-after: 2 h", { "retry-after": "7200" }],
    ["retry-after: years", { "retry-after": "99999999999" }],
    ["retry-after: more digits than a number holds", { "retry-after": "9".repeat(400) }],
    ["a date in 2099", { "retry-after": "Wed, 21 Oct 2099 07:28:00 GMT" }],
    ["a reset tomorrow", { "ratelimit-remaining": "0", "ratelimit-reset": seconds(86_400_000) }],
  ])("fails at once, for all: %s", async (_, headers) => {
    const { client, server, to, clock } = await stage({ serve: { faults: () => refuse(429, headers) } });
    const error = await failure(client.send(to("/a")));
    expect(error).toMatchObject({ code: "status", status: 429 });
    expect(error.message).toMatch(/refuses requests until \d+-\d\d-\d\dT.*Z \(\d+ min\)/);
    await failure(client.send(to("/b")));
    expect([server.requests.length, clock.sleeps]).toEqual([1, []]);
  });

  test("an hour is not too long", async () => {
    const { client, to } = await stage({ serve: { faults: [refuse(429, { "retry-after": "3600" })] } });
    expect((await client.send(to("/"))).status).toBe(200);
  });
});

test("a host that refuses again after an hour of waits is not waited for any longer", async () => {
  const { client, server, to, clock } = await stage({
    serve: { faults: () => refuse(429, { "retry-after": "3000" }) },
  });
  expect(await failure(client.send(to("/")))).toMatchObject({ status: 429, retryable: true });
  expect(server.requests.length).toBe(3);
  expect(clock.now() - NOW).toBeLessThan(6_010_000);
});

describe("the budget that the headers tell", () => {
  test("is kept by host", async () => {
    const headers = { "ratelimit-limit": "5000", "ratelimit-remaining": "4321", "ratelimit-reset": seconds(60_000) };
    const { client, server, to } = await stage({ handler: () => ({ status: 200, headers }) });
    expect(client.budget(server.url.host)).toBeNull();
    await client.send(to("/"));
    expect(client.budget(server.url.host)).toEqual({ limit: 5_000, remaining: 4_321, resetAt: NOW + 60_000 });
  });

  test("is not overrun: 10 left, 15 wanted, one asks after the reset", async () => {
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

test("a DELETE that its host holds back for more than two minutes is not sent: what was decided may no longer hold", async () => {
  const { client, server, to } = await stage({ serve: { faults: [refuse(429, { "retry-after": "400" })] } });
  const sent = [to("/a", { method: "DELETE" }), to("/b", { method: "DELETE" }), to("/c")];
  const [first, second, read] = await Promise.allSettled(sent.map((request) => client.send(request)));
  expect([first, second]).toMatchObject([
    { reason: { code: "expired", message: expect.stringContaining("its turn came after 400 s") } },
    { status: "fulfilled" },
  ]);
  expect(read).toMatchObject({ status: "fulfilled" });
  expect(server.requests.filter(({ path }) => path === "/a")).toHaveLength(1);
});
