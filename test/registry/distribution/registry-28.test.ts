import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { fillExampleRegistry, type GitHost, serveExampleGitHost } from "../../e2e/example.ts";
import { silentLog } from "../../run.ts";
import { pushImage, pushMultiArch, pushReferrer } from "../../servers/content.ts";
import {
  findRegistry,
  type RealRegistry,
  type RealRegistryOptions,
  startRealRegistry,
} from "../../servers/distribution/real-registry.ts";
import { makeSigningKey, serveSignedTokens } from "../../servers/distribution/signed-tokens.ts";
import { ask, copyStore, manifestStatus, pullWhole, tagsOf } from "../../servers/oci/copy.ts";
import { RegistryStore, sha256 } from "../../servers/oci/store.ts";
import { isProgram } from "../../servers/program.ts";
import { deletedTags, sweepRegistry } from "./sweep.ts";

const LOGIN = { user: "sweeper", password: "secret" };
/** `htpasswd -nbB -C 4 sweeper secret` */
const HTPASSWD = "sweeper:$2y$04$fT9VDmyhDFnw5Iv/x7kemu71aBwI15XemIkIPalEUK4lQqAIH6tIe";
const BASIC = Buffer.from("sweeper:secret").toString("base64");

const program = findRegistry("2.8") ?? "";
const real = test.skipIf(program === "");
let gitHost: GitHost;
const open: (() => unknown)[] = [];

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

afterAll(() => gitHost.close());

async function filled(fill: (store: RegistryStore) => void, options: RealRegistryOptions = {}): Promise<RealRegistry> {
  const store = new RegistryStore();
  fill(store);
  const registry = await startRealRegistry(program);
  open.push(registry.close);
  await copyStore(store, registry);
  if (Object.keys(options).length > 0) await registry.restart(options);
  return registry;
}

const team = (store: RegistryStore): void => fillExampleRegistry(store, Date.now());

/** A sweep whose collection is `docker-registry garbage-collect` itself. */
function sweepAndCollect(registry: RealRegistry, flags: readonly string[] = [], warnings: string[] = []) {
  const inputs = { "run-gc": "true", "gc-command": registry.collectCommand(...flags).join(" ") };
  const log = { ...silentLog, warn: (kind: string, text: string) => void warnings.push(`${kind}: ${text}`) };
  return sweepRegistry(registry.url, gitHost, { inputs, log });
}

