import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TagStatus } from "../../src/plan/view.ts";
import type { LiveRefs, PullRequest, PullRequests } from "../../src/refs/refs.ts";
import { compileTagPatterns, namesOf } from "../../src/tags/live-tags.ts";
import { branchSlugs } from "../../src/tags/slugs.ts";
import { statusesOf } from "../../src/tags/status.ts";
import { allKnown, commitOf, defaultPatterns, pullRequestOf, refsOf } from "./names.ts";

interface World {
  readonly refs?: LiveRefs;
  readonly pullRequests?: readonly PullRequest[];
  readonly known?: Partial<PullRequests>;
  readonly patterns?: readonly string[];
  readonly protect?: string;
}

const MAIN = refsOf({ branches: ["main"] });

function statusOf(tag: string, world: World): TagStatus {
  const names = namesOf(compileTagPatterns(world.patterns ?? defaultPatterns), world.refs ?? MAIN);
  const known = { ...allKnown(world.pullRequests ?? []), ...world.known };
  return statusesOf(names, known, (each) => (each === world.protect ? each : null))(tag);
}

/** The status and its reason, as one text. */
function told(tag: string, world: World): string {
  const status = statusOf(tag, world);
  return `${status.status}: ${status.reason}`;
}

const open = (number: number, more: Partial<PullRequest> = {}): PullRequest =>
  pullRequestOf({ number, state: "open", ...more });
const closed = (number: number, more: Partial<PullRequest> = {}): PullRequest => pullRequestOf({ number, ...more });
const merged = (number: number, more: Partial<PullRequest> = {}): PullRequest =>
  pullRequestOf({ number, state: "merged", mergeCommit: commitOf(`merge of ${number}`), ...more });
const UNMATCHED = "unmatched: no known ref";

describe("the rules run in their order", () => {
  const digest = "a".repeat(64);
  test.each<[string, string, World]>([
    ["latest", "live: protected: latest", { protect: "latest" }],
    ["pr-12", "live: protected: pr-12", { protect: "pr-12", pullRequests: [closed(12)] }],
    [`sha256-${digest}`, `live: protected: sha256-${digest}`, { protect: `sha256-${digest}` }],
    [`sha256-${digest}`, `referrer: refers to sha256:${digest}`, { refs: refsOf({ branches: [`sha256-${digest}`] }) }],
    ["main", "live: branch main", {}],
    ["v1.2.3", "live: git tag v1.2.3", { refs: refsOf({ tags: ["v1.2.3"] }) }],
    ["pr-12", "live: pull request #12 is open", { pullRequests: [open(12)] }],
    ["pr-12", "orphaned: pull request #12 merged 2026-11-02", { pullRequests: [merged(12)] }],
    ["pr-12", "orphaned: pull request #12 closed 2026-11-02", { pullRequests: [closed(12)] }],
    ["pr-12", "orphaned: pull request #12 closed", { pullRequests: [closed(12, { closedAt: null })] }],
    ["sha-abc1234", "neutral: commit abc1234, which no ref knows", {}],
    ["anything", UNMATCHED, {}],
    [`pr-12-${"x".repeat(122)}`, "orphaned: pull request #12 closed 2026-11-02", { pullRequests: [closed(12)] }],
    [`pr-12-${"x".repeat(123)}`, UNMATCHED, { pullRequests: [closed(12)] }],
    ["main", "live: branch main", { pullRequests: [open(12, { headBranch: "main" })] }],
    ["MAIN", "live: branch main", { pullRequests: [open(12, { headBranch: "main" })] }],
  ])("%s is %s", (tag, expected, world) => {
    expect(told(tag, world)).toBe(expected);
  });

  test("what is dead names the pull request that it is dead by", () => {
    expect(statusOf("pr-12-alpine", { pullRequests: [merged(12)] })).toMatchObject({ status: "orphaned", pullRequest: 12 });
    expect(statusOf("topic-12", { pullRequests: [closed(12)] })).toMatchObject({ status: "orphaned", pullRequest: 12 });
  });
});

