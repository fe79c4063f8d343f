import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RateBudget } from "../../src/http/http.ts";
import { type Fare, Pacing } from "../../src/http/pacing.ts";
import { readRetryAfter } from "../../src/http/rate-limit.ts";

const GET: Fare = { family: "rest", points: 1, writes: false };
const MINUTE = 60_000;

/** A request as a server sees it: when it counts it, and how long the answer takes after that. */
interface Trip {
  readonly there: number;
  readonly back: number;
  readonly points: number;
}

const trips = fc.array(
  fc.record({ there: fc.nat(5_000), back: fc.nat(5_000), points: fc.integer({ min: 1, max: 7 }) }),
  { minLength: 1, maxLength: 120 },
);

interface Host {
  /** What the host says of its budget when it counts a request at `at`. */
  count(at: number, points: number): RateBudget | null;
}

/** Sends all trips as fast as `pacing` lets it, and lets time jump from event to event. Returns when it was all answered. */
function drive(pacing: Pacing, all: readonly Trip[], inFlight: number, host: Host): number {
  const events: { at: number; run: () => void }[] = [];
  let now = 0;
  let flying = 0;
  let next = 0;
  function sendWhatMayGo(): number {
    for (let trip = all[next]; trip !== undefined && flying < inFlight; trip = all[next]) {
      const fare = { ...GET, points: trip.points };
      const at = pacing.readyAt(now, fare);
      if (at > now) return at;
      next += 1;
      flying += 1;
      pacing.sent(now, fare);
      launch(trip, fare);
    }
    return Number.POSITIVE_INFINITY;
  }
  function launch(trip: Trip, fare: Fare): void {
    const counted = now + trip.there;
    let said: RateBudget | null = null;
    const countIt = (): void => {
      said = host.count(counted, trip.points);
    };
    events.push({ at: counted, run: countIt });
    const answered = (): void => {
      flying -= 1;
      pacing.answered(now, fare, said, "good");
    };
    events.push({ at: counted + trip.back, run: answered });
  }
  for (let rounds = 0; ; rounds += 1) {
    if (rounds > 10_000) throw new Error(`it stalls at ${now}`);
    const wake = sendWhatMayGo();
    events.sort((a, b) => a.at - b.at);
    const event = events[0];
    if (event === undefined && wake === Number.POSITIVE_INFINITY) {
      if (next < all.length) throw new Error("it waits for an answer that nobody owes");
      return now;
    }
    if (event !== undefined && event.at <= wake) {
      events.shift();
      now = event.at;
      event.run();
    } else {
      now = wake;
    }
  }
}

