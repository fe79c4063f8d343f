import { describe, expect, test } from "vitest";
import type { RunResult } from "../../../src/report/result.ts";
import { renderSummary } from "../../../src/report/summary.ts";
import { manifest, repository, run } from "../results.ts";

type RunError = RunResult["errors"][number];

/** Returns the boxes of the summary as text. */
function boxOf(result: RunResult): string {
  const text = renderSummary(result).replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
  const lines = text.split("\n");
  return lines.filter((line) => line.startsWith(">")).join("\n");
}

const input = (message: string): RunError => ({ kind: "input", message, remedy: "Fix them under `with:`." });

describe("an error box", () => {
  test("has a title, the message as a sentence, and the fix", () => {
    expect(boxOf(run({ errors: [input("1 invalid input (no request was sent)")] }))).toBe(
      [
        "> [!CAUTION]",
        "> **Invalid input**",
        ">",
        "> 1 invalid input (no request was sent).",
        ">",
        "> **Fix:** Fix them under <code>with:</code>.",
      ].join("\n"),
    );
  });

  test("shows the lines of a message as a list", () => {
    const message = "2 invalid inputs:\n- `untagged` is `x`\n- `token` is required";
    expect(boxOf(run({ errors: [input(message)] }))).toContain(
      [
        "> 2 invalid inputs:",
        "> - <code>untagged</code> is <code>x</code>",
        "> - <code>token</code> is required",
        ">",
        "> **Fix:**",
      ].join("\n"),
    );
  });

  test("shows several messages as a list, with the list of a message below it", () => {
    const errors = [input("2 invalid inputs:\n- a\n- b"), input("no repository")];
    expect(boxOf(run({ errors }))).toContain(
      ["> - 2 invalid inputs:", ">   - a", ">   - b", "> - no repository.", ">"].join("\n"),
    );
  });

  test("counts the messages that it does not show", () => {
    const errors = Array.from({ length: 8 }, (_, n) => input(`error ${n}`));
    const box = boxOf(run({ errors }));
    expect(box).toContain("> - error 4.\n> - and 3 more in the log\n");
    expect(box).not.toContain("error 5");
  });

  test("has one box for each remedy", () => {
    const errors: RunError[] = [input("a"), { kind: "input", message: "b", remedy: "Do something else." }];
    expect(boxOf(run({ errors })).match(/\[!CAUTION\]/g)).toHaveLength(2);
  });
});

describe("the boxes of warnings and notices", () => {
  test("show the deletions that are deferred or that the registry refused, by reason", () => {
    const refused = (name: string, error: string) => manifest(name, { outcome: "refused", error });
    const deferred = manifest("d", { outcome: "deferred", error: "API rate limit" });
    const repositories = [
      repository("api", [refused("a", "tag is immutable")]),
      repository("web", [refused("b", "locked"), refused("c", "locked"), deferred]),
    ];
    expect(boxOf(run({ repositories, notices: ["something else"] }))).toBe(
      [
        "> [!WARNING]",
        "> 1 deletion is deferred to the next run:",
        "> - web: API rate limit (1 manifest)",
        "> [!NOTE]",
        "> - something else.",
        "> - The registry refused 3 deletions:",
        ">   - web: locked (2 manifests)",
        ">   - api: tag is immutable (1 manifest)",
      ].join("\n"),
    );
  });
});
