import { afterEach, describe, expect, test } from "vitest";
import type { RepositorySelection } from "../../../src/registry/registry.ts";
import { refuse } from "../../servers/http-server.ts";
import { type Bench, type BenchOptions, digestOf, image, index, openBench, REGISTRY } from "./bench.ts";

const opened: Bench[] = [];

async function bench(options: BenchOptions = {}): Promise<Bench> {
  const made = await openBench(options);
  opened.push(made);
  return made;
}

afterEach(async () => {
  for (const made of opened.splice(0)) await made.close();
});

const EVERY: RepositorySelection = { names: null, literals: [], matches: () => true };

function named(...names: readonly string[]): RepositorySelection {
  return {
    names,
    literals: names,
    matches: (name) => names.some((wanted) => wanted.toLowerCase() === name.toLowerCase()),
  };
}

/** One tagged image, and others without. */
function fill(made: Bench, repository: string, count: number): void {
  for (let number = 1; number <= count; number++) {
    const tags = number === 1 ? ["main"] : [];
    made.content.push(repository, image(`${repository} ${number}`, { tags }));
  }
}

function digestsPath(repository: string, page = 1): string {
  return `/v2/registries/${REGISTRY}/repositories/${repository}/digests?page=${page}&per_page=200`;
}

describe("repositories", () => {
  test("come sorted, in one request where they fit in one page", async () => {
    const made = await bench();
    for (const name of ["web", "api/v2", "api"]) fill(made, name, 1);
    expect(await made.registry.repositories(EVERY)).toEqual({ matching: ["api", "api/v2", "web"], existing: [] });
    expect(made.asked()).toEqual([`GET /v2/registries/${REGISTRY}/repositoriesV2?per_page=200`]);
  });

  test("come page by page, by the token of the link and never by its host", async () => {
    const made = await bench();
    for (let number = 0; number < 450; number++) fill(made, `app-${number}`, 1);
    const { matching } = await made.registry.repositories(EVERY);
    expect(new Set(matching).size).toBe(450);
    const asked = made.asked();
    expect(asked).toHaveLength(3);
    expect(asked.slice(1).every((line) => line.includes("page_token="))).toBe(true);
  });

  test("of which none matches: the warning gets up to 20 that exist", async () => {
    const made = await bench();
    for (let number = 10; number < 40; number++) fill(made, `app-${number}`, 1);
    const names = await made.registry.repositories({ names: null, literals: [], matches: () => false });
    expect(names.matching).toEqual([]);
    expect(names.existing).toHaveLength(20);
  });

  test("named without wildcard that do not exist are an error that names those that do", async () => {
    const made = await bench();
    fill(made, "web", 1);
    await expect(made.registry.repositories(named("Web"))).resolves.toMatchObject({ matching: ["web"] });
    await expect(made.registry.repositories(named("web", "wbe"))).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining("wbe"),
      remedy: expect.stringContaining("web"),
    });
  });

  test("of an unknown registry are an error that names it, after both generations of paths", async () => {
    const made = await bench({ adapter: { address: { ...(await bench()).options.address, path: "typo" } } });
    await expect(made.registry.repositories(EVERY)).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining('"typo"'),
    });
    expect(made.asked().map((line) => line.split("?")[0])).toEqual([
      "GET /v2/registries/typo/repositoriesV2",
      "GET /v2/registry/typo/repositoriesV2",
    ]);
  });

  test.each([
    ["fewer than the total", refuse(200, {}, { repositories: [{ name: "b" }], meta: { total: 3 } }), "2 of 3"],
    ["a page that is missing", refuse(404), "linked to is not there"],
  ])("a list with %s is never taken for the whole", async (_, second, message) => {
    const made = await bench();
    const links = { pages: { next: "https://api.digitalocean.com/v2/x?page=2&page_token=t" } };
    const first = refuse(200, {}, { repositories: [{ name: "a" }], meta: { total: 3 }, links });
    made.server.inject(({ url }) => (url.searchParams.has("page") ? second : first));
    await expect(made.registry.repositories(EVERY)).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining(message),
    });
    expect(made.asked()).toHaveLength(8);
  });

  test("a list that goes in a circle ends in an error", async () => {
    const made = await bench();
    const links = { pages: { next: "https://elsewhere.example/v2/x?page=2&page_token=same" } };
    const body = { repositories: [{ name: "web" }], meta: { total: 9 }, links };
    made.server.inject(() => ({ kind: "reply", reply: { status: 200, body } }));
    await expect(made.registry.repositories(EVERY)).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("circle"),
    });
    expect(made.asked()).toHaveLength(2);
  });
});

