import fc from "fast-check";
import { Marked } from "marked";
import { describe, expect, test } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import { groupOf, keptGroups } from "../../src/report/summary/kept.ts";
import { renderSummary } from "../../src/report/summary.ts";
import { tallyOfRun } from "../../src/report/tally.ts";
import { renderBody, renderHtml } from "../render.ts";
import { HOSTILE, hostileText, UNSEEN } from "./hostile.ts";
import { digestOf, kept, largeRepository, manifest, repository, run, sampleRun } from "./results.ts";

const marked = new Marked({ gfm: true });
const html = (markdown: string): string => marked.parse(markdown, { async: false });
const bytes = (text: string): number => Buffer.byteLength(text, "utf8");
const headlineOf = (result: RunResult): string => renderSummary(result).split("\n", 1)[0] ?? "";

const failure = { kind: "deletion", message: "web: 1 deletion failed", remedy: "Run it again." } as const;

describe("the headline", () => {
  const one = [repository("web", [manifest("a"), manifest("b"), kept("c", "branch main")])];
  const failed = [repository("web", [manifest("a", { outcome: "failed", error: "500" })])];
  const planned = [repository("web", [manifest("a", { outcome: "planned" })])];
  const spared = [repository("web", [manifest("a", { outcome: "changed" }), manifest("b", { outcome: "gone" })])];
  const idle = [repository("web", [kept("a", "branch main")])];
  test.each<[string, Partial<RunResult>, string]>([
    ["says what was deleted", { repositories: one }, "### ✔️ 2 manifests deleted, 1.9\u00a0MiB"],
    [
      "marks a run with errors",
      { repositories: one, errors: [failure] },
      "### ⚠️ 2 manifests deleted, 1.9\u00a0MiB",
    ],
    ["counts failures", { repositories: failed, errors: [failure] }, "### ✖️ Nothing was deleted, 1 failed"],
    [
      "marks a dry run",
      { repositories: planned, dryRun: true },
      "### Dry run: 1 manifest would be deleted, 977\u00a0KiB",
    ],
    ["marks a dry run that deletes nothing", { dryRun: true }, "### Dry run: nothing would be deleted"],
    ["is pleased to find nothing", {}, "### ✔️ Nothing to delete"],
    ["is pleased to find nothing but what stays", { repositories: idle }, "### ✔️ Nothing to delete"],
    ["says when all that was planned was spared", { repositories: spared }, "### ✔️ Nothing was deleted"],
  ])("%s", (_, overrides, expected) => {
    expect(headlineOf(run(overrides))).toBe(expected);
  });

  test("says `up to` where a part of a plan was not carried out, and no size where none is known", () => {
    const partly = repository("web", [manifest("a"), manifest("b", { outcome: "changed", error: "branch main" })]);
    expect(headlineOf(run({ repositories: [partly] }))).toBe("### ✔️ 1 manifest deleted, up\u00a0to\u00a01.9\u00a0MiB");
    const unknown = repository("web", [manifest("a")], {}, { blobs: null });
    expect(headlineOf(run({ repositories: [unknown] }))).toBe("### ✔️ 1 manifest deleted");
  });
});

