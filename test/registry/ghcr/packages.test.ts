import { describe, expect, test } from "vitest";
import type { RepositorySelection } from "../../../src/registry/registry.ts";
import { refuse } from "../../servers/http-server.ts";
import { fill, OWNER, OWNER_TYPE, openFixture, PACKAGES } from "./fixture.ts";

const ALL: RepositorySelection = { names: null, literals: [], matches: () => true };

function named(...names: readonly string[]): RepositorySelection {
  return { names, literals: names, matches: (name) => names.some((each) => each.toLowerCase() === name) };
}

/** `repository-pattern: NAME, NAME/**`, the default. */
function below(name: string): RepositorySelection {
  return { names: null, literals: [name], matches: (each) => `${each.toLowerCase()}/`.startsWith(`${name}/`) };
}

describe("repositories, by names", () => {
  test("sends one request per name, with %2F and in lower case, after the owner's type", async () => {
    const fixture = await openFixture();
    for (const name of ["web", "team/api"]) fill(fixture, name, 1);
    const names = await fixture.registry.repositories(named("Web", "team/api"));
    expect(names).toEqual({ matching: ["team/api", "web"], existing: [] });
    expect(fixture.requests()).toEqual([
      OWNER_TYPE,
      `GET ${PACKAGES}/container/team%2Fapi`,
      `GET ${PACKAGES}/container/web`,
    ]);
  });

  test.each([
    ["job", "Correct `repository-pattern`."],
    ["classic", "Existing packages: web."],
  ] as const)("throws if a name does not exist (%s token)", async (token, remedy) => {
    const fixture = await openFixture({ behaviour: { token } });
    fill(fixture, "web", 1);
    await expect(fixture.registry.repositories(named("wbe", "web"))).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining("no package wbe"),
      remedy: expect.stringContaining(remedy),
    });
  });
});

describe("repositories, with a wildcard", () => {
  test("lists the packages page by page if the token may, and sorts them", async () => {
    const fixture = await openFixture({ behaviour: { token: "classic" } });
    for (let number = 0; number < 250; number++) fixture.server.packages.create(`app-${number}`);
    const { matching } = await fixture.registry.repositories(ALL);
    expect(matching).toHaveLength(250);
    expect([...matching].sort()).toEqual(matching);
    expect(fixture.requests()).toHaveLength(1 + 3);
  });

  test("throws if a package is listed twice, because another one may be missing", async () => {
    const fixture = await openFixture({ behaviour: { token: "classic" } });
    fixture.server.api.inject(({ path }) =>
      path.includes("/packages?") ? refuse(200, {}, [{ name: "web" }, { name: "web" }]) : null,
    );
    await expect(fixture.registry.repositories(ALL)).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("listed twice"),
    });
  });

  test.each([401, 403, 404] as const)(
    "uses the names without a wildcard if the token may not list packages (%i)",
    async (listRefusal) => {
      const fixture = await openFixture({ behaviour: { listRefusal } });
      fill(fixture, "web", 1);
      fill(fixture, "web/api", 1);
      expect(await fixture.registry.repositories(below("web"))).toEqual({ matching: ["web"], existing: [] });
      expect(fixture.requests()).toEqual([
        OWNER_TYPE,
        `GET ${PACKAGES}?package_type=container&per_page=100&page=1`,
        `GET ${PACKAGES}/container/web`,
      ]);
      expect(fixture.lines).toEqual([
        expect.stringMatching(/^packages-not-listed: .*without a wildcard.*read:packages/),
      ]);
    },
  );

  test("throws if the token may not list packages and no name is known", async () => {
    const { registry } = await openFixture();
    await expect(registry.repositories(ALL)).rejects.toMatchObject({
      kind: "permission",
      remedy: expect.stringMatching(/read:packages.*GITHUB_TOKEN cannot.*without a wildcard/),
    });
  });

  test("finds packages that the list omits by their names", async () => {
    const fixture = await openFixture({ behaviour: { token: "classic" } });
    fill(fixture, "web", 1);
    fixture.server.api.inject(({ url }) => (url.pathname.endsWith("/packages") ? refuse(200, {}, []) : null));
    expect((await fixture.registry.repositories(below("web"))).matching).toEqual(["web"]);
  });

  test("does not read a package that an exclusion removes", async () => {
    const fixture = await openFixture();
    fill(fixture, "web", 1);
    const selection = { ...below("web"), matches: (name: string) => name.startsWith("web/") };
    await expect(fixture.registry.repositories(selection)).rejects.toMatchObject({ kind: "permission" });
    expect(fixture.requests()).not.toContain(`GET ${PACKAGES}/container/web`);
  });

  test("returns up to 20 existing names if none matches", async () => {
    const fixture = await openFixture({ behaviour: { token: "classic" } });
    for (let number = 10; number < 40; number++) fixture.server.packages.create(`app-${number}`);
    const names = await fixture.registry.repositories({ ...ALL, matches: () => false });
    expect([names.matching.length, names.existing.length]).toEqual([0, 20]);
  });
});

describe("the owner", () => {
  test("uses /users for a user", async () => {
    const fixture = await openFixture({ type: "User" });
    fill(fixture, "web", 1);
    await fixture.registry.list("web");
    expect(fixture.requests()).toEqual([
      OWNER_TYPE,
      `GET /users/${OWNER}/packages/container/web/versions?per_page=100&page=1`,
    ]);
  });

  test("throws if GitHub does not know the owner", async () => {
    const fixture = await openFixture();
    fixture.server.api.inject([refuse(404, {}, { message: "Not Found" })]);
    await expect(fixture.registry.list("web")).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining(`"${OWNER}"`),
    });
  });

  test.each([401, 403])(
    "whose type cannot be read (%i) is an error, and not a list that the token may not read",
    async (status) => {
      const fixture = await openFixture();
      fill(fixture, "web", 1);
      fixture.server.api.inject([refuse(status)]);
      await expect(fixture.registry.repositories(below("web"))).rejects.toMatchObject({ kind: "permission" });
      expect(fixture.requests()).toEqual([OWNER_TYPE]);
    },
  );

  test("is read again after its first request failed", async () => {
    const fixture = await openFixture();
    fill(fixture, "web", 1);
    fixture.server.api.inject([refuse(404, {}, { message: "Not Found" })]);
    await expect(fixture.registry.list("web")).rejects.toMatchObject({ kind: "registry" });
    expect((await fixture.registry.list("web")).manifests).toHaveLength(1);
  });
});

test.each([
  ["an unpaired surrogate", "\ud800"],
  ["a single dot", "."],
  ["two dots", ".."],
])("a package name of %s throws, and is not sent", async (_, name) => {
  const fixture = await openFixture({ behaviour: { token: "classic" } });
  await expect(fixture.registry.list(name)).rejects.toMatchObject({
    kind: "listing",
    message: expect.stringContaining(JSON.stringify(name)),
  });
  expect(fixture.requests().filter((request) => request.includes("/packages"))).toEqual([]);
});

test("a rejected token is a permission error", async () => {
  const fixture = await openFixture();
  fixture.server.api.inject(() => refuse(401, {}, { message: "Bad credentials" }));
  await expect(fixture.registry.list("web")).rejects.toMatchObject({
    kind: "permission",
    message: expect.stringContaining("Bad credentials"),
  });
});
