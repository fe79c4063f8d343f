import { afterEach, describe, expect, test } from "vitest";
import { type Bench, digestOf, image, index, openBench, REGISTRY, TOKEN } from "../../registry/digitalocean/bench.ts";
import { hasDescription, loadOperations, type Operation } from "../openapi.ts";
import type { IndexLook } from "./answers.ts";

const opened: Bench[] = [];

afterEach(async () => {
  for (const made of opened.splice(0)) await made.close();
});

async function bench(options: Parameters<typeof openBench>[0] = {}): Promise<Bench> {
  const made = await openBench(options);
  opened.push(made);
  for (let number = 1; number <= 45; number++) made.content.push("team/web", image(`image ${number}`));
  made.content.push("team/web", index("index", [digestOf("image 1")], { tags: ["v1", "latest"] }));
  made.content.push("api", image("api"));
  return made;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

async function ask(made: Bench, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(new URL(path, made.server.apiUrl), {
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

const operations: readonly Operation[] = hasDescription ? loadOperations() : [];

function operation(method: string, path: string): Operation {
  const found = operations.find((candidate) => candidate.method === method && candidate.path === path);
  if (found === undefined) throw new Error(`the description has no ${method} ${path}`);
  return found;
}

const REPOSITORY = "/repositories/{repository_name}";

describe.skipIf(!hasDescription)("what is answered is as DigitalOcean's description says", () => {
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
    ])("%s %s: %s answers %i", async (method, described, path, status) => {
      const made = await bench();
      if (path === "/garbage-collections") made.collections.begin("unreferenced blobs only");
      const body = method === "POST" ? { type: "unreferenced blobs only" } : undefined;
      const answer = await ask(made, method, `${base}/${REGISTRY}${path}`, body);
      expect(answer.status).toBe(status);
      expect(operation(method, `${base}/{registry_name}${described}`).errors(status, answer.body)).toEqual([]);
      expect(Number(answer.headers.get("ratelimit-remaining"))).toBe(4999);
    });
  });

  test("GET the registry", async () => {
    const answer = await ask(await bench(), "GET", `/v2/registries/${REGISTRY}`);
    expect(operation("GET", "/v2/registries/{registry_name}").errors(200, answer.body)).toEqual([]);
  });

  test.each<IndexLook>(["no blobs", "blobs of children", "children as blobs"])("an index with %s", async (indexes) => {
    const made = await bench({ behaviour: { indexes } });
    const answer = await ask(made, "GET", `/v2/registries/${REGISTRY}/repositories/team%2Fweb/digests`);
    const described = operation("GET", `/v2/registries/{registry_name}${REPOSITORY}/digests`);
    expect(described.errors(200, answer.body)).toEqual([]);
  });

  test.each([401, 404, 429])("a refusal with %i", async (status) => {
    const behaviour = status === 429 ? { perMinute: 0 } : {};
    const made = await bench({ behaviour });
    const url = new URL(`/v2/registries/${status === 404 ? "other" : REGISTRY}/garbage-collection`, made.server.apiUrl);
    const headers = { authorization: status === 401 ? "Bearer no" : `Bearer ${TOKEN}` };
    const response = await fetch(url, { headers });
    const described = operation("GET", "/v2/registries/{registry_name}/garbage-collection");
    expect(response.status).toBe(status);
    expect(described.errors(status, await response.json())).toEqual([]);
  });

  test("an answer that is wrong would be seen", () => {
    const described = operation("GET", `/v2/registries/{registry_name}${REPOSITORY}/digests`);
    const manifests = [{ digest: digestOf("a"), tags: "v1", updated_at: "yesterday" }];
    expect(described.errors(200, { manifests })).toHaveLength(3);
    expect(described.errors(204, undefined)).toEqual(["204 is not described"]);
  });
});

