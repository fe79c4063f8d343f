import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { fillExampleRegistry, type GitHost, serveExampleGitHost } from "../../e2e/example.ts";
import { pushImage, pushMultiArch } from "../../servers/content.ts";
import { manifestStatus, pullImage, tagsOf } from "../../servers/oci/copy.ts";
import { skopeo } from "../../servers/oci/skopeo.ts";
import { RegistryStore } from "../../servers/oci/store.ts";
import { needs } from "../../servers/tools.ts";
import { BACKENDS, type Backend, type BackendKind } from "./backends.ts";
import { deletedTags, sweepRegistry } from "./sweep.ts";

const ORPHANED = ["experiment", "feature-login", "pr-10", "pr-11", "pr-13"];

let gitHost: GitHost;
const backends: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
});

afterEach(async () => {
  await Promise.all(backends.splice(0).map((backend) => backend.close()));
});

afterAll(() => gitHost.close());

function exampleStore(): RegistryStore {
  const store = new RegistryStore();
  fillExampleRegistry(store, Date.now(), "known");
  return store;
}

async function start(kind: BackendKind, ...parameters: Parameters<BackendKind["open"]>): Promise<Backend> {
  const backend = await kind.open(...parameters);
  backends.push(backend);
  return backend;
}

/** Pulls every tagged image completely. Returns the tags. */
async function pullAll(backend: Backend, repository: string): Promise<readonly string[]> {
  const tags = await tagsOf(backend, repository);
  for (const tag of tags) await pullImage(backend, repository, tag);
  return tags;
}

