import { afterEach, describe, expect, test } from "vitest";
import type { Digest } from "../../../src/digest.ts";
import { HttpError } from "../../../src/http/errors.ts";
import type { RepositorySelection } from "../../../src/registry/registry.ts";
import { digestOfNothing } from "../../servers/content.ts";
import { refuse } from "../../servers/http-server.ts";
import { type GhcrBench, type GhcrBenchOptions, listed, OWNER, openGhcrBench } from "./bench.ts";

const opened: GhcrBench[] = [];

async function bench(options: GhcrBenchOptions = {}): Promise<GhcrBench> {
  const made = await openGhcrBench(options);
  opened.push(made);
  return made;
}

afterEach(async () => {
  for (const made of opened.splice(0)) await made.close();
});

const EVERY: RepositorySelection = { names: null, literals: [], matches: () => true };

function named(...names: readonly string[]): RepositorySelection {
  return { names, literals: names, matches: (name) => names.some((each) => each.toLowerCase() === name) };
}

/** `repository-pattern: NAME, NAME/**`, the default. */
function below(name: string): RepositorySelection {
  return { names: null, literals: [name], matches: (each) => `${each.toLowerCase()}/`.startsWith(`${name}/`) };
}

function fill(made: GhcrBench, name: string, count: number): void {
  for (let number = 1; number <= count; number++) made.server.packages.pushImage(name, `${name} ${number}`);
}

/** Deletes what carries `tag` behind the adapter's back. */
function remove(made: GhcrBench, tag: string): void {
  const version = made.server.packages.find("web", tag);
  if (version !== null) made.server.packages.setDeleted("web", version.id, made.clock.now());
}

const OWNER_TYPE = `GET /users/${OWNER}`;
const PACKAGES = `/orgs/${OWNER}/packages`;
const page = (name: string, number: number): string =>
  `GET ${PACKAGES}/container/${name}/versions?per_page=100&page=${number}`;

describe("packages", () => {
  test("asked for by name: one request each, with %2F and in lower case, after the owner's kind", async () => {
    const made = await bench();
    for (const name of ["web", "team/api"]) fill(made, name, 1);
    const names = await made.registry.repositories(named("Web", "team/api"));
    expect(names).toEqual({ matching: ["team/api", "web"], existing: [] });
    expect(made.asked()).toEqual([OWNER_TYPE, `GET ${PACKAGES}/container/team%2Fapi`, `GET ${PACKAGES}/container/web`]);
  });

  test("of a user are below /users", async () => {
    const made = await bench({ type: "User" });
    fill(made, "web", 1);
    await made.registry.list("web");
    expect(made.asked()).toEqual([
      OWNER_TYPE,
      `GET /users/${OWNER}/packages/container/web/versions?per_page=100&page=1`,
    ]);
  });

  test("of an owner that GitHub does not know are an error that names it", async () => {
    const made = await bench();
    made.server.api.inject([refuse(404, {}, { message: "Not Found" })]);
    await expect(made.registry.list("web")).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining(`"${OWNER}"`),
    });
  });

  test("are listed where the pattern holds a wildcard and the token may: sorted, page by page", async () => {
    const made = await bench({ behaviour: { token: "classic" } });
    for (let number = 0; number < 250; number++) made.server.packages.create(`app-${number}`);
    const { matching } = await made.registry.repositories(EVERY);
    expect(matching).toHaveLength(250);
    expect([...matching].sort()).toEqual(matching);
    expect(made.asked()).toHaveLength(1 + 3);
  });

  test("of which one is listed twice are never taken for all: another may be missing", async () => {
    const made = await bench({ behaviour: { token: "classic" } });
    made.server.api.inject(({ path }) =>
      path.includes("/packages?") ? refuse(200, {}, [{ name: "web" }, { name: "web" }]) : null,
    );
    await expect(made.registry.repositories(EVERY)).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("listed twice"),
    });
  });

  test.each([401, 403, 404] as const)(
    "that a token may not list (%i) are asked for by the names without wildcard",
    async (status) => {
      const made = await bench({ behaviour: { listRefusal: status } });
      fill(made, "web", 1);
      fill(made, "web/api", 1);
      expect(await made.registry.repositories(below("web"))).toEqual({ matching: ["web"], existing: [] });
      expect(made.asked()).toEqual([
        OWNER_TYPE,
        `GET ${PACKAGES}?package_type=container&per_page=100&page=1`,
        `GET ${PACKAGES}/container/web`,
      ]);
      expect(made.lines).toEqual([expect.stringMatching(/^packages-not-listed: .*read:packages/)]);
    },
  );

  test("that a token may not list, without any name to ask for, are an error that says which token can", async () => {
    const made = await bench();
    await expect(made.registry.repositories(EVERY)).rejects.toMatchObject({
      kind: "permission",
      remedy: expect.stringMatching(/read:packages.*GITHUB_TOKEN cannot.*without wildcard/),
    });
  });

  test("that a list leaves out are found by their names", async () => {
    const made = await bench({ behaviour: { token: "classic" } });
    fill(made, "web", 1);
    made.server.api.inject((request) =>
      request.url.pathname.endsWith("/packages") ? { kind: "reply", reply: { status: 200, body: [] } } : null,
    );
    expect((await made.registry.repositories(below("web"))).matching).toEqual(["web"]);
  });

  test("of which none matches: the warning gets up to 20 that exist", async () => {
    const made = await bench({ behaviour: { token: "classic" } });
    for (let number = 10; number < 40; number++) made.server.packages.create(`app-${number}`);
    const names = await made.registry.repositories({ ...EVERY, matches: () => false });
    expect([names.matching.length, names.existing.length]).toEqual([0, 20]);
  });

  test.each([
    ["job", "Check the input repository-pattern."],
    ["classic", "there are: web"],
  ] as const)("named that do not exist are an error (%s token)", async (token, remedy) => {
    const made = await bench({ behaviour: { token } });
    fill(made, "web", 1);
    await expect(made.registry.repositories(named("wbe", "web"))).rejects.toMatchObject({
      kind: "registry",
      message: expect.stringContaining("no package wbe"),
      remedy: expect.stringContaining(remedy),
    });
  });
});

