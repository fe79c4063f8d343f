import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { fillExampleRegistry, type GitHost, serveExampleGitHost } from "../../e2e/example.ts";
import { pushImage, pushMultiArch } from "../../servers/content.ts";
import { manifestStatus, pullWhole, tagsOf } from "../../servers/oci/copy.ts";
import { hasSkopeo, skopeo } from "../../servers/oci/skopeo.ts";
import { RegistryStore } from "../../servers/oci/store.ts";
import { BACKENDS, type Backend, type BackendKind } from "./backends.ts";
import { deletedTags, sweepRegistry } from "./sweep.ts";

const DEAD = ["experiment", "feature-login", "pr-10", "pr-11", "pr-13"];

let gitHost: GitHost;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

afterAll(() => gitHost.close());

function team(): RegistryStore {
  const store = new RegistryStore();
  fillExampleRegistry(store, Date.now());
  return store;
}

async function opened(kind: BackendKind, ...how: Parameters<BackendKind["open"]>): Promise<Backend> {
  const backend = await kind.open(...how);
  open.push(backend);
  return backend;
}

/** Pulls all that is tagged, whole. Returns the tags. */
async function pullAll(backend: Backend, repository: string): Promise<readonly string[]> {
  const tags = await tagsOf(backend, repository);
  for (const tag of tags) await pullWhole(backend, repository, tag);
  return tags;
}

