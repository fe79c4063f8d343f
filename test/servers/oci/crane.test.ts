import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { digestOfNothing, pushImage, pushMultiArch } from "../content.ts";
import { findTool, needs } from "../tools.ts";
import { DISTRIBUTION_2_8, type OciBehaviour } from "./behaviour.ts";
import { serveOci } from "./server.ts";
import { RegistryStore } from "./store.ts";

const run = promisify(execFile);
const program = findTool("crane") ?? "";
const behaviours: readonly (readonly [string, OciBehaviour])[] = [
  ["with a complete registry and pages of two", { pageSize: 2 }],
  ["with distribution 2.8", DISTRIBUTION_2_8],
];

/** Cleanup after each test, in reverse order. */
const cleanup: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

/** Runs crane without this machine's logins. Returns its output. */
async function crane(...args: readonly string[]): Promise<string> {
  const env = { HOME: "/nonexistent", DOCKER_CONFIG: "/nonexistent" };
  const { stdout } = await run(program, ["--insecure", ...args], { env, maxBuffer: 16 * 1024 * 1024 });
  return stdout.trim();
}

async function start(
  behaviour: OciBehaviour,
  store = new RegistryStore(),
): Promise<{ host: string; store: RegistryStore }> {
  const server = await serveOci(store, behaviour);
  cleanup.push(() => server.close());
  return { host: server.url.host, store };
}

describe("crane", needs("crane"), () => {
  it.each<[string, OciBehaviour]>([
    ["absolute links", { pageSize: 2, links: "absolute" }],
    ["links without quotes", { pageSize: 2, links: "without quotes" }],
    ["tags in the order of their push", { pageSize: 2, tagOrder: "as pushed" }],
    ["a full last page with a link to an empty one", { pageSize: 2, paging: "by-link when full" }],
  ])("lists the tags of a registry with %s", async (_what, behaviour) => {
    const { host, store } = await start(behaviour);
    pushImage(store, { repository: "app", seed: "v1", tags: ["c", "a", "d", "b"] });
    expect((await crane("ls", `${host}/app`)).split("\n").sort()).toEqual(["a", "b", "c", "d"]);
  });

  describe.each(behaviours)("%s", (_name, behaviour) => {
    it("copies an index completely and validates both copies", async () => {
      const from = await start(behaviour);
      const pushed = pushMultiArch(from.store, { repository: "app", seed: "v1", tags: ["v1"], attestations: "with" });
      const to = await start(behaviour);

      await crane("copy", `${from.host}/app:v1`, `${to.host}/team/app:v1`);

      expect(await crane("digest", `${to.host}/team/app:v1`)).toBe(pushed.index);
      // Crane does not accept BuildKit's attestations as images.
      const images = pushed.children
        .slice(0, 2)
        .flatMap((image) => [`${from.host}/app@${image}`, `${to.host}/team/app@${image}`]);
      for (const image of images) await crane("validate", "--fast", "--remote", image);
      expect(new Set(to.store.manifests("team/app").map(({ digest }) => digest))).toEqual(
        new Set([pushed.index, ...pushed.children]),
      );
    });

    it("creates an image, pulls it with its layers and pushes it with the same digest", async () => {
      const { host, store } = await start(behaviour);
      const folder = await mkdtemp(join(tmpdir(), "refsweep-crane-"));
      cleanup.push(() => rm(folder, { recursive: true }));
      await writeFile(join(folder, "file"), "content of a layer");
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

    it("lists repositories and tags, and reads manifests", async () => {
      const { host, store } = await start(behaviour);
      const digest = pushImage(store, { repository: "app", seed: "v1", tags: ["a", "b", "c", "d", "e"] });
      for (const repository of ["one", "three", "two"]) pushImage(store, { repository, seed: "v1", tags: ["v1"] });

      expect((await crane("ls", `${host}/app`)).split("\n")).toEqual(["a", "b", "c", "d", "e"]);
      expect((await crane("catalog", host)).split("\n")).toEqual(["app", "one", "three", "two"]);
      expect(await crane("manifest", `${host}/app:c`)).toBe(store.resolve("app", digest)?.bytes.toString("utf8"));
    });

    it("reports what does not exist", async () => {
      const { host, store } = await start(behaviour);
      pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
      const nothing = `${host}/app@${digestOfNothing("crane")}`;
      await expect(crane("manifest", nothing)).rejects.toThrow("MANIFEST_UNKNOWN");
      await expect(crane("delete", nothing)).rejects.toThrow("MANIFEST_UNKNOWN");
      await expect(crane("ls", `${host}/unknown`)).rejects.toThrow("NAME_UNKNOWN");
    });

    it("deletes a digest with its tags", async () => {
      const { host, store } = await start(behaviour);
      const old = pushImage(store, { repository: "app", seed: "old", tags: ["old", "older"] });
      pushImage(store, { repository: "app", seed: "new", tags: ["new"] });

      await crane("delete", `${host}/app@${old}`);

      expect(await crane("ls", `${host}/app`)).toBe("new");
      await crane("validate", "--fast", "--remote", `${host}/app:new`);
    });
  });

  it("deletes a tag alone, unless the registry refuses it as distribution 2.8 does", async () => {
    const fill = (store: RegistryStore) => pushImage(store, { repository: "app", seed: "v1", tags: ["new", "old"] });
    const [complete, limited] = [await start({}), await start(DISTRIBUTION_2_8)];
    for (const { store } of [complete, limited]) fill(store);
    await crane("delete", `${complete.host}/app:old`);
    expect(await crane("ls", `${complete.host}/app`)).toBe("new");
    await expect(crane("delete", `${limited.host}/app:old`)).rejects.toThrow("DIGEST_INVALID");
  });
});
