import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RateBudget } from "../../src/http/http.ts";
import { readRetryAfter } from "../../src/http/rate-headers.ts";
import { RateLimiter, type RequestCost } from "../../src/http/rate-limiter.ts";

const GET: RequestCost = { api: "rest", points: 1, isWrite: false };
const MINUTE = 60_000;

/** How long a request takes until the server counts it, and its response after that. */
interface Trip {
  readonly toServer: number;
  readonly fromServer: number;
  readonly points: number;
}

const trips = fc.array(
  fc.record({ toServer: fc.nat(5_000), fromServer: fc.nat(5_000), points: fc.integer({ min: 1, max: 7 }) }),
  { minLength: 1, maxLength: 120 },
);

interface Host {
  /** Counts a request at `at`, and returns the budget for the headers of its response. */
  count(at: number, points: number): RateBudget | null;
}

/** Sends all requests as early as `limiter` allows, and jumps from event to event. Returns the time of the last response. */
function simulate(limiter: RateLimiter, all: readonly Trip[], inFlight: number, host: Host): number {
  const events: { at: number; run: () => void }[] = [];
  let now = 0;
  let sending = 0;
  let next = 0;
  function sendReady(): number {
    for (let trip = all[next]; trip !== undefined && sending < inFlight; trip = all[next]) {
      const cost = { ...GET, points: trip.points };
      const at = limiter.readyAt(now, cost);
      if (at > now) return at;
      next += 1;
      sending += 1;
      limiter.sent(now, cost);
      launch(trip, cost);
    }
    return Number.POSITIVE_INFINITY;
  }
  function launch(trip: Trip, cost: RequestCost): void {
    const counted = now + trip.toServer;
    let reported: RateBudget | null = null;
    const countIt = (): void => {
      reported = host.count(counted, trip.points);
    };
    events.push({ at: counted, run: countIt });
    const finish = (): void => {
      sending -= 1;
      limiter.finished(now, cost, reported, "success");
    };
    events.push({ at: counted + trip.fromServer, run: finish });
  }
  for (let rounds = 0; ; rounds += 1) {
    if (rounds > 10_000) throw new Error(`no progress at ${now}`);
    const wakesAt = sendReady();
    events.sort((a, b) => a.at - b.at);
    const event = events[0];
    if (event === undefined && wakesAt === Number.POSITIVE_INFINITY) {
      if (next < all.length) throw new Error("waits for a response although no request is in flight");
      return now;
    }
    if (event !== undefined && event.at <= wakesAt) {
      events.shift();
      now = event.at;
      event.run();
    } else {
      now = wakesAt;
    }
  }
}

describe("the limit of a policy", () => {
  test("is never exceeded in any minute of the server, and nothing waits forever", () => {
    fc.assert(
      fc.property(
        trips,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 16 }),
        (all, perMinute, inFlight) => {
          const counted: { at: number; points: number }[] = [];
          const count: Host["count"] = (at, points) => {
            counted.push({ at, points: Math.min(points, perMinute) });
            return null;
          };
          const end = simulate(new RateLimiter({ perMinute }), all, inFlight, { count });
          expect(counted.length).toBe(all.length);
          for (const { at } of counted) {
            const within = counted.filter((other) => other.at >= at && other.at <= at + MINUTE);
            expect(within.reduce((sum, { points }) => sum + points, 0)).toBeLessThanOrEqual(perMinute);
          }
          expect(end).toBeLessThanOrEqual(all.length * (MINUTE + 10_001));
        },
      ),
    );
  });

  test("is used completely: 250 requests at once, the next one a minute after the first response", () => {
    const limiter = new RateLimiter({ perMinute: 250 });
    for (let i = 0; i < 250; i += 1) {
      expect(limiter.readyAt(0, GET)).toBeLessThanOrEqual(0);
      limiter.sent(0, GET);
    }
    expect(limiter.readyAt(0, GET)).toBe(Number.POSITIVE_INFINITY);
    limiter.finished(400, GET, null, "success");
    expect(limiter.readyAt(400, GET)).toBe(400 + MINUTE + 1);
  });
});

