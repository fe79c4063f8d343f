import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { fillExampleRegistry, type GitHost, serveExampleGitHost } from "../../e2e/example.ts";
import { silentLog } from "../../run.ts";
import { pushImage, pushMultiArch, pushReferrer } from "../../servers/content.ts";
import {
  type RealRegistry,
  type RealRegistryOptions,
  startRealRegistry,
} from "../../servers/distribution/real-registry.ts";
import { makeSigningKey, serveSignedTokens } from "../../servers/distribution/signed-tokens.ts";
import { copyStore, manifestStatus, pullImage, request, tagsOf } from "../../servers/oci/copy.ts";
import { RegistryStore, sha256 } from "../../servers/oci/store.ts";
import { findTool, needs } from "../../servers/tools.ts";
import { deletedTags, sweepRegistry } from "./sweep.ts";

const LOGIN = { user: "sweeper", password: "secret" };
/** `htpasswd -nbB -C 4 sweeper secret` */
const HTPASSWD = "sweeper:$2y$04$fT9VDmyhDFnw5Iv/x7kemu71aBwI15XemIkIPalEUK4lQqAIH6tIe";
const BASIC = Buffer.from("sweeper:secret").toString("base64");

const program = findTool("docker-registry") ?? "";
const REGISTRY = needs("docker-registry");
let gitHost: GitHost;
const cleanup: (() => unknown)[] = [];

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
});

afterEach(async () => {
  await Promise.all(cleanup.splice(0).map((close) => close()));
});

afterAll(() => gitHost.close());

async function start(fill: (store: RegistryStore) => void, options: RealRegistryOptions = {}): Promise<RealRegistry> {
  const store = new RegistryStore();
  fill(store);
  const registry = await startRealRegistry(program);
  cleanup.push(registry.close);
  await copyStore(store, registry);
  if (Object.keys(options).length > 0) await registry.restart(options);
  return registry;
}

const fillExample = (store: RegistryStore): void => fillExampleRegistry(store, Date.now(), "known");

/** Sweeps with `docker-registry garbage-collect` as gc-command. */
function sweepAndCollect(registry: RealRegistry, flags: readonly string[] = [], lines: string[] = []) {
  const inputs = { "run-gc": "true", "gc-command": registry.collectCommand(...flags).join(" ") };
  const log = { ...silentLog, info: (text: string) => void lines.push(text) };
  return sweepRegistry(registry.url, gitHost, { inputs, log });
}

/** Pushes an image as `docker push` does. The registry can convert it to schema 1, because its config has a history. */
function pushDockerImage(store: RegistryStore, tag: string): void {
  const layer = Buffer.from("content of a layer");
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: { Cmd: ["sh"] },
      history: [{ created: "2026-10-01T00:00:00Z", created_by: "COPY . /" }],
      rootfs: { type: "layers", diff_ids: [sha256(layer)] },
    }),
  );
  const docker = "application/vnd.docker";
  const described = (mediaType: string, bytes: Buffer) => ({
    mediaType: `${docker}.${mediaType}`,
    size: bytes.length,
    digest: store.putBlob(bytes),
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: `${docker}.distribution.manifest.v2+json`,
    config: described("container.image.v1+json", config),
    layers: [described("image.rootfs.diff.tar.gzip", layer)],
  };
  store.putManifest("web", tag, Buffer.from(JSON.stringify(manifest)), manifest.mediaType);
}

describe("an image that the registry converts to schema 1 for some clients", () => {
  test("is deleted by the digest of the stored manifest", REGISTRY, async () => {
    const registry = await start((store) => pushDockerImage(store, "pr-13"));

    const converted = await request(registry, { method: "HEAD", path: "/v2/web/manifests/pr-13" });
    expect(converted.headers["content-type"]).toBe("application/vnd.docker.distribution.manifest.v1+prettyjws");
    const wrongDigest = String(converted.headers["docker-content-digest"]);
    const refused = await request(registry, { method: "DELETE", path: `/v2/web/manifests/${wrongDigest}` });
    expect(refused.status).toBe(404);
    expect(JSON.parse(refused.body.toString())).toMatchObject({ errors: [{ code: "MANIFEST_UNKNOWN" }] });

    const result = await sweepRegistry(registry.url, gitHost);

    expect(result.errors).toEqual([]);
    expect(deletedTags(result)).toEqual(["web: pr-13"]);
    expect(await manifestStatus(registry, "web", "pr-13")).toBe(404);
  });
});

