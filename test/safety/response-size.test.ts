import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import type { GitHost } from "../e2e/example.ts";
import type { FaultScript } from "../servers/http-server.ts";
import { assertPullable, serversOf, sweepScenario } from "./harness.ts";
import {
  fixedBody,
  type InterceptingProxy,
  largeBody,
  type ResponseWriter,
  startInterceptingProxy,
} from "./intercepting-proxy.ts";
import { REQUEST_KINDS, type RequestKind } from "./request-kinds.ts";
import { openScenario, type Scenario, type StoreView } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const MiB = 1024 * 1024;
/** The largest body of a kind of request. The HTTP client's default is 16 MiB. */
const LIMITS: Readonly<Record<string, number>> = {
  "Git's refs": 64 * MiB,
  "Git's refs (protocol v0)": 64 * MiB,
  "DigitalOcean's tokens": MiB,
  "GHCR's tokens": MiB,
  "DigitalOcean's endpoint": 4 * MiB,
  "GHCR's manifests": 4 * MiB,
  "a manifest": 4 * MiB,
  "the config of an image": 4 * MiB,
};
/** Bytes in the buffers of two sockets and of Node when the client closes the connection. */
const BUFFERED = 8 * MiB;
/** More than a run sends for one kind of request, with retries. */
const MAX_REQUESTS = 30;

let gitHost: GitHost;
let scenario: Scenario<StoreView>;
let proxy: InterceptingProxy;

useGitHost((served) => {
  gitHost = served;
});

afterEach(async () => {
  await Promise.all([scenario.close(), proxy.close()]);
});

/** Sweeps a scenario in which `respond` answers one kind of request. */
async function sweepThroughProxy(kind: RequestKind, respond: ResponseWriter): Promise<RunResult> {
  scenario = await openScenario(kind.scenario);
  if (kind.precondition !== undefined) serversOf(scenario, gitHost)[kind.server]?.inject(kind.precondition);
  const target = hostOf(kind.server);
  proxy = await startInterceptingProxy(target, (method, path) => kind.matches({ method, path }), respond);
  const throughProxy = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll(target, proxy.host));
  // The OCI endpoint names the API server as its token server.
  const renamed: FaultScript = () => ({
    kind: "altered",
    alter: (reply) => ({ ...reply, headers: throughProxy(reply.headers ?? {}) }),
  });
  if (kind.scenario === "digitalocean" && kind.server === "api") scenario.servers["oci"]?.inject(renamed);
  return sweepScenario(
    { ...scenario, inputs: throughProxy(scenario.inputs), environment: throughProxy(scenario.environment) },
    { ...gitHost, environment: throughProxy(gitHost.environment) },
    kind.inputs,
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
const DEPTH = 100_000;
const nested = (open: string, end: string): string => `${open.repeat(DEPTH)}1${end.repeat(DEPTH)}`;

/** Small bodies that try to break the reader. */
const MALICIOUS: Readonly<Record<string, string>> = {
  "nested arrays": nested("[", "]"),
  "nested objects": nested('{"repositories":', "}"),
  "a nested error": `{"message":"x","errors":[${nested("[", "]")}],"data":null}`,
  "properties of Object.prototype":
    '{"__proto__":{"tags":["x"],"manifests":[]},"constructor":{"prototype":{"owned":true}},"toString":1}',
  "duplicate names": `{"name":"web","name":"web","tags":["main"],"tags":null,"manifests":[],"manifests":{},"meta":{"total":0},"meta":{"total":1e400}}`,
  "infinite numbers": '{"meta":{"total":1e400},"manifests":[{"digest":"x","size":1e999}],"id":-1e400,"type":9e999}',
  null: "null",
  "a number": "1e999",
  "an array of null": "[null,null]",
  "lone surrogates": '{"name":"\\ud800","tags":["\\udfff"],"type":"\\ud800","message":"\\ud800","token":"\\ud800"}',
};

describe.each(REQUEST_KINDS)("a response for $title", (kind) => {
  const limit = LIMITS[kind.title] ?? 16 * MiB;

  test.each([
    ["endless", null],
    ["200 MB", 200_000_000],
  ])("with a body that is %s is cancelled at the size limit", async (_, declared) => {
    const result = await sweepThroughProxy(kind, largeBody(declared));
    expect(proxy.answered()).toBeGreaterThan(0);
    expect(proxy.answered()).toBeLessThan(MAX_REQUESTS);
    expect(proxy.sentBytes() / proxy.answered()).toBeLessThan(limit + BUFFERED);
    expect(JSON.stringify(result)).toContain(`larger than ${limit} bytes`);
    assertPullable(scenario);
  });

  test("of 200 MB in 200 KB of gzip is cancelled while it is decompressed", async () => {
    const result = await sweepThroughProxy(kind, fixedBody(ZEROS, { ...JSON_TYPE, "content-encoding": "gzip" }));
    expect(proxy.answered()).toBeGreaterThan(0);
    expect(JSON.stringify(result)).toContain(`larger than ${limit} bytes`);
    assertPullable(scenario);
  });

  test.each(Object.entries(MALICIOUS))("with %s breaks no image", async (_, body) => {
    // Bodies of errors are text, so only the nesting depth can matter.
    for (const status of body.length > DEPTH ? [200, 422] : [200]) {
      await sweepThroughProxy(kind, fixedBody(Buffer.from(body), JSON_TYPE, status));
      expect(proxy.answered()).toBeGreaterThan(0);
      expect(proxy.answered()).toBeLessThan(MAX_REQUESTS);
      expect(Object.keys({}.constructor.prototype)).not.toContain("owned");
      assertPullable(scenario);
      await Promise.all([scenario.close(), proxy.close()]);
    }
  });
});
