/**
 * The time and memory of planning one large repository, all rounds of questions included, in a process of its own:
 * a fifth indexes, two of five of them dead, three images below each, and a signature on each.
 * `node test/bench/plan.ts [manifests]`.
 */
import { type Digest, isDigest } from "../../src/digest.ts";
import { planRepository } from "../../src/plan/plan.ts";
import type { TagStatus, RepositoryView, Rules } from "../../src/plan/view.ts";
import type { Known, ListedManifest, ManifestContent } from "../../src/registry/manifest.ts";

const NOW = Date.UTC(2026, 10, 21);
const INDEX = "application/vnd.oci.image.index.v1+json";
const IMAGE = "application/vnd.oci.image.manifest.v1+json";
const RULES: Rules = {
  pinned: new Set(),
  untagged: "delete",
  unmatchedTags: "keep",
  keepCount: 10,
  keepsLastTagged: false,
  gracePeriodMs: 86_400_000,
  pullRequest: null,
  now: NOW,
  since: null,
};

interface Repository {
  readonly listed: readonly ListedManifest[];
  readonly contents: ReadonlyMap<Digest, ManifestContent>;
  readonly times: ReadonlyMap<Digest, number>;
  readonly statuses: ReadonlyMap<string, TagStatus>;
}

const DIGESTS = new Map<number, Digest>();

/** One flat string for each, as parsers make them: not the pieces that it was put together from. */
function digest(number: number): Digest {
  const known = DIGESTS.get(number);
  if (known !== undefined) return known;
  const text = Buffer.from(`sha256:${number.toString(16).padStart(64, "0")}`).toString("latin1");
  if (!isDigest(text)) throw new Error(`not a digest: ${text}`);
  DIGESTS.set(number, text);
  return text;
}

function content(kind: "image" | "index", children: readonly Digest[], blobs: readonly Digest[]): ManifestContent {
  const entry = (mediaType: string) => (each: Digest) => ({ mediaType, digest: each, sizeBytes: 1000 });
  return {
    mediaType: kind === "index" ? INDEX : IMAGE,
    kind,
    children: children.map(entry(IMAGE)),
    subject: null,
    blobs: blobs.map(entry("application/vnd.oci.image.layer.v1.tar+gzip")),
    config: null,
    annotatedAt: null,
    sizeBytes: 1000,
  };
}

/** Groups of five: an index, its three images, of which neighbours share layers, and the index's signature. */
function build(manifests: number): Repository {
  const listed: ListedManifest[] = [];
  const contents = new Map<Digest, ManifestContent>();
  const times = new Map<Digest, number>();
  const statuses = new Map<string, TagStatus>();
  const add = (number: number, tags: readonly string[], what: ManifestContent): void => {
    listed.push({ digest: digest(number), tags, sizeBytes: 1000, blobs: what.blobs });
    contents.set(digest(number), what);
    times.set(digest(number), NOW - 90 * 86_400_000 + number * 1000);
  };
  for (let index = 0; index < manifests; index += 5) {
    const subject = digest(index);
    const tag = `pr-${index}`;
    const signature = `sha256-${subject.slice(7)}.sig`;
    const images = [1, 2, 3].map((each) => index + each);
    add(index, [tag], content("index", images.map(digest), []));
    for (const image of images) {
      const blobs = [manifests * 2 + image, manifests * 4 + Math.floor(image / 20), manifests * 6];
      add(image, [], content("image", [], blobs.map(digest)));
    }
    add(index + 4, [signature], content("image", [], [digest(manifests * 8 + index)]));
    const reason = `pull request #${index} merged 2026-11-02`;
    const dead: TagStatus = { status: "orphaned", reason, pullRequest: index, lastPush: null };
    statuses.set(tag, (index / 5) % 5 < 2 ? dead : { status: "live", reason: `pull request #${index} is open` });
    statuses.set(signature, { status: "referrer", subject, reason: `refers to ${subject}` });
  }
  return { listed, contents, times, statuses };
}

function megabytes(kilobytes: number): string {
  return `${Math.round(kilobytes / 1024)} MB`;
}

function measure(manifests: number): void {
  const { listed, contents: all, times, statuses } = build(manifests);
  const before = process.resourceUsage().maxRSS;
  const contents = new Map<Digest, Known>();
  const rounds: number[] = [];
  for (;;) {
    const view: RepositoryView = {
      repository: "bench",
      listed,
      listsUntagged: true,
      referrersApi: false,
      contents,
      times,
      referrers: new Map(),
    };
    const began = performance.now();
    const { plan, wanted } = planRepository(view, statuses, RULES);
    rounds.push(Math.round(performance.now() - began));
    for (const each of wanted?.contents ?? []) contents.set(each, all.get(each) ?? "missing");
    if (plan === null) continue;
    const ms = rounds.reduce((sum, each) => sum + each, 0);
    const peak = process.resourceUsage().maxRSS;
    console.log(
      `${manifests} manifests, ${plan.waves.flat().length} to delete, ${contents.size} read: ${ms} ms in rounds of ` +
        `${rounds.join(" + ")} ms; peak memory ${megabytes(peak)}, ${megabytes(peak - before)} of it for the plan`,
    );
    return;
  }
}

measure(Number(process.argv[2] ?? 100_000));
