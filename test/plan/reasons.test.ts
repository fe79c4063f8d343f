import { describe, expect, test } from "vitest";
import { DAY, decisionsOf, digestOf, HOUR, planWorld, type Setup, UNMATCHED, type World } from "./world.ts";

const SIGNED: World = { signed: { tags: ["live-signed"] }, signature: { tags: ["sha256-signed.sig"] } };

describe("the reason and status", () => {
  const short = (name: string): string => digestOf(name).slice(0, 19);

  test.each<[string, World, string, Setup, string]>([
    ["a live ref", { a: { tags: ["live"] } }, "a", {}, "live: branch live"],
    [
      "a closed pull request",
      { a: { tags: ["orphaned"] } },
      "a",
      {},
      "orphaned: pull request #12 was closed on 2026-11-02",
    ],
    ["no ref", { a: { tags: ["x"] } }, "a", {}, `unmatched: ${UNMATCHED}`],
    ["no tag", { a: {} }, "a", {}, "untagged: untagged and unreferenced"],
    ["the grace period", { a: { hours: 2 } }, "a", {}, "untagged: pushed 2 h ago (grace period of 24h)"],
    [
      "an unknown push time",
      { a: { hours: null } },
      "a",
      { rules: { gracePeriodMs: 7 * DAY } },
      "untagged: its push time is unknown (grace period of 7d)",
    ],
    [
      "a pull request that was merged just now",
      { a: { tags: ["merged"] } },
      "a",
      {},
      "orphaned: pull request #13 was merged 2 h ago (grace period of 24h)",
    ],
    [
      "keep-count",
      { a: { tags: ["orphaned"] } },
      "a",
      { rules: { keepCount: 3 } },
      "orphaned: one of the newest 3 images that would be deleted (keep-count)",
    ],
    [
      "a platform of a live index, if keep-count keeps all orphans and so nothing is read",
      { index: { tags: ["live"], children: ["a"] }, a: {}, b: { tags: ["orphaned"] } },
      "a",
      { rules: { keepCount: 10 } },
      "undecided: its parents are unknown: nothing was read, because nothing in this repository can be deleted",
    ],
    [
      "a platform of a live index, if keep-count keeps some orphans",
      { index: { tags: ["live"], children: ["a"] }, a: {}, b: { tags: ["orphaned"] }, c: { tags: ["orphaned-2"] } },
      "a",
      { rules: { keepCount: 1 } },
      `child: child of ${short("index")} (live)`,
    ],
    [
      "untagged: keep",
      { a: {} },
      "a",
      { rules: { untagged: "keep" } },
      "untagged: untagged images are kept (untagged: keep)",
    ],
    [
      "the scope of a pull request",
      { a: { tags: ["gone7-a"] } },
      "a",
      { rules: { scope: "pull request #12" } },
      "orphaned: does not belong to pull request #12 (the scheduled run handles it)",
    ],
    [
      "a kept parent",
      { i: { tags: ["live", "live2"], children: ["a"] }, a: {}, x: {} },
      "a",
      {},
      `child: child of ${short("i")} (live, live2)`,
    ],
    [
      "a kept subject",
      { a: { tags: ["live"] }, sig: { tags: ["sha256-a.sig"] }, x: {} },
      "sig",
      {},
      `referrer: referrer of ${short("a")} (live)`,
    ],
    [
      "a deleted parent",
      { i: { tags: ["orphaned"], children: ["a"] }, a: { hours: 1 } },
      "a",
      {},
      `child: child of ${short("i")} (orphaned)`,
    ],
    [
      "a missing subject",
      { a: { tags: ["sha256-no"] }, ...SIGNED },
      "a",
      {},
      `referrer: referrer of ${short("no")}, which does not exist`,
    ],
    [
      "a signature whose image may be in another repository",
      { a: { tags: ["sha256-no.sig"] }, b: { tags: ["orphaned"] } },
      "a",
      {},
      "undecided: its image is not in this repository, nor is that of any other signature (they may be in another repository)",
    ],
    ["use", { a: { tags: ["orphaned"] } }, "a", { inUse: ["a"] }, "in-use: in use"],
    [
      "a push half an hour ago",
      { a: { hours: 0.5 } },
      "a",
      { rules: { gracePeriodMs: 90 * 60_000 } },
      "untagged: pushed 30 min ago (grace period of 90m)",
    ],
    [
      "a push days ago",
      { a: { hours: 80 } },
      "a",
      { rules: { gracePeriodMs: 96 * HOUR } },
      "untagged: pushed 3 days ago (grace period of 4d)",
    ],
    [
      "an unreadable manifest",
      { a: { tags: ["orphaned"] }, b: { tags: ["live"], read: "unreadable" } },
      "a",
      {},
      `undecided: ${short("b")} (live) could not be read and may refer to it`,
    ],
  ])("name %s", (_title, world, name, setup, expected) => {
    const decision = decisionsOf(world, planWorld(world, setup)).get(name);
    expect(`${decision?.status}: ${decision?.reason}`).toBe(expected);
  });
});