describe("referrers follow their subject", () => {
  const hex = "0123456789abcdef".repeat(4);
  test.each(["", ".sig", ".att", ".sbom", ".cosign", "-nydus", ".0a1b2c.meta"])("with the ending %j", (ending) => {
    expect(statusOf(`sha256-${hex}${ending}`, {})).toMatchObject({ status: "referrer", subject: `sha256:${hex}` });
  });

  test.each([`sha256-${hex}0`, `sha256-${hex.slice(1)}`, `sha256-${hex.toUpperCase()}`, `x-sha256-${hex}`])(
    "%s is none",
    (tag) => {
      expect(statusOf(tag, {}).status).toBe("unmatched");
    },
  );
});

describe("a pull request's number", () => {
  test("trap 13: is followed by no digit, so pr-2 never matches pr-267", () => {
    expect(told("pr-267", { pullRequests: [closed(2), closed(26)] })).toBe(UNMATCHED);
    expect(told("pr-267-alpine", { pullRequests: [closed(2), closed(26)] })).toBe(UNMATCHED);
    expect(told("pr-267", { pullRequests: [closed(2), open(267)] })).toBe("live: pull request #267 is open");
    expect(told("pr-2", { pullRequests: [closed(2), open(267)] })).toBe("orphaned: pull request #2 closed 2026-11-02");
  });

  test("trap 13: pr2 is no pull request's tag by the default patterns, and pr{pr} ends at its last digit too", () => {
    expect(told("pr2", { pullRequests: [closed(2)] })).toBe(UNMATCHED);
    expect(told("pr267", { pullRequests: [closed(2)], patterns: ["pr{pr}", "pr{pr}*"] })).toBe(UNMATCHED);
    expect(told("pr2x", { pullRequests: [closed(2)], patterns: ["pr{pr}", "pr{pr}*"] })).toMatch(/^orphaned/);
    expect(told("12-x", { pullRequests: [closed(2)], patterns: ["*{pr}-x"] })).toBe(UNMATCHED);
  });

  test.each(["pr-12", "pr-12-alpine", "pr-12-head", "pr-12-", "PR-12"])("keeps %s while it is open", (tag) => {
    expect(told(tag, { pullRequests: [open(12)] })).toBe("live: pull request #12 is open");
  });

  test.each(["pr-12", "pr-12-alpine", "pr-12-head", "pr-12-linux-amd64"])("lets %s go once it is closed", (tag) => {
    expect(told(tag, { pullRequests: [closed(12)] })).toBe("orphaned: pull request #12 closed 2026-11-02");
  });

  test.each(["pr-012", "pr-12x", "pr-0", "pr-", "pr--12", "PR-12", "Pr-12-alpine", "feature-pr-12", "pr-99999999999"])(
    "%s is not proven dead by the end of pull request 12",
    (tag) => {
      expect(statusOf(tag, { pullRequests: [closed(12)] }).status).toBe("unmatched");
    },
  );

  test("that no pull request has says nothing, and neither does one that was not asked for", () => {
    expect(told("pr-12", { known: { byNumber: new Map([[12, "missing"]]) } })).toBe(UNMATCHED);
    expect(told("pr-12", {})).toBe(UNMATCHED);
  });

  test("of one that any answer calls open is alive", () => {
    expect(told("pr-12", { known: { byNumber: new Map([[12, closed(12)]]), open: [open(12)] } })).toMatch(/^live/);
    expect(told("pr-12", { known: { byNumber: new Map([[12, open(12)]]), closed: [closed(12)] } })).toMatch(/^live/);
  });

  test("in a merge queue's tag", () => {
    const tag = `gh-readonly-queue-main-pr-104-${commitOf("queue")}`;
    expect(told(tag, { pullRequests: [merged(104)] })).toBe("orphaned: pull request #104 merged 2026-11-02");
    expect(told(tag, { pullRequests: [open(104)] })).toBe(UNMATCHED);
    expect(
      told(tag, {
        pullRequests: [merged(104)],
        refs: refsOf({ branches: [`gh-readonly-queue/main/pr-104-${commitOf("queue")}`] }),
      }),
    ).toMatch(/^live/);
    const nested = `gh-readonly-queue-pr-2-x-pr-104-${commitOf("queue")}`;
    expect(statusOf(nested, { pullRequests: [closed(2)] }).status).toBe("unmatched");
  });
});

