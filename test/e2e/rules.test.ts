import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import { pushImage } from "../servers/content.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import type { GitHost } from "./example.ts";
import { annotations, broken, contents, deletionsOf, type Fixture } from "./fixture.ts";
import { useFixture } from "./use-fixture.ts";

const DAY = 86_400_000;
/** What a sweep with the defaults deletes of the team's registry: 23 in each of two repositories. */
const PLANNED = 46;

let gitHost: GitHost;
let fixture: Fixture;

useFixture((own, shared) => {
  fixture = own;
  gitHost = shared;
});

const outcomes = ({ repositories }: RunResult, outcome: string) =>
  repositories.flatMap(({ manifests }) => manifests.filter((manifest) => manifest.outcome === outcome));

const untagged = (store: RegistryStore): number =>
  store.manifests("web").filter(({ digest }) => store.tagsOf("web", digest).length === 0).length;

describe("how many", () => {
  test.each([
    ["max-deletions below the plans: nothing is deleted, and the step fails", { "max-deletions": "45" }, 0, ["limit"]],
    ["max-deletions that the plans just reach", { "max-deletions": "46" }, PLANNED, []],
    ["max-deletions: 0 is no limit", { "max-deletions": "0" }, PLANNED, []],
    ["a dry run", { "dry-run": "true", "run-gc": "always" }, 0, []],
    ["a dry run past max-deletions fails as the run would", { "dry-run": "true", "max-deletions": "1" }, 0, ["limit"]],
    // The newest three roots of each repository: those of pull requests 13 (1 manifest), 11 (3) and 10 (7).
    ["keep-count counts roots, never what hangs on them", { "keep-count": "3" }, PLANNED - 2 * (1 + 3 + 7), []],
    ["keep-count above all there are", { "keep-count": "1000" }, 0, []],
    ["grace-period: older than the leftovers", { "grace-period": "13d" }, PLANNED - 2 * 2, []],
    ["grace-period: 0 takes what was pushed an hour ago", { "grace-period": "0" }, PLANNED + 2, []],
    ["untagged: keep", { untagged: "keep" }, 2 * 11, []],
    ["unmatched-tags: delete", { "unmatched-tags": "delete" }, PLANNED + 2, []],
    ["unmatched tags within the grace period stay", { "unmatched-tags": "delete", "grace-period": "41d" }, 22, []],
    ["protect-tags replaces the default", { "protect-tags": "pr-1?" }, PLANNED - 2 * 11, []],
    ["tag-patterns that name no pull request keep its images", { "tag-patterns": "{branch}\n{tag}" }, 2 * 12, []],
  ] satisfies [string, Record<string, string>, number, string[]][])("%s", async (_title, inputs, count, kinds) => {
    const before = contents(fixture.store).length;
    const result = await fixture.sweep(inputs);
    expect(result.errors.map(({ kind }) => kind)).toEqual(kinds);
    expect(before - contents(fixture.store).length).toBe(count);
    expect(deletionsOf(fixture)).toBe(count);
    expect(broken(fixture.store)).toEqual([]);
  });

  test("max-deletions as the runner runs it: exit 1, one annotation, and the plan is told", async () => {
    const result = await fixture.step({ "max-deletions": "45", "run-gc": "true" });
    expect(result.exitCode).toBe(1);
    expect(annotations(result.log)).toEqual([expect.stringContaining("max-deletions: 45")]);
    expect([result.outputs["deleted-count"], result.outputs["gc-status"]]).toEqual(["0", "not-started"]);
    expect(deletionsOf(fixture)).toBe(0);
    expect(result.summary).toContain("pull request");
  });

  test("a dry run reads what a run reads, plans what it deletes, and writes nothing anywhere", async () => {
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

describe("which stay", () => {
  test("an image that a digest pins stays whole, and so do those that a file pins", async () => {
    const workspace = mkdtempSync(join(tmpdir(), "refsweep-pins-"));
    const digest = (tag: string): string => fixture.store.resolve("web", tag)?.digest ?? "";
    writeFileSync(join(workspace, "app.yaml"), `image: ${fixture.registry.address}/web@${digest("pr-11")}\n`);
    const environment = { ...gitHost.environment, GITHUB_WORKSPACE: workspace };
    const pins = `${digest("pr-10")}\n*.yaml`;
    const result = await fixture.step({ "protect-digests": pins }, { environment });
    rmSync(workspace, { recursive: true, force: true });
    expect([result.exitCode, result.outputs["deleted-count"]]).toEqual([0, String(PLANNED - 7 - 3)]);
    expect(fixture.store.tags("web")).toEqual(expect.arrayContaining(["pr-10", "pr-11"]));
    expect(fixture.store.tags("web")).not.toContain("pr-13");
    expect(broken(fixture.store)).toEqual([]);
  });

  test("a stale tag is told of, and goes only by remove-stale-tags, without its image", async () => {
    const image = fixture.store.resolve("web", "pr-14")?.digest;
    const told = await fixture.sweep({ untagged: "keep" });
    expect(told.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-14", outcome: "reported" }]);
    expect(fixture.store.tags("web")).toContain("pr-14");
    const removed = await fixture.sweep({ "remove-stale-tags": "true" });
    expect(removed.repositories[0]?.staleTags).toMatchObject([{ tag: "pr-14", outcome: "deleted" }]);
    expect(fixture.store.tags("web")).not.toContain("pr-14");
    expect(fixture.store.resolve("web", "feature-kept")?.digest).toBe(image);
  });

  test("untagged: keep leaves leftovers, and still takes the children of what goes", async () => {
    const before = untagged(fixture.store);
    await fixture.sweep({ untagged: "keep" });
    // Of pull request 10 the two platforms, two attestations and the document; of pull request 11 two platforms.
    expect(before - untagged(fixture.store)).toBe(5 + 2);
  });

  test("several names for one living image, and one that is dead", async () => {
    pushImage(fixture.store, {
      repository: "web",
      seed: "two names",
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
    ["# the base\nbase\n", ["base"]],
  ])("%j", async (pattern, swept) => {
    pushImage(fixture.store, { repository: "base", seed: "gone", tags: ["pr-11"], pushedAt: Date.now() - 9 * DAY });
    expect(await removedFrom(pattern)).toEqual(swept);
  });

  test("that matches nothing is one warning with the names that exist, and no failure", async () => {
    const result = await fixture.step({ "repository-pattern": "wbe/**" });
    expect([result.exitCode, result.outputs["deleted-count"]]).toEqual([0, "0"]);
    const warnings = annotations(result.log, "warning");
    expect(warnings).toHaveLength(1);
    for (const name of ["wbe/**", "base", "web", "web/worker"]) expect(warnings[0]).toContain(name);
    expect(result.summary).toContain("web/worker");
  });

  test("that names what is not there is an error with up to 20 names, and nothing is deleted", async () => {
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
