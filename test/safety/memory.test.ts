import { afterEach, beforeEach, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { runStep, type StepResult } from "../e2e/runner.ts";
import {
  body,
  endlessBody,
  type InterceptingProxy,
  type ResponseWriter,
  startInterceptingProxy,
} from "./intercepting-proxy.ts";
import { openScenario, type Scenario, serveScenarioGitHost } from "./scenario.ts";

/** What a step may take of a runner's 16 GB, whatever it is sent. An ordinary sweep takes some 90. */
const MOST_MIB = 500;
/** Old space holds what is read, not the bytes that come. */
const OLD_SPACE_MIB = 256;
const TELL_PEAK = `data:text/javascript,process.on('exit',()=>console.log('peak',process.resourceUsage().maxRSS))`;

let gitHost: GitHost;
let scenario: Scenario;
let proxy: InterceptingProxy;

beforeEach(async () => {
  gitHost = await serveScenarioGitHost("kept");
  scenario = await openScenario("oci");
});

afterEach(async () => {
  await Promise.all([gitHost.close(), scenario.close(), proxy.close()]);
});

async function run(
  meets: (path: string) => boolean,
  answer: ResponseWriter,
  oldSpaceMiB = OLD_SPACE_MIB,
): Promise<StepResult> {
  proxy = await startInterceptingProxy(scenario.inputs["registry"] ?? "", (_, path) => meets(path), answer);
  return runStep({
    inputs: { ...scenario.inputs, registry: proxy.host, provider: "distribution" },
    environment: {
      ...gitHost.environment,
      NODE_OPTIONS: `--max-old-space-size=${oldSpaceMiB} --import=${TELL_PEAK}`,
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

/** Pages of a megabyte, each of other tags, that lead on for ever. */
function endlessTags(): ResponseWriter {
  let page = 0;
  return (outgoing, sent) => {
    page += 1;
    const tags = Array.from({ length: 80_000 }, (_, n) => `p${page}-${n}`);
    const link = `</v2/web/tags/list?n=1000&last=${page}>; rel="next"`;
    return body(Buffer.from(JSON.stringify({ name: "web", tags })), { link })(outgoing, sent);
  };
}

const isManifest = (path: string): boolean => path.includes("/manifests/");
const isTags = (path: string): boolean => path.includes("/tags/list");

test.each<[string, (path: string) => boolean, ResponseWriter, number]>([
  ["manifests without an end", isManifest, endlessBody(null), 1],
  ["a list of tags without an end", isTags, endlessBody(null), 1],
  ["a tag of 15 MB", isTags, body(Buffer.from(JSON.stringify({ tags: ["x".repeat(15_000_000)] })), {}), 1],
  ["a million tags, of which the first is none", isTags, body(Buffer.from(manyTags.replace("b0", "-")), {}), 1],
  [
    "an index of 45,000 entries that nobody has, for every tag",
    isManifest,
    body(Buffer.from(manyChildren), MANIFEST),
    0,
  ],
])("%s: a step stays within its memory, and tells what came", async (_, meets, answer, exitCode) => {
  const result = await run(meets, answer);
  expect(result.exitCode).toBe(exitCode);
  expect(result.report).toBeDefined();
  expect(peakMiB(result)).toBeLessThan(MOST_MIB);
});

test("tags without an end, in pages of a megabyte: a step keeps as many as it can hold, and tells", async () => {
  const result = await run(isTags, endlessTags(), 2 * MOST_MIB);
  expect(result.exitCode).toBe(1);
  expect(JSON.stringify(result.report)).toContain("longer than the 64 MiB");
  expect(peakMiB(result)).toBeLessThan(2 * MOST_MIB);
}, 60_000);
