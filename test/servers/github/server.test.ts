import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { buildSchema, type GraphQLSchema, parse, validate } from "graphql";
import { afterEach, describe, expect, it } from "vitest";
import {
  byNumberQuery,
  CLOSED_QUERY,
  OPEN_QUERY,
  UPDATED_QUERY,
} from "../../../src/refs/github/pull-request-queries.ts";
import { githubSchema } from "./graphql.ts";
import { restDescription } from "./rest.ts";
import { type GitHubOptions, type GitHubServer, pullRequest, serveGitHub } from "./server.ts";

const TOKEN = "ghs_secret";

let server: GitHubServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe("the GraphQL documents of Refsweep are valid in GitHub's public schema", () => {
  const documents = {
    numbers: byNumberQuery([1, 12]),
    open: OPEN_QUERY,
    updated: UPDATED_QUERY,
    closed: CLOSED_QUERY,
  };
  it.each(Object.entries(documents))("%s", (_name, document) => {
    expect(errorsOf(githubSchema(), document)).toEqual([]);
  });

  it("a document with an unknown field is not valid", () => {
    expect(errorsOf(githubSchema(), OPEN_QUERY.replace("headRefOid", "headSha"))).toHaveLength(1);
    expect(errorsOf(buildSchema("type Query { viewer: String }"), OPEN_QUERY)).not.toEqual([]);
  });
});

describe("REST responses are valid in GitHub's description of its API", () => {
  const fixtures = [
    pullRequest(1),
    pullRequest(2, { state: "merged" }),
    pullRequest(3, { state: "closed", head: "fork" }),
    pullRequest(4, { state: "closed", head: "deleted fork" }),
    pullRequest(5, { mergeCommit: null }),
  ];

  it("a list of pull requests, except for an error of the description", async () => {
    await start({ repositories: { "octo/web": { pullRequests: fixtures } } });
    const { status, body } = await get("/repos/octo/web/pulls?state=all&sort=created&direction=asc&per_page=100");
    expect(status).toBe(200);
    expect(body).toHaveLength(5);
    const schema = { type: "array", items: { $ref: "#/components/schemas/pull-request-simple" } };
    // GitHub returns null for a deleted fork, which its description does not allow.
    expect(violations(schema, body)).toEqual(["/3/head/repo must be object"]);
    expect(violations(schema, [{ number: 1 }])).not.toEqual([]);
  });

  it("accounts", async () => {
    await start({ repositories: {}, owners: { Octo: "Organization", mona: "User" } });
    const organization = await get("/users/octo");
    expect(organization.body).toMatchObject({ login: "octo", type: "Organization" });
    expect(violations({ $ref: "#/components/schemas/public-user" }, organization.body)).toEqual([]);
    expect((await get("/users/MONA")).body).toMatchObject({ type: "User" });
    expect(await get("/users/unknown")).toMatchObject({ status: 404, body: { message: "Not Found" } });
  });

  it("errors", async () => {
    await start({ repositories: {} });
    const { body } = await get("/repos/octo/web/pulls");
    expect(violations({ $ref: "#/components/schemas/basic-error" }, body)).toEqual([]);
  });
});

describe("lists of pull requests", () => {
  it("have sorted pages with links", async () => {
    const fixtures = Array.from({ length: 5 }, (_, at) => pullRequest(at + 1, { state: "closed" }));
    await start({ repositories: { "octo/web": { pullRequests: fixtures } } });
    const first = await get("/repos/OCTO/Web/pulls?state=closed&sort=updated&direction=desc&per_page=2");
    expect(first.numbers).toEqual([5, 4]);
    expect(first.link).toContain('page=2>; rel="next"');
    expect(first.link).toContain('page=3>; rel="last"');
    const last = await get("/repos/octo/web/pulls?state=closed&sort=updated&direction=desc&per_page=2&page=3");
    expect(last.numbers).toEqual([1]);
    expect(last.link).not.toContain('rel="next"');
    expect((await get("/repos/octo/web/pulls")).numbers).toEqual([]);
  });

  it("need a valid token", async () => {
    await start({ repositories: {} });
    expect(await get("/repos/octo/web/pulls", "wrong")).toMatchObject({ status: 401 });
  });
});

describe("GraphQL", () => {
  it("returns the other fields and an error with its path for a missing field", async () => {
    await start({ repositories: { "octo/web": { pullRequests: [pullRequest(1)], issues: [2] } } });
    const document = `{ repository(owner: "octo", name: "WEB") {
      p1: pullRequest(number: 1) { number state } p2: pullRequest(number: 2) { number } } }`;
    expect(await post(document)).toMatchObject({
      data: { repository: { p1: { number: 1, state: "OPEN" }, p2: null } },
      errors: [{ type: "NOT_FOUND", path: ["repository", "p2"] }],
    });
  });

  it.each([
    ["no page size", "pullRequests(states: [OPEN]) { totalCount }", "MISSING_PAGINATION_BOUNDARIES"],
    ["a page too large", "pullRequests(first: 101) { totalCount }", "EXCESSIVE_PAGINATION"],
    ["an invalid cursor", 'pullRequests(first: 1, after: "x") { totalCount }', "INVALID_CURSOR_ARGUMENTS"],
  ])("refuses %s", async (_what, field, type) => {
    await start({ repositories: { "octo/web": {} } });
    expect(await post(`{ repository(owner: "octo", name: "web") { ${field} } }`)).toMatchObject({ errors: [{ type }] });
  });

  it("refuses a field that is not in the schema, without data", async () => {
    await start({ repositories: { "octo/web": {} } });
    const answer = await post('{ repository(owner: "octo", name: "web") { nonsense } }');
    expect(Object.keys(Object(answer))).toEqual(["errors"]);
  });
});

describe("additional routes", () => {
  it("come first, get the path without the API's prefix, and need a valid token", async () => {
    const route = (path: string) => (path === "/packages" ? { status: 200, body: ["own"] } : null);
    await start({ repositories: {}, layout: "enterprise", routes: [route] });
    expect((await get("/api/v3/packages")).body).toEqual(["own"]);
    expect((await get("/api/v3/packages", "wrong")).status).toBe(401);
    expect((await get("/packages")).status).toBe(404);
  });
});

function errorsOf(schema: GraphQLSchema, document: string): readonly string[] {
  return validate(schema, parse(document)).map(({ message }) => message);
}

/** Ajv compiles only the schemas that `schema` refers to. */
function violations(schema: object, value: unknown): readonly string[] {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const check = ajv.compile({ ...schema, components: { schemas: restDescription().components.schemas } });
  return check(value) ? [] : (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

async function start(options: Omit<GitHubOptions, "token">): Promise<void> {
  server = await serveGitHub({ ...options, token: TOKEN });
}

function address(path: string): URL {
  if (server === undefined) throw new Error("the server is not running");
  return new URL(path, server.url);
}

async function get(path: string, token = TOKEN) {
  const response = await fetch(address(path), { headers: { authorization: `Bearer ${token}` } });
  const body: unknown = await response.json();
  const numbers = Array.isArray(body) ? body.map((each: { readonly number: number }) => each.number) : [];
  return { status: response.status, body, numbers, link: response.headers.get("link") ?? "" };
}

async function post(query: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const response = await fetch(address("/graphql"), { method: "POST", headers, body: JSON.stringify({ query }) });
  expect(response.status).toBe(200);
  return response.json();
}