describe("versions", () => {
  test("tell digest, tags, id and the later of both times", async () => {
    const made = await bench();
    const digest = made.server.packages.pushImage("web", "a", { tags: ["pr-1", "x"], at: Date.UTC(2026, 10, 1) });
    const { manifests, times } = await made.registry.list("web");
    expect(manifests).toEqual([
      { digest, tags: ["pr-1", "x"], sizeBytes: null, blobs: null, versionId: expect.any(Number) },
    ]);
    expect(times.get(digest)).toBe(Date.UTC(2026, 10, 1));
  });

  test.each([
    ["next and last", 5, 450],
    ["next", 5, 450],
    ["next and last", 1, 100],
    ["next", 1, 100],
    ["next and last", 1, 0],
  ] as const)("by links %s: %i requests bring %i", async (links, requests, count) => {
    const made = await bench({ behaviour: { links } });
    made.server.packages.create("web");
    fill(made, "web", count);
    expect((await made.registry.list("web")).manifests).toHaveLength(count);
    expect(made.asked().filter((line) => line.includes("/versions"))).toHaveLength(requests);
  });

  test.each(["created_at", "updated_at"])("without %s have the other time", async (absent) => {
    const made = await bench({ behaviour: { absent: [absent] } });
    const digest = made.server.packages.pushImage("web", "a", { at: Date.UTC(2026, 10, 1) });
    expect((await made.registry.list("web")).times.get(digest)).toBe(Date.UTC(2026, 10, 1));
  });

  test("have the later of both times, whichever it is", async () => {
    const made = await bench();
    const version = (id: number, digest: Digest, created_at: string, updated_at: string): unknown => ({
      ...{ id, name: digest, created_at, updated_at, metadata: { container: { tags: [] } } },
    });
    const [early, late] = ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"];
    const body = [version(1, digestOfNothing("a"), early, late), version(2, digestOfNothing("b"), late, early)];
    made.server.api.inject([null, refuse(200, {}, body)]);
    const { times } = await made.registry.list("web");
    expect([...times.values()]).toEqual([Date.parse(late), Date.parse(late)]);
  });

  test.each([
    ["id", 1, 1, "a", "b"],
    ["digest", 1, 2, "a", "a"],
  ])("that share an %s are never taken for the whole", async (_what, id, other, name, otherName) => {
    const made = await bench();
    const version = (id: number, name: string): unknown => ({
      ...{ id, name: digestOfNothing(name), metadata: { container: { tags: [] } } },
    });
    const body = [version(id, name), version(other, otherName)];
    made.server.api.inject(({ path }) => (path.includes("/versions") ? refuse(200, {}, body) : null));
    await expect(made.registry.list("web")).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("listed twice"),
    });
  });

  test("of a server that overlooks `per_page` alone are listed again, with nothing to count them by", async () => {
    const made = await bench({ behaviour: { paging: "per_page overlooked" } });
    fill(made, "web", 70);
    for (const _ of "ab") expect((await made.registry.list("web")).manifests).toHaveLength(70);
  });

  test("without both times, links and description are of an unknown time", async () => {
    const absent = ["created_at", "updated_at", "html_url", "package_html_url", "url"];
    const made = await bench({ behaviour: { absent } });
    const digest = made.server.packages.pushImage("web", "a");
    expect((await made.registry.list("web")).times.get(digest)).toBeNull();
  });

  test("whose tags are not told are an error, as untagged ones would be deleted", async () => {
    const made = await bench({ behaviour: { absent: ["metadata"] } });
    fill(made, "web", 1);
    await expect(made.registry.list("web")).rejects.toMatchObject({
      kind: "listing",
      message: expect.stringContaining("metadata"),
    });
  });

  test("whose name is no digest are an error", async () => {
    const made = await bench();
    const version = { id: 1, name: "latest", metadata: { container: { tags: [] } } };
    made.server.api.inject([null, { kind: "reply", reply: { status: 200, body: [version] } }]);
    await expect(made.registry.list("web")).rejects.toMatchObject({ message: expect.stringContaining("not a digest") });
  });

  test.each([29, 30, 31])("of a server that overlooks `page` are never taken for all, %i there are", async (count) => {
    const made = await bench({ behaviour: { paging: "overlooked" } });
    fill(made, "web", count);
    const listing = made.registry.list("web");
    if (count < 30) expect((await listing).manifests).toHaveLength(count);
    else await expect(listing).rejects.toMatchObject({ kind: "listing" });
  });

  test("30 of them, with paging, are 30", async () => {
    const made = await bench();
    fill(made, "web", 30);
    expect((await made.registry.list("web")).manifests).toHaveLength(30);
  });

  test("trap 16: a page that fails is an error and not a shorter list", async () => {
    const made = await bench();
    fill(made, "web", 250);
    made.server.api.inject((request) => (request.path.endsWith("page=2") ? refuse(500) : null));
    await expect(made.registry.list("web")).rejects.toBeInstanceOf(HttpError);
  });

  test.each([2, 3])("while page %i is read, a push moves the list: read again", async (at) => {
    let moved = 0;
    const made = await bench({
      behaviour: {
        links: "next",
        beforePage: (name, number) => {
          if (number === at && moved++ === 0) made.server.packages.pushImage(name, "new");
        },
      },
    });
    fill(made, "web", 250);
    expect((await made.registry.list("web")).manifests).toHaveLength(251);
  });

  test("a second look counts beforehand: a deletion while it reads hides no version", async () => {
    let deletions = 0;
    const made = await bench({
      behaviour: {
        beforePage: (_name, number) => {
          if (number === 2 && deletions++ === 1) remove(made, "gone");
        },
      },
    });
    fill(made, "web", 250);
    made.server.packages.pushImage("web", "gone", { tags: ["gone"] });
    await made.registry.list("web");
    made.asked();
    expect((await made.registry.list("web")).manifests).toHaveLength(250);
    expect(made.asked()).toHaveLength(2 * (1 + 3));
  });

  test("a second look at one page is one request, and one that grew to two is counted", async () => {
    const made = await bench();
    fill(made, "web", 100);
    await made.registry.list("web");
    made.asked();
    await made.registry.list("web");
    expect(made.asked()).toEqual([page("web", 1)]);
    fill(made, "web", 101);
    expect((await made.registry.list("web")).manifests).toHaveLength(101);
    expect(made.asked().filter((line) => line.includes("per_page=1&"))).toHaveLength(1);
  });

  test("a list that never stands still is an error after four readings", async () => {
    let pushes = 0;
    const made = await bench({
      behaviour: {
        links: "next",
        beforePage: (name, number) => {
          if (number === 2) made.server.packages.pushImage(name, `push ${pushes++}`);
        },
      },
    });
    fill(made, "web", 250);
    await expect(made.registry.list("web")).rejects.toMatchObject({ kind: "listing" });
    expect(pushes).toBe(4);
  });
});

