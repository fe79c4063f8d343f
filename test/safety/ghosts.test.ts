import { afterEach, beforeEach, expect, test } from "vitest";
import type { Forge } from "../e2e/team.ts";
import { refuse } from "../servers/http-server.ts";
import { assertLiving, sweepStage } from "./harness.ts";
import { contentsOf, openStage, type Stage, serveStageForge } from "./stage.ts";

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
  expect(result.problems).toMatchObject([{ kind: "listing", message: expect.stringContaining("answers 404") }]);
  expect(contentsOf(stage.store)).toEqual(before);
});

test("trap 23: where any manifest can be read, those that answer 404 are ghosts, and end nothing", async () => {
  const ghost = digestOf("jane");
  stage.servers["oci"]?.inject(({ path }) => (path.endsWith(ghost) ? MISSING : null));
  const result = await sweepStage(stage, forge);
  expect(result.problems).toEqual([]);
  expect(result.repositories[0]?.plan?.ghosts).toEqual([ghost]);
  expect(stage.store.tags("web")).not.toContain("pr-3");
  assertLiving(stage);
});
