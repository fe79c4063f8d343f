import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Digest } from "../../../src/digest.ts";
import { type GitHost, serveExampleGitHost } from "../../e2e/example.ts";
import { pushImage, pushMultiArch, pushReferrer } from "../../servers/content.ts";
import { startContainerRegistry } from "../../servers/oci/containerregistry.ts";
import { copyStore, manifestStatus, pullImage, type RemoteRegistry, request, tagsOf } from "../../servers/oci/copy.ts";
import { skopeo } from "../../servers/oci/skopeo.ts";
import { RegistryStore, referencesOf } from "../../servers/oci/store.ts";
import { needs } from "../../servers/tools.ts";
import { sweepRegistry } from "../distribution/sweep.ts";

/**
 * The registry of go-containerregistry is an independent implementation: with a referrers API, and with pages without `Link`.
 * Contrary to the OCI distribution-spec, it keeps the tags of a deleted manifest, so Refsweep deletes them too.
 */
const REGISTRY = needs("referrers-registry");
const SBOM = { artifactType: "application/spdx+json", by: "subject" } as const;

let gitHost: GitHost;
const cleanup: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
});

afterEach(async () => {
  await Promise.all(cleanup.splice(0).map((close) => close()));
});

afterAll(() => gitHost.close());

async function start(fill: (store: RegistryStore) => void): Promise<RemoteRegistry> {
  const store = new RegistryStore();
  fill(store);
  const registry = await startContainerRegistry();
  cleanup.push(registry.close);
  await copyStore(store, registry);
  return registry;
}

/** Pushes an image for two architectures, an SBOM of its index and a signature of the SBOM, attached by `subject`. */
function pushSigned(store: RegistryStore, tag: string): { readonly all: readonly Digest[] } {
  const { index, children } = pushMultiArch(store, { repository: "web", seed: tag, tags: [tag], attestations: "with" });
  const sbom = pushReferrer(store, { repository: "web", subject: index, ...SBOM });
  const signature = pushReferrer(store, {
    repository: "web",
    subject: sbom,
    ...SBOM,
    artifactType: "application/x-signature",
  });
  return { all: [index, ...children, sbom, signature] };
}

const statuses = (registry: RemoteRegistry, digests: readonly Digest[]): Promise<readonly number[]> =>
  Promise.all(digests.map((digest) => manifestStatus(registry, "web", digest)));

test("deletes orphaned images with their referrers, and keeps the referrers of kept images", REGISTRY, async () => {
  let [kept, orphaned]: readonly Digest[][] = [[], []];
  const registry = await start((store) => {
    kept = [...pushSigned(store, "main").all, ...pushSigned(store, "v1.0.0").all];
    orphaned = [...pushSigned(store, "pr-10").all, ...pushSigned(store, "pr-11").all];
  });

  const { errors } = await sweepRegistry(registry.url, gitHost, { inputs: { "repository-pattern": "web" } });

  expect(errors).toEqual([]);
  expect(new Set(await statuses(registry, kept ?? []))).toEqual(new Set([200]));
  expect(new Set(await statuses(registry, orphaned ?? []))).toEqual(new Set([404]));
  expect(await tagsOf(registry, "web")).toEqual(["main", "v1.0.0"]);
  for (const tag of ["pr-10", "pr-11"]) expect(await manifestStatus(registry, "web", tag)).toBe(404);
  for (const tag of ["main", "v1.0.0"]) await pullImage(registry, "web", tag);
  for (const subject of kept?.slice(0, 1) ?? []) {
    const { body } = await request(registry, { method: "GET", path: `/v2/web/referrers/${subject}` });
    expect(referencesOf(body).children).toHaveLength(1);
  }
});

test("removes a stale tag and keeps its manifest", REGISTRY, async () => {
  const registry = await start((store) => {
    pushImage(store, { repository: "web", seed: "shared", tags: ["main", "pr-10"] });
    pushImage(store, { repository: "web", seed: "tried first", tags: ["pr-11"] });
  });
  const { errors, repositories } = await sweepRegistry(registry.url, gitHost, {
    inputs: { "remove-stale-tags": "true" },
  });
  expect(errors).toEqual([]);
  expect(repositories.flatMap(({ staleTags }) => staleTags)).toMatchObject([{ outcome: "deleted" }]);
  expect(await tagsOf(registry, "web")).toEqual(["main"]);
  await pullImage(registry, "web", "main");
});

test("keeps a child that an orphaned and a kept index share", REGISTRY, async () => {
  let children: readonly Digest[] = [];
  const registry = await start((store) => {
    children = pushMultiArch(store, { repository: "web", seed: "shared", tags: ["main"] }).children;
    pushMultiArch(store, { repository: "web", seed: "shared", architectures: ["amd64"], tags: ["pr-10"] });
  });
  const { errors } = await sweepRegistry(registry.url, gitHost, { inputs: { "repository-pattern": "web" } });
  expect(errors).toEqual([]);
  expect(await statuses(registry, children)).toEqual([200, 200]);
  await pullImage(registry, "web", "main");
});

test("lists each of 1,001 tags once, in pages without links that start again after the last", REGISTRY, async () => {
  const registry = await start((store) => {
    const digest = pushImage(store, { repository: "web", seed: "one", tags: ["main"] });
    for (let number = 0; number < 1_000; number += 1) store.tag("web", `keep-${number}`, digest);
  });
  const { errors, repositories } = await sweepRegistry(registry.url, gitHost, { inputs: { "dry-run": "true" } });
  expect(errors).toEqual([]);
  expect(repositories.flatMap(({ manifests }) => manifests.map(({ tags }) => tags.length))).toEqual([1_001]);
});

test("deletes images that skopeo pushed", needs("referrers-registry", "skopeo"), async () => {
  const registry = await start((store) => pushSigned(store, "v2.0.0"));
  const image = (tag: string): string => `docker://${registry.url.host}/web:${tag}`;
  const plain = ["--src-tls-verify=false", "--dest-tls-verify=false", "--override-arch=amd64"];
  await skopeo("copy", ...plain, "--format=v2s2", image("v2.0.0"), image("pr-11"));
  const pushed = await skopeo("inspect", "--tls-verify=false", "--format={{.Digest}}", image("pr-11"));

  expect((await sweepRegistry(registry.url, gitHost)).errors).toEqual([]);

  expect(await manifestStatus(registry, "web", pushed.trim())).toBe(404);
  await pullImage(registry, "web", "v2.0.0");
  const kept = await skopeo("inspect", "--tls-verify=false", "--override-arch=amd64", image("v2.0.0"));
  expect(JSON.parse(kept)).toMatchObject({ Architecture: "amd64" });
});