describe("the older paths", () => {
  test("are tried where the documented ones answer 404, and remembered", async () => {
    const made = await bench({ behaviour: { paths: "registry" } });
    fill(made, "web", 1);
    await made.registry.repositories(EVERY);
    await made.registry.list("web");
    await made.registry.prepareDeletion("web");
    expect(made.asked().map((line) => line.split("?")[0])).toEqual([
      `GET /v2/registries/${REGISTRY}/repositoriesV2`,
      `GET /v2/registry/${REGISTRY}/repositoriesV2`,
      `GET /v2/registry/${REGISTRY}/repositories/web/digests`,
      `GET /v2/registry/${REGISTRY}/garbage-collection`,
    ]);
  });

  test("are not remembered where they answer 404 as well: what is asked for may be what is missing", async () => {
    const made = await bench();
    fill(made, "web", 1);
    await expect(made.registry.list("absent")).rejects.toMatchObject({ kind: "listing" });
    made.asked();
    await made.registry.list("web");
    expect(made.asked()).toEqual([`GET ${digestsPath("web")}`]);
  });

  test("are not asked once a documented one has answered", async () => {
    const made = await bench();
    fill(made, "web", 1);
    await made.registry.repositories(EVERY);
    await made.registry.prepareDeletion("web");
    expect(made.asked()).toHaveLength(2);
  });
});