describe("a limit known beforehand", () => {
  test("is never overrun in any minute, as the server counts, and nothing waits for ever", () => {
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
          const end = drive(new Pacing({ perMinute }), all, inFlight, { count });
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

  test("is used up whole: 250 go at once, the next one a minute after the first answer", () => {
    const pacing = new Pacing({ perMinute: 250 });
    for (let i = 0; i < 250; i += 1) {
      expect(pacing.readyAt(0, GET)).toBeLessThanOrEqual(0);
      pacing.sent(0, GET);
    }
    expect(pacing.readyAt(0, GET)).toBe(Number.POSITIVE_INFINITY);
    pacing.answered(400, GET, null, "good");
    expect(pacing.readyAt(400, GET)).toBe(400 + MINUTE + 1);
  });
});

describe("a limit that the headers tell", () => {
  const hosts = fc.record({ limit: fc.integer({ min: 1, max: 30 }), span: fc.integer({ min: 2_000, max: 600_000 }) });

  test("is never overrun where windows are fixed (GitHub), but for the requests sent before the first answer", () => {
    fc.assert(
      fc.property(trips, hosts, (all, { limit, span }) => {
        const used = new Map<number, number>();
        let overrun = 0;
        const count: Host["count"] = (at) => {
          const window = Math.floor(at / span);
          const before = used.get(window) ?? 0;
          if (before >= limit) overrun += 1;
          used.set(window, before + 1);
          return { limit, remaining: Math.max(0, limit - before - 1), resetAt: (window + 1) * span };
        };
        drive(new Pacing({}), all, 1, { count });
        expect(overrun).toBe(0);
      }),
    );
  });

  test("is never overrun where the window slides (DigitalOcean)", () => {
    fc.assert(
      fc.property(trips, hosts, (all, { limit, span }) => {
        const counted: number[] = [];
        let overrun = 0;
        const count: Host["count"] = (at) => {
          const live = counted.filter((time) => time > at - span);
          if (live.length >= limit) overrun += 1;
          counted.push(at);
          return { limit, remaining: Math.max(0, limit - live.length - 1), resetAt: (live[0] ?? at) + span };
        };
        drive(new Pacing({}), all, 1, { count });
        expect(overrun).toBe(0);
      }),
    );
  });

  test("never makes anybody wait for ever, with answers that overtake one another", () => {
    fc.assert(
      fc.property(trips, hosts, fc.integer({ min: 2, max: 16 }), (all, { limit, span }, inFlight) => {
        const count: Host["count"] = (at) => {
          const resetAt = (Math.floor(at / span) + 1) * span;
          return { limit, remaining: at % 2 === 0 ? 0 : limit, resetAt };
        };
        drive(new Pacing({}), all, inFlight, { count });
      }),
    );
  });

  test("ends when the host stops telling it", () => {
    const pacing = new Pacing({});
    pacing.sent(0, GET);
    pacing.answered(0, GET, { limit: 1, remaining: 0, resetAt: 5_000 }, "good");
    expect(pacing.readyAt(0, GET)).toBe(5_000);
    pacing.sent(5_000, GET);
    expect(pacing.readyAt(5_000, GET)).toBe(Number.POSITIVE_INFINITY);
    pacing.answered(5_100, GET, null, "good");
    expect(pacing.budget()).toBeNull();
    expect(pacing.readyAt(5_100, GET)).toBeLessThanOrEqual(5_100);
  });

  test("is not raised by an older answer of the same window that comes later", () => {
    const pacing = new Pacing({});
    const told = (remaining: number, resetAt = 5_000): void => {
      pacing.sent(0, GET);
      pacing.answered(0, GET, { limit: 10, remaining, resetAt }, "good");
    };
    told(5);
    told(9);
    expect(pacing.budget()).toMatchObject({ remaining: 5 });
    told(9, 4_000);
    expect(pacing.budget()).toMatchObject({ remaining: 5, resetAt: 5_000 });
    told(9, 6_000);
    expect(pacing.budget()).toMatchObject({ remaining: 9, resetAt: 6_000 });
  });

  test("holds for REST and GraphQL apart", () => {
    const pacing = new Pacing({});
    pacing.sent(0, GET);
    pacing.answered(0, GET, { limit: 1, remaining: 0, resetAt: 5_000 }, "good");
    expect(pacing.readyAt(0, { ...GET, family: "graphql" })).toBeLessThanOrEqual(0);
  });
});

describe("points a minute that hold once a limit is told", () => {
  const write: Fare = { family: "rest", points: 5, writes: true };

  function readyAfter(told: RateBudget | null): number {
    const pacing = new Pacing({ perMinute: 10, perMinuteHolds: "once a limit is told" });
    for (const _ of "ab") {
      expect(pacing.readyAt(0, write)).toBe(0);
      pacing.sent(0, write);
    }
    pacing.answered(100, write, null, "good");
    pacing.answered(200, write, told, "good");
    return pacing.readyAt(200, write);
  }

  test("hold nothing back where none is", () => {
    expect(readyAfter(null)).toBe(200);
  });

  test("count what was sent before", () => {
    expect(readyAfter({ limit: 5_000, remaining: 4_000, resetAt: 3_600_000 })).toBe(100 + MINUTE + 1);
  });
});

test("budgets are told by family", () => {
  const pacing = new Pacing({});
  const rest = { limit: 1_000, remaining: 900, resetAt: 5_000 };
  const graphql = { limit: 1_000, remaining: 12, resetAt: 5_000 };
  pacing.sent(0, GET);
  pacing.answered(0, GET, rest, "good");
  pacing.sent(0, { ...GET, family: "graphql" });
  pacing.answered(0, { ...GET, family: "graphql" }, graphql, "good");
  expect([pacing.budget("rest"), pacing.budget("graphql"), pacing.budget()]).toEqual([rest, graphql, graphql]);
});

test("after a secondary limit, writes go one a second for five minutes; reads do not", () => {
  const pacing = new Pacing({});
  const remove: Fare = { ...GET, writes: true };
  pacing.pause({ until: 1_000, reason: "", secondary: true }, "first");
  expect(pacing.readyAt(1_000, remove)).toBeLessThanOrEqual(1_000);
  pacing.sent(1_000, remove);
  expect([pacing.readyAt(1_001, remove), pacing.readyAt(1_001, GET)]).toEqual([2_000, 1_001]);
  pacing.sent(301_000, remove);
  expect(pacing.readyAt(301_001, remove)).toBe(301_001);
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
