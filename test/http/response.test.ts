import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createHttpClient } from "../../src/http/client.ts";
import { refuse, type ServedRequest, type ServerFault } from "../servers/http-server.ts";
import { failure, stage } from "./setup.ts";

describe("the body of a response", () => {
  const text = "manifest ".repeat(1_000);
  const packed: readonly [string, Buffer][] = [
    ["identity", Buffer.from(text)],
    ["gzip", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["br", brotliCompressSync(text)],
    ["gzip, br", brotliCompressSync(gzipSync(text))],
  ];
  test.each(packed)("decompresses %s", async (encoding, body) => {
    const { client, server, to } = await stage({
      handler: () => ({ status: 200, body, headers: { "content-encoding": encoding } }),
    });
    expect((await client.send(to("/"))).body.toString()).toBe(text);
    expect(server.requests[0]?.headers["accept-encoding"]).toBe("gzip, deflate, br");
  });

  test("asks caches of proxies to revalidate a GET", async () => {
    const { client, server, to } = await stage();
    for (const method of ["GET", "DELETE"] as const) await client.send(to("/", { method }));
    expect(server.requests.map(({ headers }) => headers["cache-control"])).toEqual(["no-cache", undefined]);
  });

  test.each(packed)("rejects a body (%s) one byte above maxBytes, and does not retry", async (encoding, body) => {
    const { client, server, to } = await stage({
      handler: () => ({ status: 200, body, headers: { "content-encoding": encoding } }),
    });
    expect((await client.send(to("/", { maxBytes: text.length }))).body.length).toBe(text.length);
    const error = await failure(client.send(to("/", { maxBytes: text.length - 1 })));
    expect(error).toMatchObject({ code: "too-large", retryable: false });
    expect(server.requests.length).toBe(2);
  });

  test("stops decompressing a small body that becomes huge", async () => {
    const body = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const { client, to } = await stage({
      handler: () => ({ status: 200, body, headers: { "content-encoding": "gzip" } }),
    });
    expect(await failure(client.send(to("/")))).toMatchObject({ code: "too-large" });
  });

  test("joins repeated headers", async () => {
    const { client, to } = await stage({ handler: () => ({ status: 200, headers: { link: ["<a>", "<b>"] } }) });
    expect((await client.send(to("/"))).headers["link"]).toBe("<a>, <b>");
  });

  const broken: readonly [string, ServerFault, string][] = [
    ["truncated", { kind: "truncated" }, "network"],
    ["no response", { kind: "delay", ms: 5_000 }, "network"],
    ["endless drip", { kind: "drip", everyMs: 10 }, "network"],
    ["endless 102", { kind: "only 102", everyMs: 10 }, "network"],
    ["invalid gzip", refuse(200, { "content-encoding": "gzip" }, "no gzip"), "network"],
    ["truncated gzip", refuse(200, { "content-encoding": "gzip" }, gzipSync(text).subarray(0, 40)), "network"],
    ["unsupported encoding", refuse(200, { "content-encoding": "zstd" }, "x"), "network"],
  ];
  test.each(broken)("reports a retryable error: %s", async (_, fault, code) => {
    const { client, to } = await stage({
      handler: () => ({ status: 200, body: text }),
      serve: { faults: () => fault },
      client: { timeoutMs: 30 },
    });
    // A POST is sent once. Each timeout takes about a second, the resolution of undici's timers.
    expect(await failure(client.send(to("/", { method: "POST" })))).toMatchObject({ code, retryable: true });
  });
});

describe("errors for a response", () => {
  test("contain the method, URL, status and request id, and no secret", async () => {
    const { client, server, to } = await stage({
      handler: ({ headers }) => ({
        status: 403,
        body: { message: `no: ${headers.authorization}`, request_id: "do-42" },
      }),
    });
    const url = new URL("/v2/r?page=2&access_token=hush&scope=a:b", server.url);
    url.username = "me";
    url.password = "hush";
    const error = await failure(client.send(to("/", { url, authorization: "Bearer dop_v1_hush" })));
    const shown = `${server.url.origin}/v2/r?page=2&access_token=***&scope=a%3Ab`;
    expect(error.message).toBe(`GET ${shown} returned 403 Forbidden (request id do-42)`);
    expect(error).toMatchObject({ url: shown, requestId: "do-42", status: 403, detail: "no: Bearer ***" });
    expect(JSON.stringify({ ...error })).not.toContain("hush");
  });

  test.each(["x-request-id", "x-github-request-id"])("contain the request id of the header %s", async (name) => {
    const { client, to } = await stage({ handler: () => ({ status: 404, headers: { [name]: "ID-7" } }) });
    expect((await failure(client.send(to("/")))).requestId).toBe("ID-7");
  });

  test("contain no part of a secret at the cut of a request id", async () => {
    const handler = ({ headers }: ServedRequest) => ({
      status: 400,
      headers: { "x-request-id": `${"7".repeat(90)}${headers.authorization?.replace("Bearer ", "")}` },
    });
    const { client, to } = await stage({ handler });
    const error = await failure(client.send(to("/", { authorization: "Bearer dop_v1_hush-hush-hush" })));
    expect(error.requestId).toBe(`${"7".repeat(90)}***`);
  });

  test("contain the message of a JSON body", async () => {
    const body = { documentation_url: "https://docs.example/", message: "You cannot delete this package version." };
    const { client, to } = await stage({ handler: () => ({ status: 400, body }) });
    expect((await failure(client.send(to("/")))).detail).toBe("You cannot delete this package version.");
  });

  test("contain up to 300 characters of another body, on one line", async () => {
    const { client, to } = await stage({ handler: () => ({ status: 400, body: "a line\n".repeat(100_000) }) });
    const error = await failure(client.send(to("/")));
    expect(error.detail).toMatch(/^(a line ){42}…?/);
    expect(error.detail?.length).toBeGreaterThan(290);
    expect(error.detail?.length).toBeLessThanOrEqual(300);
  });

  test("drop a word at the cut of a body, because it may be a secret", async () => {
    const token = "s3cr3t-".repeat(8);
    const { client, to } = await stage({ handler: () => ({ status: 400, body: `${"-- ".repeat(90)}"${token}"` }) });
    const error = await failure(client.send(to("/")));
    expect(error.detail).toBe(`${"-- ".repeat(90)}"…`);
  });

  test("explain an unknown host", async () => {
    const { client } = await stage();
    const error = await failure(
      client.send({ method: "GET", url: new URL("http://registry.invalid/"), expected: [200] }),
    );
    expect(error.message).toMatch(
      /^GET http:\/\/registry\.invalid\/ failed: (unknown host|the host name cannot be resolved)/,
    );
  });

  test("explain a server without TLS, without a retry", async () => {
    const { client, server } = await stage();
    const url = new URL(server.url.href.replace("http:", "https:"));
    const error = await failure(client.send({ method: "GET", url, expected: [200] }));
    expect(error).toMatchObject({ code: "network", retryable: false, unsent: true });
    expect(error.message).toContain("does not use TLS on this port");
    expect(client.counts()).toEqual({ [url.host]: 1 });
  });
});

test("sends at most `concurrency` requests at the same time", async () => {
  const { client, server, to } = await stage({ serve: { latencyMs: 2 }, client: { concurrency: 5 } });
  await Promise.all(Array.from({ length: 60 }, (_, i) => client.send(to(`/${i}`))));
  expect(server.peak()).toBe(5);
});

test("respects the policy of a host: 20 points per minute, 3 requests in flight", async () => {
  const policy = () => ({ perMinute: 20, maxInFlight: 3, cost: (method: string) => (method === "DELETE" ? 5 : 1) });
  const { client, server, to, clock } = await stage({ client: { policy }, serve: { latencyMs: 1 } });
  const start = clock.now();
  await Promise.all(Array.from({ length: 8 }, () => client.send(to("/", { method: "DELETE" }))));
  expect(server.peak()).toBe(3);
  expect(clock.now() - start).toBeGreaterThan(60_000);
});

test("sends nothing after close", async () => {
  const { server, to } = await stage();
  const client = createHttpClient({ clock: systemClock, concurrency: 2 });
  await client.send(to("/"));
  await client.close();
  expect(await failure(client.send(to("/")))).toMatchObject({ code: "interrupted" });
  expect(server.requests.length).toBe(1);
});