describe.each(BACKENDS.map((kind) => ({ name: kind.name, kind })))("$name", ({ kind }) => {
  const there = test.skipIf(!kind.isThere);

  there("deletes the dead with all that is theirs, and every tag that stays is pulled whole", async () => {
    const store = team();
    const before = new Map(store.repositories().map((name) => [name, store.tags(name)]));
    const dead = DEAD.map((tag) => store.resolve("web", tag)?.digest ?? "");
    const backend = await opened(kind, store);

    const result = await sweepRegistry(backend.url, gitHost);

    expect(result.errors).toEqual([]);
    expect(deletedTags(result)).toContain("web: feature-login pr-10");
    for (const repository of ["web", "web/worker"]) {
      const left = await pullAll(backend, repository);
      expect(left.filter((tag) => DEAD.includes(tag))).toEqual([]);
      const living = (before.get(repository) ?? []).filter((tag) => !DEAD.includes(tag) && !tag.startsWith("sha256-"));
      expect(left).toEqual(expect.arrayContaining(living));
    }
    expect(await pullAll(backend, "base")).toEqual(["main", "pr-10"]);
    for (const digest of dead) expect(await manifestStatus(backend, "web", digest)).toBe(404);
  });

  there("takes the children, attestations and referrers of a dead index along", async () => {
    const store = team();
    const index = store.resolve("web", "pr-10");
    const backend = await opened(kind, store);
    const below = index === null ? [] : [...(await pullWhole(backend, "web", "pr-10"))];
    const manifests = below.filter((digest) => store.resolve("web", digest) !== null);
    expect(manifests).toHaveLength(5);

    await sweepRegistry(backend.url, gitHost);

    for (const digest of manifests) expect(await manifestStatus(backend, "web", digest)).toBe(404);
    expect(await tagsOf(backend, "web")).not.toContain(index?.digest.replace(":", "-"));
  });

  there("a second sweep finds nothing more", async () => {
    const backend = await opened(kind, team());
    await sweepRegistry(backend.url, gitHost);
    const again = await sweepRegistry(backend.url, gitHost);
    expect(again.errors).toEqual([]);
    expect(
      again.repositories.flatMap(({ manifests }) => manifests.filter(({ decision }) => decision === "delete")),
    ).toEqual([]);
  });

  there("a dry run sends no DELETE that deletes", async () => {
    const backend = await opened(kind, team());
    const before = await tagsOf(backend, "web");
    const result = await sweepRegistry(backend.url, gitHost, { inputs: { "dry-run": "true" } });
    expect(result.errors).toEqual([]);
    expect(await pullAll(backend, "web")).toEqual(before);
  });

  there("trap 5: a digest with a living tag stays, and its dead tag goes where a tag can go alone", async () => {
    const store = new RegistryStore();
    pushImage(store, { repository: "web", seed: "moved on", tags: ["main", "pr-10"] });
    const backend = await opened(kind, store);

    const result = await sweepRegistry(backend.url, gitHost, { inputs: { "remove-stale-tags": "true" } });

    expect(result.errors).toEqual([]);
    const outcomes = result.repositories.flatMap(({ staleTags }) => staleTags.map(({ outcome }) => outcome));
    expect(outcomes).toEqual([kind.tagDeletes === "enabled" ? "deleted" : "unsupported"]);
    expect(await pullAll(backend, "web")).toEqual(kind.tagDeletes === "enabled" ? ["main"] : ["main", "pr-10"]);
  });

  there("trap 3: a child that a dead and a living index share stays", async () => {
    const store = new RegistryStore();
    const push = { repository: "web", seed: "shared" } as const;
    const { children } = pushMultiArch(store, { ...push, tags: ["main"] });
    pushMultiArch(store, { ...push, architectures: ["amd64"], tags: ["pr-10"] });
    const backend = await opened(kind, store);
    expect(deletedTags(await sweepRegistry(backend.url, gitHost))).toEqual(["web: pr-10"]);
    expect(await pullAll(backend, "web")).toEqual(["main"]);
    expect(await Promise.all(children.map((child) => manifestStatus(backend, "web", child)))).toEqual([200, 200]);
  });

  there(
    "trap 18: a repository without tags, and one that was pushed by digest only, are empty and no error",
    async () => {
      const store = new RegistryStore();
      pushImage(store, { repository: "web", seed: "dead", tags: ["pr-10"] });
      const digest = pushImage(store, { repository: "web/by-digest", seed: "untagged" });
      const backend = await opened(kind, store);

      expect((await sweepRegistry(backend.url, gitHost)).errors).toEqual([]);
      expect(await tagsOf(backend, "web")).toEqual([]);
      const again = await sweepRegistry(backend.url, gitHost, {
        inputs: { "repository-pattern": "web,web/by-digest" },
      });
      expect(again.errors).toEqual([]);
      expect(await manifestStatus(backend, "web/by-digest", digest)).toBe(200);
    },
  );

  there("names the repositories that there are where a name is wrong", async () => {
    const backend = await opened(kind, team());
    const result = await sweepRegistry(backend.url, gitHost, { inputs: { "repository-pattern": "wbe" } });
    expect(result.errors).toMatchObject([
      {
        kind: "registry",
        message: expect.stringContaining("no repository wbe"),
        remedy: expect.stringContaining("web/worker"),
      },
    ]);
  });

  there("sweeps below a prefix", async () => {
    const backend = await opened(kind, team());
    const below = new URL("web", backend.url);
    const result = await sweepRegistry(below, gitHost, { inputs: { "repository-pattern": "*" } });
    expect(result.errors).toEqual([]);
    expect(result.repositories.map(({ name }) => name)).toEqual(["worker"]);
    expect(await tagsOf(backend, "web")).toContain("pr-11");
    expect(await tagsOf(backend, "web/worker")).not.toContain("pr-11");
  });

  there.each([
    ["disabled", "deletes are disabled", "REGISTRY_STORAGE_DELETE_ENABLED=true"],
    ["read-only", "the registry is read-only", "storage.maintenance.readonly"],
  ] as const)("%s deletes are one problem, and nothing goes", async (deletes, message, remedy) => {
    const backend = await opened(kind, team(), { deletes });
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

  test.skipIf(!kind.isThere || !hasSkopeo())("what skopeo pushed is swept, and skopeo pulls what is left", async () => {
    const backend = await opened(kind, team());
    const image = (tag: string): string => `docker://${backend.url.host}/web:${tag}`;
    const plain = ["--src-tls-verify=false", "--dest-tls-verify=false"];
    await skopeo("copy", ...plain, "--all", image("v2.0.0"), image("pr-11"));
    await skopeo("copy", ...plain, "--override-arch=amd64", "--format=v2s2", image("main"), image("pr-13"));
    await skopeo("copy", ...plain, "--override-arch=amd64", "--format=v2s2", image("v1.0.0"), image("jane-docker"));

    const result = await sweepRegistry(backend.url, gitHost);

    expect(result.errors).toEqual([]);
    expect(deletedTags(result)).toContain("web: pr-13");
    const left = await pullAll(backend, "web");
    expect(left).toEqual(expect.arrayContaining(["jane-docker", "v2.0.0"]));
    expect(left).not.toContain("pr-13");
    const copy = await skopeo("inspect", "--tls-verify=false", "--override-arch=amd64", image("v2.0.0"));
    expect(JSON.parse(copy)).toMatchObject({ Architecture: "amd64" });
  });
});
