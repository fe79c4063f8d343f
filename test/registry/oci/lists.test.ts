import { describe, expect, it } from "vitest";
import { pushImage } from "../../servers/content.ts";
import type { Reply } from "../../servers/http-server.ts";
import type { OciBehaviour } from "../../servers/oci/behaviour.ts";
import { LOGIN_PAGE, withEndlessPages } from "../../servers/oci/quirks.ts";
import { always, listingFault, replaceReplies } from "./replies.ts";
import { type Setup, type SetupOptions, setUp, startServer } from "./setup.ts";

async function setUpWithTags(count: number, options: SetupOptions = {}): Promise<Setup> {
  const setup = await setUp(options);
  const tags = Array.from({ length: count }, (_, number) => `t${String(number).padStart(4, "0")}`);
  pushImage(setup.store, { repository: "app", seed: "v1", tags });
  return setup;
}

function page(body: unknown, status = 200): Reply {
  return { status, body };
}

function pageWithLink(link: string): Reply {
  return { status: 200, headers: { link }, body: { tags: ["a"] } };
}

describe("the tags of a repository", () => {
  it("are read from all pages", async () => {
    const { oci, requests } = await setUpWithTags(25, { behaviour: { pageSize: 10 } });
    expect(await oci.tags("app")).toHaveLength(25);
    expect(requests()).toHaveLength(3);
  });

  it("are read in one request from a registry that ignores `n`", async () => {
    const { oci, requests } = await setUpWithTags(1500, { behaviour: { paging: "ignore-n" } });
    expect(await oci.tags("app")).toHaveLength(1500);
    expect(requests()).toEqual(["GET /v2/app/tags/list?n=1000"]);
  });

  const refused = { errors: [{ code: "PAGINATION_NUMBER_INVALID", message: "invalid number of results requested" }] };
  const refusingSize = replaceReplies((path) => path.includes("n=1000"), { status: 400, body: refused });

  it("are read without `n` from a registry that refuses `n=1000`", async () => {
    const { oci, requests } = await setUpWithTags(25, { behaviour: { pageSize: 10 }, ...refusingSize });
    expect(await oci.tags("app")).toHaveLength(25);
    expect(requests().slice(0, 2)).toEqual(["GET /v2/app/tags/list?n=1000", "GET /v2/app/tags/list"]);
  });

  it.each([
    [999, 1],
    [1000, 2],
    [1001, 2],
    [2000, 3],
  ])("are complete without links: %i tags in %i requests", async (count, wanted) => {
    const { oci, requests } = await setUpWithTags(count, { behaviour: { paging: "by-last", pageSize: 5000 } });
    expect(new Set(await oci.tags("app")).size).toBe(count);
    expect(requests()).toHaveLength(wanted);
  });

  it("do not end at a full page without a link, although earlier pages had links", async () => {
    const { oci, requests } = await setUpWithTags(20, {
      handler: (registry) => (request) =>
        registry({ ...request, url: new URL(request.path.replace(/n=\d+/, "n=10"), request.url) }),
    });
    expect(await oci.tags("app")).toHaveLength(20);
    expect(requests()).toHaveLength(3);
  });

  it.each([20, 25, 30, 50, 100, 250])(
    "are complete without links from a registry that sends %i at most",
    async (pageSize) => {
      const { oci, requests } = await setUpWithTags(3 * pageSize, { behaviour: { paging: "by-last", pageSize } });
      expect(await oci.tags("app")).toHaveLength(3 * pageSize);
      expect(requests()).toHaveLength(4);
    },
  );

  it.each([400, 404])("end at a page of 100 if the registry returns %i for the next", async (status) => {
    const { oci } = await setUpWithTags(
      100,
      replaceReplies((path) => path.includes("last="), page({}, status)),
    );
    expect(await oci.tags("app")).toHaveLength(100);
  });

  it("are an error if the registry ignores `last`, so that nothing shows what follows a full page", async () => {
    const handler: SetupOptions["handler"] = (registry) => (request) => {
      const url = new URL(request.url);
      url.searchParams.delete("last");
      return registry({ ...request, url });
    };
    const { oci } = await setUpWithTags(1200, { behaviour: { paging: "by-last", pageSize: 5000 }, handler });
    await expect(oci.tags("app")).rejects.toEqual(listingFault("the same page again"));
  });

  it.each<[string, OciBehaviour]>([
    ["absolute links", { links: "absolute" }],
    ["links without quotes", { links: "without quotes" }],
    ["tags in the order of their push", { tagOrder: "as pushed" }],
    ["pages that overlap", { pages: "overlapping" }],
    ["a full last page with a link to an empty one", { paging: "by-link when full" }],
  ])("are complete, each once, from a registry with %s", async (_what, behaviour) => {
    const { oci, store } = await setUpWithTags(0, { behaviour: { ...behaviour, pageSize: 3 } });
    pushImage(store, { repository: "app", seed: "v1", tags: ["c", "a", "f", "b", "e", "d", "i", "h", "g"] });
    const tags = await oci.tags("app");
    expect(tags === "missing" ? tags : tags.toSorted()).toEqual([..."abcdefghi"]);
  });

  it("end if a registry that ignores `n` and `last` returns the same page again", async () => {
    const { oci, requests } = await setUpWithTags(1000, { behaviour: { paging: "ignore-n" } });
    expect(await oci.tags("app")).toHaveLength(1000);
    expect(requests()).toHaveLength(3);
  });

  it("end if a registry that has no more returns the first page again", async () => {
    const { oci } = await setUpWithTags(1000, {
      behaviour: { paging: "by-last", pageSize: 5000 },
      handler: (registry) => (request) => {
        const url = new URL(request.url);
        if (url.searchParams.get("last") === "t0999") url.searchParams.delete("last");
        return registry({ ...request, url });
      },
    });
    expect(await oci.tags("app")).toHaveLength(1000);
  });

  it("are empty if the list is null", async () => {
    const { oci, store } = await setUpWithTags(1);
    store.deleteTag("app", "t0000");
    expect(await oci.tags("app")).toEqual([]);
  });

  it("are missing for an unknown repository", async () => {
    const { oci } = await setUpWithTags(1);
    expect(await oci.tags("other")).toBe("missing");
  });

  it("are missing for an unknown repository of a registry that refuses `n=1000`", async () => {
    const { oci } = await setUpWithTags(1, refusingSize);
    expect(await oci.tags("other")).toBe("missing");
  });

  it.each(["", "-x", "a b", "a/b", "../x", "a".repeat(129)])("are an error with the invalid tag %j", async (tag) => {
    const reply = { status: 200, body: { name: "app", tags: ["v1", tag] } };
    const { oci } = await setUp(replaceReplies((path) => path.includes("/tags/list"), reply));
    await expect(oci.tags("app")).rejects.toEqual(listingFault("is not a valid tag"));
  });
});