describe("a listing", () => {
  test("tells digest, tags, stored sizes and push times; 2 pages of 200 are 2 requests", async () => {
    const made = await bench();
    fill(made, "team/web", 250);
    made.content.push("team/web", image("newest", { tags: ["v1", "latest"] }));
    const { manifests, times } = await made.registry.list("team/web");
    expect(manifests).toHaveLength(251);
    expect(manifests[0]).toEqual({
      digest: digestOf("newest"),
      tags: ["v1", "latest"],
      sizeBytes: 1010,
      blobs: [
        { digest: digestOf("newest config"), sizeBytes: 10 },
        { digest: digestOf("newest layer"), sizeBytes: 1000 },
      ],
    });
    expect(times.get(digestOf("newest"))).toBe(Date.UTC(2026, 10, 1));
    expect(made.asked()).toEqual([`GET ${digestsPath("team%2Fweb")}`, `GET ${digestsPath("team%2Fweb", 2)}`]);
  });

  test("trap 16: reads every page, and one that fails is an error and not a shorter list", async () => {
    const made = await bench();
    fill(made, "web", 1206);
    expect((await made.registry.list("web")).manifests).toHaveLength(1206);
    expect(made.asked()).toHaveLength(7);
    made.server.inject(({ url }) =>
      url.searchParams.get("page") === "5" ? { kind: "reply", reply: { status: 500, body: "" } } : null,
    );
    await expect(made.registry.list("web")).rejects.toMatchObject({ name: "HttpError", status: 500 });
  });

  test("trap 17: one that moves while it is read is read again, and is then whole", async () => {
    const made = await bench();
    fill(made, "web", 300);
    let moves = 0;
    made.behaviour.beforePage = (_, page) => {
      if (page === 2 && moves++ < 2) made.content.push("web", image(`push ${moves}`));
    };
    const { manifests } = await made.registry.list("web");
    expect(new Set(manifests.map(({ digest }) => digest)).size).toBe(302);
    expect(made.asked()).toHaveLength(6);
    expect(made.clock.sleeps).toEqual([1000, 2000]);
  });

  test("trap 17: one that never stands still is an error after 4 readings", async () => {
    const made = await bench();
    fill(made, "web", 300);
    let moves = 0;
    made.behaviour.beforePage = (_, page) => {
      if (page === 2) made.content.push("web", image(`push ${moves++}`));
    };
    await expect(made.registry.list("web")).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining(`${REGISTRY}/web`),
    });
    expect(made.asked()).toHaveLength(8);
  });

  test.each([
    ["the same manifest twice under a right total", [digestOf("a"), digestOf("a")], 2, "listed twice"],
    ["fewer manifests than the total", [digestOf("a"), digestOf("b")], 3, "listed twice"],
    ["more manifests than the total", [digestOf("a"), digestOf("b")], 1, "2 of 1 manifests"],
    ["an empty page under a total", [], 2, "first page is empty"],
  ])("trap 17: %s is never taken for the whole", async (_, digests, total, message) => {
    const made = await bench();
    const body = { manifests: digests.map((digest) => ({ digest, tags: ["main"] })), meta: { total } };
    made.server.inject(() => ({ kind: "reply", reply: { status: 200, body } }));
    await expect(made.registry.list("web")).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining(message),
    });
  });

  test("trap 17: a page that holds fewer than it did is never taken for the whole", async () => {
    const made = await bench();
    made.server.inject(({ url }) => {
      const digest = digestOf(`of page ${url.searchParams.get("page")}`);
      const manifests = url.searchParams.get("page") === "3" ? [] : [{ digest, tags: ["main"] }];
      return refuse(200, {}, { manifests, meta: { total: 3 } });
    });
    await expect(made.registry.list("web")).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("2 of 3 manifests"),
    });
  });

  test("trap 17: pages that tell different totals are never taken for one list", async () => {
    const made = await bench();
    made.server.inject(({ url }) => {
      const page = Number(url.searchParams.get("page"));
      const body = { manifests: [{ digest: digestOf(`page ${page}`) }], meta: { total: page + 1 } };
      return { kind: "reply", reply: { status: 200, body } };
    });
    await expect(made.registry.list("web")).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("the total changed: 2, 3"),
    });
  });

  test("trap 19: takes tags from the list of digests, while the list of tags lags behind", async () => {
    const made = await bench({ behaviour: { tagList: "frozen" } });
    made.content.push("web", image("old", { tags: ["main"] }));
    made.content.push("web", image("new", { tags: ["main"] }));
    const { manifests } = await made.registry.list("web");
    expect(manifests.map(({ digest, tags }) => [digest, tags])).toEqual([
      [digestOf("new"), ["main"]],
      [digestOf("old"), []],
    ]);
    expect(made.asked()).toEqual([`GET ${digestsPath("web")}`]);
  });

  test("without any tag is believed where the list of tags is empty too, and not where it holds one", async () => {
    const made = await bench();
    made.content.push("web", image("leftover"));
    expect((await made.registry.list("web")).manifests).toHaveLength(1);
    made.behaviour.absent = ["tags"];
    made.content.push("web", image("tagged", { tags: ["main"] }));
    await expect(made.registry.list("web")).rejects.toMatchObject({ kind: "listing" });
  });

  test("without any tag is not believed where the list of tags answers 404, as nothing shows that it is empty", async () => {
    const made = await bench();
    made.content.push("web", image("leftover"));
    made.server.inject(({ url }) => (url.pathname.endsWith("/tags") ? refuse(404) : null));
    await expect(made.registry.list("web")).rejects.toMatchObject({ kind: "listing" });
  });

  test("without any tag is not asked about again once tags were seen: the list of tags lags behind", async () => {
    const made = await bench({ behaviour: { tagList: "frozen" } });
    made.content.push("web", image("gone soon", { tags: ["pr-1"] }));
    await made.registry.list("web");
    made.content.push("web", image("untagged"));
    await made.registry.delete("web", { digest: digestOf("gone soon") });
    made.asked();
    expect((await made.registry.list("web")).manifests).toHaveLength(1);
    expect(made.asked()).toEqual([`GET ${digestsPath("web")}`]);
  });

  test.each([
    ["no manifests", { manifests: null, meta: { total: 0 } }],
    ["no key at all", { meta: { total: 0 }, links: {} }],
  ])("with %s is empty", async (_, body) => {
    const made = await bench();
    made.server.inject([{ kind: "reply", reply: { status: 200, body } }]);
    expect((await made.registry.list("web")).manifests).toEqual([]);
  });

  test.each([
    ["no digest", { manifests: [{ tags: ["v1"] }], meta: { total: 1 } }],
    ["a digest cut short", { manifests: [{ digest: "sha256:abc" }], meta: { total: 1 } }],
    ["tags that are no text", { manifests: [{ digest: digestOf("a"), tags: [1] }], meta: { total: 1 } }],
    ["no total", { manifests: [{ digest: digestOf("a") }] }],
    ["a page that is no list", { manifests: "none", meta: { total: 0 } }],
    ["a login page", "<html>sign in</html>"],
  ])("with %s is an error", async (_, body) => {
    const made = await bench();
    made.server.inject([{ kind: "reply", reply: { status: 200, body } }]);
    await expect(made.registry.list("web")).rejects.toMatchObject({ kind: "listing" });
    expect(made.asked()).toHaveLength(1);
  });

  test("fields may all be absent, null, zero or misspelt", async () => {
    const made = await bench();
    const a = digestOf("a");
    const blobs = [{ digest: a, compressed_size_byte: 7 }, { digest: digestOf("b") }];
    const bare = { digest: digestOf("bare"), tags: null, blobs: null, updated_at: null, compressed_size_bytes: null };
    const manifests = [
      { digest: a, blobs, compressed_size_bytes: 0, updated_at: "yesterday" },
      bare,
      { digest: digestOf("c"), blobs: [{}], updated_at: "0001-01-01T00:00:00Z" },
    ];
    made.server.inject([
      refuse(200, {}, { manifests, meta: { total: 3 } }),
      refuse(200, {}, { tags: null, meta: { total: 0 } }),
    ]);
    const listing = await made.registry.list("web");
    expect(listing.manifests).toEqual([
      {
        digest: a,
        tags: [],
        sizeBytes: null,
        blobs: [
          { digest: a, sizeBytes: 7 },
          { digest: digestOf("b"), sizeBytes: null },
        ],
      },
      { digest: digestOf("bare"), tags: [], sizeBytes: null, blobs: null },
      { digest: digestOf("c"), tags: [], sizeBytes: null, blobs: null },
    ]);
    expect([...listing.times.values()]).toEqual([null, null, Date.parse("0001-01-01T00:00:00Z")]);
  });

  test.each(["no blobs", "blobs of children", "children as blobs"] as const)(
    "holds an index and its children where indexes show %s",
    async (indexes) => {
      const made = await bench({ behaviour: { indexes } });
      made.content.push("web", image("child"));
      made.content.push("web", index("index", [digestOf("child")], { tags: ["v1"] }));
      const { manifests } = await made.registry.list("web");
      expect(manifests.map(({ digest }) => digest)).toEqual([digestOf("index"), digestOf("child")]);
    },
  );

  test("of a repository that is not there is an error", async () => {
    const made = await bench();
    await expect(made.registry.list("nowhere")).rejects.toMatchObject({ kind: "listing" });
  });
});