describe("what it tells", () => {
  const shown = renderSummary(sampleRun());

  test.each([
    ["the registry", "<code>registry.digitalocean.com/acme</code> · 4 repositories · 261 manifests stay"],
    ["a error with what to do", "> **What to do:** Run it again; if it stays"],
    ["a row for a repository", "| <code>api</code> | <b>12</b> | 0 | 47 | 775\u00a0MiB |  |"],
    ["a row for one that could not be read", "| <code>legacy</code> | 0 | 0 | 0 |  | ✖️ GET"],
    ["the sums", "| <b>all</b> | <b>46</b> | <b>1</b> | 261 | up\u00a0to\u00a04.2\u00a0GiB |  |"],
    ["what the collection freed", "Garbage collection freed <b>3.7 GiB</b> in 412 blobs: collection 6f1c2a"],
    [
      "a whole digest behind a short one",
      `<code title="${digestOf("web-0")}">${digestOf("web-0").slice(7, 19)}</code>`,
    ],
    [
      "a link to the pull request",
      '<a href="https://github.com/acme/shop/pull/100">pull request #100</a> merged 2026-10-10',
    ],
    ["what a failed deletion met", "✖️ <b>failed</b>: DELETE https"],
    ["what was spared, and why", "<b>stays</b>, changed since it was planned: branch release/9"],
    ["size and age", "| 29\u00a0MiB | 2\u00a0days\u00a0ago |"],
    ["untagged images", "<i>untagged</i>"],
    ["kept counts by reason", "| living branch | 102 |\n"],
    ["stale tags", "<b>1 stale tag</b>"],
    ["broken indexes", "<b>1 broken index</b>"],
    ["ghosts", "<b>1 ghost</b>"],
    ["the pie", '```mermaid\npie showData\n  "deleted" : 46\n'],
    ["requests by host", "Requests: api.digitalocean.com 213 · registry.digitalocean.com 64"],
    ["notices", "> <code>protect-apps</code> is off"],
  ])("%s", (_, text) => {
    expect(shown.replaceAll("&#58;", ":")).toContain(text);
  });

  test("errors stand before the deletions, deletions before what stays", () => {
    const places = [
      "[!CAUTION]",
      "| Repository |",
      "What was deleted",
      "Also found",
      "What stays",
      "mermaid",
      "Requests",
    ];
    const found = places.map((place) => shown.indexOf(place));
    expect(found).toEqual([...found].sort((a, b) => a - b));
    expect(found).not.toContain(-1);
  });

  test("a failed deletion is the first row of its repository", () => {
    const table = shown.slice(shown.indexOf("| Image |"));
    expect(table.split("\n")[2]).toContain("failed");
  });

  test("a dry run says so before anything else, and never that something was deleted", () => {
    const planned = repository("web", [manifest("a", { outcome: "planned" })]);
    const text = renderSummary(run({ dryRun: true, repositories: [planned] }));
    expect(text).toContain("This is a dry run: nothing was deleted");
    expect(text).toContain("Would delete");
    expect(text.replace("nothing was deleted", "").toLowerCase()).not.toMatch(/was deleted|\d deleted|"deleted"/);
  });

  test("a run with nothing to do is told in a few lines", () => {
    const text = renderSummary(run({ repositories: [repository("web", [kept("a", "branch main")])] }));
    expect(text).not.toMatch(/Deleted|Failed|details|mermaid|CAUTION/);
    expect(text.split("\n").length).toBeLessThan(20);
  });

  test("idle repositories are one row, where there are many", () => {
    const idle = Array.from({ length: 40 }, (_, n) => repository(`idle-${n}`, [kept("a", "branch main")]));
    const text = renderSummary(run({ repositories: [...idle, repository("busy", [manifest("b")])] }));
    expect(text).toContain("| <i>40 repositories with nothing to delete</i> | 0 | 40 |  |");
    expect(text).not.toContain("idle-3");
    expect(renderSummary(run({ repositories: idle }))).toContain(
      "| <i>40 repositories with nothing to delete</i> | 40 |",
    );
  });

  test("GHCR restores what was deleted, and says for how long", () => {
    const repositories = [repository("web", [manifest("a", { versionId: 7 })])];
    expect(renderSummary(run({ provider: "ghcr", repositories }))).toContain("restores versions for 30 days");
    expect(renderSummary(run({ provider: "ghcr" }))).not.toContain("30 days");
    expect(renderSummary(run({ repositories }))).not.toContain("30 days");
  });

  test("what a listing of tags cannot show is told once", () => {
    const tagged = ["a", "b"].map((name) => repository(name, [manifest("x")], {}, { listsUntagged: false }));
    expect(renderSummary(run({ repositories: tagged })).match(/lists tagged manifests only/g)).toHaveLength(1);
    expect(renderSummary(run({ repositories: [repository("a", [manifest("x")])] }))).not.toContain(
      "tagged manifests only",
    );
  });

  test("a pull request is linked only where the address needs no escaping", () => {
    const repositories = [repository("web", [manifest("a")])];
    expect(renderSummary(run({ repositories, repositoryUrl: 'https://x/"><h1>' }))).not.toContain("href");
    expect(renderSummary(run({ repositories, repositoryUrl: "javascript:alert(1)" }))).not.toContain("href");
  });

  test.each([
    ["branch feature/x", "living branch"],
    ["git tag v1.2.3", "living Git tag"],
    ["branch x of pull request #7, which is open", "open pull request"],
    ["pull request #12 is open", "open pull request"],
    ["merge commit of pull request #7, which is open", "open pull request"],
    ["child of sha256:0123456789ab… (v1)", "child of an image that stays"],
    ["protected: latest", "protected: latest"],
    ["pushed 3 h ago, within the grace period of 24h", "within the grace period"],
    ["something of sha256:0123456789ab… on 2026-01-02 in #7", "something of … on … in #…"],
  ])("%s counts as %s", (reason, group) => {
    expect(groupOf(reason)).toBe(group);
  });
});

