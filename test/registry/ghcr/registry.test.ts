import { describe, expect, test } from "vitest";
import { refuse } from "../../servers/http-server.ts";
import { deleteElsewhere, fill, NEVER, openFixture } from "./fixture.ts";

describe("deletionBudget", () => {
  /** 30 requests are left for 10 minutes, and 10 of them are the margin. */
  async function openNearLimit() {
    const fixture = await openFixture();
    fill(fixture, "web", 1);
    await fixture.registry.list("web");
    const reset = String((fixture.clock.now() + 600_000) / 1_000);
    const headers = { "x-ratelimit-limit": "1000", "x-ratelimit-remaining": "30", "x-ratelimit-reset": reset };
    fixture.server.api.inject([refuse(200, headers, [])]);
    await fixture.registry.list("web");
    return fixture;
  }

  test.each([
    [18, null],
    [19, [["web", 18]]],
  ])("for %i deletions, less a recheck and the margin, is %j", async (wanted, affordable) => {
    const { registry } = await openNearLimit();
    const budget = registry.deletionBudget?.(new Map([["web", wanted]])) ?? null;
    expect(budget === null ? null : [...budget.affordable]).toEqual(affordable);
  });

  test("is shared by all repositories", async () => {
    const { registry } = await openNearLimit();
    const wanted = new Map(["web", "api"].map((name) => [name, 10]));
    expect([...(registry.deletionBudget?.(wanted)?.affordable ?? [])]).toEqual([
      ["web", 10],
      ["api", 6],
    ]);
  });

  test("is null after the limit was reset", async () => {
    const { registry, clock } = await openNearLimit();
    await clock.advance(600_000);
    expect(registry.deletionBudget?.(new Map([["web", 1_000]]))).toBeNull();
  });
});

test("read uses the OCI endpoint in lower case, at most 10 at once, and returns `missing` for a deleted manifest", async () => {
  const fixture = await openFixture({ latencyMs: 5 });
  fill(fixture, "web", 40);
  const ghost = fixture.server.packages.pushImage("web", "ghost");
  const { manifests } = await fixture.registry.list("web");
  deleteElsewhere(fixture, ghost);
  const contents = await Promise.all(manifests.map(({ digest }) => fixture.registry.read("web", digest)));
  expect(contents.filter((content) => content === "missing")).toHaveLength(1);
  expect(fixture.server.oci.peak()).toBeLessThanOrEqual(10);
  expect(fixture.ociRequests()).toContain(`GET /v2/acme/web/manifests/${ghost}`);
});

test("tags, garbage collection, referrers and creation times are unsupported, and send no request", async () => {
  const fixture = await openFixture();
  const { registry } = fixture;
  const digest = fixture.server.packages.pushImage("web", "a");
  expect(await registry.deleteTag("web", { tag: "pr-1", digest }, NEVER)).toBe("unsupported");
  expect((await registry.collectGarbage()).status).toBe("unsupported");
  expect(await registry.referrers("web", digest)).toBeNull();
  expect(await registry.createdAt("web", digest)).toBeNull();
  await registry.prepareDeletion("web");
  expect([...fixture.requests(), ...fixture.ociRequests()]).toEqual([]);
});
