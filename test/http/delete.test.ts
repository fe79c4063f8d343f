import { describe, expect, test } from "vitest";
import { createFakeClock, settle } from "../servers/fake-clock.ts";
import { refuse, type ServerFault, serve } from "../servers/http-server.ts";
import { failure, holdResponses, stage } from "./setup.ts";

const NOW = Date.UTC(2026, 10, 21, 12);
const DELETE = { method: "DELETE" } as const;
const secondary = { message: "You have exceeded a secondary rate limit." };

describe("a DELETE is sent at most once", () => {
  const faults: readonly [string, ServerFault, object][] = [
    ...[408, 425, 429, 500, 502, 503, 504, 520, 530, 600].map((status): [string, ServerFault, object] => [
      `${status}`,
      refuse(status),
      { code: "status", status },
    ]),
    ["429 with retry-after", refuse(429, { "retry-after": "30" }), { code: "status", status: 429 }],
    ["503 with retry-after", refuse(503, { "retry-after": "30" }), { code: "status", status: 503 }],
    [
      "403 with GitHub's primary rate limit",
      refuse(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW / 1_000 + 60) }),
      { code: "status", status: 403 },
    ],
    ["403 with GitHub's secondary rate limit", refuse(403, {}, secondary), { code: "status", status: 403 }],
    ["a reset before the server processed it", { kind: "reset before" }, { code: "network" }],
    ["a reset after the server processed it", { kind: "reset after" }, { code: "network" }],
    ["a truncated body", { kind: "truncated" }, { code: "network" }],
    ["a timeout", { kind: "silent after" }, { code: "network" }],
  ];
  test.each(faults)("%s", async (_, fault, expected) => {
    const { client, server, to, clock } = await stage({ serve: { faults: [fault] }, client: { timeoutMs: 80 } });
    const error = await failure(client.send(to("/", DELETE)));
    expect(error).toMatchObject({ ...expected, retryable: true });
    expect(error.unsent).toBeUndefined();
    expect([server.requests.length, clock.sleeps]).toEqual([1, []]);
  });

  test("a refused connection, which is reported as unsent", async () => {
    const gone = await serve(() => ({ status: 200 }));
    await gone.close();
    const { client } = await stage();
    const error = await failure(client.send({ ...DELETE, url: gone.url, expected: [200] }));
    expect(error).toMatchObject({ code: "network", retryable: true, unsent: true });
    expect(client.counts()).toEqual({ [gone.url.host]: 1 });
  });

  test("although 429 is expected", async () => {
    const { client, server, to } = await stage({ serve: { faults: [refuse(429)] } });
    expect((await client.send(to("/", { ...DELETE, expected: [200, 429] }))).status).toBe(429);
    expect(server.requests.length).toBe(1);
  });
});

describe("a rate limit on a DELETE", () => {
  test("delays the next request to the host, and none to another host", async () => {
    const clock = createFakeClock({ passes: "by hand" });
    const faults = [refuse(429, { "retry-after": "30" })];
    const { client, server, to } = await stage({ clock, serve: { faults } });
    const other = await stage({ clock });
    await failure(client.send(to("/image", DELETE)));
    const next = client.send(to("/list"));
    await client.send({ method: "GET", url: other.server.url, expected: [200] });
    await clock.advance(30_000);
    expect(server.requests.map(({ method }) => method)).toEqual(["DELETE"]);
    await clock.advance(1_000);
    await next;
    expect(server.requests.map(({ method }) => method)).toEqual(["DELETE", "GET"]);
  });

  test("lets one request through first, then more", async () => {
    const { client, server, to } = await stage({ serve: { faults: [refuse(429)], latencyMs: 3 } });
    await failure(client.send(to("/image", DELETE)));
    await client.send(to("/first"));
    await Promise.all([1, 2, 3, 4].map((i) => client.send(to(`/${i}`))));
    expect(server.peak()).toBe(2);
  });
});

describe("a request that cannot be sent by its sendBy", () => {
  const later = (ms: number) => ({ ...DELETE, sendBy: NOW + ms });
  const expired = { code: "expired", retryable: true, unsent: true };

  test("fails at once if a pause of its host lasts longer", async () => {
    const clock = createFakeClock({ passes: "by hand" });
    const { client, server, to } = await stage({ clock, serve: { faults: [refuse(429, { "retry-after": "30" })] } });
    await failure(client.send(to("/first", DELETE)));
    const get = client.send(to("/list"));
    const short = failure(client.send(to("/short", later(20_000))));
    const long = client.send(to("/long", later(40_000)));
    expect(await short).toMatchObject(expired);
    expect(clock.now()).toBe(NOW);
    await clock.advance(31_000);
    await Promise.all([get, long]);
    expect(server.requests.map(({ path }) => path)).toEqual(["/first", "/list", "/long"]);
  });

  test("fails at once if a pause starts while it waits", async () => {
    const clock = createFakeClock({ passes: "by hand" });
    const faults = [refuse(429, { "retry-after": "30" })];
    const { client, server, to } = await stage({ clock, serve: { faults }, client: { concurrency: 1 } });
    const first = failure(client.send(to("/first", later(20_000))));
    const others = ["/a", "/b"].map((path) => failure(client.send(to(path, later(20_000)))));
    expect(await first).toMatchObject({ status: 429 });
    for (const error of await Promise.all(others)) expect(error).toMatchObject(expired);
    expect([server.requests.length, clock.now()]).toEqual([1, NOW]);
  });

  test("fails if a response allows it too late", async () => {
    const clock = createFakeClock({ passes: "by hand" });
    const { handler, release } = holdResponses();
    const { client, server, to } = await stage({ clock, handler, client: { concurrency: 1 } });
    const slow = client.send(to("/slow"));
    const waiting = failure(client.send(to("/image", later(20_000))));
    while (server.requests.length === 0) await settle();
    await clock.advance(20_001);
    release();
    await slow;
    const error = await waiting;
    expect(error).toMatchObject(expired);
    expect(error.message).toMatch(/^DELETE \S+\/image was not sent: the limits of \S+ delayed it for too long$/);
    expect(server.requests.length).toBe(1);
  });

  test("is never sent after it, although nothing delays it", async () => {
    const { client, server, to } = await stage();
    expect(await failure(client.send(to("/", later(-1))))).toMatchObject(expired);
    expect((await client.send(to("/", later(0)))).status).toBe(200);
    expect(server.requests.length).toBe(1);
  });
});
