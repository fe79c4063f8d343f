import { expect, test } from "vitest";
import { refuse } from "../../servers/http-server.ts";
import { type Fixture, openFixture, REGISTRY } from "./fixture.ts";

const STORAGE = { usedBytes: 123_456_789, includedBytes: 5_000_000_000 };
const NONE = { usedBytes: null, includedBytes: null };

async function storageOf({ registry }: Fixture): Promise<unknown> {
  return registry.storage?.();
}

test("returns used and included bytes, with two requests", async () => {
  const fixture = await openFixture({ behaviour: { storage: STORAGE } });
  expect(await storageOf(fixture)).toEqual(STORAGE);
  expect([...fixture.requests()].sort()).toEqual([`GET /v2/registries/${REGISTRY}`, "GET /v2/registries/subscription"]);
});

test("uses the older paths if the documented ones return 404", async () => {
  const fixture = await openFixture({ behaviour: { storage: STORAGE, paths: "registry" } });
  expect(await storageOf(fixture)).toEqual(STORAGE);
  expect(fixture.requests()).toHaveLength(4);
});

test("is null if the only registry of the older path has another name", async () => {
  const fixture = await openFixture({ registry: "other", behaviour: { storage: STORAGE, paths: "registry" } });
  expect(await storageOf(fixture)).toEqual({ ...STORAGE, usedBytes: null });
});

test.each([
  ["the token may not read the registry", { scopes: [] }],
  ["the fields are absent", { storage: NONE }],
])("is null if %s", async (_, behaviour) => {
  expect(await storageOf(await openFixture({ behaviour }))).toEqual(NONE);
});

test.each([
  ["401", refuse(401)],
  ["412, as the older path returns for several registries", refuse(412)],
  ["500", refuse(500)],
  ["a login page", refuse(200, {}, "<html>sign in</html>")],
  ["text instead of numbers", refuse(200, {}, { registry: { name: REGISTRY, storage_usage_bytes: "many" } })],
])("is null if the API returns %s", async (_, fault) => {
  const fixture = await openFixture();
  fixture.server.inject(() => fault);
  expect(await storageOf(fixture)).toEqual(NONE);
});

test("one missing value does not hide the other", async () => {
  const fixture = await openFixture({ behaviour: { storage: STORAGE } });
  fixture.server.inject(({ path }) => (path.endsWith("subscription") ? refuse(403) : null));
  expect(await storageOf(fixture)).toEqual({ ...STORAGE, includedBytes: null });
});
