import { describe, expect, test } from "vitest";
import type { Registry } from "../../src/registry/registry.ts";
import { requireNoHiddenTag } from "../../src/sweep/hidden-tags.ts";
import { expectedTags } from "../../src/tags/expected-tags.ts";
import { liveTagsOf } from "../../src/tags/live-tags.ts";
import { compileTagPatterns } from "../../src/tags/patterns.ts";
import { defaultPatterns, refsOf } from "../tags/fixtures.ts";

const VERSIONS = Array.from({ length: 10_000 }, (_, index) => `v${Math.floor(index / 500)}.${index % 500}.0`);

/** Checks a list of tags of a project with 10,000 Git tags; `existing` are the tags that the registry has. */
async function check(listed: readonly string[], existing: readonly string[] = []): Promise<readonly string[]> {
  const requested: string[] = [];
  const registry = {
    hasTag: async (_: string, tag: string) => {
      requested.push(tag);
      return existing.includes(tag);
    },
  } satisfies Pick<Registry, "hasTag">;
  const manifest = { digest: `sha256:${"0".repeat(64)}`, pushedAt: null, sizeBytes: null, blobs: null } as const;
  const live = liveTagsOf(compileTagPatterns(defaultPatterns), refsOf({ branches: ["main"], tags: VERSIONS }));
  const listing = { manifests: [{ ...manifest, tags: listed }] };
  await requireNoHiddenTag(registry, "web", listing, expectedTags(live, []), 8);
  return requested;
}

describe("with 10,000 Git tags, Refsweep requests", () => {
  test.each([
    { listed: ["main", "pr-1", "pr-2"], count: 0, what: "nothing if no tag of theirs begins with a listed one" },
    { listed: [...VERSIONS.slice(0, 9_999)], count: 0, what: "nothing if the list shows their images" },
    { listed: ["v7", "v7.3.0"], count: 0, what: "nothing if a listed start shows another tag" },
    { listed: ["v7"], count: 1_500, what: "each that may be hidden, once" },
  ])("$what", async ({ listed, count }) => {
    const requested = await check(listed);
    expect(requested).toHaveLength(count);
    expect(new Set(requested).size).toBe(count);
  });

  test("nothing if they are too many, and the repository fails", async () => {
    await expect(check(["v", "1", "2", "3", "4", "5", "6", "7", "8", "9"])).rejects.toMatchObject({
      kind: "listing",
      remedy: expect.stringContaining("`tag-patterns`"),
    });
  });
});

test("a hidden tag that exists is an error that names it", async () => {
  await expect(check(["v1"], ["v19.3.0"])).rejects.toMatchObject({
    kind: "listing",
    message: "The registry's list of tags does not show v19.3.0, which exists",
  });
});