describe("a deletion", () => {
  test("by digest takes one request, and its name travels as %2F", async () => {
    const made = await bench();
    fill(made, "team/web", 1);
    const digest = digestOf("team/web 1");
    expect(await made.registry.delete("team/web", { digest })).toEqual({ outcome: "deleted" });
    expect(made.asked()).toEqual([`DELETE /v2/registries/${REGISTRY}/repositories/team%2Fweb/digests/${digest}`]);
    expect(made.content.manifests("team/web")).toEqual([]);
  });

  test("of a tag leaves its manifest", async () => {
    const made = await bench();
    made.content.push("web", image("a", { tags: ["pr-1", "main"] }));
    expect(await made.registry.deleteTag("web", "pr-1")).toBe("deleted");
    expect(made.content.manifests("web")?.[0]?.tags).toEqual(["main"]);
    expect(await made.registry.deleteTag("web", "pr-1")).toBe("gone");
  });

  test("trap 22: 404 is gone where the repository can be read, which is asked once", async () => {
    const made = await bench();
    fill(made, "web", 1);
    await made.registry.repositories(EVERY);
    made.asked();
    const digests = ["x", "y", "z"].map(digestOf);
    for (const digest of digests) expect(await made.registry.delete("web", { digest })).toEqual({ outcome: "gone" });
    const asked = made.asked();
    expect(asked.filter((line) => line.startsWith("GET"))).toHaveLength(1);
    expect(asked).toHaveLength(4);
  });

  test("trap 22: 404 is an error where the repository answers 404 too", async () => {
    const made = await bench();
    await expect(made.registry.delete("web", { digest: digestOf("x") })).rejects.toMatchObject({ kind: "deletion" });
    fill(made, "web", 1);
    expect(await made.registry.delete("web", { digest: digestOf("x") })).toEqual({ outcome: "gone" });
  });

  test("trap 22: without the scope it is a permission, never gone, and tried once", async () => {
    const made = await bench({ behaviour: { scopes: ["registry:read"] } });
    fill(made, "web", 1);
    await expect(made.registry.delete("web", { digest: digestOf("web 1") })).rejects.toMatchObject({
      kind: "permission",
      remedy: expect.stringContaining("registry:delete"),
    });
    expect(made.asked()).toHaveLength(1);
  });

  test.each([405, 409, 412, 422])("that answers %i is an HttpError with what was said, tried once", async (status) => {
    const made = await bench();
    made.server.inject(() => ({ kind: "reply", reply: { status, body: { id: "x", message: "not this one" } } }));
    await expect(made.registry.delete("web", { digest: digestOf("x") })).rejects.toMatchObject({
      name: "HttpError",
      status,
      detail: expect.stringContaining("not this one"),
    });
    expect(made.asked()).toHaveLength(1);
  });

  test.each([
    ["deleted", null],
    ["refused until its parent is gone", 409],
  ] as const)("of an index's child, where it is %s", async (_, childRefusal) => {
    const made = await bench({ behaviour: { childRefusal } });
    made.content.push("web", image("child"));
    made.content.push("web", index("index", [digestOf("child")]));
    const child = { digest: digestOf("child") };
    if (childRefusal !== null) {
      await expect(made.registry.delete("web", child)).rejects.toMatchObject({ status: childRefusal });
      await made.registry.delete("web", { digest: digestOf("index") });
    }
    expect(await made.registry.delete("web", child)).toEqual({ outcome: "deleted" });
  });

  test.each([429, 500, 503])("that answers %i once is repeated", async (status) => {
    const made = await bench();
    fill(made, "web", 1);
    made.server.inject([{ kind: "reply", reply: { status, headers: { "retry-after": "1" }, body: "" } }]);
    expect(await made.registry.delete("web", { digest: digestOf("web 1") })).toEqual({ outcome: "deleted" });
    expect(made.asked()).toHaveLength(2);
  });

  test("whose answer is lost is repeated, and then gone", async () => {
    const made = await bench();
    fill(made, "web", 2);
    made.server.inject([{ kind: "reset after" }]);
    expect(await made.registry.delete("web", { digest: digestOf("web 1") })).toEqual({ outcome: "gone" });
  });
});

