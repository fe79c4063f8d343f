import { describe, expect, test } from "vitest";
import type { Digest } from "../../../src/digest.ts";
import { HttpError } from "../../../src/http/errors.ts";
import { digestOfNothing } from "../../servers/content.ts";
import { active } from "../../servers/ghcr/packages.ts";
import { refuse } from "../../servers/http-server.ts";
import { deleteElsewhere, type Fixture, fill, openFixture, PACKAGES } from "./fixture.ts";

/** Returns the push times of the package `web`. */
async function pushTimes({ registry }: Fixture): Promise<readonly (number | null)[]> {
  return (await registry.list("web")).manifests.map(({ pushedAt }) => pushedAt);
}

describe("list", () => {
  test("returns digest, tags, version id and push time", async () => {
    const fixture = await openFixture();
    const at = Date.UTC(2026, 10, 1);
    const digest = fixture.server.packages.pushImage("web", "a", { tags: ["pr-1", "x"], at });
    expect((await fixture.registry.list("web")).manifests).toEqual([
      { digest, tags: ["pr-1", "x"], pushedAt: at, sizeBytes: null, blobs: null, versionId: expect.any(Number) },
    ]);
  });

  test.each([
    // The first page is read again, and without a link to the last page all of them.
    ["next and last", 6, 450],
    ["next", 10, 450],
    // A page after a full one proves that it was the last.
    ["next and last", 2, 100],
    ["next", 2, 100],
    ["none", 2, 100],
    ["none", 10, 450],
    ["none", 1, 99],
    ["next and last", 1, 0],
  ] as const)("with links %s sends %i requests for %i versions", async (links, requests, count) => {
    const fixture = await openFixture({ behaviour: { links } });
    fixture.server.packages.create("web");
    fill(fixture, "web", count);
    expect((await fixture.registry.list("web")).manifests).toHaveLength(count);
    expect(fixture.requests().filter((line) => line.includes("/versions"))).toHaveLength(requests);
  });

  test.each(["created_at", "updated_at"])("uses the other time if %s is absent", async (absent) => {
    const fixture = await openFixture({ behaviour: { absent: [absent] } });
    const at = Date.UTC(2026, 10, 1);
    fixture.server.packages.pushImage("web", "a", { at });
    expect(await pushTimes(fixture)).toEqual([at]);
  });

  test("uses the later of both times", async () => {
    const fixture = await openFixture();
    const version = (id: number, digest: Digest, created_at: string, updated_at: string): unknown => ({
      ...{ id, name: digest, created_at, updated_at, metadata: { container: { tags: [] } } },
    });
    const [early, late] = ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"];
    const body = [version(1, digestOfNothing("a"), early, late), version(2, digestOfNothing("b"), late, early)];
    fixture.server.api.inject([null, refuse(200, {}, body)]);
    expect(await pushTimes(fixture)).toEqual([Date.parse(late), Date.parse(late)]);
  });

  test("has no push time if both times are absent", async () => {
    const absent = ["created_at", "updated_at", "html_url", "package_html_url", "url"];
    const fixture = await openFixture({ behaviour: { absent } });
    fixture.server.packages.pushImage("web", "a");
    expect(await pushTimes(fixture)).toEqual([null]);
  });

  test("throws if tags are absent, because untagged versions are deleted", async () => {
    const fixture = await openFixture({ behaviour: { absent: ["metadata"] } });
    fill(fixture, "web", 1);
    await expect(fixture.registry.list("web")).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("metadata"),
    });
  });

  test.each([{ container: {} }, { container: { tags: null } }])("throws if tags are absent: %j", async (metadata) => {
    const fixture = await openFixture();
    const version = { id: 1, name: digestOfNothing("version"), metadata };
    fixture.server.api.inject([null, refuse(200, {}, [version])]);
    await expect(fixture.registry.list("web")).rejects.toMatchObject({ kind: "listing" });
  });

  test("throws if a version's name is not a digest", async () => {
    const fixture = await openFixture();
    const version = { id: 1, name: "latest", metadata: { container: { tags: [] } } };
    fixture.server.api.inject([null, refuse(200, {}, [version])]);
    await expect(fixture.registry.list("web")).rejects.toMatchObject({
      message: expect.stringContaining("not a digest"),
    });
  });

  test.each([
    ["id", 1, 1, "a", "b"],
    ["digest", 1, 2, "a", "a"],
  ])("throws if two versions have the same %s", async (_what, id, otherId, name, otherName) => {
    const fixture = await openFixture();
    const version = (versionId: number, text: string): unknown => ({
      ...{ id: versionId, name: digestOfNothing(text), metadata: { container: { tags: [] } } },
    });
    const body = [version(id, name), version(otherId, otherName)];
    fixture.server.api.inject(({ path }) => (path.includes("/versions") ? refuse(200, {}, body) : null));
    await expect(fixture.registry.list("web")).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("listed twice"),
    });
  });

  test("throws if one page fails", async () => {
    const fixture = await openFixture();
    fill(fixture, "web", 250);
    fixture.server.api.inject(({ path }) => (path.endsWith("page=2") ? refuse(500) : null));
    await expect(fixture.registry.list("web")).rejects.toBeInstanceOf(HttpError);
  });
});

