import { describe, expect, test } from "vitest";
import {
  digestOf,
  type Fixture,
  type FixtureOptions,
  image,
  index,
  openFixture,
  REGISTRY,
  TOKEN,
} from "../../registry/digitalocean/fixture.ts";
import { loadOperations, type Operation } from "../openapi.ts";
import { needs } from "../tools.ts";
import type { IndexListing } from "./answers.ts";

async function open(options: FixtureOptions = {}): Promise<Fixture> {
  const fixture = await openFixture(options);
  for (let number = 1; number <= 45; number++) fixture.content.push("team/web", image(`image ${number}`));
  fixture.content.push("team/web", index("index", [digestOf("image 1")], { tags: ["v1", "latest"] }));
  fixture.content.push("api", image("api"));
  return fixture;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

async function request(fixture: Fixture, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(new URL(path, fixture.server.apiUrl), {
    method,
    headers: { authorization: `Bearer ${TOKEN}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

let operations: readonly Operation[] | null = null;

function operation(method: string, path: string): Operation {
  operations ??= loadOperations();
  const found = operations.find((candidate) => candidate.method === method && candidate.path === path);
  if (found === undefined) throw new Error(`the description has no ${method} ${path}`);
  return found;
}

const REPOSITORY = "/repositories/{repository_name}";

describe("answers match DigitalOcean's OpenAPI document", needs("digitalocean-openapi"), () => {
  describe.each(["/v2/registries", "/v2/registry"])("under %s", (base) => {
    test.each([
      ["GET", "/repositoriesV2", "/repositoriesV2?per_page=1", 200],
      ["GET", `${REPOSITORY}/digests`, "/repositories/team%2Fweb/digests", 200],
      ["GET", `${REPOSITORY}/digests`, "/repositories/team%2Fweb/digests?page=2", 200],
      ["GET", `${REPOSITORY}/digests`, "/repositories/nowhere/digests", 404],
      ["GET", `${REPOSITORY}/tags`, "/repositories/team%2Fweb/tags", 200],
      ["DELETE", `${REPOSITORY}/digests/{manifest_digest}`, `/repositories/api/digests/${digestOf("api")}`, 204],
      ["DELETE", `${REPOSITORY}/digests/{manifest_digest}`, `/repositories/api/digests/${digestOf("x")}`, 404],
      ["DELETE", `${REPOSITORY}/tags/{repository_tag}`, "/repositories/team%2Fweb/tags/v1", 204],
      ["GET", "/garbage-collection", "/garbage-collection", 404],
      ["POST", "/garbage-collection", "/garbage-collection", 201],
      ["GET", "/garbage-collections", "/garbage-collections", 200],
    ])("%s %s: %s returns %i", async (method, described, path, status) => {
      const fixture = await open();
      if (path === "/garbage-collections") fixture.collections.start("unreferenced blobs only");
      const body = method === "POST" ? { type: "unreferenced blobs only" } : undefined;
      const answer = await request(fixture, method, `${base}/${REGISTRY}${path}`, body);
      expect(answer.status).toBe(status);
      expect(operation(method, `${base}/{registry_name}${described}`).errors(status, answer.body)).toEqual([]);
      expect(Number(answer.headers.get("ratelimit-remaining"))).toBe(4999);
    });
  });

  test.each([
    [`/v2/registries/${REGISTRY}`, "/v2/registries/{registry_name}"],
    ["/v2/registries/subscription", "/v2/registries/subscription"],
    ["/v2/registry", "/v2/registry"],
    ["/v2/registry/subscription", "/v2/registry/subscription"],
  ])("GET %s", async (path, described) => {
    const answer = await request(await open(), "GET", path);
    expect([answer.status, operation("GET", described).errors(200, answer.body)]).toEqual([200, []]);
  });

  test.each<IndexListing>(["no blobs", "blobs of children", "children as blobs"])(
    "an index with %s",
    async (indexes) => {
      const fixture = await open({ behaviour: { indexes } });
      const answer = await request(fixture, "GET", `/v2/registries/${REGISTRY}/repositories/team%2Fweb/digests`);
      const described = operation("GET", `/v2/registries/{registry_name}${REPOSITORY}/digests`);
      expect(described.errors(200, answer.body)).toEqual([]);
    },
  );

  test.each([401, 404, 429])("the error %i", async (status) => {
    const behaviour = status === 429 ? { perMinute: 0 } : {};
    const fixture = await open({ behaviour });
    const url = new URL(
      `/v2/registries/${status === 404 ? "other" : REGISTRY}/garbage-collection`,
      fixture.server.apiUrl,
    );
    const headers = { authorization: status === 401 ? "Bearer no" : `Bearer ${TOKEN}` };
    const response = await fetch(url, { headers });
    const described = operation("GET", "/v2/registries/{registry_name}/garbage-collection");
    expect(response.status).toBe(status);
    expect(described.errors(status, await response.json())).toEqual([]);
  });

  test("a wrong answer is detected", () => {
    const described = operation("GET", `/v2/registries/{registry_name}${REPOSITORY}/digests`);
    const manifests = [{ digest: digestOf("a"), tags: "v1", updated_at: "yesterday" }];
    expect(described.errors(200, { manifests })).toHaveLength(3);
    expect(described.errors(204, undefined)).toEqual(["204 is not described"]);
  });
});

describe("the registry reads DigitalOcean's own examples", needs("digitalocean-openapi"), () => {
  const examples = ["/v2/registries", "/v2/registry"].flatMap((base) =>
    [`${REPOSITORY}/digests`, "/repositoriesV2"].map((path) => [`${base}/{registry_name}${path}`] as const),
  );

  test.each(examples)("GET %s", async (path) => {
    const fixture = await open();
    const example = operation("GET", path).example(200);
    expect(example).toBeDefined();
    // The example is one page of a longer list, so it is not complete.
    fixture.server.inject(() => ({ kind: "reply", reply: { status: 200, body: example } }));
    const { registry } = fixture;
    const reading = path.endsWith("digests")
      ? registry.list("repo-1")
      : registry.repositories({ names: null, literals: [], matches: () => true });
    await expect(reading).rejects.toMatchObject({ kind: "listing" });
    fixture.server.inject(() => ({ kind: "reply", reply: { status: 200, body: asCompleteList(example) } }));
    if (path.endsWith("digests")) {
      const { manifests } = await registry.list("repo-1");
      expect(manifests[0]).toMatchObject({ tags: ["v1", "v2"], sizeBytes: 1_972_332 });
      expect(manifests[0]?.blobs?.map(({ sizeBytes }) => sizeBytes)).toEqual([1471, 2_814_446, 528]);
    } else {
      expect(await registry.repositories({ names: null, literals: [], matches: () => true })).toMatchObject({
        matching: ["repo-1"],
      });
    }
  });
});

function asCompleteList(example: unknown): unknown {
  const { links: _, ...rest } = Object.fromEntries(Object.entries(example ?? {}));
  return { ...rest, meta: { total: 1 } };
}

describe("pages", () => {
  test("have no links if everything fits on one", async () => {
    const answer = await request(await open(), "GET", `/v2/registries/${REGISTRY}/repositories/api/digests`);
    expect(answer.body).not.toHaveProperty("links");
  });

  test("have 20 entries, and link to the public host and to existing pages only", async () => {
    const path = `/v2/registries/${REGISTRY}/repositories/team%2Fweb/digests`;
    const fixture = await open();
    const link = (page: number): string => `https://api.digitalocean.com${path}?page=${page}&per_page=20`;
    const first = await request(fixture, "GET", path);
    expect(first.body).toMatchObject({ meta: { total: 46 }, links: { pages: { next: link(2), last: link(3) } } });
    const last = await request(fixture, "GET", `${path}?page=3`);
    expect(last.body).toHaveProperty("links.pages", { first: link(1), prev: link(2) });
    expect(last.body).toHaveProperty("manifests.length", 6);
  });

  test.each(["per_page=201", "per_page=0", "page=0", "page=x"])("%s returns 422", async (query) => {
    const answer = await request(await open(), "GET", `/v2/registries/${REGISTRY}/repositoriesV2?${query}`);
    expect(answer.status).toBe(422);
  });
});

describe("the rate limit", () => {
  test("returns 429 with `retry-after` until the minute has passed", async () => {
    const fixture = await open({ behaviour: { perMinute: 2 } });
    const path = `/v2/registries/${REGISTRY}/repositoriesV2`;
    await request(fixture, "GET", path);
    await fixture.clock.advance(20_000);
    await request(fixture, "GET", path);
    const refused = await request(fixture, "GET", path);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "40"]);
    await fixture.clock.advance(40_000);
    expect((await request(fixture, "GET", path)).status).toBe(200);
  });
});

describe("a garbage collection", () => {
  test("is the only one, makes the registry read-only, and ends by the clock", async () => {
    const fixture = await open({ collection: { statuses: ["requested", "succeeded"], advances: 60_000 } });
    const base = `/v2/registries/${REGISTRY}`;
    const type = "unreferenced blobs only";
    expect((await request(fixture, "POST", `${base}/garbage-collection`, { type })).status).toBe(201);
    expect((await request(fixture, "POST", `${base}/garbage-collection`, { type })).status).toBe(409);
    expect((await request(fixture, "DELETE", `${base}/repositories/api/digests/${digestOf("api")}`)).status).toBe(409);
    await fixture.clock.advance(60_000);
    expect((await request(fixture, "GET", `${base}/garbage-collection`)).status).toBe(404);
    expect((await request(fixture, "DELETE", `${base}/repositories/api/digests/${digestOf("api")}`)).status).toBe(204);
  });

  test("needs a known type", async () => {
    const fixture = await open();
    const answer = await request(fixture, "POST", `/v2/registries/${REGISTRY}/garbage-collection`, { type: "all" });
    expect(answer.status).toBe(422);
  });
});
