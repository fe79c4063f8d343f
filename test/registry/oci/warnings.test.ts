import { afterEach, expect, it } from "vitest";
import { pushImage } from "../../servers/content.ts";
import { type Handler, serve } from "../../servers/http-server.ts";
import { type OciBench, openOciBench } from "./bench.ts";

const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A registry whose answers carry `headers`, one after the other, and the last one from then on. */
async function warning(...headers: readonly (string | readonly string[])[]): Promise<OciBench> {
  const made = await openOciBench({ handler: (registry) => warningIn(registry, headers) });
  undo.push(() => made.close());
  pushImage(made.store, { repository: "app", seed: "v1", tags: ["v1"] });
  return made;
}

function warningIn(handler: Handler, headers: readonly (string | readonly string[])[]): Handler {
  const left = [...headers];
  return async (request) => {
    const reply = await handler(request);
    const warning = (left.length > 1 ? left.shift() : left[0]) ?? [];
    return { ...reply, headers: { ...reply.headers, warning } };
  };
}

const TOLD: readonly (readonly [what: string, header: string | readonly string[], texts: readonly string[]])[] = [
  ["one", '299 - "tags are immutable from May on"', ["tags are immutable from May on"]],
  ["two in a line", '299 - "one, of two", 299 - "two"', ["one, of two", "two"]],
  ["one a line", ['299 - "one"', '299 - "two"'], ["one", "two"]],
  ["escapes", String.raw`299 - "a \\ \"no\", 299 - \"twice\""`, [String.raw`a \ "no", 299 - "twice"`]],
  ["a long one", `299 - "${"word ".repeat(500)}"`, [`${"word ".repeat(59)}…`]],
  ["more than a few", [1, 2, 3, 4, 5, 6].map((n) => `299 - "no. ${n}"`), [1, 2, 3, 4, 5].map((n) => `no. ${n}`)],
  ["none", [], []],
  ["an empty one", '299 - ""', []],
  ["a cache's", '110 - "Response is Stale"', []],
  ["of no such code", '1299 - "hello"', []],
  ["another agent's", '299 proxy.example "hello"', []],
  ["one that is cut off", '299 - "hello', []],
];

it.each(TOLD)("of what a registry warns of, each text is told once: %s", async (_, header, texts) => {
  const { oci, lines, server } = await warning(header);
  expect(await oci.tags("app")).toEqual(["v1"]);
  expect(await oci.resolve("app", "v1")).not.toBe("missing");
  expect(lines).toEqual(texts.map((text) => `registry-warning: ${server.url.host} warns: ${text}`));
});

it("warnings that change with each answer end after a few", async () => {
  const { oci, lines } = await warning(...Array.from({ length: 9 }, (_, index) => `299 - "request ${index}"`));
  for (let index = 0; index < 9; index += 1) await oci.resolve("app", "v1");
  expect(lines).toHaveLength(5);
});

it("a refusal's warning is told, too", async () => {
  const made = await openOciBench({
    handler: () => () => ({ status: 403, headers: { warning: '299 - "your plan has ended"' } }),
  });
  undo.push(() => made.close());
  await expect(made.oci.tags("app")).rejects.toMatchObject({ kind: "permission" });
  expect(made.lines).toEqual([expect.stringContaining("your plan has ended")]);
});

it("what a redirect leads to is no registry: its warnings are not told", async () => {
  const storage = await serve(() => ({ status: 404, headers: { warning: '299 - "of the storage"' } }));
  undo.push(() => storage.close());
  const made = await openOciBench({ handler: () => () => ({ status: 307, headers: { location: storage.url.href } }) });
  undo.push(() => made.close());
  expect(await made.oci.resolve("app", "v1")).toBe("missing");
  expect(made.lines).toEqual([]);
});
