import fc from "fast-check";
import { Marked } from "marked";
import { describe, expect, test } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import { renderSummary } from "../../src/report/summary.ts";
import { HOSTILE, hostileText, UNSEEN } from "./hostile.ts";
import { digestOf, kept, manifest, repository, run } from "./results.ts";

const marked = new Marked({ gfm: true });
const html = (markdown: string): string => marked.parse(markdown, { async: false });

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
            manifest("e", { outcome: "refused", reason: text, error: text }),
            manifest("f", { outcome: "deferred", reason: text, error: text }),
            kept("c", text),
          ],
          {
            url: text,
            error: text,
            staleTags: [{ tag: text, digest: digestOf("s"), reason: text, outcome: "reported" }],
          },
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
    const own = /^(?:align=(?:left|right)|title=|href=https:\/\/github\.com\/acme\/shop\/pull\/\d+)/;
    expect(attributes.filter((attribute) => !own.test(attribute))).toEqual([]);
    // As many headings, tables and boxes as with a harmless text.
    const count = (page: string, tag: string): number => page.split(`<${tag}>`).length;
    const plain = html(renderSummary(everywhere("plain")));
    for (const tag of ["h3", "h4", "table", "blockquote", "details", "tr", "td"]) {
      expect([tag, count(rendered, tag)]).toEqual([tag, count(plain, tag)]);
    }
  }

  test.each(HOSTILE.map((text) => [text.slice(0, 40), text]))("%j changes only its own cell", (_, text) => {
    check(text);
  });

  test("any other text changes only its own cell", () => {
    fc.assert(fc.property(hostileText, check), { numRuns: 200 });
  });
});
