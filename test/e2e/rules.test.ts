import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import { pushImage } from "../servers/content.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { brokenTags } from "../servers/pull.ts";
import type { GitHost } from "./example.ts";
import { annotations, contents, deletionsOf, type Fixture } from "./fixture.ts";
import { useFixture } from "./use-fixture.ts";

const DAY = 86_400_000;
/** Manifests and images that a sweep with the defaults deletes: 23 and 15 in each of two repositories. */
const PLANNED = 46;
const PLANNED_IMAGES = 30;

let gitHost: GitHost;
let fixture: Fixture;

useFixture((opened, shared) => {
  fixture = opened;
  gitHost = shared;
});

const outcomes = ({ repositories }: RunResult, outcome: string) =>
  repositories.flatMap(({ manifests }) => manifests.filter((manifest) => manifest.outcome === outcome));

const untagged = (store: RegistryStore): number =>
  store.manifests("web").filter(({ digest }) => store.tagsOf("web", digest).length === 0).length;

describe("the number of deleted manifests", () => {
  test.each([
    ["max-deletions below the planned images: fails", { "max-deletions": String(PLANNED_IMAGES - 1) }, 0, ["limit"]],
    ["max-deletions equal to the planned images", { "max-deletions": String(PLANNED_IMAGES) }, PLANNED, []],
    ["max-deletions: 0 is no limit", { "max-deletions": "0" }, PLANNED, []],
    ["a dry run", { "dry-run": "true", "run-gc": "always" }, 0, []],
    ["a dry run above max-deletions: fails like a real run", { "dry-run": "true", "max-deletions": "1" }, 0, ["limit"]],
    // The newest three images of each repository: those of pull requests 13 (1 manifest), 11 (3) and 10 (7).
    [
      "keep-count counts images, not their platform manifests and referrers",
      { "keep-count": "3" },
      PLANNED - 2 * (1 + 3 + 7),
      [],
    ],
    ["keep-count above the number of images", { "keep-count": "1000" }, 0, []],
    // Merged pull requests 10 (7 manifests) and 13 (1), and two untagged images are within the grace period.
    ["grace-period above the age of some images", { "grace-period": "13d" }, PLANNED - 2 * (2 + 7 + 1), []],
    ["grace-period: 0 also deletes an image that was pushed an hour ago", { "grace-period": "0" }, PLANNED + 2, []],
    ["untagged: keep", { untagged: "keep" }, 2 * 11, []],
    ["unmatched-tags: delete", { "unmatched-tags": "delete" }, PLANNED + 2, []],
    ["unmatched tags within the grace period", { "unmatched-tags": "delete", "grace-period": "41d" }, 2 * 3, []],
    ["protect-tags adds to the default", { "protect-tags": "pr-1?" }, PLANNED - 2 * 11, []],
    ["tag-patterns without pull requests", { "tag-patterns": "{branch}\n{tag}" }, 2 * 12, []],
  ] satisfies [string, Record<string, string>, number, string[]][])("%s", async (_title, inputs, count, kinds) => {
    const before = contents(fixture.store).length;
    const result = await fixture.sweep(inputs);
    expect(result.errors.map(({ kind }) => kind)).toEqual(kinds);
    expect(before - contents(fixture.store).length).toBe(count);
    expect(deletionsOf(fixture)).toBe(count);
    expect(brokenTags(fixture.store)).toEqual([]);
  });

  test("max-deletions: the step exits with 1, one annotation and the plan in its summary", async () => {
    const result = await fixture.processStep({ "max-deletions": "29", "run-gc": "true" });
    expect(result.exitCode).toBe(1);
    expect(annotations(result.log)).toEqual([expect.stringContaining("max-deletions")]);
    expect([result.outputs["deleted-count"], result.outputs["gc-status"]]).toEqual(["0", "not-started"]);
    expect(deletionsOf(fixture)).toBe(0);
    expect(result.summary).toContain("pull request");
  });

  test("a dry run plans the same deletions as a real run and sends no write request", async () => {
    const dry = await fixture.sweep({ "dry-run": "true", "run-gc": "always" });
    expect(outcomes(dry, "planned")).toHaveLength(PLANNED);
    expect(dry.garbageCollection.status).toBe("skipped");
    const writes = fixture.registry.api.requests.filter(({ method }) => method !== "GET");
    expect(writes).toEqual([]);
    const real = await fixture.sweep();
    const digests = (result: RunResult, outcome: string) => outcomes(result, outcome).map(({ digest }) => digest);
    expect(digests(real, "deleted").sort()).toEqual(digests(dry, "planned").sort());
  });
});

