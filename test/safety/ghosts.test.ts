import { afterEach, beforeEach, expect, test } from "vitest";
import type { Forge } from "../e2e/team.ts";
import { digestOfNothing, pushImage, pushIndex } from "../servers/content.ts";
import { refuse } from "../servers/http-server.ts";
import { assertLiving, sweepStage } from "./harness.ts";
import { contentsOf, NOW, openStage, type Stage, serveStageForge } from "./stage.ts";

let forge: Forge;
let stage: Stage;

beforeEach(async () => {
  forge = await serveStageForge();
  stage = await openStage("digitalocean");
});

afterEach(async () => {
  await Promise.all([forge.close(), stage.close()]);
});

const digestOf = (tag: string): string => stage.store.resolve("web", tag)?.digest ?? "";

const MISSING = refuse(404, {}, { errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] });

test("where every manifest answers 404, none is taken for a ghost: nothing is deleted, and the step fails", async () => {
  const before = contentsOf(stage.store);
  stage.servers["oci"]?.inject(({ path, headers }) =>
    headers.authorization !== undefined && path.includes("/manifests/") ? MISSING : null,
  );
  const result = await sweepStage(stage, forge);
  expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("answers 404") }]);
  expect(contentsOf(stage.store)).toEqual(before);
});

test("the same where what is asked for first is the missing subject of a signature", async () => {
  await stage.close();
  stage = await openStage("digitalocean", {
    fill: (store) => {
      const at = { repository: "web", pushedAt: NOW - 10 * 86_400_000 } as const;
      const main = pushIndex(store, { ...at, children: [pushImage(store, { ...at, seed: "child" })], tags: ["main"] });
      for (const subject of [main, digestOfNothing("long gone")])
        pushImage(store, { ...at, seed: `signature of ${subject}`, tags: [`${subject.replace(":", "-")}.sig`] });
    },
  });
  const before = contentsOf(stage.store);
  stage.servers["oci"]?.inject(({ path, headers }) =>
    headers.authorization !== undefined && path.includes("/manifests/") ? MISSING : null,
  );
  const result = await sweepStage(stage, forge, { untagged: "keep" });
  expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("answers 404") }]);
  expect(contentsOf(stage.store)).toEqual(before);
});

test.each(["digitalocean", "distribution", "oci"] as const)(
  "%s: signatures in a repository of their own stay, as their images do in another one",
  async (kind) => {
    await stage.close();
    stage = await openStage(kind, {
      fill: (store) => {
        const at = { pushedAt: NOW - 10 * 86_400_000 } as const;
        const image = pushImage(store, { ...at, repository: "web", seed: "main", tags: ["main"] });
        const tags = [`${image.replace(":", "-")}.sig`];
        pushImage(store, { ...at, repository: "web/signatures", seed: "signature", tags });
      },
    });
    const before = contentsOf(stage.store);
    expect((await sweepStage(stage, forge)).errors).toEqual([]);
    expect(contentsOf(stage.store)).toEqual(before);
  },
);

test("trap 23: where any manifest can be read, those that answer 404 are ghosts, and end nothing", async () => {
  const ghost = digestOf("jane");
  stage.servers["oci"]?.inject(({ path }) => (path.endsWith(ghost) ? MISSING : null));
  const result = await sweepStage(stage, forge);
  expect(result.errors).toEqual([]);
  expect(result.repositories[0]?.plan?.ghosts).toEqual([ghost]);
  expect(stage.store.tags("web")).not.toContain("pr-3");
  assertLiving(stage);
});
