import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { digestOfNothing, pushImage, pushMultiArch } from "../content.ts";
import { findGoProgram } from "../go-programs.ts";
import { DISTRIBUTION_2_8, type OciBehaviour } from "./behaviour.ts";
import { serveOci } from "./server.ts";
import { RegistryStore } from "./store.ts";

const run = promisify(execFile);
const program = findGoProgram("crane") ?? "";
const behaviours: readonly (readonly [string, OciBehaviour])[] = [
  ["with all of the OCI spec, in pages of two", { pageSize: 2 }],
  ["like distribution 2.8", DISTRIBUTION_2_8],
];

/** Undone after each test, last first. */
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Runs crane, without any login of this machine's. Returns what it printed; rejects with what it complained of. */
async function crane(...args: readonly string[]): Promise<string> {
  const env = { HOME: "/nonexistent", DOCKER_CONFIG: "/nonexistent" };
  const { stdout } = await run(program, ["--insecure", ...args], { env, maxBuffer: 16 * 1024 * 1024 });
  return stdout.trim();
}

async function play(
  behaviour: OciBehaviour,
  store = new RegistryStore(),
): Promise<{ host: string; store: RegistryStore }> {
  const server = await serveOci(store, behaviour);
  undo.push(() => server.close());
  return { host: server.url.host, store };
}

describe.skipIf(program === "")("crane (skipped where it is not built) finds a registry here", () => {
  describe.each(behaviours)("%s", (_name, behaviour) => {
    it("that it copies an index from and to, whole, and finds valid on both sides", async () => {
      const from = await play(behaviour);
      const pushed = pushMultiArch(from.store, { repository: "app", seed: "v1", tags: ["v1"], attestations: "with" });
      const to = await play(behaviour);

      await crane("copy", `${from.host}/app:v1`, `${to.host}/team/app:v1`);

      expect(await crane("digest", `${to.host}/team/app:v1`)).toBe(pushed.index);
      // Of BuildKit's attestations crane says that they are no images.
      const images = pushed.children
        .slice(0, 2)
        .flatMap((image) => [`${from.host}/app@${image}`, `${to.host}/team/app@${image}`]);
      for (const image of images) await crane("validate", "--fast", "--remote", image);
      expect(new Set(to.store.manifests("team/app").map(({ digest }) => digest))).toEqual(
        new Set([pushed.index, ...pushed.children]),
      );
    });

    it("that it makes an image in, pulls it from with its layers, and pushes it to by the same digest", async () => {
      const { host, store } = await play(behaviour);
      const folder = await mkdtemp(join(tmpdir(), "refsweep-crane-"));
      undo.push(() => rm(folder, { recursive: true }));
      await writeFile(join(folder, "file"), "what a layer holds");
      await run("tar", ["-cf", join(folder, "layer.tar"), "-C", folder, "file"]);

      await crane("append", "--new_layer", join(folder, "layer.tar"), "--new_tag", `${host}/app:v1`);
      await crane("validate", "--remote", `${host}/app:v1`);
      await crane("pull", "--format=oci", `${host}/app:v1`, join(folder, "image"));
      await crane("push", join(folder, "image"), `${host}/other:v1`);

      const digest = await crane("digest", `${host}/app:v1`);
      expect(store.resolve("app", "v1")?.digest).toBe(digest);
      expect(store.resolve("other", "v1")?.digest).toBe(digest);
      await crane("validate", "--remote", `${host}/other:v1`);
    });

    it("whose repositories and tags it lists, and whose manifests it reads", async () => {
      const { host, store } = await play(behaviour);
      const digest = pushImage(store, { repository: "app", seed: "v1", tags: ["a", "b", "c", "d", "e"] });
      for (const repository of ["one", "three", "two"]) pushImage(store, { repository, seed: "v1", tags: ["v1"] });

      expect((await crane("ls", `${host}/app`)).split("\n")).toEqual(["a", "b", "c", "d", "e"]);
      expect((await crane("catalog", host)).split("\n")).toEqual(["app", "one", "three", "two"]);
      expect(await crane("manifest", `${host}/app:c`)).toBe(store.resolve("app", digest)?.bytes.toString("utf8"));
    });

    it("that tells it what is not there", async () => {
      const { host, store } = await play(behaviour);
      pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
      const nothing = `${host}/app@${digestOfNothing("crane")}`;
      await expect(crane("manifest", nothing)).rejects.toThrow("MANIFEST_UNKNOWN");
      await expect(crane("delete", nothing)).rejects.toThrow("MANIFEST_UNKNOWN");
      await expect(crane("ls", `${host}/nobody`)).rejects.toThrow("NAME_UNKNOWN");
    });

    it("from which it deletes a digest with its tags", async () => {
      const { host, store } = await play(behaviour);
      const old = pushImage(store, { repository: "app", seed: "old", tags: ["old", "older"] });
      pushImage(store, { repository: "app", seed: "new", tags: ["new"] });

      await crane("delete", `${host}/app@${old}`);

      expect(await crane("ls", `${host}/app`)).toBe("new");
      await crane("validate", "--fast", "--remote", `${host}/app:new`);
    });
  });

  it("that deletes a tag alone where it can, and refuses to where 2.8 does", async () => {
    const fill = (store: RegistryStore) => pushImage(store, { repository: "app", seed: "v1", tags: ["new", "old"] });
    const [able, unable] = [await play({}), await play(DISTRIBUTION_2_8)];
    for (const { store } of [able, unable]) fill(store);
    await crane("delete", `${able.host}/app:old`);
    expect(await crane("ls", `${able.host}/app`)).toBe("new");
    await expect(crane("delete", `${unable.host}/app:old`)).rejects.toThrow("DIGEST_INVALID");
  });
});
