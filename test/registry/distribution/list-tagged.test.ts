import { describe, expect, test } from "vitest";
import type { Digest } from "../../../src/digest.ts";
import { Inventory } from "../../../src/registry/distribution/inventory.ts";
import { listTagged } from "../../../src/registry/distribution/list-tagged.ts";
import { pushImage } from "../../servers/content.ts";
import { type FaultScript, refuse } from "../../servers/http-server.ts";
import { type Setup, setUp } from "../oci/setup.ts";

interface TagsSetup extends Setup {
  /** Returns the tags of each listed manifest. */
  list(): Promise<Readonly<Record<Digest, readonly string[]>>>;
  push(seed: string, ...tags: readonly string[]): Digest;
}

async function open(): Promise<TagsSetup> {
  const setup = await setUp();
  return {
    ...setup,
    async list() {
      const { manifests } = await listTagged(setup, "web", new Inventory());
      return Object.fromEntries(manifests.map(({ digest, tags }) => [digest, tags]));
    },
    push: (seed, ...tags) => pushImage(setup.store, { repository: "web", seed, tags }),
  };
}

const isList = (path: string): boolean => path.includes("/tags/list");
const LIST = "GET /v2/web/tags/list?n=1000";
const reads = (...tags: readonly string[]): readonly string[] => tags.map((tag) => `GET /v2/web/manifests/${tag}`);

/** Calls `change` before the request for a tag, at most `times` times. */
function beforeRead(tag: string, change: (time: number) => void, times = 1): FaultScript {
  let time = 0;
  return ({ path }) => {
    if (!path.endsWith(`/manifests/${tag}`) || time === times) return null;
    time += 1;
    change(time);
    return null;
  };
}

test("reads the list of tags again after the tags", async () => {
  const { list, push, requests } = await open();
  const digest = push("a", "main", "pr-1");
  expect(await list()).toEqual({ [digest]: ["main", "pr-1"] });
  const [first, ...rest] = requests();
  expect([first, rest.at(-1)]).toEqual([LIST, LIST]);
  expect(rest.slice(0, -1).sort()).toEqual(reads("main", "pr-1"));
});

describe("a list that changes while it is read", () => {
  test("has a tag that was pushed meanwhile, without resolving the others again", async () => {
    const { list, push, store, server, requests } = await open();
    const digest = push("a", "pr-1");
    server.inject(beforeRead("pr-1", () => store.tag("web", "next", digest)));
    expect(await list()).toEqual({ [digest]: ["next", "pr-1"] });
    expect(requests()).toEqual([LIST, ...reads("pr-1"), LIST, ...reads("next"), LIST]);
  });

  test("does not have a tag that was deleted meanwhile", async () => {
    const { list, push, store, server } = await open();
    const digest = push("a", "main");
    push("b", "pr-1");
    let lists = 0;
    server.inject(({ path }) => {
      if (isList(path) && lists++ === 1) store.deleteTag("web", "pr-1");
      return null;
    });
    expect(await list()).toEqual({ [digest]: ["main"] });
  });

  test("keeps a tag that the second list does not have, if it can be resolved again", async () => {
    const { list, push, server } = await open();
    const digest = push("a", "main", "pr-1");
    let lists = 0;
    server.inject(({ path }) => (isList(path) && lists++ === 1 ? refuse(200, {}, { name: "web", tags: null }) : null));
    expect(await list()).toEqual({ [digest]: ["main", "pr-1"] });
  });

  test("throws after 5 passes", async () => {
    const { list, push, server, requests } = await open();
    push("a", "pr-1");
    let lists = 0;
    server.inject(({ path }) => {
      if (isList(path)) push(`b ${lists}`, `next-${lists++}`);
      return null;
    });
    await expect(list()).rejects.toMatchObject({ kind: "listing", message: expect.stringContaining("tags of web") });
    expect(requests().filter((line) => line === LIST)).toHaveLength(6);
  });
});

describe("a listed tag that returns 404", () => {
  test.each([
    [2, ["main", "pr-1"], 3],
    [4, ["main"], 4],
  ])("%i times is requested again, each time also for other types", async (times, tags, count) => {
    const { list, push, server, requests } = await open();
    const digest = push("a", "main", "pr-1");
    let refused = 0;
    server.inject(({ path }) => (path.endsWith("/manifests/pr-1") && refused++ < times ? refuse(404) : null));
    expect(await list()).toEqual({ [digest]: tags });
    expect(requests().filter((line) => line.endsWith("/pr-1"))).toHaveLength(count);
  });
});

describe("a pass of more than 5 seconds", () => {
  test("is repeated, so that a tag that moved meanwhile is found", async () => {
    const { list, push, store, server, clock } = await open();
    push("a", "main");
    const digest = push("b", "pr-1");
    let moved = false;
    server.inject(({ path }) => {
      if (!path.endsWith("/manifests/main") || moved) return null;
      moved = true;
      void clock.advance(6_000);
      // After the response.
      setImmediate(() => store.tag("web", "main", digest));
      return null;
    });
    expect(await list()).toEqual({ [digest]: ["main", "pr-1"] });
  });

  test("is repeated once if nothing changed", async () => {
    const { list, push, server, clock, requests } = await open();
    const digest = push("a", "main");
    server.inject(beforeRead("main", () => void clock.advance(6_000), 9));
    expect(await list()).toEqual({ [digest]: ["main"] });
    expect(requests()).toEqual([LIST, ...reads("main"), LIST, ...reads("main"), LIST]);
  });

  test("throws if a tag moved during each of 5 passes", async () => {
    const { list, push, server, clock } = await open();
    push("a", "main");
    const change = (time: number): void => {
      void clock.advance(6_000);
      push(`b ${time}`, "main");
    };
    server.inject(beforeRead("main", change, 9));
    await expect(list()).rejects.toMatchObject({ kind: "listing" });
  });
});
