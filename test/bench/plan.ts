/**
 * Time and memory of planning one large repository, in a process of its own: a fifth are indexes, two of five of them orphaned, with
 * three images each, and a signature for each index.
 * `node test/bench/plan.ts [manifests]`. Without a number: 25,000 and 100,000, and the growth between them.
 */
import { fork } from "node:child_process";
import { setFlagsFromString } from "node:v8";
import { type Digest, isDigest } from "../../src/digest.ts";
import { mayDelete } from "../../src/plan/decide.ts";
import { Graph } from "../../src/plan/graph.ts";
import { makePlan } from "../../src/plan/make-plan.ts";
import type { Rules } from "../../src/plan/plan.ts";
import { wantedNext } from "../../src/plan/wanted.ts";
import type { ListedManifest, ManifestContent } from "../../src/registry/manifest.ts";
import type { TagStatus } from "../../src/tags/status.ts";

const NOW = Date.UTC(2026, 10, 21);
const INDEX = "application/vnd.oci.image.index.v1+json";
const IMAGE = "application/vnd.oci.image.manifest.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const DAY = 86_400_000;
const RULES: Rules = {
  untagged: "delete",
  unmatchedTags: "keep",
  superseded: "keep",
  olderThanMs: 0,
  retentionOf: () => undefined,
  keepCount: 10,
  keepsLastTagged: false,
  gracePeriodMs: DAY,
  scope: null,
  now: NOW,
};

/** Returns a new flat string each time, as a JSON parser does. */
function digestOf(number: number): Digest {
  const text: unknown = JSON.parse(`"sha256:${number.toString(16).padStart(64, "0")}"`);
  if (typeof text !== "string" || !isDigest(text)) throw new Error(`not a digest: ${text}`);
  return text;
}

/** Returns what the registry answers for one manifest: groups of an index, its three images, and its signature. */
function contentOf(number: number, manifests: number): ManifestContent {
  const place = number % 5;
  const blobsOf = (): readonly number[] => {
    if (place === 0) return [];
    if (place === 4) return [manifests * 8 + number];
    return [manifests * 2 + number, manifests * 4 + Math.floor(number / 20), manifests * 6];
  };
  const entry = (mediaType: string) => (each: number) => ({ mediaType, digest: digestOf(each), sizeBytes: 1000 });
  return {
    mediaType: place === 0 ? INDEX : IMAGE,
    kind: place === 0 ? "index" : "image",
    children: place === 0 ? [1, 2, 3].map((each) => number + each).map(entry(IMAGE)) : [],
    subject: null,
    blobs: blobsOf().map(entry(LAYER)),
    config: null,
    annotatedAt: null,
    source: null,
    sizeBytes: 1000,
  };
}

interface Repository {
  readonly listed: readonly ListedManifest[];
  readonly statuses: ReadonlyMap<string, TagStatus>;
}

function list(manifests: number): Repository {
  const listed: ListedManifest[] = [];
  const statuses = new Map<string, TagStatus>();
  for (let number = 0; number < manifests; number += 1) {
    const tags: string[] = [];
    const index = number - (number % 5);
    if (number % 5 === 0) {
      const closed = {
        merged: true,
        endedAt: NOW - 30 * DAY,
        lastPush: null,
        firstPush: null,
        of: `pull request #${index}`,
      };
      const reason = `pull request #${index} was merged on 2026-10-22`;
      const isOrphaned = (index / 5) % 5 < 2;
      tags.push(`pr-${index}`);
      statuses.set(
        `pr-${index}`,
        isOrphaned
          ? { status: "orphaned", reason, ...closed }
          : { status: "live", reason: `pull request #${index} is open` },
      );
    }
    if (number % 5 === 4) {
      const subject = digestOf(index);
      const tag = `sha256-${subject.slice(7)}.sig`;
      tags.push(tag);
      statuses.set(tag, { status: "referrer", subject, reason: "signature" });
    }
    const pushedAt = NOW - 90 * DAY + number * 1000;
    listed.push({ digest: digestOf(number), tags, pushedAt, sizeBytes: 1000, blobs: null });
  }
  return { listed, statuses };
}

interface Measured {
  readonly ms: number;
  readonly rssMb: number;
}

function measure(manifests: number): Measured {
  // As src/index.ts does.
  setFlagsFromString("--semi-space-growth-factor=1");
  const { listed, statuses } = list(manifests);
  let ms = 0;
  const timed = <T>(work: () => T): T => {
    const began = performance.now();
    const value = work();
    ms += performance.now() - began;
    return value;
  };
  const graph = timed(() => new Graph(listed, statuses, true));
  const input = { graph, statuses, rules: RULES, kept: new Map(), times: { createdAt: null, tags: null } };
  let read = 0;
  if (!timed(() => mayDelete(input))) throw new Error("there is nothing to delete");
  for (;;) {
    const { contents } = timed(() => wantedNext(input, null));
    if (contents.length === 0) break;
    read += contents.length;
    for (const digest of contents) {
      const content = contentOf(Number.parseInt(digest.slice(7), 16), manifests);
      timed(() => graph.addContent(digest, content));
    }
  }
  const step = timed(() => makePlan("bench", input));
  if (!("plan" in step)) throw new Error("the plan needs times");
  const rssMb = Math.round(process.resourceUsage().maxRSS / 1024);
  const deleted = step.plan.deletions.length;
  console.log(
    `${manifests} manifests, ${deleted} to delete, ${read} read: ${Math.round(ms)} ms, peak memory ${rssMb} MB`,
  );
  return { ms, rssMb };
}

function measureAlone(manifests: number): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, [String(manifests)], { execArgv: [] });
    child.once("message", (measured) => resolve(measured as Measured));
    child.once("error", reject);
    child.once("exit", (code) => code !== 0 && reject(new Error(`exit code ${code}`)));
  });
}

const [manifests] = process.argv.slice(2);
if (manifests !== undefined) {
  const measured = measure(Number(manifests));
  process.send?.(measured);
} else {
  const small = await measureAlone(25_000);
  const large = await measureAlone(100_000);
  console.log(`growth from 25,000 to 100,000: ${(large.ms / small.ms).toFixed(1)}x`);
}