describe("the next page", () => {
  const isSecond = (path: string): boolean => path.includes("page=2");
  const second = page({ tags: ["b"] });

  it.each<[string, (first: URL) => Reply]>([
    ["an absolute link", ({ origin }) => pageWithLink(`<${origin}/v2/app/tags/list?page=2>; rel="next"`)],
    ["a link with another scheme", ({ host }) => pageWithLink(`<https://${host}/v2/app/tags/list?page=2>; rel="next"`)],
    ["a link with two relations", () => pageWithLink('</v2/app/tags/list?page=2>; rel="last next"')],
    ["the second of two links", () => pageWithLink('</x>; rel="prev", </v2/app/tags/list?page=2>; rel=next')],
    ["a relative link", () => pageWithLink('<list?page=2>; rel="next"')],
  ])("is read by %s", async (_how, first) => {
    const { oci } = await setUp({ handler: () => (request) => (isSecond(request.path) ? second : first(request.url)) });
    expect(await oci.tags("app")).toEqual(["a", "b"]);
  });

  const LINK = '</v2/app/tags/list?page=2>; rel="next"';
  it.each<[string, string, Reply, string, number]>([
    ["on another host", '<http://127.0.0.2:1/v2/app/tags/list>; rel="next"', page({}), "another host", 1],
    ["on another port", '<https://127.0.0.1/v2/app/tags/list>; rel="next"', page({}), "another host", 1],
    ["at an invalid URL", '<http://[>; rel="next"', page({}), "another host", 1],
    ["at an invalid link", '</v2/app/tags/list?page=2; rel="next"', page({}), "invalid `Link`", 1],
    ["that is the same page", '</v2/app/tags/list?n=1000>; rel="next"', page({}), "does not end", 1],
    ["that is missing", LINK, page({ errors: [] }, 404), "page is missing", 2],
    ["that is a web page", LINK, LOGIN_PAGE, "web page", 2],
    ["with other JSON", LINK, page({ tags: [1] }), "unexpected JSON", 2],
    ["without tags", LINK, page({}), "unexpected JSON", 2],
    ["with errors", LINK, page({ errors: [] }), "unexpected JSON", 2],
    ["that is incomplete", LINK, page('{"tags":['), "did not return JSON", 2],
  ])("%s is an error, not the end of the list", async (_where, link, next, message, count) => {
    const { oci, requests } = await setUp({
      handler: () => (request) => (isSecond(request.path) ? next : pageWithLink(link)),
    });
    await expect(oci.tags("app")).rejects.toEqual(listingFault(message));
    expect(requests()).toHaveLength(count);
  });

  it.each<[string, (own: string, other: string) => string]>([
    ["in an absolute link", (own, other) => `http://${own}//${other}/v2/app/tags/list`],
    ["with a backslash", (own, other) => `http://${own}/\\${other}/v2/app/tags/list`],
    ["after `..`", (_own, other) => `/v2/..//${other}/v2/app/tags/list`],
  ])("with a path that starts with two slashes, %s, is requested from the same host", async (_how, target) => {
    const foreign = await startServer(() => page({ tags: ["b"] }));
    const challenge = { status: 401, headers: { "www-authenticate": 'Basic realm="registry"' } };
    const { oci, requests } = await setUp({
      handler:
        () =>
        ({ headers, path, url }) => {
          if (headers.authorization === undefined) return challenge;
          if (path.startsWith("//")) return page({}, 404);
          return pageWithLink(`<${target(url.host, foreign.url.host)}>; rel="next"`);
        },
    });
    await expect(oci.tags("app")).rejects.toEqual(listingFault("page is missing"));
    expect(requests().at(-1)).toBe(`GET //${foreign.url.host}/v2/app/tags/list`);
    expect(foreign.requests).toEqual([]);
  });

  it("of an endless list is an error", async () => {
    const { oci } = await setUpWithTags(25, { behaviour: { pageSize: 10 }, handler: withEndlessPages });
    await expect(oci.tags("app")).rejects.toEqual(listingFault("does not end"));
  });
});

