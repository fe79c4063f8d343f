import { describe, expect, test } from "vitest";
import type { RepositorySelection } from "../../../src/registry/registry.ts";
import { refuse } from "../../servers/http-server.ts";
import { digestOf, type Fixture, fill, openFixture } from "./fixture.ts";

const ALL: RepositorySelection = { names: null, literals: [], matches: () => true };
const UUID = "eff0feee-49c7-4e8f-ba5c-000000000001";

/** A list of the API: the end of its path, one of its entries, and how many of them an operation finds. */
interface ApiList {
  readonly path: string;
  readonly field: string;
  entry(number: number): unknown;
  read(fixture: Fixture): Promise<number>;
}

const LISTS: Readonly<Record<string, ApiList>> = {
  manifests: {
    path: "/digests",
    field: "manifests",
    entry: (number) => ({ digest: digestOf(`${number}`), tags: [`v${number}`] }),
    read: async ({ registry }) => (await registry.list("web")).manifests.length,
  },
  repositories: {
    path: "/repositoriesV2",
    field: "repositories",
    entry: (number) => ({ name: `app-${number}` }),
    read: async ({ registry }) => (await registry.repositories(ALL)).matching.length,
  },
  apps: {
    path: "/apps",
    field: "apps",
    entry: (number) => ({ id: `${number}`, spec: { image: { registry_type: "DOCR", repository: `${number}` } } }),
    read: async ({ registry }) => (await registry.appImages?.())?.tags.size ?? 0,
  },
};

interface Signals {
  readonly total: (page: number, entries: number) => number;
  readonly next?: (page: number) => number | null;
  readonly last?: (page: number) => number | null;
}

/** Answers a list with pages of these sizes. Pages after them are empty. */
function servePages(
  fixture: Fixture,
  { path, field, entry }: ApiList,
  sizes: readonly number[],
  signals: Signals,
): void {
  fixture.server.inject(({ method, url }) => {
    if (method !== "GET" || !url.pathname.endsWith(path)) return null;
    const page = Number(url.searchParams.get("page"));
    const before = sizes.slice(0, page - 1).reduce((sum, size) => sum + size, 0);
    const entries = Array.from({ length: sizes[page - 1] ?? 0 }, (_, index) => entry(before + index));
    const pages = Object.fromEntries(
      (["next", "last"] as const).flatMap((relation) => {
        const target = signals[relation]?.(page) ?? null;
        return target === null ? [] : [[relation, `https://api.digitalocean.com/v2/x?page=${target}&per_page=200`]];
      }),
    );
    return refuse(
      200,
      {},
      { [field]: entries, links: { pages }, meta: { total: signals.total(page, entries.length) } },
    );
  });
}

const upTo = (last: number) => (page: number) => (page < last ? page + 1 : null);
const lastOf = (last: number) => (page: number) => (page < last ? last : null);

describe.each(Object.entries(LISTS))("the list of %s", (_name, list) => {
  test.each<[string, readonly number[], Signals]>([
    ["links and a total", [200, 13], { total: () => 213, next: upTo(2), last: lastOf(2) }],
    ["links to the next page only", [200, 13], { total: () => 213, next: upTo(2) }],
    ["a total only", [200, 13], { total: () => 213 }],
    ["pages that are shorter than requested", [50, 30, 13], { total: () => 93, next: upTo(3), last: lastOf(3) }],
    ["pages that are shorter than requested, without links", [20, 20, 13], { total: () => 53 }],
    ["one full page", [200], { total: () => 200 }],
  ])("is complete with %s", async (_, sizes, signals) => {
    const fixture = await openFixture();
    servePages(fixture, list, sizes, signals);
    expect(await list.read(fixture)).toBe(sizes.reduce((sum, size) => sum + size, 0));
  });

  test.each<[string, readonly number[], Signals]>([
    [
      "the total of each page is its own length",
      [200, 13],
      { total: (_, entries) => entries, next: upTo(2), last: lastOf(2) },
    ],
    ["the total of each page is its own length, without links", [200, 13], { total: (_, entries) => entries }],
    ["the total is 0", [13], { total: () => 0 }],
    ["the total is too high", [13], { total: () => 14 }],
    ["the total is too low", [200, 13], { total: () => 212, next: upTo(2) }],
    ["the last page comes before the next one", [200, 13], { total: () => 213, next: upTo(2), last: () => 1 }],
    ["the last page has a next one", [200, 13], { total: () => 213, next: (page) => page + 1, last: lastOf(2) }],
    [
      "a page does not link to the next one",
      [200, 200, 13],
      { total: () => 413, next: (page) => (page === 1 ? 2 : null) },
    ],
    ["a page is missing in the middle", [200, 0, 13], { total: () => 213, next: upTo(3), last: lastOf(3) }],
  ])("is an error if %s", async (_, sizes, signals) => {
    const fixture = await openFixture();
    servePages(fixture, list, sizes, signals);
    await expect(list.read(fixture)).rejects.toMatchObject({ kind: "listing" });
  });

  test("is an error if the API ignores the page", async () => {
    const fixture = await openFixture();
    const entries = Array.from({ length: 200 }, (_, number) => list.entry(number));
    fixture.server.inject(() => refuse(200, {}, { [list.field]: entries, meta: { total: 213 } }));
    await expect(list.read(fixture)).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("listed twice"),
    });
  });
});

describe("the list of garbage collections", () => {
  test.each<[string, Signals]>([
    ["its total is wrong", { total: () => 0 }],
    ["its second page has no link", { total: () => 200 }],
    ["its links are wrong", { total: () => 213, next: (page) => page + 1, last: () => 1 }],
  ])("shows how a collection ended, although %s", async (_, signals) => {
    const fixture = await openFixture();
    const list: ApiList = {
      path: "/garbage-collections",
      field: "garbage_collections",
      entry: (number) => ({ uuid: number === 212 ? UUID : `${number}`, status: "succeeded" }),
      read: async () => 0,
    };
    servePages(fixture, list, [200, 13], signals);
    expect(await fixture.registry.collectGarbage()).toMatchObject({ status: "succeeded" });
  });
});

describe("a list of manifests without tags", () => {
  test.each([
    ["shows a tag", { tags: [{ tag: "main" }], meta: { total: 0 } }],
    ["has a total", { tags: [], meta: { total: 1 } }],
    [
      "links to another page",
      { tags: [], meta: { total: 0 }, links: { pages: { next: "https://x.example/?page=2" } } },
    ],
  ])("is an error if the list of tags %s", async (_, tags) => {
    const fixture = await openFixture();
    fill(fixture, "web", 3);
    fixture.behaviour.absent = ["tags"];
    fixture.server.inject(({ url }) => (url.pathname.endsWith("/tags") ? refuse(200, {}, tags) : null));
    await expect(fixture.registry.list("web")).rejects.toMatchObject({ kind: "listing" });
  });
});