describe("the limit in rate limit headers", () => {
  const hosts = fc.record({ limit: fc.integer({ min: 1, max: 30 }), span: fc.integer({ min: 2_000, max: 600_000 }) });

  test("is never exceeded with fixed windows (GitHub)", () => {
    fc.assert(
      fc.property(trips, hosts, (all, { limit, span }) => {
        const used = new Map<number, number>();
        let excess = 0;
        const count: Host["count"] = (at) => {
          const window = Math.floor(at / span);
          const before = used.get(window) ?? 0;
          if (before >= limit) excess += 1;
          used.set(window, before + 1);
          return { limit, remaining: Math.max(0, limit - before - 1), resetAt: (window + 1) * span };
        };
        simulate(new RateLimiter({}), all, 1, { count });
        expect(excess).toBe(0);
      }),
    );
  });

  test("is never exceeded with a sliding window (DigitalOcean)", () => {
    fc.assert(
      fc.property(trips, hosts, (all, { limit, span }) => {
        const counted: number[] = [];
        let excess = 0;
        const count: Host["count"] = (at) => {
          const recent = counted.filter((time) => time > at - span);
          if (recent.length >= limit) excess += 1;
          counted.push(at);
          return { limit, remaining: Math.max(0, limit - recent.length - 1), resetAt: (recent[0] ?? at) + span };
        };
        simulate(new RateLimiter({}), all, 1, { count });
        expect(excess).toBe(0);
      }),
    );
  });

  test("never makes a request wait forever if responses overtake each other", () => {
    fc.assert(
      fc.property(trips, hosts, fc.integer({ min: 2, max: 16 }), (all, { limit, span }, inFlight) => {
        const count: Host["count"] = (at) => {
          const resetAt = (Math.floor(at / span) + 1) * span;
          return { limit, remaining: at % 2 === 0 ? 0 : limit, resetAt };
        };
        simulate(new RateLimiter({}), all, inFlight, { count });
      }),
    );
  });

  test("ends when the host stops reporting it", () => {
    const limiter = new RateLimiter({});
    limiter.sent(0, GET);
    limiter.finished(0, GET, { limit: 1, remaining: 0, resetAt: 5_000 }, "success");
    expect(limiter.readyAt(0, GET)).toBe(5_000);
    limiter.sent(5_000, GET);
    expect(limiter.readyAt(5_000, GET)).toBe(Number.POSITIVE_INFINITY);
    limiter.finished(5_100, GET, null, "success");
    expect(limiter.budget()).toBeNull();
    expect(limiter.readyAt(5_100, GET)).toBeLessThanOrEqual(5_100);
  });

  test("is not raised by a late response of the same or an older window", () => {
    const limiter = new RateLimiter({});
    const report = (remaining: number, resetAt = 5_000): void => {
      limiter.sent(0, GET);
      limiter.finished(0, GET, { limit: 10, remaining, resetAt }, "success");
    };
    report(5);
    report(9);
    expect(limiter.budget()).toMatchObject({ remaining: 5 });
    report(9, 4_000);
    expect(limiter.budget()).toMatchObject({ remaining: 5, resetAt: 5_000 });
    report(9, 6_000);
    expect(limiter.budget()).toMatchObject({ remaining: 9, resetAt: 6_000 });
  });

  test("applies to REST and GraphQL separately", () => {
    const limiter = new RateLimiter({});
    limiter.sent(0, GET);
    limiter.finished(0, GET, { limit: 1, remaining: 0, resetAt: 5_000 }, "success");
    expect(limiter.readyAt(0, { ...GET, api: "graphql" })).toBeLessThanOrEqual(0);
  });
});

describe("a limit per minute that applies once reported", () => {
  const write: RequestCost = { api: "rest", points: 5, isWrite: true };

  function readyAfter(reported: RateBudget | null): number {
    const limiter = new RateLimiter({ perMinute: 10, perMinuteApplies: "once reported" });
    for (const _ of "ab") {
      expect(limiter.readyAt(0, write)).toBe(0);
      limiter.sent(0, write);
    }
    limiter.finished(100, write, null, "success");
    limiter.finished(200, write, reported, "success");
    return limiter.readyAt(200, write);
  }

  test("delays nothing if the host reports no limit", () => {
    expect(readyAfter(null)).toBe(200);
  });

  test("counts the requests before the report", () => {
    expect(readyAfter({ limit: 5_000, remaining: 4_000, resetAt: 3_600_000 })).toBe(100 + MINUTE + 1);
  });
});

test("keeps a budget for each API, and returns that of REST", () => {
  const limiter = new RateLimiter({});
  const graphqlQuery: RequestCost = { ...GET, api: "graphql" };
  const rest = { limit: 1_000, remaining: 900, resetAt: 5_000 };
  limiter.sent(0, GET);
  limiter.finished(0, GET, rest, "success");
  limiter.sent(0, graphqlQuery);
  limiter.finished(0, graphqlQuery, { limit: 1_000, remaining: 0, resetAt: 6_000 }, "success");
  expect(limiter.budget()).toEqual(rest);
  expect([limiter.readyAt(0, GET), limiter.readyAt(0, graphqlQuery)]).toEqual([0, 6_000]);
});

test("sends one write per second for five minutes after a secondary limit, and does not delay reads", () => {
  const limiter = new RateLimiter({});
  const remove: RequestCost = { ...GET, isWrite: true };
  limiter.pause({ until: 1_000, reason: "", secondary: true }, "as new");
  expect(limiter.readyAt(1_000, remove)).toBeLessThanOrEqual(1_000);
  limiter.sent(1_000, remove);
  expect([limiter.readyAt(1_001, remove), limiter.readyAt(1_001, GET)]).toEqual([2_000, 1_001]);
  limiter.sent(301_000, remove);
  expect(limiter.readyAt(301_001, remove)).toBe(301_001);
});

describe("retry-after", () => {
  const now = Date.UTC(2026, 10, 21, 12);
  test.each<[string | undefined, number | null]>([
    ["120", 120_000],
    [" 0 ", 0],
    ["1.5", 1_500],
    ["Sat, 21 Nov 2026 12:02:00 GMT", 120_000],
    ["Saturday, 21-Nov-26 12:02:00 GMT", 120_000],
    ["Sat, 21 Nov 2026 11:00:00 GMT", 0],
    ["-5", null],
    ["soon", null],
    ["", null],
    [undefined, null],
  ])("%s", (value, ms) => {
    expect(readRetryAfter(value === undefined ? {} : { "retry-after": value }, now)).toBe(ms);
  });
});