describe("a deletion", () => {
  async function stocked(options: GhcrBenchOptions = {}) {
    const made = await bench(options);
    const { packages } = made.server;
    const kept = packages.pushImage("web", "kept", { tags: ["latest"] });
    const popular = packages.pushImage("web", "popular", { tags: ["v1"], downloads: 5001 });
    const old = packages.pushImage("web", "old", { tags: ["pr-1"] });
    const listing = await made.registry.list("web");
    made.asked();
    return { made, listing, kept, popular, old };
  }

  test("is by version id, and 204 is deleted", async () => {
    const { made, listing, old } = await stocked();
    const { versionId } = listed(listing, old);
    expect(await made.registry.delete("web", listed(listing, old))).toEqual({ outcome: "deleted" });
    expect(made.asked()).toEqual([`DELETE ${PACKAGES}/container/web/versions/${versionId}`]);
    expect(made.server.packages.find("web", "pr-1")).toBeNull();
  });

  test("without an id is a fault, and nothing is sent", async () => {
    const { made, old } = await stocked();
    await expect(made.registry.delete("web", { digest: old })).rejects.toMatchObject({ kind: "deletion" });
    expect(made.asked()).toEqual([]);
  });

  test("that answers 404 is gone where the package can be read, which is asked once", async () => {
    const { made, listing, old } = await stocked();
    await made.registry.delete("web", listed(listing, old));
    made.asked();
    for (const _ of "two") {
      expect(await made.registry.delete("web", listed(listing, old))).toEqual({ outcome: "gone" });
    }
    const version = `GET ${PACKAGES}/container/web/versions/${listed(listing, old).versionId}`;
    expect(made.asked().filter((line) => line.startsWith("GET"))).toEqual([
      version,
      `GET ${PACKAGES}/container/web`,
      version,
      version,
    ]);
  });

  test("trap 22: 404 for want of a right is no `gone`", async () => {
    const { made, listing, old } = await stocked();
    made.server.behaviour.role = "none";
    await expect(made.registry.delete("web", listed(listing, old))).rejects.toMatchObject({ kind: "permission" });
  });

  test("trap 22: 404 for want of a right is no `gone` where the package can be read either", async () => {
    const { made, listing, old } = await stocked({ behaviour: { role: "read", deletionRefusal: 404 } });
    await expect(made.registry.delete("web", listed(listing, old))).rejects.toMatchObject({
      kind: "permission",
      message: expect.stringContaining(`Acme/web@${old} is there still`),
      remedy: expect.stringContaining("role Admin"),
    });
    expect(made.server.packages.find("web", "pr-1")).not.toBeNull();
  });

  test("that lacks the role Admin is a fault at once, that names both permissions", async () => {
    const { made, listing, old } = await stocked({ behaviour: { role: "read" } });
    await expect(made.registry.delete("web", listed(listing, old))).rejects.toMatchObject({
      kind: "permission",
      remedy: expect.stringMatching(/packages: write.*Admin.*Manage Actions access/),
    });
    expect(made.asked()).toHaveLength(1);
  });

  test("of more than 5,000 downloads, or of the last tagged version, is refused with GitHub's sentence", async () => {
    const { made, listing, kept, popular, old } = await stocked();
    expect(await made.registry.delete("web", listed(listing, popular))).toEqual({
      outcome: "refused",
      reason: expect.stringContaining("more than 5000 downloads"),
    });
    await made.registry.delete("web", listed(listing, old));
    remove(made, "v1");
    expect(await made.registry.delete("web", listed(listing, kept))).toEqual({
      outcome: "refused",
      reason: expect.stringContaining("last tagged version"),
    });
  });

  test.each([
    ["another sentence", { message: "Invalid request." }],
    ["a proxy's page", "<html>Bad Request</html>"],
  ])("that is refused by 400 with %s has failed: it is no policy of GitHub's", async (_, body) => {
    const { made, listing, old } = await stocked();
    made.server.api.inject([refuse(400, {}, body)]);
    await expect(made.registry.delete("web", listed(listing, old))).rejects.toMatchObject({
      name: "HttpError",
      status: 400,
    });
  });

  test.each([403, 429])(
    "trap 24: a secondary limit (%i) is waited for, and writes go slower after it",
    async (status) => {
      const { made, listing, old, popular } = await stocked();
      const words = { message: "You have exceeded a secondary rate limit." };
      made.server.api.inject([refuse(status, { "retry-after": "60" }, words)]);
      const start = made.clock.now();
      await made.registry.delete("web", listed(listing, old));
      expect(made.clock.now() - start).toBeGreaterThanOrEqual(60_000);
      const again = made.clock.now();
      for (const _ of "three") await made.registry.delete("web", listed(listing, popular));
      expect(made.clock.now() - again).toBeGreaterThanOrEqual(5_000);
    },
  );

  test("a 403 about the rate that never ends is no fault of permission", async () => {
    const { made, listing, old } = await stocked();
    const words = { message: "You have exceeded a secondary rate limit." };
    made.server.api.inject(() => refuse(403, { "retry-after": "1" }, words));
    await expect(made.registry.delete("web", listed(listing, old))).rejects.toBeInstanceOf(HttpError);
  });

  test("a connection that broke after it was done ends as gone, not as failed", async () => {
    const { made, listing, old } = await stocked();
    made.server.api.inject([{ kind: "reset after" }]);
    expect(await made.registry.delete("web", listed(listing, old))).toEqual({ outcome: "gone" });
  });
});