describe("the catalog", () => {
  it("is read from all pages", async () => {
    const { oci, store, requests } = await setUp({ behaviour: { pageSize: 2 } });
    for (const repository of ["c", "a", "b/x"]) pushImage(store, { repository, seed: "v1" });
    expect(await oci.catalog()).toEqual(["a", "b/x", "c"]);
    expect(requests()).toHaveLength(2);
  });

  it.each(["", "a b", "../x", "a\nb", "a?b"])("with the invalid name %j is an error", async (name) => {
    const { oci } = await setUp(replaceReplies(always, { status: 200, body: { repositories: ["app", name] } }));
    await expect(oci.catalog()).rejects.toEqual(listingFault("is not a valid repository name"));
  });

  it.each([404, 400, 405, 406, 501])("that returns %i is an error, not an empty list", async (status) => {
    const { oci } = await setUp(replaceReplies(always, { status, body: "404 page not found\n" }));
    await expect(oci.catalog()).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining("does not list its repositories"),
      remedy: expect.stringContaining("repository-pattern"),
    });
  });

  it("that is a web page is an error about the address", async () => {
    const { oci } = await setUp(replaceReplies(always, LOGIN_PAGE));
    await expect(oci.catalog()).rejects.toEqual(listingFault("200 with a web page"));
  });
});
