import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findImages } from "../../src/protect/find-images.ts";
import { joinImagesInUse, readImagesInUse, tagsInUse } from "../../src/protect/images-in-use.ts";
import { A, B, TEAM } from "./setup.ts";

const DIGEST_IN_FILE = `web@${A}\n`;

describe("the files of protect-digests", () => {
  let workspace = "";
  beforeEach(() => {
    workspace = mkdtempSync(join(tmpdir(), "refsweep-files-"));
    const web = "image: registry.digitalocean.com/team/web:";
    write("deploy/web.yaml", `${web}v1\n`);
    write("deploy/prod/api/api.yaml", `${web}v2\n`);
    write("deploy/old/web.yaml", `${web}v3\n`);
    write(".github/release.yaml", `${web}v4\n`);
    write("images.txt", `${A}\n`);
    write(".git/deploy.yaml", `${web}v5\n`);
    write("windows.txt", Buffer.from(`\ufeff${web}v6`, "utf16le"));
  });
  afterEach(() => rmSync(workspace, { recursive: true, force: true }));

  function write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), content);
  }

  async function imagesIn(...files: readonly string[]): Promise<readonly string[]> {
    const images = await readImagesInUse({ protectDigests: { digests: [], files }, registry: TEAM, workspace });
    return [...(images.tags.get("web") ?? []), ...images.digests].sort();
  }

  it.each([
    [["deploy/web.yaml"], ["v1"]],
    [["./deploy/../deploy/web.yaml"], ["v1"]],
    [["deploy/*.yaml"], ["v1"]],
    [["deploy/*/*.yaml"], ["v3"]],
    [["deploy/**"], ["v1", "v2", "v3"]],
    [["deploy/**/*.yaml"], ["v1", "v2", "v3"]],
    [["**/*.yaml"], ["v1", "v2", "v3", "v4"]],
    [
      ["**/*.yaml", "!deploy/old/**"],
      ["v1", "v2", "v4"],
    ],
    [
      ["!**/old/**", "deploy/**"],
      ["v1", "v2"],
    ],
    [["deploy/{old,prod/api}/*.yaml"], ["v2", "v3"]],
    [["deploy/w??.yaml"], ["v1"]],
    [
      ["images.txt", "windows.txt"],
      [A, "v6"],
    ],
    [[], []],
  ])("%j", async (files, expected) => {
    expect(await imagesIn(...files)).toEqual(expected);
  });

  it("can be outside of the workspace, by an absolute path or by ..", async () => {
    const files = join(workspace, "deploy/web.yaml");
    const absolute = { digests: [], files: [files] };
    const inner = join(workspace, "images");
    mkdirSync(inner);
    expect(
      (await readImagesInUse({ protectDigests: absolute, registry: TEAM, workspace: inner })).tags.get("web"),
    ).toContain("v1");
    const above = { digests: [], files: ["../deploy/*.yaml"] };
    expect(
      (await readImagesInUse({ protectDigests: above, registry: TEAM, workspace: inner })).tags.get("web"),
    ).toContain("v1");
  });

  it("are found through links, without endless loops", async () => {
    symlinkSync(join(workspace, "deploy"), join(workspace, "linked"));
    symlinkSync(workspace, join(workspace, "deploy/circle"));
    symlinkSync(join(workspace, "nowhere"), join(workspace, "deploy/broken"));
    symlinkSync("loop", join(workspace, "deploy/loop"));
    expect(await imagesIn("linked/*.yaml")).toEqual(["v1"]);
    expect(await imagesIn("deploy/**/web.yaml")).toEqual(["v1", "v3"]);
  });

  // On Windows, a name that is too long is absent.
  it.skipIf(process.platform === "win32").each(["deploy/**", "deploy/*/web.yaml", "deploy/far"])(
    "that cannot be read are an error, but those that do not exist are not: %s",
    async (pattern) => {
      symlinkSync("x".repeat(300), join(workspace, "deploy/far"));
      await expect(imagesIn("deploy/web.yaml", pattern)).rejects.toThrow(/deploy\/far could not be read: ENAMETOOLONG/);
    },
  );

  it.each([
    ["nothing/*.yaml"],
    ["deploy"],
    ["deploy/"],
    ["deploy/*.yml"],
    ["nothing.txt"],
    ["**/*.yaml/x"],
    ["images.txt/x"],
    ["images.txt/*"],
  ])("that match nothing are an error: %s", async (pattern) => {
    const error = await imagesIn("deploy/web.yaml", pattern).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: "Fault", kind: "input" });
    expect(String(error)).toContain(JSON.stringify(pattern));
  });

  it("that are empty are an error, because a failed command leaves empty files", async () => {
    write("empty/a.txt", "");
    write("empty/b.txt", " \n");
    await expect(imagesIn("empty/*")).rejects.toThrow("only empty files");
    await expect(imagesIn("images.txt", "empty/a.txt")).rejects.toThrow('"empty/a.txt"');
    write("empty/c.txt", DIGEST_IN_FILE);
    expect(await imagesIn("empty/*")).toEqual([A]);
  });

  it("that name no image of the registry and no digest are an error, because they would protect nothing", async () => {
    write("other/pods.json", JSON.stringify({ items: [{ image: "mirror.example/team/web:v1", tag: "v1" }] }));
    write("other/none.json", JSON.stringify({ items: [] }));
    for (const pattern of ["other/pods.json", "other/none.json", "other/*"]) {
      await expect(imagesIn(pattern)).rejects.toThrow(
        "contain no digest and no image of registry.digitalocean.com/team",
      );
    }
    expect(await imagesIn("other/*", "images.txt")).toEqual([A]);
    expect(await imagesIn("other/*", "deploy/web.yaml")).toEqual(["v1"]);
  });

  it.each([
    ["one file", { "dump.bin": 600 }, "600 MiB"],
    ["files together", { "a.bin": 150, "b.bin": 160 }, "310 MiB"],
  ])("that are too large for one string are an error: %s", async (_, sizes, total) => {
    for (const [name, mib] of Object.entries(sizes)) {
      write(name, "");
      truncateSync(join(workspace, name), mib * 1024 * 1024 - 512);
    }
    const error = await imagesIn("**").catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: "Fault", kind: "input", message: expect.stringContaining(total) });
    expect(error).toMatchObject({ remedy: expect.stringContaining(".bin: exclude it") });
    expect(await imagesIn("**", "!*.bin")).toContain("v1");
  });

  it("with too many different words for the memory are an error", async () => {
    write("words.txt", Array.from({ length: 4_100_000 }, (_, i) => i.toString(36)).join(" "));
    const error = await imagesIn("words.txt").catch((caught: unknown) => caught);
    expect(error).toMatchObject({ kind: "input", message: expect.stringContaining("4,000,000 different words") });
  }, 60_000);

  it("that are all excluded are an error", async () => {
    await expect(imagesIn("deploy/*.yaml", "!deploy/**")).rejects.toThrow("matches no file");
  });

  it("are read as one text, in addition to the listed digests", async () => {
    write("values.yaml", "repository: registry.digitalocean.com/team/api\n");
    write("tag.yaml", "tag: v9\n");
    const protectDigests = { digests: [B], files: ["values.yaml", "tag.yaml", "images.txt"] };
    const images = await readImagesInUse({ protectDigests, registry: TEAM, workspace });
    expect([...images.digests].sort()).toEqual([B, A]);
    expect(tagsInUse(images, "api")("v9")).toBe(true);
  });
});

describe("images in use of several sources", () => {
  it("are all protected", () => {
    const one = findImages(`registry.digitalocean.com/team/web:v1 ${A}`, TEAM);
    const other = findImages(`registry.digitalocean.com/team/web:v2 registry.digitalocean.com/team/api:v3 ${B}`, TEAM);
    const joined = joinImagesInUse([one, other]);
    expect([...joined.digests]).toEqual([A, B]);
    expect([...joined.tags].map(([name, tags]) => [name, [...tags]])).toEqual([
      ["web", ["v1", "v2"]],
      ["api", ["v3"]],
    ]);
  });
});