describe("a server that ignores paging parameters", () => {
  test.each([29, 30, 31])("and has %i versions: an incomplete list throws", async (count) => {
    const fixture = await openFixture({ behaviour: { paging: "ignored" } });
    fill(fixture, "web", count);
    const listing = fixture.registry.list("web");
    if (count < 30) expect((await listing).manifests).toHaveLength(count);
    else await expect(listing).rejects.toMatchObject({ kind: "listing" });
    const requests = fixture.requests().filter((line) => line.includes("/versions"));
    expect(requests).toHaveLength(count < 30 ? 1 : 4 * 2);
  });

  test("and ignores only `per_page`: the list is complete, also in a recheck", async () => {
    const fixture = await openFixture({ behaviour: { paging: "per_page ignored" } });
    fill(fixture, "web", 70);
    for (const _ of "ab") expect((await fixture.registry.list("web")).manifests).toHaveLength(70);
  });

  test("is distinguished from a list of exactly 30 versions", async () => {
    const fixture = await openFixture();
    fill(fixture, "web", 30);
    expect((await fixture.registry.list("web")).manifests).toHaveLength(30);
  });
});

describe("a list that changes while it is read", () => {
  test.each([2, 3])("is read again after a push before page %i", async (changedPage) => {
    let pushes = 0;
    const fixture = await openFixture({
      behaviour: {
        links: "next",
        beforePage: (name, page) => {
          if (page === changedPage && pushes++ === 0) fixture.server.packages.pushImage(name, "new");
        },
      },
    });
    fill(fixture, "web", 250);
    expect((await fixture.registry.list("web")).manifests).toHaveLength(251);
  });

  test("throws after 4 attempts", async () => {
    let pushes = 0;
    const fixture = await openFixture({
      behaviour: {
        links: "next",
        beforePage: (name, page) => {
          if (page === 2) fixture.server.packages.pushImage(name, `push ${pushes++}`);
        },
      },
    });
    fill(fixture, "web", 250);
    await expect(fixture.registry.list("web")).rejects.toMatchObject({ kind: "listing" });
    expect(pushes).toBe(4);
  });

  /** Lists `web`, and returns the list and the versions that existed before and after it was read. */
  async function listDuring(links: "next and last" | "next", change: (fixture: Fixture, request: number) => void) {
    let requests = 0;
    const beforePage = (): void => {
      requests += 1;
      change(fixture, requests);
    };
    const fixture = await openFixture({ behaviour: { links, maxPerPage: 3, beforePage } });
    fill(fixture, "web", 11);
    const before = active(fixture.server.packages.get("web")).map(({ digest }) => digest);
    const { manifests } = await fixture.registry.list("web");
    const after = new Set(active(fixture.server.packages.get("web")).map(({ digest }) => digest));
    return { existing: before.filter((digest) => after.has(digest)), manifests };
  }

  const REQUESTS = [1, 2, 3, 4, 5];
  test.each((["next and last", "next"] as const).flatMap((links) => REQUESTS.map((push) => [links, push] as const)))(
    "misses no version if a deletion and a push cancel out (links %s, push before request %i)",
    async (links, push) => {
      for (const deletion of REQUESTS) {
        for (const deleted of [0, 4, 7, 10]) {
          const { existing, manifests } = await listDuring(links, (fixture, request) => {
            const { packages } = fixture.server;
            if (request === deletion) deleteElsewhere(fixture, active(packages.get("web"))[deleted]?.digest ?? "");
            if (request === push) packages.pushImage("web", "pushed meanwhile");
          });
          const listed = manifests.map(({ digest }) => digest);
          expect(listed, `deletion of ${deleted} before request ${deletion}`).toEqual(expect.arrayContaining(existing));
        }
      }
    },
  );

  test("is read once if it has one page", async () => {
    const fixture = await openFixture();
    fill(fixture, "web", 99);
    await fixture.registry.list("web");
    fixture.requests();
    await fixture.registry.list("web");
    expect(fixture.requests()).toEqual([`GET ${PACKAGES}/container/web/versions?per_page=100&page=1`]);
  });
});
