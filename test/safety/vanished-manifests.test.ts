import { afterEach, describe, expect, test } from "vitest";
import type { Digest } from "../../src/digest.ts";
import type { GitHost } from "../e2e/example.ts";
import { pushImage, pushIndex } from "../servers/content.ts";
import type { Reply } from "../servers/http-server.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { missingContent } from "../servers/pull.ts";
import { manifestIn, sweepScenario } from "./harness.ts";
import { contentsOf, openScenario, type Scenario, type StoreView } from "./scenario.ts";
import { AT, deletionServer, fillOrphanedIndex, isDeletion, isList } from "./slow-deletions.ts";
import { useGitHost } from "./use-git-host.ts";

const ONE_BY_ONE = { concurrency: "1" };

let gitHost: GitHost;
let scenario: Scenario<StoreView>;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

const digestOf = (tag: string): Digest => scenario.store.resolve("web", tag)?.digest ?? "sha256:";
const fill = (store: RegistryStore): void => void fillOrphanedIndex(store);

describe("an index that exists, but that the list of a recheck does not show, keeps its children", () => {
  test("digitalocean: if it got a live tag meanwhile", async () => {
    scenario = await openScenario("digitalocean", { fill });
    const index = digestOf("pr-2");
    let lists = 0;
    deletionServer(scenario)?.inject((request) => {
      if (isList(request)) lists += 1;
      if (!isList(request) || lists !== 2) return null;
      scenario.others.tag(index, "next");
      return { kind: "altered", alter: (reply) => withoutManifest(reply, index) };
    });
    const result = await sweepScenario(scenario, gitHost, ONE_BY_ONE);
    expect(missingContent(scenario.store, "web", "next")).toEqual([]);
    expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining(`${index} exists`) }]);
  });

  test("ghcr: if pages shift while they are read, because others push and delete", async () => {
    scenario = await openScenario("ghcr", { fill: fillPages, maxPerPage: 3 });
    const index = digestOf("pr-2");
    const last = digestOf("jane-4");
    const pages = { first: 0, second: 0 };
    deletionServer(scenario)?.inject(({ path }) => {
      const page = /\/web\/versions\?.*page=(\d)/.exec(path)?.[1];
      if (page === "1") {
        pages.first += 1;
        if (pages.first === 3) {
          scenario.others.push({ seed: "new", tags: ["next-build"] });
          scenario.others.tag(index, "next");
        }
      }
      if (page === "2") {
        pages.second += 1;
        if (pages.second === 2) scenario.others.drop(last);
      }
      return null;
    });
    await sweepScenario(scenario, gitHost, ONE_BY_ONE);
    expect(pages.first).toBeGreaterThanOrEqual(3);
    expect(pages.second).toBeGreaterThanOrEqual(2);
    expect(digestOf("next")).toBe(index);
    expect(missingContent(scenario.store, "web", "next")).toEqual([]);
  });
});

/** Removes a manifest from a list of DigitalOcean's API, as if the list were complete. */
function withoutManifest(reply: Reply, digest: Digest): Reply {
  const { manifests } = reply.body as { readonly manifests: readonly { readonly digest: string }[] };
  const others = manifests.filter((manifest) => manifest.digest !== digest);
  return { ...reply, body: { manifests: others, meta: { total: others.length } } };
}

/** Pushes an orphaned index in the middle of three pages. GitHub lists the newest first. */
function fillPages(store: RegistryStore): void {
  for (const tag of ["main", "jane-1", "jane-2"]) pushImage(store, { ...AT, seed: tag, tags: [tag] });
  const children = ["amd64", "arm64"].map((seed) => pushImage(store, { ...AT, seed }));
  pushIndex(store, { ...AT, children, tags: ["pr-2"] });
  for (const tag of ["jane-3", "jane-4"]) pushImage(store, { ...AT, seed: tag, tags: [tag] });
}

test.each(["digitalocean", "distribution", "oci"] as const)(
  "%s: the children of an index that another client deleted after the plan are deleted",
  async (kind) => {
    scenario = await openScenario(kind, { fill });
    const index = digestOf("pr-2");
    // A list of tags is read twice.
    const firstOfRecheck = kind === "digitalocean" ? 2 : 3;
    let lists = 0;
    deletionServer(scenario)?.inject((request) => {
      if (isList(request)) lists += 1;
      if (isList(request) && lists === firstOfRecheck) scenario.others.drop(index);
      return null;
    });
    const result = await sweepScenario(scenario, gitHost, ONE_BY_ONE);
    expect(result.errors).toEqual([]);
    expect(manifestIn(result, index)).toMatchObject({ outcome: "gone" });
    expect(contentsOf(scenario.store)).toHaveLength(1);
  },
);

test("ghcr: the children of an index that another client deleted, and pushed again with a live tag, are kept", async () => {
  scenario = await openScenario("ghcr", { fill });
  const index = digestOf("pr-2");
  let isReplaced = false;
  // Right before the DELETE of the index: the version of the request does not exist any more.
  deletionServer(scenario)?.inject((request) => {
    if (isDeletion(request) && request.path.includes("/web/versions/") && !isReplaced) {
      isReplaced = true;
      scenario.others.replace(index, "next");
    }
    return null;
  });
  await sweepScenario(scenario, gitHost, ONE_BY_ONE);
  expect(isReplaced).toBe(true);
  expect(digestOf("next")).toBe(index);
  expect(missingContent(scenario.store, "web", "next")).toEqual([]);
});
