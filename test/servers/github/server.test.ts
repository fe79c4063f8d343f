import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { buildSchema, type GraphQLSchema, parse, validate } from "graphql";
import { afterEach, describe, expect, it } from "vitest";
import {
  byNumberQuery,
  CLOSED_QUERY,
  OPEN_QUERY,
  REOPENED_QUERY,
} from "../../../src/refs/github/pull-request-queries.ts";
import { githubSchema } from "./graphql.ts";
import { restDescription } from "./rest.ts";
import { type GitHubServer, type PlayGitHubOptions, pullRequest, serveGitHub } from "./server.ts";

const TOKEN = "ghs_secret";

let server: GitHubServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe("the documents that Refsweep sends are valid in GitHub's public schema", () => {
  const documents = {
    numbers: byNumberQuery([1, 12]),
    open: OPEN_QUERY,
    reopened: REOPENED_QUERY,
    closed: CLOSED_QUERY,
  };
  it.each(Object.entries(documents))("%s", (_name, document) => {
    expect(errorsOf(githubSchema(), document)).toEqual([]);
  });

  it("and one with a field that GitHub does not have is not", () => {
    expect(errorsOf(githubSchema(), OPEN_QUERY.replace("headRefOid", "headSha"))).toHaveLength(1);
    expect(errorsOf(buildSchema("type Query { viewer: String }"), OPEN_QUERY)).not.toEqual([]);
  });
});

describe("its REST answers are valid in GitHub's description of its API", () => {
  const fixtures = [
    pullRequest(1),
    pullRequest(2, { state: "merged" }),
    pullRequest(3, { state: "closed", head: "fork" }),
    pullRequest(4, { state: "closed", head: "deleted fork" }),
    pullRequest(5, { mergeCommit: null }),
  ];

  it("a list of pull requests, but for what the description itself forgets", async () => {
    await play({ repositories: { "octo/web": { pullRequests: fixtures } } });
    const { status, body } = await get("/repos/octo/web/pulls?state=all&sort=created&direction=asc&per_page=100");
    expect(status).toBe(200);
    expect(body).toHaveLength(5);
    const schema = { type: "array", items: { $ref: "#/components/schemas/pull-request-simple" } };
    // GitHub answers null for a deleted fork, and its description knows nothing of it.
    expect(violations(schema, body)).toEqual(["/3/head/repo must be object"]);
    expect(violations(schema, [{ number: 1 }])).not.toEqual([]);
  });

  it("accounts", async () => {
    await play({ repositories: {}, owners: { Octo: "Organization", mona: "User" } });
    const organization = await get("/users/octo");
    expect(organization.body).toMatchObject({ login: "octo", type: "Organization" });
    expect(violations({ $ref: "#/components/schemas/public-user" }, organization.body)).toEqual([]);
    expect((await get("/users/MONA")).body).toMatchObject({ type: "User" });
    expect(await get("/users/nobody")).toMatchObject({ status: 404, body: { message: "Not Found" } });
  });

  it("errors", async () => {
    await play({ repositories: {} });
    const { body } = await get("/repos/octo/web/pulls");
    expect(violations({ $ref: "#/components/schemas/basic-error" }, body)).toEqual([]);
  });
});

describe("lists of pull requests", () => {
  it("come in pages, sorted, with links", async () => {
    const fixtures = Array.from({ length: 5 }, (_, at) => pullRequest(at + 1, { state: "closed" }));
    await play({ repositories: { "octo/web": { pullRequests: fixtures } } });
    const first = await get("/repos/OCTO/Web/pulls?state=closed&sort=updated&direction=desc&per_page=2");
    expect(first.numbers).toEqual([5, 4]);
    expect(first.link).toContain('page=2>; rel="next"');
    expect(first.link).toContain('page=3>; rel="last"');
    const last = await get("/repos/octo/web/pulls?state=closed&sort=updated&direction=desc&per_page=2&page=3");
    expect(last.numbers).toEqual([1]);
    expect(last.link).not.toContain('rel="next"');
    expect((await get("/repos/octo/web/pulls")).numbers).toEqual([]);
  });

  it("need the token", async () => {
    await play({ repositories: {} });
    expect(await get("/repos/octo/web/pulls", "wrong")).toMatchObject({ status: 401 });
  });
});

describe("GraphQL", () => {
  it("answers in parts: an error for what is missing, with its path, beside the rest", async () => {
    await play({ repositories: { "octo/web": { pullRequests: [pullRequest(1)], issues: [2] } } });
    const document = `{ repository(owner: "octo", name: "WEB") {
      p1: pullRequest(number: 1) { number state } p2: pullRequest(number: 2) { number } } }`;
    expect(await ask(document)).toMatchObject({
      data: { repository: { p1: { number: 1, state: "OPEN" }, p2: null } },
      errors: [{ type: "NOT_FOUND", path: ["repository", "p2"] }],
    });
  });

  it.each([
    ["no page size", "pullRequests(states: [OPEN]) { totalCount }", "MISSING_PAGINATION_BOUNDARIES"],
    ["a page too large", "pullRequests(first: 101) { totalCount }", "EXCESSIVE_PAGINATION"],
    ["a cursor that is none", 'pullRequests(first: 1, after: "x") { totalCount }', "INVALID_CURSOR_ARGUMENTS"],
  ])("refuses %s", async (_what, field, type) => {
    await play({ repositories: { "octo/web": {} } });
    expect(await ask(`{ repository(owner: "octo", name: "web") { ${field} } }`)).toMatchObject({ errors: [{ type }] });
  });

  it("refuses what the schema does not have, without data", async () => {
    await play({ repositories: { "octo/web": {} } });
    const answer = await ask('{ repository(owner: "octo", name: "web") { nonsense } }');
    expect(Object.keys(Object(answer))).toEqual(["errors"]);
  });
});

describe("other parts of GitHub", () => {
  it("are asked first, with the path below the API's prefix, and only with the token", async () => {
    const route = (path: string) => (path === "/packages" ? { status: 200, body: ["mine"] } : null);
    await play({ repositories: {}, layout: "enterprise", routes: [route] });
    expect((await get("/api/v3/packages")).body).toEqual(["mine"]);
    expect((await get("/api/v3/packages", "wrong")).status).toBe(401);
    expect((await get("/packages")).status).toBe(404);
  });
});

function errorsOf(schema: GraphQLSchema, document: string): readonly string[] {
  return validate(schema, parse(document)).map(({ message }) => message);
}

/** Only the schemas that are referred to are compiled. */
function violations(schema: object, value: unknown): readonly string[] {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const check = ajv.compile({ ...schema, components: { schemas: restDescription().components.schemas } });
  return check(value) ? [] : (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

async function play(options: Omit<PlayGitHubOptions, "token">): Promise<void> {
  server = await serveGitHub({ ...options, token: TOKEN });
}

function address(path: string): URL {
  if (server === undefined) throw new Error("nothing is served");
  return new URL(path, server.url);
}

async function get(path: string, token = TOKEN) {
  const response = await fetch(address(path), { headers: { authorization: `Bearer ${token}` } });
  const body: unknown = await response.json();
  const numbers = Array.isArray(body) ? body.map((each: { readonly number: number }) => each.number) : [];
  return { status: response.status, body, numbers, link: response.headers.get("link") ?? "" };
}

async function ask(query: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const response = await fetch(address("/graphql"), { method: "POST", headers, body: JSON.stringify({ query }) });
  expect(response.status).toBe(200);
  return response.json();
}
