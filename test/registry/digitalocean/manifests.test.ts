import { describe, expect, test } from "vitest";
import { refuse } from "../../servers/http-server.ts";
import { digestOf, fill, image, index, NEVER, openFixture, REGISTRY } from "./fixture.ts";

function digestsPath(repository: string, page = 1): string {
  return `/v2/registries/${REGISTRY}/repositories/${repository}/digests?page=${page}&per_page=200`;
}

describe("list", () => {
  test("returns digest, tags, stored sizes and push times, with one request for 200 manifests", async () => {
    const fixture = await openFixture();
    fill(fixture, "team/web", 250);
    fixture.content.push("team/web", image("newest", { tags: ["v1", "latest"] }));
    const { manifests } = await fixture.registry.list("team/web");
    expect(manifests).toHaveLength(251);
    expect(manifests[0]).toEqual({
      digest: digestOf("newest"),
      tags: ["v1", "latest"],
      pushedAt: Date.UTC(2026, 10, 1),
      sizeBytes: 1010,
      blobs: [
        { digest: digestOf("newest config"), sizeBytes: 10 },
        { digest: digestOf("newest layer"), sizeBytes: 1000 },
      ],
    });
    expect(fixture.requests()).toEqual([`GET ${digestsPath("team%2Fweb")}`, `GET ${digestsPath("team%2Fweb", 2)}`]);
  });

  test("takes tags from the list of digests, because the list of tags can be outdated", async () => {
    const fixture = await openFixture({ behaviour: { tagList: "frozen" } });
    fixture.content.push("web", image("old", { tags: ["main"] }));
    fixture.content.push("web", image("new", { tags: ["main"] }));
    const { manifests } = await fixture.registry.list("web");
    expect(manifests.map(({ digest, tags }) => [digest, tags])).toEqual([
      [digestOf("new"), ["main"]],
      [digestOf("old"), []],
    ]);
    expect(fixture.requests()).toEqual([`GET ${digestsPath("web")}`]);
  });

  test.each(["no blobs", "blobs of children", "children as blobs"] as const)(
    "returns an index and its children if indexes have %s",
    async (indexes) => {
      const fixture = await openFixture({ behaviour: { indexes } });
      fixture.content.push("web", image("child"));
      fixture.content.push("web", index("index", [digestOf("child")], { tags: ["v1"] }));
      const { manifests } = await fixture.registry.list("web");
      expect(manifests.map(({ digest }) => digest)).toEqual([digestOf("index"), digestOf("child")]);
    },
  );

  test("accepts fields that are absent, null, zero or misspelt", async () => {
    const fixture = await openFixture();
    const a = digestOf("a");
    const blobs = [{ digest: a, compressed_size_byte: 7 }, { digest: digestOf("b") }];
    const bare = { digest: digestOf("bare"), tags: null, blobs: null, updated_at: null, compressed_size_bytes: null };
    const entries = [
      { digest: a, blobs, compressed_size_bytes: 0, updated_at: "yesterday" },
      bare,
      { digest: digestOf("c"), blobs: [{}], updated_at: "0001-01-01T00:00:00Z" },
    ];
    fixture.server.inject([
      refuse(200, {}, { manifests: entries, meta: { total: 3 } }),
      refuse(200, {}, { tags: null, meta: { total: 0 } }),
    ]);
    const { manifests } = await fixture.registry.list("web");
    const unknown = { tags: [], pushedAt: null, sizeBytes: null, blobs: null };
    expect(manifests).toEqual([
      {
        ...unknown,
        digest: a,
        blobs: [
          { digest: a, sizeBytes: 7 },
          { digest: digestOf("b"), sizeBytes: null },
        ],
      },
      { ...unknown, digest: digestOf("bare") },
      { ...unknown, digest: digestOf("c"), pushedAt: Date.parse("0001-01-01T00:00:00Z") },
    ]);
  });

  test.each([
    ["manifests are null", { manifests: null, meta: { total: 0 } }],
    ["manifests are absent", { meta: { total: 0 }, links: {} }],
  ])("is empty if %s", async (_, body) => {
    const fixture = await openFixture();
    fixture.server.inject([refuse(200, {}, body)]);
    expect((await fixture.registry.list("web")).manifests).toEqual([]);
  });

  test.each([
    ["no digest", { manifests: [{ tags: ["v1"] }], meta: { total: 1 } }],
    ["a digest that is too short", { manifests: [{ digest: "sha256:abc" }], meta: { total: 1 } }],
    ["tags that are not strings", { manifests: [{ digest: digestOf("a"), tags: [1] }], meta: { total: 1 } }],
    ["no total", { manifests: [{ digest: digestOf("a") }] }],
    ["manifests that are not an array", { manifests: "none", meta: { total: 0 } }],
    ["a login page", "<html>sign in</html>"],
  ])("throws for %s", async (_, body) => {
    const fixture = await openFixture();
    fixture.server.inject([refuse(200, {}, body)]);
    await expect(fixture.registry.list("web")).rejects.toMatchObject({ kind: "listing" });
    expect(fixture.requests()).toHaveLength(1);
  });

  test("throws if the repository does not exist", async () => {
    const fixture = await openFixture();
    await expect(fixture.registry.list("nowhere")).rejects.toMatchObject({ kind: "listing" });
  });
});

