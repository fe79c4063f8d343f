import { describe, expect, test } from "vitest";
import { createGitHubApi, type GitHubRequest } from "../../src/http/github.ts";
import { refuse } from "../servers/http-server.ts";
import { failure, type Stage, stage } from "./setup.ts";

const GET = { method: "GET", path: "/users/octo", expected: [200] } as const;

async function githubStage(options?: Parameters<typeof stage>[0]) {
  const made: Stage = await stage(options);
  const apiUrl = new URL("/api/v3/", made.server.url);
  const send = (request: GitHubRequest) =>
    createGitHubApi(made.client, { token: "secret-token", apiUrl }).send(request);
  return { ...made, send };
}

describe("GitHub's API", () => {
  test("sends Octokit's requests through the HTTP client: retried, counted", async () => {
    const { client, server, send } = await githubStage({
      handler: ({ path }) => ({ status: 200, body: { path } }),
      serve: { faults: [refuse(502), refuse(429, { "retry-after": "3" })] },
    });
    const { status, body, url } = await send({ ...GET, query: { per_page: 100 } });
    expect([status, JSON.parse(body.toString())]).toEqual([200, { path: "/api/v3/users/octo?per_page=100" }]);
    expect(url.href).toBe(`${server.url.origin}/api/v3/users/octo?per_page=100`);
    const seen = server.requests.map(({ headers }) => headers);
    expect(seen.map(({ authorization }) => authorization)).toEqual(Array(3).fill("token secret-token"));
    expect(seen[0]?.["user-agent"]).toMatch(/^refsweep octokit/);
    expect(seen[0]).toMatchObject({ accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" });
    expect(client.counts()).toEqual({ [server.url.host]: 3 });
  });

  test.each([301, 307])("follows the redirect (%i) of a renamed repository on its own host", async (status) => {
    const { server, send } = await githubStage({
      handler: ({ path }) =>
        path === "/api/v3/repositories/1"
          ? { status: 200 }
          : { status, headers: { location: new URL("/api/v3/repositories/1", server.url).href } },
    });
    expect((await send({ ...GET, path: "/repos/octo/old" })).status).toBe(200);
    expect(server.requests[1]?.headers.authorization).toBe("token secret-token");
  });

  test("refuses results without organizations that need single sign-on", async () => {
    const headers = { "x-github-sso": "partial-results; organizations=21955855,20582480" };
    const { send } = await githubStage({ handler: () => ({ status: 200, headers, body: [] }) });
    expect(await failure(send(GET))).toMatchObject({
      code: "protocol",
      remedy: expect.stringContaining("single sign-on"),
    });
  });

  test("keeps encoded names in a path", async () => {
    const { server, send } = await githubStage();
    await send({ ...GET, path: "/users/octo/packages/container/a%2Fb:x%7Bc%7D" });
    expect(server.requests[0]?.path).toBe("/api/v3/users/octo/packages/container/a%2Fb:x%7Bc%7D");
  });

  test("sends a GraphQL query as JSON, and retries it", async () => {
    const { server, send } = await githubStage({ serve: { faults: [refuse(502)] } });
    const body = { query: "query { viewer { login } }", variables: { name: "o" } };
    const url = new URL("/api/graphql", server.url);
    await send({ method: "POST", url, body, expected: [200], idempotent: true });
    expect(server.requests.map((request) => JSON.parse(request.body.toString()))).toEqual([body, body]);
    expect(server.requests[0]).toMatchObject({ path: "/api/graphql", method: "POST" });
    expect(server.requests[0]?.headers["content-type"]).toMatch(/^application\/json/);
  });

  test.each([204, 304, 404, 422])("returns an expected %i", async (status) => {
    const { send } = await githubStage({ handler: () => ({ status, headers: { "x-a": "1" } }) });
    const response = await send({ ...GET, expected: [status] });
    expect([response.status, response.headers["x-a"]]).toEqual([status, "1"]);
  });

  test("returns the body of an expected error, however deeply it nests", async () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    const { send } = await githubStage({ handler: () => ({ status: 404, body: deep }) });
    expect((await send({ ...GET, expected: [404] })).body.length).toBe(200_000);
  });

  test("throws the HttpError of an unexpected status", async () => {
    const { server, send } = await githubStage({
      handler: () => ({ status: 403, body: { message: "Forbidden here" } }),
    });
    const error = await failure(send(GET));
    expect(error).toMatchObject({ code: "status", status: 403, retryable: false, detail: "Forbidden here" });
    expect(error.message).toBe(`GET ${server.url.origin}/api/v3/users/octo returned 403 Forbidden`);
  });

  test("throws a retryable HttpError for a rate limit", async () => {
    const body = { message: "You have exceeded a secondary rate limit." };
    const { send } = await githubStage({ serve: { faults: () => refuse(403, {}, body) } });
    expect(await failure(send({ ...GET, expected: [200, 403] }))).toMatchObject({ status: 403, retryable: true });
  });

  test("sends a DELETE once, and not after its sendBy", async () => {
    const { server, send, clock } = await githubStage({ serve: { faults: () => refuse(502) } });
    const remove = { ...GET, method: "DELETE", expected: [204] } as const;
    expect(await failure(send(remove))).toMatchObject({ status: 502, retryable: true });
    expect(await failure(send({ ...remove, sendBy: clock.now() - 1 }))).toMatchObject({ code: "expired" });
    expect(server.requests.length).toBe(1);
  });
});
