import { afterEach, describe, expect, test } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import { renderSummary } from "../../src/report/summary.ts";
import type { GitHost } from "../e2e/example.ts";
import { pushImage, pushIndex } from "../servers/content.ts";
import { refuse, type ServerFault, type TestServer } from "../servers/http-server.ts";
import { sweepScenario } from "./harness.ts";
import { contentsOf, NOW, openScenario, type Scenario, type ScenarioKind, type StoreView } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const KINDS: readonly ScenarioKind[] = ["digitalocean", "distribution", "oci", "ghcr"];
/** Inputs with which nothing can be deleted. */
const KEEP_ALL = { untagged: "keep", "keep-count": "1000", validate: "true" };
const NOT_FOUND = refuse(404, {}, { errors: [{ code: "BLOB_UNKNOWN" }] });

let gitHost: GitHost;
let scenario: Scenario<StoreView>;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

/** The server of the OCI endpoint. */
const oci = (): Pick<TestServer, "requests" | "inject"> | undefined =>
  scenario.servers["registry"] ?? scenario.servers["oci"];

const heads = (): readonly string[] =>
  (oci()?.requests ?? []).flatMap(({ method, path }) => (method === "HEAD" && path.includes("/blobs/") ? [path] : []));

interface Stored {
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
  readonly manifests?: readonly { readonly digest: string }[];
}

function contentOf(reference: string): Stored & { readonly digest: string } {
  const found = scenario.store.resolve("web", reference);
  return { ...(JSON.parse(found?.bytes.toString() ?? "{}") as Stored), digest: found?.digest ?? "" };
}

/** Answers requests for these digests. */
function answer(fault: ServerFault, ...digests: readonly string[]): void {
  oci()?.inject(({ path }) => (digests.some((digest) => path.endsWith(digest)) ? fault : null));
}

const brokenIn = ({ repositories }: RunResult) => repositories.flatMap(({ broken }) => broken);

describe.each(KINDS)("%s: validate", (kind) => {
  test.each([
    ["nothing can be deleted", KEEP_ALL],
    ["something is deleted", { validate: "true" }],
    ["it is a dry run", { validate: "true", "dry-run": "true" }],
  ])("reports a kept index without a platform if %s", async (_title, inputs) => {
    scenario = await openScenario(kind);
    const [platform] = contentOf("main").manifests ?? [];
    answer(NOT_FOUND, platform?.digest ?? "none");
    const result = await sweepScenario(scenario, gitHost, inputs);
    expect(result.errors).toEqual([]);
    const broken = brokenIn(result).find(({ tags }) => tags.includes("main"));
    expect(broken).toMatchObject({ missing: [platform?.digest], missingBlobs: [] });
    expect(result.warnings).toEqual([
      expect.stringMatching(/^web: \d kept manifests? (?:is|are) broken, the first is /),
    ]);
    expect(renderSummary(result)).toMatch(/> \[!WARNING\]\n> web: \d kept manifest/);
  });

  test("reports a missing config and a missing layer, and requests each blob once", async () => {
    scenario = await openScenario(kind);
    const before = contentsOf(scenario.store);
    const { config, layers = [], digest } = contentOf("jane");
    const missing = [config?.digest ?? "", layers[1]?.digest ?? ""];
    answer(NOT_FOUND, ...missing);
    const result = await sweepScenario(scenario, gitHost, KEEP_ALL);
    expect(result.errors).toEqual([]);
    expect(brokenIn(result)).toEqual([{ digest, tags: ["jane"], missing: [], missingBlobs: missing }]);
    expect(heads().length).toBeGreaterThan(5);
    expect(new Set(heads()).size).toBe(heads().length);
    expect(contentsOf(scenario.store)).toEqual(before);
  });

  test("reports nothing if every image is complete", async () => {
    scenario = await openScenario(kind);
    const result = await sweepScenario(scenario, gitHost, KEEP_ALL);
    expect(result).toMatchObject({ errors: [], warnings: [] });
    for (const repository of result.repositories) expect(repository).toMatchObject({ broken: [], unreadable: [] });
  });

  test("reports blobs and manifests that cannot be checked, and stops soon if the registry is down", async () => {
    scenario = await openScenario(kind);
    const { digest } = contentOf("main");
    oci()?.inject(({ method, path }) => (method === "HEAD" || path.endsWith(digest) ? refuse(500) : null));
    const result = await sweepScenario(scenario, gitHost, KEEP_ALL);
    const unreadable = result.repositories.flatMap((repository) => repository.unreadable);
    expect(unreadable.length).toBeGreaterThanOrEqual(8);
    // GitHub's has two repositories.
    expect(unreadable.length).toBeLessThanOrEqual((8 + 4) * result.repositories.length);
    expect(result.warnings.join()).toMatch(/could not be checked, the first is sha256:.*500/);
    expect(brokenIn(result)).toEqual([]);
  });
});

test("validate also runs if max-deletions was exceeded", async () => {
  scenario = await openScenario("oci");
  const [platform] = contentOf("main").manifests ?? [];
  answer(NOT_FOUND, platform?.digest ?? "none");
  const result = await sweepScenario(scenario, gitHost, { validate: "true", "max-deletions": "1" });
  expect(result.errors).toMatchObject([{ kind: "limit" }]);
  expect(brokenIn(result)).toMatchObject([{ tags: ["main"], missing: [platform?.digest] }]);
});

test("without validate, no blob is requested", async () => {
  scenario = await openScenario("oci");
  await sweepScenario(scenario, gitHost);
  expect(heads()).toEqual([]);
});

test("validate reads nested indexes on registries that list tags only", async () => {
  scenario = await openScenario("oci", {
    fill: (store) => {
      const at = { repository: "web", pushedAt: NOW } as const;
      const inner = pushIndex(store, { ...at, children: [pushImage(store, { ...at, seed: "deep" })] });
      pushIndex(store, { ...at, children: [inner], tags: ["main"] });
    },
  });
  const [inner] = contentOf("main").manifests ?? [];
  const [deep] = contentOf(inner?.digest ?? "").manifests ?? [];
  answer(NOT_FOUND, deep?.digest ?? "none");
  const result = await sweepScenario(scenario, gitHost, KEEP_ALL);
  expect(brokenIn(result)).toMatchObject([{ digest: inner?.digest, missing: [deep?.digest] }]);
});

test("a registry that does not answer HEAD requests for blobs gets one request, and the warning says so", async () => {
  scenario = await openScenario("oci");
  oci()?.inject(({ method }) => (method === "HEAD" ? refuse(405) : null));
  const result = await sweepScenario(scenario, gitHost, { ...KEEP_ALL, concurrency: "1" });
  expect(heads()).toHaveLength(1);
  expect(result.warnings).toEqual([expect.stringContaining("does not answer HEAD requests for blobs")]);
});

test("a redirect to the storage of the registry means that a blob exists", async () => {
  scenario = await openScenario("oci");
  oci()?.inject(({ method }) => (method === "HEAD" ? refuse(307, { location: "https://storage.example/x" }) : null));
  const result = await sweepScenario(scenario, gitHost, KEEP_ALL);
  expect(result).toMatchObject({ errors: [], warnings: [] });
});