describe("a list of several pages", () => {
  test("throws if one page fails", async () => {
    const fixture = await openFixture();
    fill(fixture, "web", 1206);
    expect((await fixture.registry.list("web")).manifests).toHaveLength(1206);
    expect(fixture.requests()).toHaveLength(7);
    fixture.server.inject(({ url }) => (url.searchParams.get("page") === "5" ? refuse(500) : null));
    await expect(fixture.registry.list("web")).rejects.toMatchObject({ name: "HttpError", status: 500 });
  });

  test("is read again if it changed while it was read", async () => {
    const fixture = await openFixture();
    fill(fixture, "web", 300);
    let pushes = 0;
    fixture.behaviour.beforePage = (_, page) => {
      if (page === 2 && pushes++ < 2) fixture.content.push("web", image(`push ${pushes}`));
    };
    const { manifests } = await fixture.registry.list("web");
    expect(new Set(manifests.map(({ digest }) => digest)).size).toBe(302);
    expect(fixture.requests()).toHaveLength(6);
    expect(fixture.clock.sleeps).toEqual([1000, 2000]);
  });

  test.each([2, 3, 4])("misses no manifest if a deletion and a push before page %i cancel out", async (changedPage) => {
    for (const deleted of [1, 150, 300, 450, 600]) {
      const fixture = await openFixture();
      fill(fixture, "web", 700);
      const changed = digestOf(`web ${deleted}`);
      let changes = 0;
      fixture.behaviour.beforePage = (_, page) => {
        if (page !== changedPage || changes++ > 0) return;
        fixture.content.push("web", image("pushed meanwhile"));
        fixture.content.deleteManifest("web", changed);
      };
      const listed = new Set((await fixture.registry.list("web")).manifests.map(({ digest }) => digest));
      const others = Array.from({ length: 700 }, (_, index) => digestOf(`web ${index + 1}`));
      expect(others.filter((digest) => digest !== changed && !listed.has(digest))).toEqual([]);
    }
  });

  test("throws if it changed during 4 attempts", async () => {
    const fixture = await openFixture();
    fill(fixture, "web", 300);
    let pushes = 0;
    fixture.behaviour.beforePage = (_, page) => {
      if (page === 2) fixture.content.push("web", image(`push ${pushes++}`));
    };
    await expect(fixture.registry.list("web")).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining(`${REGISTRY}/web`),
    });
    expect(fixture.requests()).toHaveLength(8);
  });

  test.each([
    ["has the same manifest twice and the right total", [digestOf("a"), digestOf("a")], 2, "listed twice"],
    ["has fewer manifests than its total", [digestOf("a"), digestOf("b")], 3, "listed twice"],
    ["has more manifests than its total", [digestOf("a"), digestOf("b")], 1, "2 of 1 entries"],
    ["has an empty page and a total", [], 2, "0 of 2 entries"],
  ])("throws if it %s", async (_, digests, total, message) => {
    const fixture = await openFixture();
    const body = { manifests: digests.map((digest) => ({ digest, tags: ["main"] })), meta: { total } };
    fixture.server.inject(() => refuse(200, {}, body));
    await expect(fixture.registry.list("web")).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining(message),
    });
  });

  test("throws if a later page is empty", async () => {
    const fixture = await openFixture();
    fixture.server.inject(({ url }) => {
      const digest = digestOf(`of page ${url.searchParams.get("page")}`);
      const manifests = url.searchParams.get("page") === "3" ? [] : [{ digest, tags: ["main"] }];
      return refuse(200, {}, { manifests, meta: { total: 3 } });
    });
    await expect(fixture.registry.list("web")).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("2 of 3 entries"),
    });
  });

  test("throws if its pages have different totals", async () => {
    const fixture = await openFixture();
    fixture.server.inject(({ url }) => {
      const page = Number(url.searchParams.get("page"));
      return refuse(200, {}, { manifests: [{ digest: digestOf(`page ${page}`) }], meta: { total: page + 1 } });
    });
    await expect(fixture.registry.list("web")).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("2 of 3 entries"),
    });
    expect(fixture.requests()).toHaveLength(2 * 4);
  });
});

