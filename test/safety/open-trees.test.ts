import { afterEach, describe, expect, test } from "vitest";
import type { Digest } from "../../src/digest.ts";
import type { GitHost } from "../e2e/example.ts";
import { pushImage, pushIndex } from "../servers/content.ts";
import { refuse, type ServedRequest, type ServerFault } from "../servers/http-server.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { sweepScenario } from "./harness.ts";
import { openScenario, type Scenario } from "./scenario.ts";
import { AT, deletionServer, isDeletion, movableClock } from "./slow-deletions.ts";
import { useGitHost } from "./use-git-host.ts";

/** An orphaned index, with its platforms. */
interface Tree {
  readonly root: Digest;
  readonly platforms: readonly Digest[];
}

const PLATFORMS = ["amd64", "arm64", "riscv64"];
/** What keeps leftovers from a later run: the registry does not list them, or they are kept. */
const UNFINDABLE = [
  { kind: "distribution", inputs: {} },
  { kind: "digitalocean", inputs: { untagged: "keep" } },
] as const;

let gitHost: GitHost;
let scenario: Scenario;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

/** Replaces the images of the scenario by a live one and orphaned indexes. */
function fillTrees(store: RegistryStore, count: number): readonly Tree[] {
  for (const { digest } of store.manifests("web")) store.deleteManifest("web", digest);
  pushImage(store, { ...AT, seed: "main", tags: ["main"] });
  return Array.from({ length: count }, (_, tree) => {
    const platforms = PLATFORMS.map((seed) => pushImage(store, { ...AT, seed: `${tree} ${seed}` }));
    return { root: pushIndex(store, { ...AT, children: platforms, tags: [`pr-1-${tree}`] }), platforms };
  });
}

const exists = (digest: Digest): boolean => scenario.store.resolve("web", digest) !== null;
const isOf = (digest: Digest, { path }: ServedRequest): boolean => path.endsWith(digest);
const remaining = (): number => scenario.store.manifests("web").length - 1;

/** Calls `script` at each DELETE of a manifest, with its number. */
function atDeletions(script: (request: ServedRequest, ordinal: number) => ServerFault | null): void {
  let ordinal = 0;
  deletionServer(scenario)?.inject((request) => {
    if (!isDeletion(request)) return null;
    ordinal += 1;
    return script(request, ordinal);
  });
}

describe.each(UNFINDABLE)("$kind $inputs", ({ kind, inputs }) => {
  test.each([1, 2, 4])(
    "a kill at any request leaves parts of at most %i images, its concurrency",
    async (concurrency) => {
      scenario = await openScenario(kind);
      const trees = fillTrees(scenario.store, 12);
      const begun = new Set<Tree>();
      const failed = new Set<string>();
      let most = 0;
      atDeletions((request, ordinal) => {
        for (const tree of trees) if (isOf(tree.root, request)) begun.add(tree);
        const open = [...begun].filter(({ root, platforms }) => [root, ...platforms].some(exists));
        most = Math.max(most, open.length);
        // Platforms whose deletion fails wait for the next batch.
        const isPlatform = trees.some(({ platforms }) => platforms.some((each) => isOf(each, request)));
        if (!isPlatform || ordinal % 2 === 0 || failed.has(request.path)) return null;
        failed.add(request.path);
        return refuse(500);
      });
      const result = await sweepScenario(scenario, gitHost, { ...inputs, concurrency: String(concurrency) });
      expect(result.errors).toEqual([]);
      expect(remaining()).toBe(0);
      expect(most).toBe(concurrency);
    },
  );

  test.each<[string, ServerFault]>([
    ["a rate limit", refuse(429, { "retry-after": "30" })],
    ["an error of the server", refuse(503)],
    ["a lost answer", { kind: "reset after" }],
  ])("the platforms of a deleted image are deleted after %s", async (_title, fault) => {
    scenario = await openScenario(kind);
    const [tree] = fillTrees(scenario.store, 3);
    let failed = 0;
    atDeletions((request) => {
      if (!tree?.platforms.some((platform) => isOf(platform, request))) return null;
      failed += 1;
      return failed <= PLATFORMS.length ? fault : null;
    });
    const result = await sweepScenario(scenario, gitHost, inputs);
    expect(result.errors).toEqual([]);
    expect(remaining()).toBe(0);
  });

  test("in the last 15 s of a batch, open trees are finished and no other begins", async () => {
    scenario = await openScenario(kind);
    const trees = fillTrees(scenario.store, 12);
    const clock = movableClock();
    const sent: ServedRequest[] = [];
    let isClosing = false;
    const afterwards: ServedRequest[] = [];
    const server = deletionServer(scenario);
    server?.inject((request) => {
      if (!isDeletion(request)) {
        // Nothing but deletions follows a recheck.
        if (isClosing && request.method === "GET" && afterwards.length > 0) isClosing = false;
        return null;
      }
      if (isClosing) afterwards.push(request);
      sent.push(request);
      if (sent.length === 3) {
        clock.skip(46_000);
        isClosing = true;
      }
      return null;
    });
    const result = await sweepScenario(scenario, gitHost, { ...inputs, concurrency: "1" }, { clock });
    expect(result.errors).toEqual([]);
    expect(remaining()).toBe(0);
    const isRoot = (request: ServedRequest): boolean => trees.some(({ root }) => isOf(root, request));
    expect(afterwards.map(isRoot)).toEqual([false]);
  });
});

test("an error that ends the sweep does not end the deletion of platforms", async () => {
  scenario = await openScenario("distribution");
  const trees = fillTrees(scenario.store, 6);
  const isOpen = ({ root, platforms }: Tree): boolean => !exists(root) && platforms.every(exists);
  let refused: Tree | undefined;
  deletionServer(scenario)?.inject((request) => {
    if (isDeletion(request) && trees.some(isOpen)) refused ??= trees.find(({ root }) => isOf(root, request));
    if (refused === undefined || !isOf(refused.root, request)) return null;
    if (isDeletion(request)) return refuse(404);
    return refuse(200, { "content-type": "text/html" }, "<html>Sign in</html>");
  });
  const result = await sweepScenario(scenario, gitHost, { concurrency: "2" });
  expect(refused).toBeDefined();
  expect(result.errors.map(({ kind }) => kind)).toEqual(["listing"]);
  expect(trees.filter(({ root }) => exists(root)).length).toBeGreaterThan(1);
  for (const { root, platforms } of trees) expect(platforms.some(exists)).toBe(exists(root));
});

test.each([
  ["deferred", "API rate limit", refuse(429, { "retry-after": "60" })],
  ["failed", "returned 500", refuse(500)],
  ["refused", "returned 403", refuse(403)],
])("platforms that no later run finds are reported as such: %s", async (outcome, cause, fault) => {
  scenario = await openScenario("distribution");
  const trees = fillTrees(scenario.store, 1);
  atDeletions((request) => (trees.some(({ root }) => isOf(root, request)) ? null : fault));
  const result = await sweepScenario(scenario, gitHost);
  const platforms = result.repositories[0]?.manifests.filter((manifest) => manifest.outcome === outcome) ?? [];
  expect(platforms).toHaveLength(PLATFORMS.length);
  for (const { error } of platforms) {
    expect(error).toContain(cause);
    expect(error).toMatch(/; its image was deleted, so no later run finds it: delete it by its digest$/);
  }
});
