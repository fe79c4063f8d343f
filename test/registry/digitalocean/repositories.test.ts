import { describe, expect, test } from "vitest";
import type { RepositorySelection } from "../../../src/registry/registry.ts";
import { refuse } from "../../servers/http-server.ts";
import { fill, openFixture, REGISTRY } from "./fixture.ts";

const ALL: RepositorySelection = { names: null, literals: [], matches: () => true };

function named(...names: readonly string[]): RepositorySelection {
  const matches = (name: string): boolean => names.some((wanted) => wanted.toLowerCase() === name.toLowerCase());
  return { names, literals: names, matches };
}

describe("repositories", () => {
  test("returns sorted names, with one request for one page", async () => {
    const fixture = await openFixture();
    for (const name of ["web", "api/v2", "api"]) fill(fixture, name, 1);
    expect(await fixture.registry.repositories(ALL)).toEqual({ matching: ["api", "api/v2", "web"], existing: [] });
    expect(fixture.requests()).toEqual([`GET /v2/registries/${REGISTRY}/repositoriesV2?page=1&per_page=200`]);
  });

  test("follows the page token of each link, but not its host", async () => {
    const fixture = await openFixture();
    for (let number = 0; number < 450; number++) fill(fixture, `app-${number}`, 1);
    const { matching } = await fixture.registry.repositories(ALL);
    expect(new Set(matching).size).toBe(450);
    const requests = fixture.requests();
    expect(requests).toHaveLength(3);
    expect(requests.slice(1).every((line) => line.includes("page_token="))).toBe(true);
  });

  test("returns up to 20 existing names if none matches", async () => {
    const fixture = await openFixture();
    for (let number = 10; number < 40; number++) fill(fixture, `app-${number}`, 1);
    const names = await fixture.registry.repositories({ names: null, literals: [], matches: () => false });
    expect(names.matching).toEqual([]);
    expect(names.existing).toHaveLength(20);
  });

  test("throws if a name without a wildcard does not exist, with the names that do", async () => {
    const fixture = await openFixture();
    fill(fixture, "web", 1);
    await expect(fixture.registry.repositories(named("Web"))).resolves.toMatchObject({ matching: ["web"] });
    await expect(fixture.registry.repositories(named("web", "wbe"))).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining("wbe"),
      remedy: expect.stringContaining("web"),
    });
  });

  test("throws for an unknown registry, after both generations of paths", async () => {
    const fixture = await openFixture({ registry: "typo" });
    await expect(fixture.registry.repositories(ALL)).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining('"typo"'),
    });
    expect(fixture.requests().map((line) => line.split("?")[0])).toEqual([
      "GET /v2/registries/typo/repositoriesV2",
      "GET /v2/registry/typo/repositoriesV2",
    ]);
  });

  test.each([
    ["fewer names than the total", refuse(200, {}, { repositories: [{ name: "b" }], meta: { total: 3 } }), "2 of 3"],
    ["a missing page", refuse(404), "a linked page returned 404"],
  ])("throws for a list with %s", async (_, second, message) => {
    const fixture = await openFixture();
    const links = { pages: { next: "https://api.digitalocean.com/v2/x?page=2&page_token=t" } };
    const first = refuse(200, {}, { repositories: [{ name: "a" }], meta: { total: 3 }, links });
    fixture.server.inject(({ url }) => {
      const page = url.searchParams.get("page");
      return page === "1" ? first : page === "2" ? second : refuse(404);
    });
    await expect(fixture.registry.repositories(ALL)).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining(message),
    });
  });

  test("throws if a page links to itself", async () => {
    const fixture = await openFixture();
    const links = { pages: { next: "https://other.example/v2/x?page=2&page_token=same" } };
    const body = { repositories: [{ name: "web" }], meta: { total: 9 }, links };
    fixture.server.inject(() => refuse(200, {}, body));
    await expect(fixture.registry.repositories(ALL)).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("web was listed twice"),
    });
    expect(fixture.requests()).toHaveLength(8);
  });
});

describe("the older paths", () => {
  test("are used, and remembered, if the documented ones return 404", async () => {
    const fixture = await openFixture({ behaviour: { paths: "registry" } });
    fill(fixture, "web", 1);
    await fixture.registry.repositories(ALL);
    await fixture.registry.list("web");
    await fixture.registry.prepareDeletion("web");
    expect(fixture.requests().map((line) => line.split("?")[0])).toEqual([
      `GET /v2/registries/${REGISTRY}/repositoriesV2`,
      `GET /v2/registry/${REGISTRY}/repositoriesV2`,
      `GET /v2/registry/${REGISTRY}/repositories/web/digests`,
      `GET /v2/registry/${REGISTRY}/garbage-collection`,
    ]);
  });

  test("are not remembered if they return 404 too: the repository may not exist", async () => {
    const fixture = await openFixture();
    fill(fixture, "web", 1);
    await expect(fixture.registry.list("absent")).rejects.toMatchObject({ kind: "listing" });
    fixture.requests();
    await fixture.registry.list("web");
    expect(fixture.requests()).toEqual([`GET /v2/registries/${REGISTRY}/repositories/web/digests?page=1&per_page=200`]);
  });

  test("are not used after a documented path returned 200", async () => {
    const fixture = await openFixture();
    fill(fixture, "web", 1);
    await fixture.registry.repositories(ALL);
    await fixture.registry.prepareDeletion("web");
    expect(fixture.requests()).toHaveLength(2);
  });
});