for (const kind of BACKENDS)
  describe(kind.name, needs(...kind.tools), () => {
    test("deletes orphaned images, and every kept tag can be pulled", async () => {
      const store = exampleStore();
      const before = new Map(store.repositories().map((name) => [name, store.tags(name)]));
      const orphaned = ORPHANED.map((tag) => store.resolve("web", tag)?.digest ?? "");
      const backend = await start(kind, store);

      const result = await sweepRegistry(backend.url, gitHost);

      expect(result.errors).toEqual([]);
      expect(deletedTags(result)).toContain("web: feature-login pr-10");
      for (const repository of ["web", "web/worker"]) {
        const remaining = await pullAll(backend, repository);
        expect(remaining.filter((tag) => ORPHANED.includes(tag))).toEqual([]);
        const kept = (before.get(repository) ?? []).filter(
          (tag) => !ORPHANED.includes(tag) && !tag.startsWith("sha256-"),
        );
        expect(remaining).toEqual(expect.arrayContaining(kept));
      }
      expect(await pullAll(backend, "base")).toEqual(["main", "pr-10"]);
      for (const digest of orphaned) expect(await manifestStatus(backend, "web", digest)).toBe(404);
    });

    test("deletes the children, attestations and referrers of an orphaned index", async () => {
      const store = exampleStore();
      const index = store.resolve("web", "pr-10");
      const backend = await start(kind, store);
      const pulled = index === null ? [] : [...(await pullImage(backend, "web", "pr-10"))];
      const manifests = pulled.filter((digest) => store.resolve("web", digest) !== null);
      expect(manifests).toHaveLength(5);

      await sweepRegistry(backend.url, gitHost);

      for (const digest of manifests) expect(await manifestStatus(backend, "web", digest)).toBe(404);
      expect(await tagsOf(backend, "web")).not.toContain(index?.digest.replace(":", "-"));
    });

    test("finds nothing to delete in a second run", async () => {
      const backend = await start(kind, exampleStore());
      await sweepRegistry(backend.url, gitHost);
      const again = await sweepRegistry(backend.url, gitHost);
      expect(again.errors).toEqual([]);
      expect(
        again.repositories.flatMap(({ manifests }) => manifests.filter(({ decision }) => decision === "delete")),
      ).toEqual([]);
    });

    test("deletes nothing in a dry run", async () => {
      const backend = await start(kind, exampleStore());
      const before = await tagsOf(backend, "web");
      const result = await sweepRegistry(backend.url, gitHost, { inputs: { "dry-run": "true" } });
      expect(result.errors).toEqual([]);
      expect(await pullAll(backend, "web")).toEqual(before);
    });

    test("keeps a manifest that has a live tag, and removes its stale tag if the registry can", async () => {
      const store = new RegistryStore();
      pushImage(store, { repository: "web", seed: "shared", tags: ["main", "pr-10"] });
      pushImage(store, { repository: "web", seed: "tried first", tags: ["pr-11"] });
      const backend = await start(kind, store);

      const result = await sweepRegistry(backend.url, gitHost, { inputs: { "remove-stale-tags": "true" } });

      expect(result.errors).toEqual([]);
      const outcomes = result.repositories.flatMap(({ staleTags }) => staleTags.map(({ outcome }) => outcome));
      expect(outcomes).toEqual([kind.tagDeletes === "enabled" ? "deleted" : "unsupported"]);
      expect(await pullAll(backend, "web")).toEqual(kind.tagDeletes === "enabled" ? ["main"] : ["main", "pr-10"]);
    });

    test("keeps a child that an orphaned and a kept index share", async () => {
      const store = new RegistryStore();
      const push = { repository: "web", seed: "shared" } as const;
      const { children } = pushMultiArch(store, { ...push, tags: ["main"] });
      pushMultiArch(store, { ...push, architectures: ["amd64"], tags: ["pr-10"] });
      const backend = await start(kind, store);
      expect(deletedTags(await sweepRegistry(backend.url, gitHost))).toEqual(["web: pr-10"]);
      expect(await pullAll(backend, "web")).toEqual(["main"]);
      expect(await Promise.all(children.map((child) => manifestStatus(backend, "web", child)))).toEqual([200, 200]);
    });

    test("treats repositories without tags as empty, even if images were pushed by digest", async () => {
      const store = new RegistryStore();
      pushImage(store, { repository: "web", seed: "orphaned", tags: ["pr-10"] });
      const digest = pushImage(store, { repository: "web/by-digest", seed: "untagged" });
      const backend = await start(kind, store);

      expect((await sweepRegistry(backend.url, gitHost)).errors).toEqual([]);
      expect(await tagsOf(backend, "web")).toEqual([]);
      const again = await sweepRegistry(backend.url, gitHost, {
        inputs: { "repository-pattern": "web,web/by-digest" },
      });
      expect(again.errors).toEqual([]);
      expect(await manifestStatus(backend, "web/by-digest", digest)).toBe(200);
    });

    test("names the existing repositories if a name is wrong", async () => {
      const backend = await start(kind, exampleStore());
      const result = await sweepRegistry(backend.url, gitHost, { inputs: { "repository-pattern": "wbe" } });
      expect(result.errors).toMatchObject([
        {
          kind: "registry",
          message: expect.stringContaining("no repository wbe"),
          remedy: expect.stringContaining("web/worker"),
        },
      ]);
    });

    test("sweeps only the repositories below a prefix", async () => {
      const backend = await start(kind, exampleStore());
      const prefix = new URL("web", backend.url);
      const result = await sweepRegistry(prefix, gitHost, { inputs: { "repository-pattern": "*" } });
      expect(result.errors).toEqual([]);
      expect(result.repositories.map(({ name }) => name)).toEqual(["worker"]);
      expect(await tagsOf(backend, "web")).toContain("pr-11");
      expect(await tagsOf(backend, "web/worker")).not.toContain("pr-11");
    });

    test.each([
      ["disabled", "Deletes are disabled", "REGISTRY_STORAGE_DELETE_ENABLED=true"],
      ["read-only", "is read-only", "storage.maintenance.readonly"],
    ] as const)("reports %s deletes as one error and deletes nothing", async (deletes, message, remedy) => {
      const backend = await start(kind, exampleStore(), { deletes });
      const before = await tagsOf(backend, "web");
      const { errors, repositories } = await sweepRegistry(backend.url, gitHost);
      expect(errors).toMatchObject([
        { kind: "registry", message: expect.stringContaining(message), remedy: expect.stringContaining(remedy) },
      ]);
      expect(repositories.flatMap(({ manifests }) => manifests.filter(({ outcome }) => outcome === "deleted"))).toEqual(
        [],
      );
      expect(await pullAll(backend, "web")).toEqual(before);
    });

    test("deletes images that skopeo pushed, and skopeo can read the kept ones", needs("skopeo"), async () => {
      const backend = await start(kind, exampleStore());
      const image = (tag: string): string => `docker://${backend.url.host}/web:${tag}`;
      const plain = ["--src-tls-verify=false", "--dest-tls-verify=false"];
      await skopeo("copy", ...plain, "--all", image("v2.0.0"), image("pr-11"));
      await skopeo("copy", ...plain, "--override-arch=amd64", "--format=v2s2", image("main"), image("pr-13"));
      await skopeo("copy", ...plain, "--override-arch=amd64", "--format=v2s2", image("v1.0.0"), image("jane-docker"));

      const result = await sweepRegistry(backend.url, gitHost);

      expect(result.errors).toEqual([]);
      expect(deletedTags(result)).toContain("web: pr-13");
      const remaining = await pullAll(backend, "web");
      expect(remaining).toEqual(expect.arrayContaining(["jane-docker", "v2.0.0"]));
      expect(remaining).not.toContain("pr-13");
      const copy = await skopeo("inspect", "--tls-verify=false", "--override-arch=amd64", image("v2.0.0"));
      expect(JSON.parse(copy)).toMatchObject({ Architecture: "amd64" });
    });
  });
