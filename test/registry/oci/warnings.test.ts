import { describe, expect, it } from "vitest";
import { digestOfNothing, pushImage } from "../../servers/content.ts";
import type { Handler } from "../../servers/http-server.ts";
import { type Setup, setUp, startServer } from "./setup.ts";

/** A registry whose responses have these `Warning` headers one after the other, and then always the last one. */
async function setUpWithWarnings(...headers: readonly (string | readonly string[])[]): Promise<Setup> {
  const setup = await setUp({ handler: (registry) => addWarnings(registry, headers) });
  pushImage(setup.store, { repository: "app", seed: "v1", tags: ["v1"] });
  return setup;
}

function addWarnings(handler: Handler, headers: readonly (string | readonly string[])[]): Handler {
  const remaining = [...headers];
  return async (request) => {
    const reply = await handler(request);
    const warning = (remaining.length > 1 ? remaining.shift() : remaining[0]) ?? [];
    return { ...reply, headers: { ...reply.headers, warning } };
  };
}

const CASES: readonly (readonly [what: string, header: string | readonly string[], texts: readonly string[]])[] = [
  ["one warning", '299 - "tags are immutable from May on"', ["tags are immutable from May on"]],
  ["two in one line", '299 - "one, of two", 299 - "two"', ["one, of two", "two"]],
  ["two lines", ['299 - "one"', '299 - "two"'], ["one", "two"]],
  ["escaped characters", String.raw`299 - "a \\ \"no\", 299 - \"twice\""`, [String.raw`a \ "no", 299 - "twice"`]],
  ["a long text, shortened", `299 - "${"word ".repeat(500)}"`, [`${"word ".repeat(59)}…`]],
  ["the first five of many", [1, 2, 3, 4, 5, 6].map((n) => `299 - "no. ${n}"`), [1, 2, 3, 4, 5].map((n) => `no. ${n}`)],
  ["nothing without a header", [], []],
  ["nothing for an empty text", '299 - ""', []],
  ["nothing for a cache's warning", '110 - "Response is Stale"', []],
  ["nothing for another code", '1299 - "hello"', []],
  ["nothing for another agent", '299 proxy.example "hello"', []],
  ["nothing for an incomplete header", '299 - "hello', []],
];

describe("a registry's warnings", () => {
  it.each(CASES)("are logged once: %s", async (_what, header, texts) => {
    const { oci, lines, server } = await setUpWithWarnings(header);
    expect(await oci.tags("app")).toEqual(["v1"]);
    expect(await oci.resolve("app", "v1")).not.toBe("missing");
    expect(lines).toEqual(texts.map((text) => `registry-warning: ${server.url.host} warns: ${text}`));
  });

  it("are limited to five if each response has another one", async () => {
    const { oci, lines } = await setUpWithWarnings(...Array.from({ length: 9 }, (_, n) => `299 - "request ${n}"`));
    for (let n = 0; n < 9; n += 1) await oci.resolve("app", "v1");
    expect(lines).toHaveLength(5);
  });

  it("are logged if the request is refused", async () => {
    const { oci, lines } = await setUp({
      handler: () => () => ({ status: 403, headers: { warning: '299 - "your plan has ended"' } }),
    });
    await expect(oci.tags("app")).rejects.toMatchObject({ kind: "permission" });
    expect(lines).toEqual([expect.stringContaining("your plan has ended")]);
  });

  it("do not include those of a host that a redirect led to", async () => {
    const storage = await startServer(() => ({ status: 404, headers: { warning: '299 - "of the storage"' } }));
    const { oci, lines } = await setUp({
      handler: () => () => ({ status: 307, headers: { location: storage.url.href } }),
    });
    const config = { mediaType: "x", digest: digestOfNothing("config"), sizeBytes: 10 };
    expect(await oci.createdAt("app", config)).toBeNull();
    expect(storage.requests).toHaveLength(1);
    expect(lines).toEqual([]);
  });
});