describe("alive beats dead", () => {
  test("trap 12: a living branch keeps its tag, whatever slug the build made of it", () => {
    const world = {
      refs: refsOf({ branches: ["feature/foo"] }),
      pullRequests: [closed(1, { headBranch: "feature-foo" })],
    };
    expect(told("feature-foo", world)).toBe("live: branch feature/foo");
  });

  test("trap 13: a living branch called pr-2-x keeps the tag pr-2-x, whatever pull request 2 says", () => {
    const world = { refs: refsOf({ branches: ["pr-2-x"] }), pullRequests: [merged(2)] };
    expect(told("pr-2-x", world)).toBe("live: branch pr-2-x");
    expect(told("pr-2-y", world)).toBe("orphaned: pull request #2 merged 2026-11-02");
  });

  test("any living ref of many keeps the tag that they share", () => {
    const world = {
      refs: refsOf({ branches: ["a+b"] }),
      pullRequests: [closed(1, { headBranch: "a/b" }), merged(2, { headBranch: "a-b" })],
    };
    expect(told("a-b", world)).toBe("live: branch a+b");
    expect(told("A-B", world)).toBe("live: branch a+b");
  });

  test("a short commit that a living and a dead ref share is alive", () => {
    const tip = commitOf("main");
    const other = tip.slice(0, 7) + "0".repeat(33);
    expect(told(`sha-${tip.slice(0, 7)}`, { pullRequests: [closed(3, { headCommit: other })] })).toBe(
      "live: tip of branch main",
    );
  });

  test("a branch that exists again is alive", () => {
    const world = { refs: refsOf({ branches: ["topic-5"] }), pullRequests: [closed(5)] };
    expect(told("topic-5", world)).toBe("live: branch topic-5");
  });
});

describe("a deleted branch", () => {
  test.each<[string, string, PullRequest]>([
    [
      "feature-x",
      "orphaned: branch feature/x of closed pull request #12 is deleted",
      closed(12, { headBranch: "feature/x" }),
    ],
    [
      "feature-x",
      "orphaned: branch feature/x of merged pull request #12 is deleted",
      merged(12, { headBranch: "feature/x" }),
    ],
    [
      "feature-x",
      "orphaned: branch Feature/X of closed pull request #12 is deleted",
      closed(12, { headBranch: "Feature/X" }),
    ],
    ["FEATURE-X", UNMATCHED, closed(12, { headBranch: "feature/x" })],
    ["feature-x", UNMATCHED, closed(12, { headBranch: "feature/x", fromFork: true })],
    ["feature-x", "live: branch feature/x of pull request #12, which is open", open(12, { headBranch: "feature/x" })],
    ["feature-xy", UNMATCHED, closed(12, { headBranch: "feature/x" })],
  ])("%s: %s", (tag, expected, pullRequest) => {
    expect(told(tag, { pullRequests: [pullRequest] })).toBe(expected);
  });

  test("trap 14: a fork's branch called main frees no tag, though no branch of that name may live here", () => {
    const pullRequests = [closed(7, { headBranch: "main", fromFork: true })];
    expect(told("main", { pullRequests })).toBe("live: branch main");
    expect(told("main", { pullRequests, refs: refsOf({ branches: ["trunk"] }) })).toBe(UNMATCHED);
  });

  test("an open pull request of a fork with that branch name keeps the tag", () => {
    const pullRequests = [closed(7, { headBranch: "patch-1" }), open(8, { headBranch: "patch-1", fromFork: true })];
    expect(told("patch-1", { pullRequests })).toBe("live: branch patch-1 of pull request #8, which is open");
  });

  test("is shown with the pull request that ended last", () => {
    const pullRequests = [
      closed(3, { headBranch: "x", closedAt: 1 }),
      closed(9, { headBranch: "x", closedAt: 3 }),
      closed(5, { headBranch: "x", closedAt: 2 }),
    ];
    expect(statusOf("x", { pullRequests })).toMatchObject({ status: "orphaned", pullRequest: 9 });
  });

  test("explains less than the number that the tag names", () => {
    const pullRequests = [closed(50, { headBranch: "pr-12" }), closed(12)];
    expect(statusOf("pr-12", { pullRequests })).toMatchObject({ status: "orphaned", pullRequest: 12 });
    expect(statusOf("pr-12", { pullRequests: [closed(50, { headBranch: "pr-12" })] })).toMatchObject({
      status: "orphaned",
      pullRequest: 50,
    });
  });

  test("beside a * ends where a word ends", () => {
    const world = { patterns: ["{branch}*"], pullRequests: [closed(1, { headBranch: "fix" })] };
    expect(told("fix-alpine", world)).toMatch(/^orphaned/);
    expect(told("fixture", world)).toBe(UNMATCHED);
    expect(told("fix2", world)).toBe(UNMATCHED);
  });
});