describe("the budget of requests", () => {
  /** 30 requests are left for 10 minutes: 10 of them are a margin. */
  async function spent() {
    const made = await bench();
    fill(made, "web", 1);
    await made.registry.list("web");
    const reset = String((made.clock.now() + 600_000) / 1_000);
    const headers = { "x-ratelimit-limit": "1000", "x-ratelimit-remaining": "30", "x-ratelimit-reset": reset };
    made.server.api.inject([refuse(200, headers, [])]);
    await made.registry.list("web");
    return made;
  }

  test.each([
    [18, null],
    [19, [["web", 18]]],
  ])("lasts for %i deletions and the look before them, a margin left: %j", async (wanted, affordable) => {
    const { registry } = await spent();
    const budget = registry.deletionBudget?.(new Map([["web", wanted]])) ?? null;
    expect(budget === null ? null : [...budget.affordable]).toEqual(affordable);
  });

  test("is one for all repositories", async () => {
    const { registry } = await spent();
    const wanted = new Map(["web", "api"].map((name) => [name, 10]));
    expect([...(registry.deletionBudget?.(wanted)?.affordable ?? [])]).toEqual([
      ["web", 10],
      ["api", 6],
    ]);
  });

  test("is not known any more once it came back", async () => {
    const { registry, clock } = await spent();
    await clock.advance(600_000);
    expect(registry.deletionBudget?.(new Map([["web", 1_000]]))).toBeNull();
  });
});

