import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import type { GitHost } from "../e2e/example.ts";
import type { FaultScript } from "../servers/http-server.ts";
import { assertPullable, sweepScenario } from "./harness.ts";
import {
  body,
  endlessBody,
  type InterceptingProxy,
  type ResponseWriter,
  startInterceptingProxy,
} from "./intercepting-proxy.ts";
import { REQUEST_KINDS, type RequestKind } from "./request-kinds.ts";
import { openScenario, type Scenario, type StoreView, serveScenarioGitHost } from "./scenario.ts";

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

let gitHost: GitHost;
let scenario: Scenario<StoreView>;
let proxy: InterceptingProxy;

beforeEach(async () => {
  gitHost = await serveScenarioGitHost("kept");
});

afterEach(async () => {
  await Promise.all([gitHost.close(), scenario.close(), proxy.close()]);
});

/** Sweeps a scenario whose one kind of request is answered by `answer`. */
async function sweepBehind(kind: RequestKind, answer: ResponseWriter, timeoutMs?: number): Promise<RunResult> {
  scenario = await openScenario(kind.scenario);
  const servers: Scenario["servers"] = { ...scenario.servers, git: gitHost.git, github: gitHost.github };
  if (kind.besides !== undefined) servers[kind.server]?.inject(kind.besides);
  const behind = hostOf(kind.server);
  proxy = await startInterceptingProxy(behind, (method, path) => kind.meets({ method, path }), answer);
  const through = <T>(all: T): T => JSON.parse(JSON.stringify(all).replaceAll(behind, proxy.host));
  // A registry's other server that names this one (a realm of tokens) leads here too.
  const renamed: FaultScript = () => ({
    kind: "altered",
    alter: (reply) => ({ ...reply, headers: through(reply.headers ?? {}) }),
  });
  if (kind.scenario === "digitalocean" && kind.server === "api") scenario.servers["oci"]?.inject(renamed);
  return sweepScenario(
    { ...scenario, inputs: through(scenario.inputs), environment: through(scenario.environment) },
    { ...gitHost, environment: through(gitHost.environment) },
    kind.inputs,
    undefined,
    timeoutMs === undefined ? {} : { timeoutMs },
  );
}

function hostOf(server: string): string {
  if (server === "git") return new URL(gitHost.environment["GITHUB_SERVER_URL"] ?? "").host;
  if (server === "github") return new URL(gitHost.environment["GITHUB_API_URL"] ?? "").host;
  if (server !== "api") return (scenario.inputs["registry"] ?? "").split("/")[0] ?? "";
  return new URL(scenario.inputs["api-url"] ?? scenario.environment["GITHUB_API_URL"] ?? "").host;
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

describe.each(REQUEST_KINDS)("$title", (kind) => {
  const limit = LIMITS[kind.title] ?? 16 * MiB;

  test.each([
    ["without an end", null],
    ["of 200 MB, as it says", 200_000_000],
  ])("a body %s is cut off at its limit", async (_, declared) => {
    const result = await sweepBehind(kind, endlessBody(declared));
    expect(proxy.answered()).toBeGreaterThan(0);
    expect(proxy.answered()).toBeLessThan(MOST_REQUESTS);
    expect(proxy.sentBytes() / proxy.answered()).toBeLessThan(limit + BUFFERED);
    expect(JSON.stringify(result)).toContain(`larger than ${limit} bytes`);
    assertPullable(scenario);
  });

  test("200 MB in 200 KB of gzip are cut off where they are unpacked", async () => {
    const result = await sweepBehind(kind, body(ZEROS, { ...JSON_TYPE, "content-encoding": "gzip" }));
    expect(proxy.answered()).toBeGreaterThan(0);
    expect(JSON.stringify(result)).toContain(`larger than ${limit} bytes`);
    assertPullable(scenario);
  });

  test.each(Object.entries(ODD))("%s: whatever comes of it is told, and nothing living breaks", async (_, body) => {
    // Of errors, only depth makes a difference: their bodies are text.
    for (const status of body.length > DEEP ? [200, 422] : [200]) {
      await sweepBehind(kind, body(Buffer.from(body), JSON_TYPE, status));
      expect(proxy.answered()).toBeGreaterThan(0);
      expect(proxy.answered()).toBeLessThan(MOST_REQUESTS);
      expect(Object.keys({}.constructor.prototype)).not.toContain("owned");
      assertPullable(scenario);
      await Promise.all([scenario.close(), proxy.close()]);
    }
  });
});