describe("a list without any tag", () => {
  test("is accepted if the list of tags is empty too, and throws if it is not", async () => {
    const fixture = await openFixture();
    fixture.content.push("web", image("leftover"));
    expect((await fixture.registry.list("web")).manifests).toHaveLength(1);
    fixture.behaviour.absent = ["tags"];
    fixture.content.push("web", image("tagged", { tags: ["main"] }));
    await expect(fixture.registry.list("web")).rejects.toMatchObject({ kind: "listing" });
  });

  test("throws if the list of tags returns 404, because nothing proves that it is empty", async () => {
    const fixture = await openFixture();
    fixture.content.push("web", image("leftover"));
    fixture.server.inject(({ url }) => (url.pathname.endsWith("/tags") ? refuse(404) : null));
    await expect(fixture.registry.list("web")).rejects.toMatchObject({ kind: "listing" });
  });

  test("throws after a list with tags, if a manifest that had tags still exists", async () => {
    const fixture = await openFixture();
    fixture.content.push("web", image("old", { tags: ["pr-1"] }));
    await fixture.registry.list("web");
    fixture.content.push("web", image("new", { tags: ["main"] }));
    fixture.behaviour.absent = ["tags"];
    await expect(fixture.registry.list("web")).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("had tags in an earlier list"),
    });
  });

  test("is checked although the list of another repository has tags", async () => {
    const fixture = await openFixture();
    for (const repository of ["api", "web"]) fixture.content.push(repository, image(repository, { tags: ["main"] }));
    await fixture.registry.list("api");
    fixture.behaviour.absent = ["tags"];
    await expect(fixture.registry.list("web")).rejects.toMatchObject({ kind: "listing" });
  });

  test("is accepted without a check if all tagged manifests were deleted: the list of tags can be outdated", async () => {
    const fixture = await openFixture({ behaviour: { tagList: "frozen" } });
    fixture.content.push("web", image("deleted soon", { tags: ["pr-1"] }));
    await fixture.registry.list("web");
    fixture.content.push("web", image("untagged"));
    await fixture.registry.delete("web", { digest: digestOf("deleted soon") }, NEVER);
    fixture.requests();
    expect((await fixture.registry.list("web")).manifests).toHaveLength(1);
    expect(fixture.requests()).toEqual([`GET ${digestsPath("web")}`]);
  });
});

describe("a repository whose list of manifests returns 404", () => {
  test.each([
    ["is empty if the list of repositories shows it without manifests", 0, true],
    ["is an error if the list of repositories shows manifests", 1, true],
    ["is an error if no list shows it", 0, false],
  ])("%s", async (_, manifests, isListed) => {
    const fixture = await openFixture();
    fill(fixture, "web", 1);
    if (manifests === 0) fixture.content.deleteManifest("web", digestOf("web 1"));
    if (isListed) await fixture.registry.repositories({ names: null, literals: [], matches: () => true });
    fixture.server.inject(({ url }) => (url.pathname.endsWith("/digests") ? refuse(404) : null));
    const listing = fixture.registry.list("web");
    if (isListed && manifests === 0) expect(await listing).toEqual({ manifests: [] });
    else await expect(listing).rejects.toMatchObject({ kind: "listing" });
  });
});
