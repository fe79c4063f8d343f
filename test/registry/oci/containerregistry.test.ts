import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Digest } from "../../../src/digest.ts";
import { type GitHost, serveExampleGitHost } from "../../e2e/example.ts";
import { runStep, type StepResult } from "../../e2e/runner.ts";
import { pushImage, pushMultiArch, pushReferrer } from "../../servers/content.ts";
import { findContainerRegistry, startContainerRegistry } from "../../servers/oci/containerregistry.ts";
import { ask, copyStore, manifestStatus, pullWhole, type RemoteRegistry, tagsOf } from "../../servers/oci/copy.ts";
import { hasSkopeo, skopeo } from "../../servers/oci/skopeo.ts";
import { RegistryStore, referencesOf } from "../../servers/oci/store.ts";
import { sweepRegistry } from "../distribution/sweep.ts";

/**
 * go-containerregistry's registry: nobody who wrote it wrote the played ones, it answers the referrers API, and it has no
 * pages with `Link`. Unlike what the OCI distribution-spec says, it leaves a manifest's tags where the manifest goes.
 */
const program = findContainerRegistry() ?? "";
const there = test.skipIf(program === "");
const SBOM = { artifactType: "application/spdx+json", by: "subject" } as const;

let gitHost: GitHost;
const open: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

afterAll(() => gitHost.close());

async function filled(fill: (store: RegistryStore) => void): Promise<RemoteRegistry> {
  const store = new RegistryStore();
  fill(store);
  const registry = await startContainerRegistry(program);
  open.push(registry.close);
  await copyStore(store, registry);
  return registry;
}

/** An image for two architectures with an SBOM of its index and a signature of that SBOM, all attached by `subject`. */
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

function sweepByDist(registry: RemoteRegistry, inputs: Readonly<Record<string, string>> = {}): Promise<StepResult> {
  return runStep({
    inputs: { registry: registry.url.href, provider: "distribution", "repository-pattern": "web", ...inputs },
    environment: { DOCKER_CONFIG: "/nonexistent", ...gitHost.environment },
  });
}

const statuses = (registry: RemoteRegistry, digests: readonly Digest[]): Promise<readonly number[]> =>
  Promise.all(digests.map((digest) => manifestStatus(registry, "web", digest)));

there("dist takes the dead with all their referrers, and every referrer of what lives stays", async () => {
  let [kept, dead]: readonly Digest[][] = [[], []];
  const registry = await filled((store) => {
    kept = [...pushSigned(store, "main").all, ...pushSigned(store, "v1.0.0").all];
    dead = [...pushSigned(store, "pr-10").all, ...pushSigned(store, "pr-11").all];
  });

  const { exitCode, log } = await sweepByDist(registry);

  expect({ exitCode, log }).toMatchObject({ exitCode: 0 });
  expect(new Set(await statuses(registry, kept ?? []))).toEqual(new Set([200]));
  expect(new Set(await statuses(registry, dead ?? []))).toEqual(new Set([404]));
  for (const tag of ["main", "v1.0.0"]) await pullWhole(registry, "web", tag);
  for (const subject of kept?.slice(0, 1) ?? []) {
    const { body } = await ask(registry, { method: "GET", path: `/v2/web/referrers/${subject}` });
    expect(referencesOf(body).children).toHaveLength(1);
  }
});

there("a dead tag on a living manifest goes alone, and the manifest stays whole", async () => {
  const registry = await filled((store) =>
    pushImage(store, { repository: "web", seed: "moved on", tags: ["main", "pr-10"] }),
  );
  const { errors, repositories } = await sweepRegistry(registry.url, gitHost, {
    inputs: { "remove-stale-tags": "true" },
  });
  expect(errors).toEqual([]);
  expect(repositories.flatMap(({ staleTags }) => staleTags)).toMatchObject([{ outcome: "deleted" }]);
  expect(await tagsOf(registry, "web")).toEqual(["main"]);
  await pullWhole(registry, "web", "main");
});

there("a child that a dead and a living index share stays", async () => {
  let children: readonly Digest[] = [];
  const registry = await filled((store) => {
    children = pushMultiArch(store, { repository: "web", seed: "shared", tags: ["main"] }).children;
    pushMultiArch(store, { repository: "web", seed: "shared", architectures: ["amd64"], tags: ["pr-10"] });
  });
  const { errors } = await sweepRegistry(registry.url, gitHost, { inputs: { "repository-pattern": "web" } });
  expect(errors).toEqual([]);
  expect(await statuses(registry, children)).toEqual([200, 200]);
  await pullWhole(registry, "web", "main");
});

there("1,000 tags and more, in pages without links that begin anew after the last, are each listed once", async () => {
  const registry = await filled((store) => {
    const digest = pushImage(store, { repository: "web", seed: "one", tags: ["main"] });
    for (let number = 0; number < 1_000; number += 1) store.tag("web", `keep-${number}`, digest);
  });
  const { errors, repositories } = await sweepRegistry(registry.url, gitHost, { inputs: { "dry-run": "true" } });
  expect(errors).toEqual([]);
  expect(repositories.flatMap(({ manifests }) => manifests.map(({ tags }) => tags.length))).toEqual([1_001]);
});

test.skipIf(program === "" || !hasSkopeo())("what skopeo pushed is swept, and skopeo reads what is left", async () => {
  const registry = await filled((store) => pushSigned(store, "v2.0.0"));
  const image = (tag: string): string => `docker://${registry.url.host}/web:${tag}`;
  const plain = ["--src-tls-verify=false", "--dest-tls-verify=false", "--override-arch=amd64"];
  await skopeo("copy", ...plain, "--format=v2s2", image("v2.0.0"), image("pr-11"));
  const pushed = await skopeo("inspect", "--tls-verify=false", "--format={{.Digest}}", image("pr-11"));

  expect((await sweepByDist(registry)).exitCode).toBe(0);

  expect(await manifestStatus(registry, "web", pushed.trim())).toBe(404);
  await pullWhole(registry, "web", "v2.0.0");
  const left = await skopeo("inspect", "--tls-verify=false", "--override-arch=amd64", image("v2.0.0"));
  expect(JSON.parse(left)).toMatchObject({ Architecture: "amd64" });
});
