import { describe, expect, test } from "vitest";
import { digestOfNothing } from "../../servers/content.ts";
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
    [19, null],
    [20, [["web", 19]]],
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
      ["api", 8],
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

describe("a package whose list takes much of the budget", () => {
  /** Lists `web`, whose list has `pages` pages, with `remaining` of `limit` requests left for `minutes`. */
  async function listWith(pages: number, limit: number, remaining: number, minutes = 30) {
    const fixture = await openFixture();
    const { clock, server, registry } = fixture;
    server.api.inject(({ url }) => {
      if (!url.pathname.endsWith("/versions")) return null;
      const page = Number(url.searchParams.get("page"));
      const link = (to: number, rel: string): string => `<https://api.github.com/x?page=${to}>; rel="${rel}"`;
      const entry = { id: page, name: digestOfNothing(`${page}`), metadata: { container: { tags: [] } } };
      return refuse(
        200,
        {
          "x-ratelimit-limit": String(limit),
          "x-ratelimit-remaining": String(remaining - page),
          "x-ratelimit-reset": String((clock.now() + minutes * 60_000) / 1_000),
          ...(page < pages ? { link: `${link(page + 1, "next")}, ${link(pages, "last")}` } : {}),
        },
        page > pages ? [] : [entry],
      );
    });
    const error: unknown = await registry.list("web").then(
      () => null,
      (caught: unknown) => caught,
    );
    return { error, requests: fixture.requests().filter((line) => line.includes("/versions")).length };
  }

  test.each([
    ["more than the token has in an hour", 500, 1_000, 1_000, "classic personal access token: it has 5000"],
    ["more than a personal access token has", 2_600, 5_000, 5_000, "Enterprise Cloud, which has 15000"],
    ["more than is left", 50, 1_000, 90, "Run again after 12:30 UTC"],
  ])("fails after one request if two lists take %s", async (_, pages, limit, remaining, remedy) => {
    const { error, requests } = await listWith(pages, limit, remaining);
    expect(requests).toBe(1);
    expect(error).toMatchObject({
      kind: "listing",
      message: expect.stringMatching(
        new RegExp(
          `takes ${pages} requests.*has ${remaining - 1} of its ${limit} requests an hour left until 12:30 UTC`,
        ),
      ),
      remedy: expect.stringContaining(remedy),
    });
  });

  test.each([
    ["both lists fit", 40, 1_000, 200, 30],
    ["the limit is reset within five minutes", 20, 1_000, 30, 4],
    ["the list has one page", 1, 1_000, 2, 30],
  ])("is listed if %s", async (_, pages, limit, remaining, minutes) => {
    expect((await listWith(pages, limit, remaining, minutes)).error).toBeNull();
  });
});

describe("prepareDeletion of a dry run", () => {
  test.each<[string, string | null, boolean]>([
    ["a classic token with delete:packages", "delete:packages, read:packages", true],
    ["a classic token without delete:packages", "read:packages, repo", false],
    ["a job's token, which has no scopes", null, true],
    ["a token with an empty list of scopes", "", true],
  ])("with %s", async (_, scopes, isPossible) => {
    const fixture = await openFixture();
    fill(fixture, "web", 1);
    fixture.server.api.inject(() => ({
      kind: "altered",
      alter: (reply) => ({
        ...reply,
        headers: { ...reply.headers, ...(scopes === null ? {} : { "x-oauth-scopes": scopes }) },
      }),
    }));
    await fixture.registry.list("web");
    const check = fixture.registry.prepareDeletion("web", "check");
    if (isPossible) await check;
    else {
      await expect(check).rejects.toMatchObject({
        kind: "permission",
        message: expect.stringContaining("no scope delete:packages; its scopes are read:packages, repo"),
      });
    }
    await fixture.registry.prepareDeletion("web");
  });
});
