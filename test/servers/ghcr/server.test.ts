import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { afterEach, describe, expect, test } from "vitest";
import { createFakeClock } from "../fake-clock.ts";
import { restDescription } from "../github/rest.ts";
import { type GhcrServer, type ServeGhcrOptions, serveGhcr } from "./server.ts";

const TOKEN = "ghp_secret";
const opened: GhcrServer[] = [];

async function play(options: Partial<ServeGhcrOptions> = {}): Promise<GhcrServer> {
  const clock = createFakeClock({ passes: "by hand" });
  const server = await serveGhcr({ owner: "acme", token: TOKEN, clock, behaviour: { token: "classic" }, ...options });
  opened.push(server);
  return server;
}

afterEach(async () => {
  for (const server of opened.splice(0)) await server.close();
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

async function ask({ apiUrl }: GhcrServer, path: string, method = "GET"): Promise<Answer> {
  const response = await fetch(new URL(path, apiUrl), { method, headers: { authorization: `Bearer ${TOKEN}` } });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
}

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats.default(ajv);
const compiled = new Map<string, ValidateFunction>();

/** Why `body` is not what GitHub's description says; `$ref`s lead into the description itself. */
function violations(schema: object, body: unknown): readonly string[] {
  const key = JSON.stringify(schema);
  const validate = compiled.get(key) ?? ajv.compile({ ...schema, components: restDescription().components });
  compiled.set(key, validate);
  return validate(body) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const schema = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const listOf = (name: string) => ({ type: "array", items: schema(name) });
const PACKAGE = "packages/container/team%2Fweb";

describe.each(["orgs", "users"])("answers are as GitHub's description says, below /%s", (base) => {
  const type = base === "orgs" ? "Organization" : "User";

  test("packages and versions", async () => {
    const server = await play({ type });
    for (let number = 1; number <= 45; number++) server.packages.pushImage("team/web", `image ${number}`);
    const all = await ask(server, `/${base}/acme/packages?package_type=container`);
    expect([all.status, violations(listOf("package"), all.body)]).toEqual([200, []]);
    const one = await ask(server, `/${base}/acme/${PACKAGE}`);
    expect([one.status, violations(schema("package"), one.body)]).toEqual([200, []]);
    const versions = await ask(server, `/${base}/acme/${PACKAGE}/versions?page=2`);
    expect([versions.status, violations(listOf("package-version"), versions.body)]).toEqual([200, []]);
    expect(versions.body).toHaveLength(15);
    expect(violations(listOf("package-version"), [{ id: "1" }])).not.toEqual([]);
  });

  test("deletion, the list of what was deleted, and restoration within 30 days", async () => {
    const clock = createFakeClock({ passes: "by hand" });
    const server = await play({ type, clock });
    for (const name of ["a", "b"]) server.packages.pushImage("team/web", name, { tags: [name] });
    const { id = 0 } = server.packages.find("team/web", "a") ?? {};
    const path = `/${base}/acme/${PACKAGE}/versions`;
    expect((await ask(server, `${path}/${id}`, "DELETE")).status).toBe(204);
    expect((await ask(server, `${path}/${id}`)).status).toBe(404);
    const deleted = await ask(server, `${path}?state=deleted`);
    expect(violations(listOf("package-version"), deleted.body)).toEqual([]);
    expect(deleted.body).toEqual([expect.objectContaining({ id })]);
    expect((await ask(server, `${path}/${id}/restore`, "POST")).status).toBe(204);
    expect((await ask(server, `${path}/${id}`)).status).toBe(200);
    await ask(server, `${path}/${id}`, "DELETE");
    await clock.advance(31 * 24 * 3_600_000);
    expect((await ask(server, `${path}/${id}/restore`, "POST")).status).toBe(404);
  });
});

describe("refusals", () => {
  const cases: readonly [string, Partial<ServeGhcrOptions>, string, string, number][] = [
    ["a job's token lists packages", { behaviour: { token: "job" } }, "GET", "packages?package_type=container", 403],
    ["a package that is not there", {}, "GET", "packages/container/nowhere", 404],
    ["a package that is hidden", { behaviour: { role: "none" } }, "GET", PACKAGE, 404],
    ["a deletion without the role", { behaviour: { role: "read" } }, "DELETE", `${PACKAGE}/versions/ID`, 403],
    ["a version that is not there", {}, "DELETE", `${PACKAGE}/versions/999`, 404],
    ["the last tagged version", {}, "DELETE", `${PACKAGE}/versions/ID`, 400],
  ];
  test.each(cases)("%s", async (_, options, method, path, status) => {
    const server = await play(options);
    server.packages.pushImage("team/web", "a", { tags: ["a"] });
    const { id = 0 } = server.packages.find("team/web", "a") ?? {};
    const answer = await ask(server, `/orgs/acme/${path.replace("ID", String(id))}`, method);
    expect([answer.status, violations(schema("basic-error"), answer.body)]).toEqual([status, []]);
  });
});

describe("limits", () => {
  test("900 points a minute: 180 deletions, then 403 with retry-after", async () => {
    const limits = { pointsPerMinute: 900, perHour: 5_000, secondaryStatus: 403 } as const;
    const clock = createFakeClock({ passes: "by hand" });
    const server = await play({ limits, clock });
    const remove = () => ask(server, `/orgs/acme/${PACKAGE}/versions/1`, "DELETE");
    for (let number = 1; number <= 180; number++) expect((await remove()).status).toBe(404);
    const refused = await remove();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([403, "60"]);
    await clock.advance(60_001);
    expect((await remove()).status).toBe(404);
  });

  test("the hour: headers tell what is left, and 403 comes where nothing is", async () => {
    const limits = { pointsPerMinute: 900, perHour: 2, secondaryStatus: 403 } as const;
    const server = await play({ limits });
    const left = async () => (await ask(server, "/users/acme")).headers.get("x-ratelimit-remaining");
    expect([await left(), await left()]).toEqual(["1", "0"]);
    expect((await ask(server, "/users/acme")).status).toBe(403);
  });
});

describe("the OCI endpoint", () => {
  test("gives a token for the secret, manifests by tag and digest, 405 for a deletion, and no referrers", async () => {
    const server = await play();
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
