import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderSummary } from "../../src/report/summary.ts";
import { hostileText } from "./hostile.ts";
import { largeRepository, manifest, repository, run } from "./results.ts";

const bytes = (text: string): number => Buffer.byteLength(text, "utf8");
const failure = { kind: "deletion", message: "web: 1 deletion failed", remedy: "Run it again." } as const;

describe("the byte budget", () => {
  const BUDGET = 900 * 1024;

  test("fits 100,000 deletions, shows the small repository completely, and counts the rows that are left out", () => {
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
    expect(text).toContain(
      `and ${left.toLocaleString("en-US")} are left out. The report file (output \`report\`) has all rows.`,
    );
    expect(text).toContain(`<i>${(79_993 - rows("huge")).toLocaleString("en-US")} of these 79,993 rows are left out`);
  });

  test("fits 20,000 repositories, with the totals of all", () => {
    const repositories = Array.from({ length: 20_000 }, (_, n) => repository(`r${n}`, [manifest(`m${n}`)]));
    const text = renderSummary(run({ repositories }));
    expect(bytes(text)).toBeLessThanOrEqual(BUDGET);
    expect(text).toContain("| <b>all</b> | <b>20,000</b> |");
    expect(text).toMatch(/<i>[\d,]+ more repositories: see the report file<\/i>/);
  });

  test("never exceeds the budget in bytes, for any text and budget", () => {
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
