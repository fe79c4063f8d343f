import { expect, test } from "vitest";
import { createFakeClock, settle } from "../servers/fake-clock.ts";
import { refuse } from "../servers/http-server.ts";
import { failure, holdResponses, stage } from "./setup.ts";

/** Starts a server that responds after `release`, and a client that can be cancelled. */
async function startHeld() {
  const cancel = new AbortController();
  const { handler, release } = holdResponses();
  const clock = createFakeClock({ passes: "by hand" });
  const all = await stage({ handler, clock, client: { signal: cancel.signal, concurrency: 1 } });
  const arrived = async (count: number): Promise<void> => {
    while (all.server.requests.length < count) await settle();
  };
  return { ...all, cancel, release, arrived };
}

test("aborts a GET in flight, and never sends the requests that wait", async () => {
  const { client, server, to, cancel, arrived } = await startHeld();
  const work = [client.send(to("/1")), client.send(to("/2")), client.send(to("/3", { method: "DELETE" }))].map(failure);
  await arrived(1);
  cancel.abort();
  for (const error of await Promise.all(work)) expect(error).toMatchObject({ code: "interrupted", retryable: false });
  expect(server.requests.length).toBe(1);
});

test.each(["DELETE", "POST"] as const)("lets a %s in flight end", async (method) => {
  const { client, to, cancel, release, arrived } = await startHeld();
  const work = client.send(to("/", { method }));
  await arrived(1);
  cancel.abort();
  await settle();
  release();
  expect((await work).status).toBe(200);
});

test("aborts a DELETE that does not end within 3 s", async () => {
  const { client, clock, to, cancel, arrived } = await startHeld();
  const work = failure(client.send(to("/", { method: "DELETE" })));
  await arrived(1);
  cancel.abort();
  await clock.advance(3_000);
  expect(await work).toMatchObject({ code: "interrupted", message: expect.stringContaining("was aborted") });
});

test("ends the waits for retries, and leaves no timer", async () => {
  const cancel = new AbortController();
  const clock = createFakeClock({ passes: "by hand" });
  const faults = [refuse(500), refuse(429, { "retry-after": "60" })];
  const { client, server, to } = await stage({ clock, serve: { faults }, client: { signal: cancel.signal } });
  const work = failure(client.send(to("/")));
  while (clock.sleeping() === 0) await settle();
  cancel.abort();
  expect(await work).toMatchObject({ code: "interrupted" });
  expect(await failure(client.send(to("/")))).toMatchObject({ code: "interrupted" });
  await client.close();
  expect([server.requests.length, clock.sleeping()]).toEqual([1, 0]);
});

test("sends nothing if it is cancelled before it starts", async () => {
  const { client, server, to } = await stage({ client: { signal: AbortSignal.abort() } });
  expect(await failure(client.send(to("/")))).toMatchObject({ code: "interrupted" });
  expect(server.requests.length).toBe(0);
});