describe("gc-command with the real garbage-collect", () => {
  test("reports exactly the bytes that it frees", REGISTRY, async () => {
    const registry = await start((store) => {
      for (const tag of ["main", "pr-10"]) {
        pushMultiArch(store, { repository: "web", seed: tag, tags: [tag], attestations: "with" });
      }
    });
    const before = registry.storedBytes();

    const { errors, garbageCollection } = await sweepAndCollect(registry);

    expect(errors).toEqual([]);
    const freed = before - registry.storedBytes();
    expect(freed).toBeGreaterThan(5_000);
    // An index, two images and two attestations, each with its own layer or statement, and config.
    expect(garbageCollection).toMatchObject({ status: "succeeded", freedBytes: freed, blobsDeleted: 11 });
    await registry.restart({});
    await pullImage(registry, "web", "main");
  });

  test("reports no bytes if it frees blobs of unknown size", REGISTRY, async () => {
    const registry = await start((store) => {
      pushImage(store, { repository: "web", seed: "orphaned", tags: ["pr-10"] });
      pushImage(store, { repository: "web", seed: "deleted before", tags: ["jane"] });
    });
    const head = await request(registry, {
      method: "HEAD",
      path: "/v2/web/manifests/jane",
      headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
    });
    await request(registry, { method: "DELETE", path: `/v2/web/manifests/${head.headers["docker-content-digest"]}` });

    const { garbageCollection } = await sweepAndCollect(registry);

    expect(garbageCollection).toMatchObject({ status: "succeeded", freedBytes: null, blobsDeleted: 7 });
    expect(garbageCollection.note).toMatch(/Sizes are known for 4 blobs: [\d.]+ KiB/);
  });

  test("names the danger of pushes in the log", REGISTRY, async () => {
    const lines: string[] = [];
    await sweepAndCollect(await start(fillExample), [], lines);
    expect(lines).toContainEqual(expect.stringMatching(/^A push during .* Restart it afterwards/));
  });

  test("with -m is an error before it starts, because the registry has indexes or referrers", REGISTRY, async () => {
    let untagged: readonly string[] = [];
    const registry = await start((store) => {
      const { index, children } = pushMultiArch(store, { repository: "web", seed: "kept", tags: ["main"] });
      const signature = { artifactType: "application/spdx+json", by: "subject" } as const;
      untagged = [...children, pushReferrer(store, { repository: "web", subject: index, ...signature })];
      pushImage(store, { repository: "web", seed: "orphaned", tags: ["pr-10"] });
    });

    const result = await sweepAndCollect(registry, ["-m"]);

    expect(result.errors).toMatchObject([
      {
        kind: "garbage-collection",
        message: expect.stringContaining("deletes child manifests and referrers of kept images, such as web@"),
        remedy: expect.stringContaining("Remove `-m`"),
      },
    ]);
    expect(result.garbageCollection.status).toBe("not-started");
    for (const digest of untagged) expect(await manifestStatus(registry, "web", digest)).toBe(200);
    await pullImage(registry, "web", "main");
  });

  test("with -m would delete children of kept indexes, and referrers", REGISTRY, async () => {
    let untagged: readonly string[] = [];
    const registry = await start((store) => {
      const { index, children } = pushMultiArch(store, { repository: "web", seed: "kept", tags: ["main"] });
      const signature = { artifactType: "application/spdx+json", by: "subject" } as const;
      untagged = [...children, pushReferrer(store, { repository: "web", subject: index, ...signature })];
    });
    await registry.collect("-m");
    await registry.restart({});
    for (const digest of untagged) expect(await manifestStatus(registry, "web", digest)).toBe(404);
    await expect(pullImage(registry, "web", "main")).rejects.toThrow("404");
  });

  test("that fails is an error with its error output", REGISTRY, async () => {
    const registry = await start(fillExample);
    const inputs = { "run-gc": "true", "gc-command": `${program} garbage-collect /nonexistent/config.yml` };
    const { garbageCollection, errors } = await sweepRegistry(registry.url, gitHost, { inputs });
    expect(garbageCollection).toMatchObject({ status: "failed", blobsDeleted: null });
    expect(garbageCollection.note).toMatch(/code 1\. Its error output: .*configuration error: /s);
    expect(errors).toMatchObject([{ kind: "garbage-collection" }]);
  });

  test("does not start if nothing was deleted", REGISTRY, async () => {
    const registry = await start((store) => pushImage(store, { repository: "web", seed: "kept", tags: ["main"] }));
    expect((await sweepAndCollect(registry)).garbageCollection.status).toBe("skipped");
  });

  test("that is missing is a notice that names the README, not an error", REGISTRY, async () => {
    const registry = await start(fillExample);
    const result = await sweepRegistry(registry.url, gitHost, { inputs: { "run-gc": "true" } });
    expect(result.errors).toEqual([]);
    expect(result.garbageCollection.status).toBe("unsupported");
    expect(result.notices).toContainEqual(expect.stringMatching(/gc-command.*Self-hosted registries/));
  });
});

