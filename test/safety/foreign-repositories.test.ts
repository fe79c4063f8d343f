import { afterEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { type MultiArchPush, pushImage, pushIndex, pushMultiArch } from "../servers/content.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { sweepScenario } from "./harness.ts";
import { contentsOf, NOW, openScenario, type Scenario } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const DAY = 86_400_000;
const AT = { repository: "web", pushedAt: NOW - 10 * DAY } as const;
const SOURCE = "org.opencontainers.image.source";
const BUILDKIT = "https://mobyproject.org/buildkit@v1#metadata";

let gitHost: GitHost;
let scenario: Scenario;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

/** Fills a repository with the image of a closed pull request, and with the newest image. Returns whether anything was deleted. */
async function sweep(
  fillNewest: (store: RegistryStore) => unknown,
  inputs: Readonly<Record<string, string>> = {},
): Promise<{ readonly deletes: boolean; readonly notices: readonly string[]; readonly reads: number }> {
  scenario = await openScenario("digitalocean", {
    fill: (store) => {
      pushImage(store, { ...AT, seed: "orphaned", tags: ["pr-1"] });
      fillNewest(store);
    },
  });
  const before = contentsOf(scenario.store);
  const { errors, notices } = await sweepScenario(scenario, gitHost, inputs);
  expect(errors).toEqual([]);
  const reads =
    scenario.servers["oci"]?.requests.filter(({ path }) => /\/(?:manifests|blobs)\//.test(path)).length ?? 0;
  return { deletes: contentsOf(scenario.store).length < before.length, notices, reads };
}

const NEWEST = { ...AT, pushedAt: NOW - DAY, seed: "newest", tags: ["main"] };

describe("an image repository is skipped if a new image was built from another Git repository", () => {
  const provenance =
    (predicate: unknown, fields: Partial<MultiArchPush> = {}) =>
    (store: RegistryStore) =>
      pushMultiArch(store, { ...NEWEST, attestations: "with", predicate, ...fields });
  const inSlsa02 = (uri: string) => ({ invocation: { configSource: { uri } } });
  const inSlsa1 = (uri: string) => ({ buildDefinition: { externalParameters: { configSource: { uri } } } });
  const other = "https://github.com/octo/api";

  test.each<[string, (store: RegistryStore) => unknown]>([
    ["by the annotation of an image", (store) => pushImage(store, { ...NEWEST, annotations: { [SOURCE]: other } })],
    [
      "by the annotation of an index",
      (store) =>
        pushIndex(store, {
          ...NEWEST,
          children: [pushImage(store, { ...AT, seed: "a" })],
          annotations: { [SOURCE]: other },
        }),
    ],
    [
      "by the annotation of a platform",
      (store) => {
        const child = pushImage(store, { ...AT, seed: "a", annotations: { [SOURCE]: other } });
        pushIndex(store, { ...NEWEST, children: [child] });
      },
    ],
    ["by its provenance (SLSA 0.2)", provenance(inSlsa02(`${other}.git#refs/heads/main`))],
    ["by its provenance (SLSA 1)", provenance(inSlsa1(`${other}.git#refs/heads/main`))],
    [
      "by the checkout in its provenance",
      provenance({ metadata: { [BUILDKIT]: { vcs: { source: "git@github.com:octo/api.git" } } } }),
    ],
    [
      "by the checkout in its provenance, next to a context that is no Git repository",
      provenance({
        ...inSlsa02("https://example.com/context.tgz"),
        metadata: { [BUILDKIT]: { vcs: { source: other } } },
      }),
    ],
    [
      "by the checkout in its provenance (SLSA 1)",
      provenance({
        ...inSlsa1(""),
        buildDefinition: { externalParameters: {} },
        runDetails: { metadata: { buildkit_metadata: { vcs: { source: other } } } },
      }),
    ],
  ])("%s", async (_, fill) => {
    const { deletes, notices } = await sweep(fill);
    expect(deletes).toBe(false);
    expect(notices).toEqual([
      expect.stringMatching(/^web was skipped: \S+ was built from github\.com\/octo\/api, not from octo\/web/),
    ]);
  });

  test("unless `foreign-repositories` is `sweep`", async () => {
    const fill = (store: RegistryStore) => pushImage(store, { ...NEWEST, annotations: { [SOURCE]: other } });
    expect(await sweep(fill, { "foreign-repositories": "sweep" })).toMatchObject({ deletes: true, notices: [] });
  });

  test("but only that image is kept if it is not one of the newest", async () => {
    const { deletes, notices } = await sweep((store) => {
      for (const seed of ["a", "b", "c"]) pushImage(store, { ...NEWEST, seed, tags: [`main-${seed}`] });
      pushImage(store, { ...AT, seed: "of api", tags: ["pr-2"], annotations: { [SOURCE]: other } });
    });
    expect(deletes).toBe(true);
    expect(scenario.store.resolve("web", "pr-1")).toBeNull();
    expect(scenario.store.resolve("web", "pr-2")).not.toBeNull();
    expect(notices).toEqual([expect.stringMatching(/^1 image of web is kept: built from another Git repository/)]);
  });

  test("but not if only an old image was", async () => {
    const { deletes } = await sweep((store) => {
      for (const seed of ["a", "b", "c"]) pushImage(store, { ...NEWEST, seed, tags: [`main-${seed}`] });
      pushImage(store, {
        ...AT,
        pushedAt: NOW - 90 * DAY,
        seed: "old",
        tags: ["old"],
        annotations: { [SOURCE]: other },
      });
    });
    expect(deletes).toBe(true);
  });
});

describe("an image repository is swept", () => {
  const own = () => new URL("octo/web", gitHost.git.url).href;

  test.each<[string, (store: RegistryStore) => unknown, number]>([
    // A challenge, the orphaned image, the newest; of an index its last child and the provenance, then its first child.
    ["if nothing names a source", (store) => pushImage(store, NEWEST), 3],
    [
      "if the source is not a Git repository",
      (store) => pushImage(store, { ...NEWEST, annotations: { [SOURCE]: "n/a" } }),
      3,
    ],
    [
      "if its annotation names this Git repository",
      (store) => pushImage(store, { ...NEWEST, annotations: { [SOURCE]: own() } }),
      3,
    ],
    [
      "if its annotation names it in another form",
      (store) => pushImage(store, { ...NEWEST, annotations: { [SOURCE]: `${own().toUpperCase()}.git#refs/heads/x` } }),
      3,
    ],
    [
      "if its provenance names this Git repository",
      (store) =>
        pushMultiArch(store, {
          ...NEWEST,
          attestations: "with",
          predicate: { invocation: { configSource: { uri: `${own()}.git` } } },
        }),
      5,
    ],
    [
      "if its provenance names none",
      (store) => pushMultiArch(store, { ...NEWEST, attestations: "with", predicate: {} }),
      6,
    ],
    [
      "if its provenance is not JSON of a known form",
      (store) => pushMultiArch(store, { ...NEWEST, attestations: "with", predicate: 7 }),
      6,
    ],
  ])("%s", async (_, fill, reads) => {
    expect(await sweep(fill)).toEqual({ deletes: true, notices: [], reads });
  });
});
