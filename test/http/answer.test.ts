import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createHttpClient } from "../../src/http/client.ts";
import { refuse, type ServedRequest, type ServerFault } from "../servers/http-server.ts";
import { failure, stage } from "./setup.ts";

describe("bodies", () => {
  const text = "manifest ".repeat(1_000);
  const packed: readonly [string, Buffer][] = [
    ["identity", Buffer.from(text)],
    ["gzip", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["br", brotliCompressSync(text)],
    ["gzip, br", brotliCompressSync(gzipSync(text))],
  ];
  test.each(packed)("%s is decoded", async (encoding, body) => {
    const { client, server, to } = await stage({
      handler: () => ({ status: 200, body, headers: { "content-encoding": encoding } }),
    });
    expect((await client.send(to("/"))).body.toString()).toBe(text);
    expect(server.requests[0]?.headers["accept-encoding"]).toBe("gzip, deflate, br");
  });

  test("come from the server itself: a cache on the way is told to ask it", async () => {
    const { client, server, to } = await stage();
    for (const method of ["GET", "HEAD", "DELETE"] as const) await client.send(to("/", { method }));
    expect(server.requests.map(({ headers }) => headers["cache-control"])).toEqual(["no-cache", "no-cache", undefined]);
  });

  test.each(packed)("%s: one byte above maxBytes is too large, and not asked for again", async (encoding, body) => {
    const { client, server, to } = await stage({
      handler: () => ({ status: 200, body, headers: { "content-encoding": encoding } }),
    });
    expect((await client.send(to("/", { maxBytes: text.length }))).body.length).toBe(text.length);
    const error = await failure(client.send(to("/", { maxBytes: text.length - 1 })));
    expect(error).toMatchObject({ code: "too-large", retryable: false });
    expect(server.requests.length).toBe(2);
  });

  test("a bomb is stopped while it is unpacked", async () => {
    const body = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const { client, to } = await stage({
      handler: () => ({ status: 200, body, headers: { "content-encoding": "gzip" } }),
    });
    expect(await failure(client.send(to("/")))).toMatchObject({ code: "too-large" });
  });

  test("HEAD has none, and keeps the content-length of the answer", async () => {
    const { client, to } = await stage({ handler: () => ({ status: 200, headers: { "content-length": "12345" } }) });
    const response = await client.send(to("/", { method: "HEAD" }));
    expect([response.body.length, response.headers["content-length"]]).toEqual([0, "12345"]);
  });

  test("headers that come twice are joined", async () => {
    const { client, to } = await stage({ handler: () => ({ status: 200, headers: { link: ["<a>", "<b>"] } }) });
    expect((await client.send(to("/"))).headers["link"]).toBe("<a>, <b>");
  });

  const broken: readonly [string, ServerFault, string][] = [
    ["cut short", { kind: "truncated" }, "network"],
    ["no answer", { kind: "delay", ms: 5_000 }, "network"],
    ["dripping for ever", { kind: "drip", everyMs: 10 }, "network"],
    ["announced for ever", { kind: "only 102", everyMs: 10 }, "network"],
    ["packed, but damaged", refuse(200, { "content-encoding": "gzip" }, "no gzip"), "network"],
    ["packed, and cut short", refuse(200, { "content-encoding": "gzip" }, gzipSync(text).subarray(0, 40)), "network"],
    ["packed in a way nobody asked for", refuse(200, { "content-encoding": "zstd" }, "x"), "network"],
  ];
  test.each(broken)("%s: an error that may pass", async (_, fault, code) => {
    const { client, to } = await stage({
      handler: () => ({ status: 200, body: text }),
      serve: { faults: () => fault },
      client: { timeoutMs: 30 },
    });
    // A POST, as that is sent once: undici needs about a second for each timeout.
    expect(await failure(client.send(to("/", { method: "POST" })))).toMatchObject({ code, retryable: true });
  });
});

describe("errors", () => {
  test("name method, URL, status and request id, and no secret", async () => {
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
    expect(error.message).toBe(`GET ${shown} answered 403 Forbidden (request id do-42)`);
    expect(error).toMatchObject({ url: shown, requestId: "do-42", status: 403 });
    expect(JSON.stringify({ ...error })).not.toContain("hush");
  });

  test.each([
    ["x-request-id", "x-request-id"],
    ["GitHub's", "x-github-request-id"],
  ])("take the request id of %s header", async (_, name) => {
    const { client, to } = await stage({ handler: () => ({ status: 404, headers: { [name]: "ID-7" } }) });
    expect((await failure(client.send(to("/")))).requestId).toBe("ID-7");
  });

  test("show no part of a secret that a request id holds where it is cut", async () => {
    const answer = ({ headers }: ServedRequest) => ({
      status: 400,
      headers: { "x-request-id": `${"7".repeat(90)}${headers.authorization?.replace("Bearer ", "")}` },
    });
    const { client, to } = await stage({ handler: answer });
    const error = await failure(client.send(to("/", { authorization: "Bearer dop_v1_hush-hush-hush" })));
    expect(error.requestId).toBe(`${"7".repeat(90)}***`);
  });

  test("cut what the server said to 300 characters on one line", async () => {
    const { client, to } = await stage({ handler: () => ({ status: 400, body: "a line\n".repeat(100_000) }) });
    const error = await failure(client.send(to("/")));
    expect(error.detail).toMatch(/^(a line ){42}…?/);
    expect(error.detail?.length).toBeGreaterThan(290);
    expect(error.detail?.length).toBeLessThanOrEqual(300);
  });

  test("cut it before a word that would be cut, which may be a secret", async () => {
    const token = "s3cr3t-".repeat(8);
    const { client, to } = await stage({ handler: () => ({ status: 400, body: `${"-- ".repeat(90)}"${token}"` }) });
    const error = await failure(client.send(to("/")));
    expect(error.detail).toBe(`${"-- ".repeat(90)}"…`);
  });

  test("tell an unknown host in plain words", async () => {
    const { client } = await stage();
    const error = await failure(
      client.send({ method: "GET", url: new URL("http://registry.invalid/"), expected: [200] }),
    );
    expect(error.message).toMatch(
      /^GET http:\/\/registry\.invalid\/ failed: (unknown host|the host's name cannot be resolved)/,
    );
  });

  test("tell a server that does not speak TLS, once", async () => {
    const { client, server } = await stage();
    const url = new URL(server.url.href.replace("http:", "https:"));
    const error = await failure(client.send({ method: "GET", url, expected: [200] }));
    expect(error).toMatchObject({ code: "network", retryable: false });
    expect(error.message).toContain("does not speak TLS on this port");
    expect(client.counts()).toEqual({ [url.host]: 1 });
  });
});

test("no more requests are in flight than wanted", async () => {
  const { client, server, to } = await stage({ serve: { latencyMs: 2 }, client: { concurrency: 5 } });
  await Promise.all(Array.from({ length: 60 }, (_, i) => client.send(to(`/${i}`))));
  expect(server.peak()).toBe(5);
});

test("a host's own limits are kept: 20 a minute, in flight 3", async () => {
  const policy = () => ({ perMinute: 20, maxInFlight: 3, cost: (method: string) => (method === "PUT" ? 5 : 1) });
  const { client, server, to, clock } = await stage({ client: { policy }, serve: { latencyMs: 1 } });
  const start = clock.now();
  await Promise.all(Array.from({ length: 8 }, () => client.send(to("/", { method: "PUT" }))));
  expect(server.peak()).toBe(3);
  expect(clock.now() - start).toBeGreaterThan(60_000);
});

test("after close nothing is sent, and nothing keeps the process alive", async () => {
  const { server, to } = await stage();
  const client = createHttpClient({ clock: systemClock, concurrency: 2 });
  await client.send(to("/"));
  await client.close();
  expect(await failure(client.send(to("/")))).toMatchObject({ code: "interrupted" });
  expect(server.requests.length).toBe(1);
});
