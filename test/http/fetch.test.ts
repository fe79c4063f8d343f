import { request as octokit } from "@octokit/request";
import { describe, expect, test } from "vitest";
import { refuse } from "../servers/http-server.ts";
import { stage } from "./setup.ts";

describe("fetch, for Octokit", () => {
  test("Octokit's own request goes through it: paced, repeated, counted", async () => {
    const { client, server } = await stage({
      handler: ({ path }) => ({ status: 200, body: { path } }),
      serve: { faults: [refuse(502), refuse(429, { "retry-after": "3" })] },
    });
    const options = {
      baseUrl: server.url.origin,
      request: { fetch: client.fetch },
      headers: { authorization: "token hush" },
    };
    const answer = await octokit("GET /repos/{owner}/{repo}/pulls", {
      ...options,
      owner: "o",
      repo: "r",
      per_page: 100,
    });
    expect(answer.data).toEqual({ path: "/repos/o/r/pulls?per_page=100" });
    expect(answer.url).toBe(`${server.url.origin}/repos/o/r/pulls?per_page=100`);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill("token hush"));
    expect(client.counts()).toEqual({ [server.url.host]: 3 });
  });

  test("a POST to GraphQL is sent again, another one is not", async () => {
    const { client, server } = await stage({ serve: { faults: [refuse(502), null, refuse(502)] } });
    const post = (path: string) => client.fetch(`${server.url.origin}${path}`, { method: "POST", body: "{}" });
    expect([(await post("/api/graphql")).status, (await post("/repos")).status]).toEqual([200, 502]);
    expect(server.requests.length).toBe(3);
  });

  test.each([204, 304, 404, 422])("%i is returned, not thrown", async (status) => {
    const { client, server } = await stage({ handler: () => ({ status, headers: { "x-a": "1" } }) });
    const response = await client.fetch(server.url, { method: "GET" });
    expect([response.status, response.headers.get("x-a")]).toEqual([status, "1"]);
  });

  test("500 is returned once repeating it did not help", async () => {
    const { client, server } = await stage({ serve: { faults: () => refuse(500) } });
    expect((await client.fetch(server.url)).status).toBe(500);
    expect(server.requests.length).toBe(5);
  });

  test("a redirect is followed, unless it is wanted by hand; a write's is an error", async () => {
    const { client, server } = await stage({
      handler: ({ path }) => (path === "/a" ? { status: 307, headers: { location: "/b" } } : { status: 200 }),
    });
    const at = new URL("/a", server.url);
    expect((await client.fetch(at)).url).toBe(`${server.url.origin}/b`);
    expect((await client.fetch(at, { redirect: "manual" })).status).toBe(307);
    await expect(client.fetch(at, { method: "DELETE" })).rejects.toThrow("answered 307");
  });
});
