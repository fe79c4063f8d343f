import { afterEach, beforeEach, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { runStep, type StepResult } from "../e2e/runner.ts";
import {
  fixedBody,
  type InterceptingProxy,
  largeBody,
  type ResponseWriter,
  startInterceptingProxy,
} from "./intercepting-proxy.ts";
import { openScenario, type Scenario } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

/** The largest memory of a step, for any response. An ordinary sweep uses about 90 MiB. */
const MAX_MIB = 500;
/** The limit of V8's old space. Received bytes are not in it. */
const OLD_SPACE_MIB = 256;
const PRINT_PEAK = `data:text/javascript,process.on('exit',()=>console.log('peak',process.resourceUsage().maxRSS))`;

let gitHost: GitHost;
let scenario: Scenario;
let proxy: InterceptingProxy;

useGitHost((served) => {
  gitHost = served;
});

beforeEach(async () => {
  scenario = await openScenario("oci");
});

afterEach(async () => {
  await Promise.all([scenario.close(), proxy.close()]);
});

async function run(
  intercepts: (path: string) => boolean,
  respond: ResponseWriter,
  oldSpaceMiB = OLD_SPACE_MIB,
): Promise<StepResult> {
  proxy = await startInterceptingProxy(scenario.inputs["registry"] ?? "", (_, path) => intercepts(path), respond);
  return runStep({
    inputs: { ...scenario.inputs, registry: proxy.host, provider: "distribution" },
    environment: {
      ...gitHost.environment,
      NODE_OPTIONS: `--max-old-space-size=${oldSpaceMiB} --import=${PRINT_PEAK}`,
    },
  });
}

const peakMiB = ({ log }: StepResult): number => Number(/^peak (\d+)$/m.exec(log)?.[1] ?? Number.NaN) / 1024;

const MANIFEST = { "content-type": "application/vnd.oci.image.index.v1+json" };
const digest = (n: number): string => `sha256:${n.toString(16).padStart(64, "0")}`;
const manyTags = JSON.stringify({ name: "web", tags: Array.from({ length: 1_000_000 }, (_, n) => `b${n}`) });
const manyChildren = JSON.stringify({
  schemaVersion: 2,
  mediaType: MANIFEST["content-type"],
  manifests: Array.from({ length: 45_000 }, (_, n) => ({ digest: digest(n) })),
});

/** Pages of a megabyte with new tags, each with a link to the next one. */
function endlessTags(): ResponseWriter {
  let page = 0;
  return (outgoing, sent) => {
    page += 1;
    const tags = Array.from({ length: 80_000 }, (_, n) => `build-${page}-${n}`);
    const link = `</v2/web/tags/list?n=1000&last=${page}>; rel="next"`;
    return fixedBody(Buffer.from(JSON.stringify({ name: "web", tags })), { link })(outgoing, sent);
  };
}

const isManifest = (path: string): boolean => path.includes("/manifests/");
const isTags = (path: string): boolean => path.includes("/tags/list");

test.each<[string, (path: string) => boolean, ResponseWriter, number]>([
  ["endless manifests", isManifest, largeBody(null), 1],
  ["an endless list of tags", isTags, largeBody(null), 1],
  ["a tag of 15 MB", isTags, fixedBody(Buffer.from(JSON.stringify({ tags: ["x".repeat(15_000_000)] })), {}), 1],
  ["a million tags, the first one invalid", isTags, fixedBody(Buffer.from(manyTags.replace("b0", "-")), {}), 1],
  ["an index of 45,000 missing children for every tag", isManifest, fixedBody(Buffer.from(manyChildren), MANIFEST), 0],
])("%s: a step does not exceed its memory limit and writes its report", async (_, intercepts, respond, exitCode) => {
  const result = await run(intercepts, respond);
  expect(result.exitCode, result.log).toBe(exitCode);
  expect(result.report).toBeDefined();
  expect(peakMiB(result)).toBeLessThan(MAX_MIB);
});

test("endless pages of tags: a step stops at its list limit and writes its report", async () => {
  const result = await run(isTags, endlessTags(), 2 * MAX_MIB);
  expect(result.exitCode, result.log).toBe(1);
  expect(JSON.stringify(result.report)).toContain("64 MiB");
  expect(peakMiB(result)).toBeLessThan(2 * MAX_MIB);
}, 60_000);