test("a token that GitHub refuses is a fault of permission", async () => {
  const made = await bench();
  made.server.api.inject(() => refuse(401, {}, { message: "Bad credentials" }));
  await expect(made.registry.list("web")).rejects.toMatchObject({
    kind: "permission",
    message: expect.stringContaining("Bad credentials"),
  });
});

test("trap 23: manifests come from the OCI endpoint in lower case, at most 10 at a time; a ghost is missing", async () => {
  const made = await bench({ latencyMs: 5 });
  fill(made, "web", 40);
  const ghost = made.server.packages.pushImage("web", "ghost");
  const { manifests } = await made.registry.list("web");
  remove(made, ghost);
  const contents = await Promise.all(manifests.map(({ digest }) => made.registry.read("web", digest)));
  expect(contents.filter((content) => content === "missing")).toHaveLength(1);
  expect(made.server.oci.peak()).toBeLessThanOrEqual(10);
  expect(made.askedOci()).toContain(`GET /v2/acme/web/manifests/${ghost}`);
  expect(await made.registry.referrers("web", ghost)).toBeNull();
});

test("what GitHub has not: single tags, and a collection", async () => {
  const made = await bench();
  expect(await made.registry.deleteTag("web", "pr-1")).toBe("unsupported");
  expect((await made.registry.collectGarbage()).status).toBe("unsupported");
  await made.registry.prepareDeletion("web");
  expect(made.asked()).toEqual([]);
});