describe("permissions", () => {
  test("a refused token is said to be refused, by every operation, and not tried again", async () => {
    const made = await bench({ adapter: { credential: { username: "", secret: "expired" } } });
    const { registry } = made;
    const operations = [
      () => registry.repositories(EVERY),
      () => registry.list("web"),
      () => registry.delete("web", { digest: digestOf("x") }),
      () => registry.deleteTag("web", "x"),
      () => registry.prepareDeletion("web"),
      () => registry.collectGarbage(),
    ];
    for (const operation of operations) {
      await expect(operation()).rejects.toMatchObject({
        kind: "permission",
        message: expect.stringContaining("refused the token"),
      });
    }
    expect(made.asked()).toHaveLength(operations.length);
  });

  test("the missing scope is named", async () => {
    const made = await bench({ behaviour: { scopes: [] } });
    const { registry } = made;
    await expect(registry.list("web")).rejects.toMatchObject({ remedy: expect.stringContaining("registry:read") });
    await expect(registry.deleteTag("web", "x")).rejects.toMatchObject({
      remedy: expect.stringContaining("registry:delete"),
    });
    await expect(registry.collectGarbage()).rejects.toMatchObject({
      kind: "permission",
      remedy: expect.stringContaining("registry:update"),
    });
  });

  test("no error shows the token", async () => {
    const made = await bench({ behaviour: { scopes: [] } });
    const error: unknown = await made.registry.list("web").catch((caught: unknown) => caught);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("dop_v1_secret");
  });
});
