import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, onTestFinished, test } from "vitest";
import { createFakeClock } from "../fake-clock.ts";
import { restDescription } from "../github/rest.ts";
import { type GhcrServer, type ServeGhcrOptions, serveGhcr } from "./server.ts";

const TOKEN = "ghp_secret";

async function start(options: Partial<ServeGhcrOptions> = {}): Promise<GhcrServer> {
  const clock = createFakeClock({ passes: "by hand" });
  const server = await serveGhcr({ owner: "acme", token: TOKEN, clock, behaviour: { token: "classic" }, ...options });
  onTestFinished(() => server.close());
  return server;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

async function request({ apiUrl }: GhcrServer, path: string, method = "GET"): Promise<Answer> {
  const response = await fetch(new URL(path, apiUrl), { method, headers: { authorization: `Bearer ${TOKEN}` } });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
}

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats.default(ajv);
const compiled = new Map<string, ValidateFunction>();

/** Returns how `body` differs from GitHub's OpenAPI document, which the `$ref`s of `schema` refer to. */
function violations(schema: object, body: unknown): readonly string[] {
  const key = JSON.stringify(schema);
  const validate = compiled.get(key) ?? ajv.compile({ ...schema, components: restDescription().components });
  compiled.set(key, validate);
  return validate(body) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const schema = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const listOf = (name: string) => ({ type: "array", items: schema(name) });
const PACKAGE = "packages/container/team%2Fweb";

describe.each(["orgs", "users"])("answers match GitHub's OpenAPI document, below /%s", (base) => {
  const type = base === "orgs" ? "Organization" : "User";

  test("packages and versions", async () => {
    const server = await start({ type });
    for (let number = 1; number <= 45; number++) server.packages.pushImage("team/web", `image ${number}`);
    const all = await request(server, `/${base}/acme/packages?package_type=container`);
    expect([all.status, violations(listOf("package"), all.body)]).toEqual([200, []]);
    const one = await request(server, `/${base}/acme/${PACKAGE}`);
    expect([one.status, violations(schema("package"), one.body)]).toEqual([200, []]);
    const versions = await request(server, `/${base}/acme/${PACKAGE}/versions?page=2`);
    expect([versions.status, violations(listOf("package-version"), versions.body)]).toEqual([200, []]);
    expect(versions.body).toHaveLength(15);
    expect(violations(listOf("package-version"), [{ id: "1" }])).not.toEqual([]);
  });

  test("a deleted version is listed as deleted, and can be restored within 30 days", async () => {
    const clock = createFakeClock({ passes: "by hand" });
    const server = await start({ type, clock });
    for (const name of ["a", "b"]) server.packages.pushImage("team/web", name, { tags: [name] });
    const { id = 0 } = server.packages.find("team/web", "a") ?? {};
    const path = `/${base}/acme/${PACKAGE}/versions`;
    expect((await request(server, `${path}/${id}`, "DELETE")).status).toBe(204);
    expect((await request(server, `${path}/${id}`)).status).toBe(404);
    const deleted = await request(server, `${path}?state=deleted`);
    expect(violations(listOf("package-version"), deleted.body)).toEqual([]);
    expect(deleted.body).toEqual([expect.objectContaining({ id })]);
    expect((await request(server, `${path}/${id}/restore`, "POST")).status).toBe(204);
    expect((await request(server, `${path}/${id}`)).status).toBe(200);
    await request(server, `${path}/${id}`, "DELETE");
    await clock.advance(31 * 24 * 3_600_000);
    expect((await request(server, `${path}/${id}/restore`, "POST")).status).toBe(404);
  });
});

describe("refusals", () => {
  const cases: readonly [string, Partial<ServeGhcrOptions>, string, string, number][] = [
    [
      "listing packages with a job's token",
      { behaviour: { token: "job" } },
      "GET",
      "packages?package_type=container",
      403,
    ],
    ["a missing package", {}, "GET", "packages/container/nowhere", 404],
    ["a hidden package", { behaviour: { role: "none" } }, "GET", PACKAGE, 404],
    ["deleting without the role", { behaviour: { role: "read" } }, "DELETE", `${PACKAGE}/versions/ID`, 403],
    ["a missing version", {}, "DELETE", `${PACKAGE}/versions/999`, 404],
    ["deleting the last tagged version", {}, "DELETE", `${PACKAGE}/versions/ID`, 400],
  ];
  test.each(cases)("%s is an error as described", async (_, options, method, path, status) => {
    const server = await start(options);
    server.packages.pushImage("team/web", "a", { tags: ["a"] });
    const { id = 0 } = server.packages.find("team/web", "a") ?? {};
    const answer = await request(server, `/orgs/acme/${path.replace("ID", String(id))}`, method);
    expect([answer.status, violations(schema("basic-error"), answer.body)]).toEqual([status, []]);
  });
});

describe("limits", () => {
  test("900 points per minute allow 180 deletions, then 403 with `retry-after`", async () => {
    const limits = { pointsPerMinute: 900, perHour: 5_000, secondaryStatus: 403 } as const;
    const clock = createFakeClock({ passes: "by hand" });
    const server = await start({ limits, clock });
    const remove = () => request(server, `/orgs/acme/${PACKAGE}/versions/1`, "DELETE");
    for (let number = 1; number <= 180; number++) expect((await remove()).status).toBe(404);
    const refused = await remove();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([403, "60"]);
    await clock.advance(60_001);
    expect((await remove()).status).toBe(404);
  });

  test("headers show the rest of the hour's budget, and 403 follows when it is used up", async () => {
    const limits = { pointsPerMinute: 900, perHour: 2, secondaryStatus: 403 } as const;
    const server = await start({ limits });
    const remaining = async () => (await request(server, "/users/acme")).headers.get("x-ratelimit-remaining");
    expect([await remaining(), await remaining()]).toEqual(["1", "0"]);
    expect((await request(server, "/users/acme")).status).toBe(403);
  });
});

describe("the OCI endpoint", () => {
  test("returns a token for the secret, manifests by tag and digest, 405 for a deletion, and no referrers", async () => {
    const server = await start();
    const digest = server.packages.pushImage("team/web", "a", { tags: ["v1"] });
    const manifest = new URL(`/v2/acme/team/web/manifests/${digest}`, server.origin);
    const refused = await fetch(manifest);
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, expect.stringContaining("/token")]);
    const basic = (secret: string) => ({ authorization: `Basic ${Buffer.from(`x:${secret}`).toString("base64")}` });
    expect((await fetch(new URL("/token", server.origin), { headers: basic("wrong") })).status).toBe(403);
    const given: unknown = await (await fetch(new URL("/token", server.origin), { headers: basic(TOKEN) })).json();
    expect(given).toMatchObject({ token: expect.any(String) });
    const { token } = Object(given);
    const headers = { authorization: `Bearer ${token}`, accept: "application/vnd.oci.image.manifest.v1+json" };
    const status = async (path: string, method = "GET") =>
      (await fetch(new URL(path, server.origin), { method, headers, redirect: "manual" })).status;
    expect(await status(manifest.href)).toBe(200);
    expect(await status("/v2/acme/team/web/manifests/v1")).toBe(200);
    expect(await status("/v2/Acme/team/web/manifests/v1")).toBe(404);
    expect(await status("/v2/acme/team/web/tags/list")).toBe(200);
    expect(await status(`/v2/acme/team/web/referrers/${digest}`)).toBe(303);
    expect(await status(manifest.href, "DELETE")).toBe(405);
  });
});
