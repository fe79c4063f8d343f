import { describe, expect, test } from "vitest";
import { brokenTags } from "../servers/pull.ts";
import { contents, deletionsOf, type Fixture } from "./fixture.ts";
import { useFixture } from "./use-fixture.ts";

const KEPT_TAGS = [
  ...["1", "1.0", "1.0.0", "1.1", "1.1.0", "2", "2.0", "2.0.0"],
  ...["feature-kept", "feature-search", "jane-test", "latest", "main", "pr-12", "pr-14"],
  ...["v1.0.0", "v1.1.0", "v2.0.0"],
];

let fixture: Fixture;

useFixture((opened) => {
  fixture = opened;
});

const isReferrerTag = (tag: string): boolean => tag.startsWith("sha256-");

describe("a scheduled sweep of a DigitalOcean registry", () => {
  test("a dry run reports the deletions and deletes nothing", async () => {
    const before = contents(fixture.store);
    const result = await fixture.processStep({ "dry-run": "true", "run-gc": "true" });
    expect(result.exitCode, result.log).toBe(0);
    expect(contents(fixture.store)).toEqual(before);
    expect(Number(result.outputs["deleted-count"])).toBeGreaterThan(0);
    expect(result.outputs["gc-status"]).toBe("skipped");
    expect(deletionsOf(fixture)).toBe(0);
    expect(result.summary).toContain("pull request");
  });

  test("deletes orphaned images, keeps all others complete, and starts garbage collection", async () => {
    const result = await fixture.processStep({ "run-gc": "true", "gc-timeout": "0" });
    expect(result.exitCode, result.log).toBe(0);
    for (const repository of ["web", "web/worker"]) {
      const tags = fixture.store.tags(repository);
      expect(tags.filter((tag) => !isReferrerTag(tag))).toEqual(KEPT_TAGS);
      expect(tags.filter(isReferrerTag)).toHaveLength(1);
    }
    expect(fixture.store.tags("base")).toEqual(["main", "pr-10"]);
    expect(brokenTags(fixture.store)).toEqual([]);
    expect(result.outputs).toMatchObject({ "gc-status": "started", "failed-count": "0" });
  });

  test("a second run deletes nothing", async () => {
    await fixture.processStep();
    const deletions = deletionsOf(fixture);
    const second = await fixture.processStep();
    expect(second.exitCode, second.log).toBe(0);
    expect(second.outputs["deleted-count"]).toBe("0");
    expect(deletionsOf(fixture)).toBe(deletions);
  });
});