describe("credentials", () => {
  const authorized = (registry: RealRegistry) => ({ url: registry.url, authorization: `Basic ${BASIC}` });

  test("of the inputs are used for a registry with a password file", REGISTRY, async () => {
    const registry = await start(fillExample, { auth: { kind: "htpasswd", line: HTPASSWD } });
    const inputs = { username: LOGIN.user, token: LOGIN.password };
    const result = await sweepRegistry(registry.url, gitHost, { inputs });
    expect(result.errors).toEqual([]);
    const remaining = await tagsOf(authorized(registry), "web");
    expect(remaining).toContain("v2.0.0");
    expect(remaining).not.toContain("pr-11");
  });

  test.each([
    ["missing", {}],
    ["wrong", { username: "sweeper", token: "wrong" }],
  ])("that are %s are one error, and nothing is deleted", REGISTRY, async (_, inputs) => {
    const registry = await start(fillExample, { auth: { kind: "htpasswd", line: HTPASSWD } });
    const { errors } = await sweepRegistry(registry.url, gitHost, { inputs });
    expect(errors).toMatchObject([{ kind: "permission", message: expect.stringContaining("401") }]);
    expect(await tagsOf(authorized(registry), "web")).toContain("pr-11");
  });

  test("of docker login are used if there are none in the inputs", REGISTRY, async () => {
    const registry = await start(fillExample, { auth: { kind: "htpasswd", line: HTPASSWD } });
    const folder = mkdtempSync(join(tmpdir(), "refsweep-docker-"));
    cleanup.push(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [registry.url.host]: { auth: BASIC } } }));
    const result = await sweepRegistry(registry.url, gitHost, { environment: { DOCKER_CONFIG: folder } });
    expect(result.errors).toEqual([]);
    expect(await tagsOf(authorized(registry), "web")).not.toContain("pr-11");
  });

  describe("for a token server", needs("docker-registry", "openssl"), () => {
    const inputs = { username: LOGIN.user, token: LOGIN.password };

    async function startWithTokens(grants?: (actions: readonly string[]) => readonly string[]): Promise<RealRegistry> {
      const signing = makeSigningKey();
      const tokens = await serveSignedTokens(
        signing,
        grants === undefined ? { login: LOGIN } : { login: LOGIN, grants },
      );
      cleanup.push(() => tokens.close());
      const realm = new URL("/token", tokens.url).href;
      return start(fillExample, { auth: { kind: "token", realm, certificate: signing.certificate } });
    }

    test("that permit deletes are used", async () => {
      const registry = await startWithTokens();
      const result = await sweepRegistry(registry.url, gitHost, { inputs });
      expect(result.errors).toEqual([]);
      expect(deletedTags(result)).toContain("web: feature-login pr-10");
    });

    test("that permit pull only are an error before the first deletion", async () => {
      const registry = await startWithTokens((actions) => actions.filter((action) => action !== "delete"));
      const result = await sweepRegistry(registry.url, gitHost, { inputs });
      expect(result.errors).toMatchObject([{ kind: "permission", message: expect.stringContaining("delete") }]);
      expect(deletedTags(result)).toEqual([]);
      await registry.restart({});
      expect(await tagsOf(registry, "web")).toContain("pr-11");
    });

    test("that do not permit the catalog are used for the names without a wildcard, with a warning", async () => {
      const registry = await startWithTokens((actions) => actions.filter((action) => action !== "*"));
      const warnings: string[] = [];
      const log = { ...silentLog, warn: (_kind: string, text: string) => void warnings.push(text) };
      const result = await sweepRegistry(registry.url, gitHost, { inputs, log });
      expect(result.errors).toEqual([]);
      expect(result.repositories.map(({ name }) => name)).toEqual(["web"]);
      expect(deletedTags(result)).toContain("web: feature-login pr-10");
      expect(warnings).toContainEqual(expect.stringMatching(/without a wildcard are used: web/));
    });
  });
});