describe("kept images", () => {
  test("protect-digests keeps complete images, by digest and by file", async () => {
    const workspace = mkdtempSync(join(tmpdir(), "refsweep-workspace-"));
    const digest = (tag: string): string => fixture.store.resolve("web", tag)?.digest ?? "";
    writeFileSync(join(workspace, "app.yaml"), `image: ${fixture.registry.address}/web@${digest("pr-11")}\n`);
    const environment = { ...gitHost.environment, GITHUB_WORKSPACE: workspace };
    const protectedDigests = `${digest("pr-10")}\n*.yaml`;
    const result = await fixture.step({ "protect-digests": protectedDigests }, { environment });
    rmSync(workspace, { recursive: true, force: true });
    expect([result.exitCode, result.outputs["deleted-count"]]).toEqual([0, String(PLANNED - 7 - 3)]);
    expect(fixture.store.tags("web")).toEqual(expect.arrayContaining(["pr-10", "pr-11"]));
    expect(fixture.store.tags("web")).not.toContain("pr-13");
    expect(brokenTags(fixture.store)).toEqual([]);
  });

  test("a stale tag is reported, and removed without its image by remove-stale-tags", async () => {
    const image = fixture.store.resolve("web", "pr-14")?.digest;
    const reported = await fixture.sweep({ untagged: "keep" });
    expect(reported.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-14", outcome: "reported" }]);
    expect(fixture.store.tags("web")).toContain("pr-14");
    const removed = await fixture.sweep({ "remove-stale-tags": "true" });
    expect(removed.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-14", outcome: "deleted" }]);
    expect(fixture.store.tags("web")).not.toContain("pr-14");
    expect(fixture.store.resolve("web", "feature-kept")?.digest).toBe(image);
  });

  test("untagged: keep keeps untagged images, but not the children of deleted images", async () => {
    const before = untagged(fixture.store);
    await fixture.sweep({ untagged: "keep" });
    // Two platforms, two attestations and an SBOM of pull request 10; two platforms of pull request 11.
    expect(before - untagged(fixture.store)).toBe(5 + 2);
  });

  test("an image with a live and an orphaned tag is kept", async () => {
    pushImage(fixture.store, {
      repository: "web",
      seed: "two tags",
      tags: ["pr-10-copy", "v2.0.0-copy"],
      pushedAt: Date.now() - 30 * DAY,
    });
    await fixture.sweep();
    expect(fixture.store.tags("web")).toContain("pr-10-copy");
  });
});

describe("repository-pattern", () => {
  const removedFrom = async (pattern: string): Promise<readonly string[]> => {
    const before = new Map(fixture.store.repositories().map((name) => [name, fixture.store.manifests(name).length]));
    const result = await fixture.sweep({ "repository-pattern": pattern });
    expect(result.errors).toEqual([]);
    return [...before].filter(([name, count]) => fixture.store.manifests(name).length < count).map(([name]) => name);
  };

  test.each([
    ["", ["web", "web/worker"]],
    ["web", ["web"]],
    ["WEB/*", ["web/worker"]],
    ["**", ["base", "web", "web/worker"]],
    ["*", ["base", "web"]],
    ["**, !web/**", ["base", "web"]],
    ["{base,web}", ["base", "web"]],
    ["# a comment\nbase\n", ["base"]],
  ])("%j selects its repositories", async (pattern, swept) => {
    pushImage(fixture.store, { repository: "base", seed: "gone", tags: ["pr-11"], pushedAt: Date.now() - 9 * DAY });
    expect(await removedFrom(pattern)).toEqual(swept);
  });

  test("a pattern that matches no repository is an error that lists the existing ones", async () => {
    const result = await fixture.step({ "repository-pattern": "wbe/**" });
    expect([result.exitCode, result.outputs["deleted-count"]]).toEqual([1, "0"]);
    const errors = annotations(result.log);
    expect(errors).toHaveLength(1);
    for (const name of ["wbe/**", "base", "web", "web/worker"]) expect(errors[0]).toContain(name);
    expect(result.summary).toContain("web/worker");
  });

  test("a missing repository is an error that lists up to 20 existing ones; nothing is deleted", async () => {
    for (let number = 1; number <= 30; number += 1) {
      pushImage(fixture.store, { repository: `other-${String(number).padStart(2, "0")}`, seed: "x", tags: ["main"] });
    }
    const result = await fixture.sweep({ "repository-pattern": "web, wbe" });
    expect(result.errors).toMatchObject([{ kind: "registry", message: expect.stringContaining("wbe") }]);
    const remedy = result.errors[0]?.remedy ?? "";
    expect(remedy.match(/\bother-\d\d|\bweb(?:\/worker)?\b|\bbase\b/g)).toHaveLength(20);
    expect(remedy).toContain("13 more");
    expect(deletionsOf(fixture)).toBe(0);
  });
});
