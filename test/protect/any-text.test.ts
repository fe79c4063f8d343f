import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findImages } from "../../src/protect/find-images.ts";
import { tagsInUse } from "../../src/protect/images-in-use.ts";
import { A, TEAM } from "./setup.ts";

describe("any text", () => {
  const host = "registry.digitalocean.com";

  it("protects an image anywhere in it", () => {
    const noise = fc.string({
      unit: fc.constantFrom("a", "/", ":", "$", "{", "}", '"', " ", "\n", "=", "-", ".", "é"),
    });
    const blank = fc.constantFrom(" ", "\n", '"', "'", ",", "\t", "[", "(");
    fc.assert(
      fc.property(noise, blank, blank, noise, (before, left, right, after) => {
        const { digests, tags } = findImages(`${before}${left}${host}/team/a/web:pr-1${right}${A} ${after}`, TEAM);
        expect([...digests]).toEqual([A]);
        expect(tags.get("a/web")?.has("pr-1")).toBe(true);
      }),
    );
  });

  it("protects a tag and its repository with any text between them", () => {
    const noise = fc.string({ unit: fc.constantFrom("x", ":", "$", "{", "}", '"', " ", "\n", "=", "\\", "é") });
    const blank = fc.constantFrom(" ", "\n", '"', "'", ",", "\t", "[", "(", ":", "=", "|", ">", "\\n");
    const after = fc.constantFrom(" ", "\n", '"', "'", ",", "\t", "]", ")", "}", ";", "|", "<", "\\n", "$", "@");
    fc.assert(
      fc.property(noise, blank, after, fc.constantFrom("web", "a/web", "team/a/web"), (between, left, right, name) => {
        for (const [one, other] of [
          [name, "pr-1"],
          ["pr-1", name],
        ]) {
          const text = `${left}${one}${right}${between}${left}${other}${right}`;
          expect(tagsInUse(findImages(text, TEAM), "a/web")("pr-1"), text).toBe(true);
        }
      }),
    );
  });

  it.each([
    ["a long word", "a".repeat(1_000_000)],
    ["a long name", `${host}/team/${"a/".repeat(500_000)}`],
    ["dots at the end of a name", `${host}/team/a${".".repeat(1_000_000)}!`],
    ["keys upon keys", "tag:".repeat(200_000)],
    ["blanks after a key", `tag${" ".repeat(1_000_000)}`],
    ["open braces", "${".repeat(500_000)],
    ["variables", "$a".repeat(300_000)],
    ["a long variable", `$${"a".repeat(1_000_000)}`],
    ["variables that nothing follows", `$${"a".repeat(450)} `.repeat(2_000)],
    ["variables' ends", `}${"a".repeat(300)}`.repeat(3_000)],
    ["variables in a row", `:${"${a}".repeat(300_000)}`],
    ["variables within variables", `:a${"${a{".repeat(250_000)}`],
    ["words before variables", `:${"a".repeat(127)}$`.repeat(8_000)],
    ["variables that are never closed", `:a{${"b".repeat(199)}`.repeat(5_000)],
    ["paths behind variables", `}${"a/".repeat(120)}`.repeat(4_000)],
    ["backslashes", "\\".repeat(1_000_000)],
    ["names without a host", "a/".repeat(500_000)],
    ["many images and many tags", `${`${host}/team/x `.repeat(20_000)}${"tag: v1\n".repeat(20_000)}`],
    [
      "names without tags, and tags without names",
      Array.from({ length: 20_000 }, (_, i) => `${host}/team/w${i}\ntag: v${i}`).join("\n"),
    ],
  ])("is read to its end in linear time: %s", (_, text) => {
    expect([...findImages(`${text} ${A}`, TEAM).digests]).toEqual([A]);
  });
});