describe.skipIf(!hasDescription)("DigitalOcean's own examples are understood", () => {
  const examples = ["/v2/registries", "/v2/registry"].flatMap((base) =>
    [`${REPOSITORY}/digests`, "/repositoriesV2"].map((path) => [`${base}/{registry_name}${path}`] as const),
  );

  test.each(examples)("GET %s", async (path) => {
    const made = await bench();
    const example = operation("GET", path).example(200);
    expect(example).toBeDefined();
    // An example is one page of a longer list: as the whole of it, it must be refused.
    made.server.inject(() => ({ kind: "reply", reply: { status: 200, body: example } }));
    const { registry } = made;
    const reading = path.endsWith("digests")
      ? registry.list("repo-1")
      : registry.repositories({ names: null, literals: [], matches: () => true });
    await expect(reading).rejects.toMatchObject({ kind: "listing" });
    made.server.inject(() => ({ kind: "reply", reply: { status: 200, body: wholeOf(example) } }));
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

function wholeOf(example: unknown): unknown {
  const { links: _, ...rest } = Object.fromEntries(Object.entries(example ?? {}));
  return { ...rest, meta: { total: 1 } };
}

describe("pages", () => {
  test("have no links where all fits in one", async () => {
    const answer = await ask(await bench(), "GET", `/v2/registries/${REGISTRY}/repositories/api/digests`);
    expect(answer.body).not.toHaveProperty("links");
  });

  test("are of 20, and name the public host and only the pages that make sense", async () => {
    const path = `/v2/registries/${REGISTRY}/repositories/team%2Fweb/digests`;
    const made = await bench();
    const link = (page: number): string => `https://api.digitalocean.com${path}?page=${page}&per_page=20`;
    const first = await ask(made, "GET", path);
    expect(first.body).toMatchObject({ meta: { total: 46 }, links: { pages: { next: link(2), last: link(3) } } });
    const last = await ask(made, "GET", `${path}?page=3`);
    expect(last.body).toHaveProperty("links.pages", { first: link(1), prev: link(2) });
    expect(last.body).toHaveProperty("manifests.length", 6);
  });

  test.each(["per_page=201", "per_page=0", "page=0", "page=x"])("with %s are refused", async (query) => {
    const answer = await ask(await bench(), "GET", `/v2/registries/${REGISTRY}/repositoriesV2?${query}`);
    expect(answer.status).toBe(422);
  });
});

describe("the rate limit", () => {
  test("refuses past a minute's requests, says when to come back, and lets in again then", async () => {
    const made = await bench({ behaviour: { perMinute: 2 } });
    const path = `/v2/registries/${REGISTRY}/repositoriesV2`;
    await ask(made, "GET", path);
    await made.clock.advance(20_000);
    await ask(made, "GET", path);
    const refused = await ask(made, "GET", path);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "40"]);
    await made.clock.advance(40_000);
    expect((await ask(made, "GET", path)).status).toBe(200);
  });
});

describe("a collection", () => {
  test("is alone, makes the registry read-only, and ends by the clock", async () => {
    const made = await bench({ collection: { statuses: ["requested", "succeeded"], movesOn: 60_000 } });
    const base = `/v2/registries/${REGISTRY}`;
    const type = "unreferenced blobs only";
    expect((await ask(made, "POST", `${base}/garbage-collection`, { type })).status).toBe(201);
    expect((await ask(made, "POST", `${base}/garbage-collection`, { type })).status).toBe(409);
    expect((await ask(made, "DELETE", `${base}/repositories/api/digests/${digestOf("api")}`)).status).toBe(409);
    await made.clock.advance(60_000);
    expect((await ask(made, "GET", `${base}/garbage-collection`)).status).toBe(404);
    expect((await ask(made, "DELETE", `${base}/repositories/api/digests/${digestOf("api")}`)).status).toBe(204);
  });

  test("of no known type is refused", async () => {
    const made = await bench();
    const answer = await ask(made, "POST", `/v2/registries/${REGISTRY}/garbage-collection`, { type: "all" });
    expect(answer.status).toBe(422);
  });
});
