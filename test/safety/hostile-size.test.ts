import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import type { Forge } from "../e2e/team.ts";
import type { FaultScript } from "../servers/http-server.ts";
import { assertLiving, sweepStage } from "./harness.ts";
import { type Answering, type Front, serveInFront, torrent, whole } from "./hostile-front.ts";
import { KINDS, type Kind } from "./hostile-kinds.ts";
import { type Holdings, openStage, type Stage, serveStageForge } from "./stage.ts";

const MiB = 1024 * 1024;
/** The largest body of a kind of request; the client's own default is 16 MiB. */
const LIMITS: Readonly<Record<string, number>> = {
  "Git's refs": 64 * MiB,
  "Git's older refs": 64 * MiB,
  "DigitalOcean's tokens": MiB,
  "GHCR's tokens": MiB,
  "DigitalOcean's endpoint": 4 * MiB,
  "GHCR's manifests": 4 * MiB,
  "a manifest": 4 * MiB,
  "the config of an image": 4 * MiB,
};
/** What lies in the buffers of two sockets and of Node when the client hangs up. */
const BUFFERED = 8 * MiB;
/** GitHub, DigitalOcean and the rest: what a run may ask again, or more than once. */
const MOST_REQUESTS = 30;

let forge: Forge;
let stage: Stage<Holdings>;
let front: Front;

beforeEach(async () => {
  forge = await serveStageForge("kept");
});

afterEach(async () => {
  await Promise.all([forge.close(), stage.close(), front.close()]);
});

/** Sweeps a stage whose one kind of request is answered by `answer`. */
async function sweepBehind(kind: Kind, answer: Answering, timeoutMs?: number): Promise<RunResult> {
  stage = await openStage(kind.stage);
  const servers: Stage["servers"] = { ...stage.servers, git: forge.git, github: forge.github };
  if (kind.besides !== undefined) servers[kind.server]?.inject(kind.besides);
  const behind = hostOf(kind.server);
  front = await serveInFront(behind, (method, path) => kind.meets({ method, path }), answer);
  const through = <T>(all: T): T => JSON.parse(JSON.stringify(all).replaceAll(behind, front.host));
  // A registry's other server that names this one (a realm of tokens) leads here too.
  const renamed: FaultScript = () => ({
    kind: "altered",
    alter: (reply) => ({ ...reply, headers: through(reply.headers ?? {}) }),
  });
  if (kind.stage === "digitalocean" && kind.server === "api") stage.servers["oci"]?.inject(renamed);
  return sweepStage(
    { ...stage, inputs: through(stage.inputs), environment: through(stage.environment) },
    { ...forge, environment: through(forge.environment) },
    kind.inputs,
    undefined,
    timeoutMs === undefined ? {} : { timeoutMs },
  );
}

function hostOf(server: string): string {
  if (server === "git") return new URL(forge.environment["GITHUB_SERVER_URL"] ?? "").host;
  if (server === "github") return new URL(forge.environment["GITHUB_API_URL"] ?? "").host;
  if (server !== "api") return (stage.inputs["registry"] ?? "").split("/")[0] ?? "";
  return new URL(stage.inputs["api-url"] ?? stage.environment["GITHUB_API_URL"] ?? "").host;
}

const JSON_TYPE = { "content-type": "application/json" };
const ZEROS = gzipSync(Buffer.alloc(200_000_000));
const DEEP = 100_000;
const nested = (open: string, end: string): string => `${open.repeat(DEEP)}1${end.repeat(DEEP)}`;

/** Bodies that are small, and made to break whoever reads them. */
const ODD: Readonly<Record<string, string>> = {
  "arrays within arrays": nested("[", "]"),
  "objects within objects": nested('{"repositories":', "}"),
  "an error of a deep kind": `{"message":"x","errors":[${nested("[", "]")}],"data":null}`,
  "what every object has":
    '{"__proto__":{"tags":["x"],"manifests":[]},"constructor":{"prototype":{"owned":true}},"toString":1}',
  "names twice": `{"name":"web","name":"web","tags":["main"],"tags":null,"manifests":[],"manifests":{},"meta":{"total":0},"meta":{"total":1e400}}`,
  "numbers beyond all": '{"meta":{"total":1e400},"manifests":[{"digest":"x","size":1e999}],"id":-1e400,"type":9e999}',
  null: "null",
  "a number": "1e999",
  "an array of nothing": "[null,null]",
  "lone surrogates": '{"name":"\\ud800","tags":["\\udfff"],"type":"\\ud800","message":"\\ud800","token":"\\ud800"}',
};

describe.each(KINDS)("$title", (kind) => {
  const limit = LIMITS[kind.title] ?? 16 * MiB;

  test.each([
    ["without an end", null],
    ["of 200 MB, as it says", 200_000_000],
  ])("a body %s is cut off at its limit", async (_, declared) => {
    const result = await sweepBehind(kind, torrent(declared));
    expect(front.answered()).toBeGreaterThan(0);
    expect(front.answered()).toBeLessThan(MOST_REQUESTS);
    expect(front.sentBytes() / front.answered()).toBeLessThan(limit + BUFFERED);
    expect(JSON.stringify(result)).toContain(`larger than ${limit} bytes`);
    assertLiving(stage);
  });

  test("200 MB in 200 KB of gzip are cut off where they are unpacked", async () => {
    const result = await sweepBehind(kind, whole(ZEROS, { ...JSON_TYPE, "content-encoding": "gzip" }));
    expect(front.answered()).toBeGreaterThan(0);
    expect(JSON.stringify(result)).toContain(`larger than ${limit} bytes`);
    assertLiving(stage);
  });

  test.each(Object.entries(ODD))("%s: whatever comes of it is told, and nothing living breaks", async (_, body) => {
    // Of errors, only depth makes a difference: their bodies are text.
    for (const status of body.length > DEEP ? [200, 422] : [200]) {
      await sweepBehind(kind, whole(Buffer.from(body), JSON_TYPE, status));
      expect(front.answered()).toBeGreaterThan(0);
      expect(front.answered()).toBeLessThan(MOST_REQUESTS);
      expect(Object.keys({}.constructor.prototype)).not.toContain("owned");
      assertLiving(stage);
      await Promise.all([stage.close(), front.close()]);
    }
  });
});