describe("trap 15: no known ref is not a dead ref", () => {
  test.each(["web-v1.2.3", "1.2.3", "v1.2.3", "20261121-030000", "20261121", "latest-alpine", "19283746551"])(
    "%s",
    (tag) => {
      const pullRequests = [closed(1), merged(2), closed(3, { headBranch: "web" })];
      expect(told(tag, { pullRequests, refs: refsOf({ branches: ["main"], tags: ["v2.0.0"] }) })).toBe(UNMATCHED);
    },
  );
});

describe("commits", () => {
  const head = commitOf("head of 12");
  const merge = commitOf("merge of 12");
  const short = (commit: string): string => `sha-${commit.slice(0, 7)}`;
  const silent = (commit: string): string => `neutral: commit ${commit.slice(0, 7)}, which no ref knows`;

  test.each<[string, string, string, PullRequest]>([
    ["the head of an open one", short(head), "live: head of pull request #12, which is open", open(12)],
    [
      "the merge of an open one",
      short(merge),
      "live: merge commit of pull request #12, which is open",
      open(12, { mergeCommit: merge }),
    ],
    [
      "the head of a fork's open one",
      head,
      "live: head of pull request #12, which is open",
      open(12, { fromFork: true }),
    ],
    ["the head of a closed one, which may be in main's history all the same", short(head), silent(head), closed(12)],
    ["the merge of a closed one", short(merge), silent(merge), closed(12, { mergeCommit: merge })],
    ["the head of a merged one", short(head), silent(head), merged(12)],
    ["the merge of a merged one", short(merge), silent(merge), merged(12)],
    ["a closed one's, in upper case", short(head).toUpperCase(), UNMATCHED, closed(12)],
  ])("%s: %s is %s", (_, tag, expected, pullRequest) => {
    expect(told(tag, { pullRequests: [pullRequest] })).toBe(expected);
  });

  test("eight decimal digits are no commit's form, but may be a living one's", () => {
    expect(told("20261121", {})).toBe(UNMATCHED);
    expect(told("1234567", {})).toBe("neutral: commit 1234567, which no ref knows");
    expect(
      told("20261121", { refs: { branches: [{ name: "x", commit: "20261121".padEnd(40, "a") }], tags: [] } }),
    ).toBe("live: tip of branch x");
  });

  test("a whole commit of 64 digits is compared as a prefix as well", () => {
    const refs = { branches: [{ name: "x", commit: "c".repeat(64) }], tags: [] };
    expect(told(`sha-${"c".repeat(40)}`, { refs })).toBe("live: tip of branch x");
  });
});

describe("several placeholders", () => {
  const tip = commitOf("main").slice(0, 7);
  const lost = commitOf("head of 12").slice(0, 7);
  const patterns = ["{branch}-{sha}", "{branch}-pr-{pr}", "pr-{pr}-{sha}", "{branch}_{branch}"];
  test.each<[string, string, readonly PullRequest[]]>([
    [`main-${tip}`, "live: branch main, tip of branch main", []],
    ["main_main", "live: branch main", []],
    ["main-abc1234", UNMATCHED, []],
    [`main-${lost}`, UNMATCHED, [closed(12)]],
    [`topic-12-${lost}`, "orphaned: branch topic-12 of closed pull request #12 is deleted", [closed(12)]],
    [`topic-12-${tip}`, "orphaned: branch topic-12 of closed pull request #12 is deleted", [closed(12)]],
    [`unheard-${lost}`, UNMATCHED, [closed(12)]],
    ["main-pr-12", UNMATCHED, [closed(12)]],
    ["main-pr-12", "live: branch main, pull request #12 is open", [open(12)]],
    ["unheard-pr-12", "orphaned: pull request #12 closed 2026-11-02", [closed(12)]],
    ["unheard-pr-12", UNMATCHED, [open(12)]],
    ["pr-12-abc1234", UNMATCHED, [open(12)]],
    ["pr-12-abc1234", "orphaned: pull request #12 merged 2026-11-02", [merged(12)]],
    [`pr-12-${tip}`, "orphaned: pull request #12 merged 2026-11-02", [merged(12)]],
  ])("%s is %s", (tag, expected, pullRequests) => {
    expect(told(tag, { patterns, pullRequests })).toBe(expected);
  });

  test("a living ref in one reading spares what another reading calls dead", () => {
    const world = { patterns: ["{branch}*-{sha}"], pullRequests: [closed(1, { headBranch: "main-x" })] };
    expect(told("main-x-abc1234", world)).toBe(UNMATCHED);
  });

  test("a living ref in one pattern's reading keeps it from being silent by another's", () => {
    expect(told("main-abc1234", { patterns: ["*-{sha}", "{branch}-{sha}"] })).toBe(UNMATCHED);
    expect(told("x-abc1234", { patterns: ["*-{sha}", "{branch}-{sha}"] })).toMatch(/^neutral/);
  });
});

