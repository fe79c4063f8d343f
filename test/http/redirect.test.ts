import { describe, expect, test } from "vitest";
import { followRedirect } from "../../src/http/redirect.ts";
import { toOutgoing } from "../../src/http/request.ts";
import { failure, stage } from "./setup.ts";

const CREDENTIALS = {
  authorization: "Bearer hush",
  headers: { cookie: "hush", "x-api-key": "hush", accept: "application/json" },
};

describe("follows a redirected GET", () => {
  test.each([301, 302, 303, 307, 308])("%i within the origin, with all headers", async (status) => {
    const { client, server, to } = await stage({
      handler: ({ path }) => (path === "/a" ? { status, headers: { location: "/b?x=1" } } : { status: 200, body: "b" }),
    });
    const response = await client.send(to("/a", CREDENTIALS));
    expect([response.url.pathname, response.body.toString()]).toEqual(["/b", "b"]);
    expect(server.requests[1]?.headers).toMatchObject({
      authorization: "Bearer hush",
      cookie: "hush",
      "x-api-key": "hush",
    });
  });

  test("to another origin and back without credentials, if its digest is checked", async () => {
    const home = await stage({
      handler: ({ path }) =>
        path === "/back" ? { status: 200 } : { status: 302, headers: { location: `${away.server.url}x` } },
    });
    const away = await stage({ handler: () => ({ status: 302, headers: { location: `${home.server.url}back` } }) });
    await home.client.send(home.to("/", { ...CREDENTIALS, mayLeaveOrigin: true }));
    const [first, last] = home.server.requests;
    const [seen] = away.server.requests;
    expect(first?.headers.authorization).toBe("Bearer hush");
    for (const request of [seen, last]) {
      expect(JSON.stringify(request?.headers)).not.toContain("hush");
      expect(request?.headers.accept).toBe("application/json");
    }
    expect(home.client.counts()).toEqual({ [home.server.url.host]: 2, [away.server.url.host]: 1 });
  });
});

function redirectOf(from: string, location: string, mayLeaveOrigin?: true): string {
  const request = toOutgoing({ method: "GET", url: new URL(from), expected: [200], mayLeaveOrigin });
  return followRedirect(request, { status: 302, headers: { location } }, 0)?.url.href ?? "";
}

describe("follows to storage on another origin", () => {
  test.each([
    ["https://a.example/", "https://b.example/x"],
    ["http://a.example/", "https://b.example/x"],
    ["http://a.example/", "http://b.example/x"],
    ["http://a.example/", "http://10.0.0.5:9000/x"],
    ["http://127.0.0.1:1/", "http://b.example/x"],
  ])("%s to %s", (from, location) => {
    expect(redirectOf(from, location, true)).toBe(location);
  });
});

describe("does not follow", () => {
  test.each([
    ["https://a.example/", "http://a.example/x", "http://a.example"],
    ["https://a.example/", "http://b.example/", "http://b.example"],
    ["https://a.example/", "ftp://b.example/", "ftp://b.example"],
    ["https://a.example/", "https://me:pw@b.example/", "b.example"],
    ["https://a.example/", "https://", "an invalid URL"],
  ])("%s to %s, even to storage", (from, location, named) => {
    const follow = () => redirectOf(from, location, true);
    expect(follow).toThrow(named);
    expect(follow).not.toThrow("pw");
  });

  test.each([
    ["https://a.example/", "https://b.example/"],
    ["https://a.example/", "//b.example/x"],
    ["https://a.example/", "https://a.example.b.example/"],
    ["https://a.example/", "https://a.example:444/"],
    ["http://a.example/", "https://a.example/"],
    ["http://127.0.0.1:1/", "http://127.0.0.1:2/"],
  ])("%s to %s, and names both origins", (from, location) => {
    const error = { code: "protocol", retryable: false };
    expect(() => redirectOf(from, location)).toThrow(expect.objectContaining(error));
    for (const url of [from, location]) expect(() => redirectOf(from, location)).toThrow(new URL(url, from).origin);
  });

  test("more than 5 redirects, and names the host in the error", async () => {
    const { client, server, to } = await stage({ handler: () => ({ status: 302, headers: { location: "/again" } }) });
    const error = await failure(client.send(to("/")));
    expect(error).toMatchObject({ code: "protocol", retryable: false });
    expect(error.message).toContain(server.url.host);
    expect(server.requests.length).toBe(6);
  });

  test.each(["DELETE", "POST"] as const)("a redirected %s", async (method) => {
    const { client, server, to } = await stage({ handler: () => ({ status: 307, headers: { location: "/b" } }) });
    const error = await failure(client.send(to("/", { method })));
    expect(error).toMatchObject({ code: "status", status: 307 });
    expect(error.message).toContain(`returned 307 Temporary Redirect to ${server.url.origin}`);
    expect(server.requests.length).toBe(1);
  });
});