test("what stays is counted whole, and nothing else: what went, was gone or failed is no part of it", () => {
  const outcomes = ["deleted", "planned", "gone", "failed", "changed", "kept"] as const;
  const manifests = [...outcomes.map((outcome) => manifest(outcome, { outcome })), kept("main", "branch main")];
  const result = run({ repositories: [repository("web", manifests)] });
  expect(keptGroups(result)).toEqual([
    { label: "changed since it was planned", count: 1 },
    { label: "living branch", count: 1 },
    { label: "not deleted: no reason given", count: 1 },
  ]);
  expect(tallyOfRun(result).kept).toBe(3);
});

describe("the byte budget", () => {
  const BUDGET = 900 * 1024;

  test("100,000 deletions fit, the small repository whole, and the rows left out are counted exactly", () => {
    const repositories = [
      largeRepository("huge", 79_993),
      largeRepository("large", 20_000),
      largeRepository("small", 7),
    ];
    const text = renderSummary(run({ repositories }));
    expect(bytes(text)).toBeLessThanOrEqual(BUDGET);
    expect(bytes(text)).toBeGreaterThan(BUDGET * 0.95);
    const rows = (name: string): number => {
      const start = text.indexOf(`<summary><b><code>${name}</code>`);
      return [...text.slice(start, text.indexOf("</details>", start)).matchAll(/^\| <code title=/gm)].length;
    };
    expect(rows("small")).toBe(7);
    expect(Math.abs(rows("huge") - rows("large"))).toBeLessThan(5);
    const left = 100_000 - rows("huge") - rows("large") - 7;
    expect(text).toContain(`and ${left.toLocaleString("en-US")} are left out. The report file holds all`);
    expect(text).toContain(`<i>${(79_993 - rows("huge")).toLocaleString("en-US")} of these 79,993 are left out here`);
  });

  test("20,000 repositories fit, and the sums stay right", () => {
    const repositories = Array.from({ length: 20_000 }, (_, n) => repository(`r${n}`, [manifest(`m${n}`)]));
    const text = renderSummary(run({ repositories }));
    expect(bytes(text)).toBeLessThanOrEqual(BUDGET);
    expect(text).toContain("| <b>all</b> | <b>20,000</b> |");
    expect(text).toMatch(/<i>[\d,]+ more repositories: see the report file<\/i>/);
  });

  test("what is measured is bytes, whatever the text and the budget", () => {
    const wide = fc.array(
      fc.record({ tag: hostileText, reason: fc.oneof(hostileText, fc.constant("日本語 ".repeat(90))) }),
      {
        maxLength: 120,
      },
    );
    fc.assert(
      fc.property(wide, fc.integer({ min: 24, max: 60 }), (all, kibibytes) => {
        const manifests = all.map(({ tag, reason }, n) => manifest(`m${n}`, { tags: [tag], reason }));
        const errors = all.map(({ reason }) => ({ ...failure, message: reason, remedy: reason }));
        const notices = all.map(({ reason }) => reason);
        const repositories = [
          repository("a", manifests),
          repository(
            "b",
            manifests.map((one) => ({ ...one, decision: "keep", outcome: "kept" })),
          ),
        ];
        const text = renderSummary(run({ repositories, errors, notices }), kibibytes * 1024);
        expect(bytes(text)).toBeLessThanOrEqual(kibibytes * 1024);
      }),
      { numRuns: 60 },
    );
  });
});

