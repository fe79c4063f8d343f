import { describe, expect, test } from "vitest";
import type { RepositorySelection } from "../../../src/registry/registry.ts";
import { digestOfNothing } from "../../servers/content.ts";
import { refuse } from "../../servers/http-server.ts";
import { type Fixture, fill, openFixture } from "./fixture.ts";

const ALL: RepositorySelection = { names: null, literals: [], matches: () => true };

/** A list of the packages API: the end of its path, one of its entries, and how many of them an operation finds. */
interface ApiList {
  readonly path: string;
  entry(number: number): unknown;
  read(fixture: Fixture): Promise<number>;
}

const LISTS: Readonly<Record<string, ApiList>> = {
  versions: {
    path: "/versions",
    entry: (number) => ({
      id: number + 1,
      name: digestOfNothing(`${number}`),
      metadata: { container: { tags: [] } },
    }),
    read: async ({ registry }) => (await registry.list("web")).manifests.length,
  },
  packages: {
    path: "/packages",
    entry: (number) => ({ name: `app-${number}` }),
    read: async ({ registry }) => (await registry.repositories(ALL)).matching.length,
  },
};

/** The pages that a page links to. */
type Links = (page: number) => { readonly next?: number | null; readonly last?: number | null };

/** Answers a list with pages of these sizes. Pages after them are empty. */
function servePages(fixture: Fixture, { path, entry }: ApiList, sizes: readonly number[], links: Links): void {
  fixture.server.api.inject(({ url }) => {
    if (!url.pathname.endsWith(path)) return null;
    const page = Number(url.searchParams.get("page"));
    const before = sizes.slice(0, page - 1).reduce((sum, size) => sum + size, 0);
    const entries = Array.from({ length: sizes[page - 1] ?? 0 }, (_, index) => entry(before + index));
    const link = Object.entries(links(page)).flatMap(([relation, target]) =>
      target === null ? [] : [`<https://api.github.com/x?page=${target}>; rel="${relation}"`],
    );
    return refuse(200, link.length === 0 ? {} : { link: link.join(", ") }, entries);
  });
}

const next = (last: number) => (page: number) => ({ next: page < last ? page + 1 : null });
const both = (last: number) => (page: number) => ({ ...next(last)(page), last: page < last ? last : null });
const none = () => ({});

describe.each(Object.entries(LISTS))("the list of %s", (_name, list) => {
  test.each<[string, readonly number[], Links]>([
    ["links to the next and the last page", [100, 100, 50], both(3)],
    ["links to the next page", [100, 100, 50], next(3)],
    ["no links", [100, 100, 50], none],
    ["no links, and two pages", [100, 22], none],
    ["no links, and a full last page", [100, 100], none],
    ["no links, from a server with its own page size", [30, 30, 7], none],
    ["links, and a full last page", [100, 100], both(2)],
    ["links, and pages that are shorter than requested", [100, 97, 100, 50], both(4)],
    ["links, from a server that caps its pages", [50, 50, 7], both(3)],
  ])("is complete with %s", async (_, sizes, links) => {
    const fixture = await openFixture({ behaviour: { token: "classic" } });
    servePages(fixture, list, sizes, links);
    expect(await list.read(fixture)).toBe(sizes.reduce((sum, size) => sum + size, 0));
  });

  test.each<[string, readonly number[], Links]>([
    ["the last page comes before the next one", [100, 22], (page) => (page === 1 ? { next: 2, last: 1 } : {})],
    ["the last page has a next one", [100, 22], (page) => ({ next: page + 1, last: 2 })],
    ["a page does not link to the next one", [100, 100, 22], (page) => (page === 1 ? { next: 2 } : {})],
    ["a page links to itself", [100, 22], (page) => ({ next: page })],
    ["a page is empty", [100, 0, 22], both(3)],
    ["the last page is empty", [100, 0], both(2)],
    ["a page is larger than the one before, without links", [30, 100], none],
  ])("is an error if %s", async (_, sizes, links) => {
    const fixture = await openFixture({ behaviour: { token: "classic" } });
    servePages(fixture, list, sizes, links);
    await expect(list.read(fixture)).rejects.toMatchObject({ kind: "listing" });
  });

  test.each([30, 100])("is an error if the API ignores the page, with %i entries on each", async (size) => {
    const fixture = await openFixture({ behaviour: { token: "classic" } });
    const entries = Array.from({ length: size }, (_, number) => list.entry(number));
    fixture.server.api.inject(({ url }) => (url.pathname.endsWith(list.path) ? refuse(200, {}, entries) : null));
    await expect(list.read(fixture)).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("listed twice"),
    });
  });
});

test("a package that was deleted after it was found is empty", async () => {
  const fixture = await openFixture();
  fill(fixture, "web", 3);
  await fixture.registry.repositories({ names: ["web"], literals: ["web"], matches: () => true });
  fixture.server.api.inject(({ path }) => (path.includes("/container/web") ? refuse(404) : null));
  expect(await fixture.registry.list("web")).toEqual({ manifests: [] });
});

test.each([
  ["its package can be read", true, "/versions"],
  ["its package was not found before", false, "/container/web"],
])("a list of versions that returns 404 is an error if %s", async (_, isFound, path) => {
  const fixture = await openFixture();
  fill(fixture, "web", 3);
  if (isFound) await fixture.registry.repositories({ names: ["web"], literals: ["web"], matches: () => true });
  fixture.server.api.inject((request) => (request.path.includes(path) ? refuse(404) : null));
  await expect(fixture.registry.list("web")).rejects.toMatchObject({ kind: "listing" });
});
