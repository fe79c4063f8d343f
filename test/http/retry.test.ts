import { describe, expect, test } from "vitest";
import type { HttpRequest } from "../../src/http/http.ts";
import { refuse, type ServerFault, serve } from "../servers/http-server.ts";
import { failure, stage } from "./setup.ts";

const always = (fault: ServerFault) => () => fault;

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

const FAULTS: readonly [string, ServerFault][] = [
  ...[408, 425, 429, 500, 502, 503, 504, 509, ...range(520, 525), 527, 529, 530, 598, 599, 600, 999].map(
    (status): [string, ServerFault] => [`${status}`, refuse(status)],
  ),
  ["a reset before the server processed it", { kind: "reset before" }],
  ["a reset after the server processed it", { kind: "reset after" }],
  ["a truncated body", { kind: "truncated" }],
  ["a timeout", { kind: "delay", ms: 2_000 }],
];

test.each(FAULTS)("retries a GET after %s", async (_, fault) => {
  const { client, server, to } = await stage({ serve: { faults: [fault] }, client: { timeoutMs: 80 } });
  const response = await client.send(to("/a"));
  expect([response.status, response.body.toString(), server.requests.length]).toEqual([200, "ok", 2]);
  expect(client.counts()).toEqual({ [server.url.host]: 2 });
});

const STATUSES = [400, 401, 403, 404, 405, 409, 410, 412, 415, 422, 451, 501, 505, 507, 511, 526];
test.each(STATUSES)("does not retry %i", async (status) => {
  const { client, server, to } = await stage({ serve: { faults: always(refuse(status)) } });
  expect(await failure(client.send(to("/")))).toMatchObject({ code: "status", status, retryable: false });
  expect(server.requests.length).toBe(1);
});

describe("retries a POST only if the server did not process it, or if it only reads", () => {
  const cases: readonly [string, ServerFault, Partial<HttpRequest>, number][] = [
    ["500", refuse(500), {}, 1],
    ["503 without retry-after", refuse(503), {}, 1],
    ["a reset", { kind: "reset after" }, {}, 1],
    ["429", refuse(429), {}, 2],
    ["503 with retry-after", refuse(503, { "retry-after": "1" }), {}, 2],
    ["500, idempotent", refuse(500), { idempotent: true }, 2],
    ["a reset, idempotent", { kind: "reset after" }, { idempotent: true }, 2],
  ];
  test.each(cases)("%s", async (_, fault, request, sent) => {
    const { client, server, to } = await stage({ serve: { faults: [fault] } });
    const work = client.send(to("/", { method: "POST", body: "{}", ...request }));
    if (sent === 1) await failure(work);
    else await work;
    expect(server.requests.map((seen) => seen.body.toString())).toEqual(Array(sent).fill("{}"));
  });
});

test("stops after 5 attempts at a failing server, with growing delays", async () => {
  const { client, server, to, clock } = await stage({ serve: { faults: always(refuse(502)) } });
  const error = await failure(client.send(to("/a")));
  expect(error).toMatchObject({ status: 502, retryable: true });
  expect(error.message).toBe(`GET ${server.url.origin}/a returned 502 Bad Gateway after 5 attempts`);
  expect(server.requests.length).toBe(5);
  expect(clock.sleeps).toEqual([500, 1_000, 2_000, 4_000]);
});

test("stops after 10 attempts at a host that limits the rate", async () => {
  const { client, server, to } = await stage({ serve: { faults: always(refuse(429)) } });
  expect(await failure(client.send(to("/")))).toMatchObject({ status: 429, retryable: true });
  expect(server.requests.length).toBe(10);
});

test("stops after 3 attempts at a host that refuses connections", async () => {
  const gone = await serve(() => ({ status: 200 }));
  await gone.close();
  const { client } = await stage();
  const error = await failure(client.send({ method: "POST", url: gone.url, expected: [200] }));
  expect(error).toMatchObject({ code: "network", retryable: true, unsent: true });
  expect(error.message).toBe(`POST ${gone.url.origin}/ failed: connection refused. Check the host and the port`);
  expect(client.counts()).toEqual({ [gone.url.host]: 3 });
});

test("returns an expected 500 after the last retry", async () => {
  const { client, server, to } = await stage({ serve: { faults: always(refuse(500)) } });
  expect((await client.send(to("/", { expected: [200, 500] }))).status).toBe(500);
  expect(server.requests.length).toBe(5);
});

test("returns an expected 404 at once", async () => {
  const { client, server, to } = await stage({ serve: { faults: always(refuse(404)) } });
  expect((await client.send(to("/", { expected: [200, 404] }))).status).toBe(404);
  expect(server.requests.length).toBe(1);
});