/** Puts an image there as `docker push` does; what tells its history can be rewritten to the schema of before 2016. */
function pushDockerImage(store: RegistryStore, tag: string): void {
  const layer = Buffer.from("what a layer holds");
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

describe("MANIFEST_UNKNOWN for the digest that the registry itself showed", () => {
  real("is that of a rewritten manifest: Refsweep asks for the true one, and deletes it", async () => {
    const registry = await filled((store) => pushDockerImage(store, "pr-13"));

    const shown = await ask(registry, { method: "HEAD", path: "/v2/web/manifests/pr-13" });
    expect(shown.headers["content-type"]).toBe("application/vnd.docker.distribution.manifest.v1+prettyjws");
    const wrong = String(shown.headers["docker-content-digest"]);
    const refused = await ask(registry, { method: "DELETE", path: `/v2/web/manifests/${wrong}` });
    expect(refused.status).toBe(404);
    expect(JSON.parse(refused.body.toString())).toMatchObject({ errors: [{ code: "MANIFEST_UNKNOWN" }] });

    const result = await sweepRegistry(registry.url, gitHost);

    expect(result.errors).toEqual([]);
    expect(deletedTags(result)).toEqual(["web: pr-13"]);
    expect(await manifestStatus(registry, "web", "pr-13")).toBe(404);
  });
});

describe("gc-command, run on the real garbage-collect", () => {
  real("frees the bytes that it says, to the last one", async () => {
    const registry = await filled((store) => {
      for (const tag of ["main", "pr-10"]) {
        pushMultiArch(store, { repository: "web", seed: tag, tags: [tag], attestations: "with" });
      }
    });
    const before = registry.storedBytes();

    const { errors, garbageCollection } = await sweepAndCollect(registry);

    expect(errors).toEqual([]);
    const freed = before - registry.storedBytes();
    expect(freed).toBeGreaterThan(5_000);
    // An index, two images and two attestations, with what only these have: a layer and a config, or a statement.
    expect(garbageCollection).toMatchObject({ status: "succeeded", freedBytes: freed, blobsDeleted: 11 });
    await registry.restart({});
    await pullWhole(registry, "web", "main");
  });

  real("tells no bytes where something was left by others, and says of how many it knows", async () => {
    const registry = await filled((store) => {
      pushImage(store, { repository: "web", seed: "dead", tags: ["pr-10"] });
      pushImage(store, { repository: "web", seed: "by hand", tags: ["jane"] });
    });
    const head = await ask(registry, {
      method: "HEAD",
      path: "/v2/web/manifests/jane",
      headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
    });
    await ask(registry, { method: "DELETE", path: `/v2/web/manifests/${head.headers["docker-content-digest"]}` });

    const { garbageCollection } = await sweepAndCollect(registry);

    expect(garbageCollection).toMatchObject({ status: "succeeded", freedBytes: null, blobsDeleted: 7 });
    expect(garbageCollection.note).toMatch(/4 of the blobs had \d+ bytes/);
  });

  real("warns of pushes meanwhile, and nothing else, where no untagged manifests go", async () => {
    const warnings: string[] = [];
    await sweepAndCollect(await filled(team), [], warnings);
    expect(warnings).toEqual([expect.stringMatching(/^gc-command: A push while .* restart it afterwards/)]);
  });

  real(
    "trap 28: garbage-collect -m deletes the children of a living index and its referrers, which Refsweep warns of",
    async () => {
      let children: readonly string[] = [];
      const registry = await filled((store) => {
        const { index, children: own } = pushMultiArch(store, { repository: "web", seed: "living", tags: ["main"] });
        const signature = { artifactType: "application/spdx+json", by: "subject" } as const;
        children = [...own, pushReferrer(store, { repository: "web", subject: index, ...signature })];
        pushImage(store, { repository: "web", seed: "dead", tags: ["pr-10"] });
      });
      const warnings: string[] = [];

      const { errors, garbageCollection } = await sweepAndCollect(registry, ["-m"], warnings);

      expect(errors).toEqual([]);
      expect(garbageCollection.note).toContain("3 manifests deleted");
      expect(warnings).toContainEqual(
        expect.stringMatching(/^gc-command-untagged: .* 1 indexes or referrers .* Leave out `-m`/),
      );
      await registry.restart({});
      for (const child of children) expect(await manifestStatus(registry, "web", child)).toBe(404);
      await expect(pullWhole(registry, "web", "main")).rejects.toThrow("404");
    },
  );

  real("reports a collection that fails, with what it said, and fails the step", async () => {
    const registry = await filled(team);
    const inputs = { "run-gc": "true", "gc-command": `${program} garbage-collect /nonexistent/config.yml` };
    const { garbageCollection, errors } = await sweepRegistry(registry.url, gitHost, { inputs });
    expect(garbageCollection).toMatchObject({ status: "failed", blobsDeleted: null });
    expect(garbageCollection.note).toMatch(/exit code 1\. It said: .*configuration error: /s);
    expect(errors).toMatchObject([{ kind: "garbage-collection" }]);
  });

  real("is not started where nothing was deleted", async () => {
    const registry = await filled((store) => pushImage(store, { repository: "web", seed: "living", tags: ["main"] }));
    expect((await sweepAndCollect(registry)).garbageCollection.status).toBe("skipped");
  });

  real("run-gc without a command is unsupported: a notice that names the README, and no problem", async () => {
    const registry = await filled(team);
    const result = await sweepRegistry(registry.url, gitHost, { inputs: { "run-gc": "true" } });
    expect(result.errors).toEqual([]);
    expect(result.garbageCollection.status).toBe("unsupported");
    expect(result.notices).toContainEqual(expect.stringMatching(/gc-command.*Self-hosted registries/));
  });
});

describe("credentials", () => {
  const authorized = (registry: RealRegistry) => ({ url: registry.url, authorization: `Basic ${BASIC}` });

  real("user and password, where the registry has a password file", async () => {
    const registry = await filled(team, { auth: { kind: "htpasswd", line: HTPASSWD } });
    const inputs = { username: LOGIN.user, token: LOGIN.password };
    const result = await sweepRegistry(registry.url, gitHost, { inputs });
    expect(result.errors).toEqual([]);
    const left = await tagsOf(authorized(registry), "web");
    expect(left).toContain("v2.0.0");
    expect(left).not.toContain("pr-11");
  });

  real.each([
    ["none", {}],
    ["wrong", { username: "sweeper", token: "wrong" }],
  ])("%s: one problem, and nothing goes", async (_, inputs) => {
    const registry = await filled(team, { auth: { kind: "htpasswd", line: HTPASSWD } });
    const { errors } = await sweepRegistry(registry.url, gitHost, { inputs });
    expect(errors).toMatchObject([{ kind: "permission", message: expect.stringContaining("401") }]);
    expect(await tagsOf(authorized(registry), "web")).toContain("pr-11");
  });

  real("what docker login left is used where none is given", async () => {
    const registry = await filled(team, { auth: { kind: "htpasswd", line: HTPASSWD } });
    const folder = mkdtempSync(join(tmpdir(), "refsweep-docker-"));
    open.push(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [registry.url.host]: { auth: BASIC } } }));
    const result = await sweepRegistry(registry.url, gitHost, { environment: { DOCKER_CONFIG: folder } });
    expect(result.errors).toEqual([]);
    expect(await tagsOf(authorized(registry), "web")).not.toContain("pr-11");
  });

  describe("by a token server, whose signature the registry checks", () => {
    const signed = test.skipIf(program === "" || !isProgram("openssl", "version"));
    const inputs = { username: LOGIN.user, token: LOGIN.password };

    async function guarded(grants?: (actions: readonly string[]) => readonly string[]): Promise<RealRegistry> {
      const signing = makeSigningKey();
      const tokens = await serveSignedTokens(
        signing,
        grants === undefined ? { login: LOGIN } : { login: LOGIN, grants },
      );
      open.push(() => tokens.close());
      const realm = new URL("/token", tokens.url).href;
      return filled(team, { auth: { kind: "token", realm, certificate: signing.certificate } });
    }

    signed("one that may delete sweeps", async () => {
      const registry = await guarded();
      const result = await sweepRegistry(registry.url, gitHost, { inputs });
      expect(result.errors).toEqual([]);
      expect(deletedTags(result)).toContain("web: feature-login pr-10");
    });

    signed("one that may only pull is told of before anything goes", async () => {
      const registry = await guarded((actions) => actions.filter((action) => action !== "delete"));
      const result = await sweepRegistry(registry.url, gitHost, { inputs });
      expect(result.errors).toMatchObject([{ kind: "permission", message: expect.stringContaining("delete") }]);
      expect(deletedTags(result)).toEqual([]);
      await registry.restart({});
      expect(await tagsOf(registry, "web")).toContain("pr-11");
    });

    signed("one that may not read the catalog sweeps what is named without a wildcard, and says so", async () => {
      const registry = await guarded((actions) => actions.filter((action) => action !== "*"));
      const warnings: string[] = [];
      const log = { ...silentLog, warn: (_kind: string, text: string) => void warnings.push(text) };
      const result = await sweepRegistry(registry.url, gitHost, { inputs, log });
      expect(result.errors).toEqual([]);
      expect(result.repositories.map(({ name }) => name)).toEqual(["web"]);
      expect(deletedTags(result)).toContain("web: feature-login pr-10");
      expect(warnings).toContainEqual(expect.stringMatching(/without a wildcard is swept: web/));
    });
  });
});