describe("properties", () => {
  const name = fc.constantFrom(
    "main",
    "a/b",
    "a-b",
    "A.b",
    "pr-2",
    "pr-2-x",
    "v1.2.3",
    "v1.3.0",
    "v2.0.0-rc1",
    "topic-3",
    "1",
  );
  const pullRequest = fc
    .record({
      number: fc.integer({ min: 1, max: 6 }),
      state: fc.constantFrom("open", "closed", "merged"),
      headBranch: name,
      fromFork: fc.boolean(),
      headCommit: name.map(commitOf),
    })
    .map(pullRequestOf);
  const tag = fc.oneof(
    name.map((text) => branchSlugs(text)[0] ?? text),
    fc
      .tuple(fc.constantFrom("pr-", "PR-"), fc.integer({ min: 1, max: 7 }), fc.constantFrom("", "-x", "0"))
      .map((pieces) => pieces.join("")),
    fc.tuple(fc.constantFrom("sha-", ""), name).map(([prefix, text]) => prefix + commitOf(text).slice(0, 8)),
    fc.tuple(name, name).map(([branch, commit]) => `${branchSlugs(branch)[0]}-${commitOf(commit).slice(0, 7)}`),
    fc.constantFrom("1.2", "1", "v1", "1.2.3", "nobody"),
  );
  const patterns = fc.constantFrom(
    defaultPatterns,
    [...defaultPatterns, "{branch}-{sha}", "{branch}*"],
    ["{branch}*", "*{pr}*"],
  );
  const world = fc.record({
    branches: fc.uniqueArray(name, { maxLength: 4 }),
    tags: fc.uniqueArray(name, { maxLength: 4 }),
    pullRequests: fc.uniqueArray(pullRequest, { maxLength: 5, selector: ({ number }) => number }),
    patterns,
  });

  test("one more living ref never turns an alive tag into another, and never makes one dead", () => {
    fc.assert(
      fc.property(
        world,
        name,
        fc.constantFrom("branches", "tags"),
        fc.array(tag, { maxLength: 15 }),
        (told, ref, kind, tags) => {
          const before = { ...told, refs: refsOf(told) };
          const after = { ...told, refs: refsOf({ ...told, [kind]: [...told[kind], ref] }) };
          for (const each of tags) {
            const [was, is] = [statusOf(each, before).status, statusOf(each, after).status];
            if (was === "live") expect({ each, is }).toEqual({ each, is: "live" });
            if (is === "orphaned") expect({ each, was }).toEqual({ each, was: "orphaned" });
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("the order of refs, pull requests and answers does not matter", () => {
    fc.assert(
      fc.property(world, fc.array(tag, { maxLength: 10 }), (told, tags) => {
        const backwards = {
          ...told,
          pullRequests: told.pullRequests.toReversed(),
          refs: refsOf({ branches: told.branches.toReversed(), tags: told.tags.toReversed() }),
        };
        for (const each of tags) expect(statusOf(each, { ...told, refs: refsOf(told) })).toEqual(statusOf(each, backwards));
      }),
      { numRuns: 300 },
    );
  });
});