describe("hostile text", () => {
  const everywhere = (text: string): RunResult =>
    run({
      registry: text,
      repositories: [
        repository(
          text,
          [
            manifest("a", { tags: [text, text], reason: text }),
            manifest("b", { outcome: "failed", reason: text, error: text }),
            kept("c", text),
          ],
          { error: text, staleTags: [{ tag: text, digest: text, reason: text, outcome: "reported" }] },
          { unreadable: [{ digest: digestOf("u"), reason: text }] },
        ),
        repository("second", [manifest("d")]),
      ],
      requests: { [text]: 3 },
      garbageCollection: { status: "failed", freedBytes: 1, blobsDeleted: 2, note: text },
      errors: [{ kind: "listing", message: text, remedy: text }],
      notices: [text, text],
    });

  const TAGS = /^(?:h3|h4|p|ul|li|blockquote|table|thead|tbody|tr|th|td|details|summary|code|pre|b|strong|i|sub|br|a)$/;

  function check(text: string): void {
    const markdown = renderSummary(everywhere(text));
    const rendered = html(markdown);
    expect(markdown).not.toMatch(UNSEEN);
    const tags = [...rendered.matchAll(/<([a-z]\w*)/gi)].map(([, tag = ""]) => tag);
    expect(tags.filter((tag) => !TAGS.test(tag))).toEqual([]);
    const attributes = [...rendered.matchAll(/\s(\w+)="([^"]*)"/g)].map(([, name, value]) => `${name}=${value}`);
    const own =
      /^(?:align=(?:left|right)|title=|class=language-mermaid|href=https:\/\/github\.com\/acme\/shop\/pull\/\d+)/;
    expect(attributes.filter((attribute) => !own.test(attribute))).toEqual([]);
    // As many headings, tables and boxes as for a text that means nothing.
    const count = (page: string, tag: string): number => page.split(`<${tag}>`).length;
    const plain = html(renderSummary(everywhere("plain")));
    for (const tag of ["h3", "h4", "table", "blockquote", "details", "tr", "td"]) {
      expect([tag, count(rendered, tag)]).toEqual([tag, count(plain, tag)]);
    }
  }

  test.each(HOSTILE.map((text) => [text.slice(0, 40), text]))("%j changes nothing but its own cell", (_, text) => {
    check(text);
  });

  test("nor does any other text", () => {
    fc.assert(fc.property(hostileText, check), { numRuns: 200 });
  });
});

test("the page for looking at a summary shows foreign HTML as text", () => {
  expect(renderBody("<script>alert(1)</script>")).not.toContain("<script");
  expect(renderBody('<a href="javascript:alert(1)">x</a>')).not.toContain("<a href");
  expect(renderBody("a <img src=x onerror=alert(1)> b")).not.toContain("<img");
  const page = renderHtml(renderSummary(sampleRun()));
  expect(page).toContain("<details><summary><b><code>web</code>");
  expect(page).toContain('<div class="alert caution"><p class="alert-title">Caution</p>');
  expect(page).toContain('<div class="pie">');
});
