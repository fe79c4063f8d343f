import { createHash } from "node:crypto";
import type { Digest } from "../../src/digest.ts";
import { planRepository } from "../../src/plan/plan.ts";
import type {
  Decision,
  TagStatus,
  Planned,
  RepositoryPlan,
  RepositoryView,
  Rules,
  SinceFirstLook,
  Wanted,
} from "../../src/plan/view.ts";
import type { Known, ListedManifest, ManifestContent } from "../../src/registry/manifest.ts";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const NOW = Date.UTC(2026, 10, 21, 12);

const IMAGE = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";

const DIGESTS = new Map<string, Digest>();

/** The digest of a manifest that a test calls `name`. */
export function digestOf(name: string): Digest {
  const known = DIGESTS.get(name);
  if (known !== undefined) return known;
  const digest: Digest = `sha256:${createHash("sha256").update(name).digest("hex")}`;
  DIGESTS.set(name, digest);
  return digest;
}

/** One manifest of a small world, in the words that the cases are written in. */
export interface Item {
  readonly tags?: readonly string[];
  /** Names of what it lists; makes it an index. */
  readonly children?: readonly string[];
  /** Name of what it is attached to by `subject`. */
  readonly subject?: string;
  /** Age in hours; null: unknown. Default 1,000. */
  readonly hours?: number | null;
  readonly read?: "missing" | "unreadable";
  /** What the indexes that list it say of its type; default: what it is. */
  readonly type?: string;
  readonly versionId?: number;
  readonly blobs?: readonly { readonly name: string; readonly bytes: number | null }[];
}

export type World = Readonly<Record<string, Item>>;

const RULES: Rules = {
  pinned: new Set(),
  untagged: "delete",
  unmatchedTags: "keep",
  keepCount: 0,
  keepsLastTagged: false,
  gracePeriodMs: DAY,
  pullRequest: null,
  now: NOW,
  since: null,
};

export function rules(overrides: Partial<Rules> = {}): Rules {
  return { ...RULES, ...overrides };
}

/** What was pushed later is not what a deleted branch speaks of. */
export const LAST_PUSH = NOW - 60 * HOUR;

/**
 * Fates by a tag's first letters: `live…`, `dead…` (of pull request #12), `branch…` (of #12's branch), `gone7-…` (of #7),
 * `silent…`, `sha256-NAME…`; else unmatched.
 */
export function statusOf(tag: string): TagStatus {
  if (tag.startsWith("live")) return { status: "live", reason: `branch ${tag}` };
  if (tag.startsWith("orphaned"))
    return { status: "orphaned", reason: "pull request #12 merged 2026-11-02", pullRequest: 12, lastPush: null };
  if (tag.startsWith("gone7"))
    return { status: "orphaned", reason: "pull request #7 closed 2026-10-01", pullRequest: 7, lastPush: null };
  if (tag.startsWith("branch"))
    return {
      status: "orphaned",
      reason: "branch x of merged pull request #12 is deleted",
      pullRequest: 12,
      lastPush: LAST_PUSH,
    };
  if (tag.startsWith("neutral")) return { status: "neutral", reason: "no known ref has commit abc1234" };
  if (tag.startsWith("sha256-")) {
    const subject = digestOf(tag.slice(7).replace(/\.(sig|att|sbom)$/, ""));
    return { status: "referrer", subject, reason: "referrer" };
  }
  return { status: "unmatched", reason: "no known ref" };
}

export function contentOf(item: Item, world: World): ManifestContent {
  const blobs = (item.blobs ?? []).map((blob) => ({
    mediaType: "layer",
    digest: digestOf(blob.name),
    sizeBytes: blob.bytes ?? 0,
  }));
  const children = (item.children ?? []).map((name) => ({
    mediaType: world[name]?.type ?? (world[name]?.children === undefined ? IMAGE : INDEX),
    digest: digestOf(name),
    sizeBytes: 500,
  }));
  return {
    mediaType: item.children === undefined ? IMAGE : INDEX,
    kind: item.children === undefined ? "image" : "index",
    children,
    subject: item.subject === undefined ? null : digestOf(item.subject),
    blobs,
    config: null,
    annotatedAt: null,
    sizeBytes: 500,
  };
}

/** How the registry of a world behaves. */
export interface Registry {
  readonly listsUntagged: boolean;
  readonly referrersApi: boolean;
  /** Whether its listing tells the blobs of each manifest. Default true. */
  readonly listsBlobs?: boolean;
}

/** The first look at `listed`, and how far its plan has come by the second; by names. */
export function firstLook(
  listed: World,
  planned: Readonly<Record<string, Planned["state"]>>,
  kindOf: (name: string) => Planned["kind"] = () => "unknown",
): SinceFirstLook {
  const names = Object.keys(listed);
  return {
    known: new Map(names.map((name) => [digestOf(name), listedAs(name, listed[name] ?? {}, "blobs")])),
    times: new Map(names.map((name) => [digestOf(name), timeOf(listed[name] ?? {})])),
    contents: new Map(),
    planned: new Map(Object.entries(planned).map(([name, state]) => [digestOf(name), { state, kind: kindOf(name) }])),
  };
}

function listedAs(name: string, item: Item, tells: "blobs" | "no blobs"): ListedManifest {
  const blobs = tells === "blobs" ? blobsOf(item) : null;
  const id = item.versionId === undefined ? {} : { versionId: item.versionId };
  return { digest: digestOf(name), tags: item.tags ?? [], sizeBytes: null, blobs, ...id };
}

function timeOf(item: Item): number | null {
  return item.hours === null ? null : NOW - (item.hours ?? 1000) * HOUR;
}

export const LISTS_ALL: Registry = { listsUntagged: true, referrersApi: false };

/** A plan that has asked for all it wanted, and how much that was. */
export interface Outcome {
  readonly plan: RepositoryPlan;
  readonly read: readonly string[];
  readonly timed: readonly string[];
  readonly asked: readonly string[];
  readonly contents: ReadonlyMap<Digest, Known>;
}

/** Plans a world as a run does: what the plan wants is answered, until it wants nothing. */
export function planWorld(world: World, rule: Partial<Rules> = {}, registry: Registry = LISTS_ALL): Outcome {
  const names = new Map(Object.keys(world).map((name) => [digestOf(name), name]));
  const contents = new Map<Digest, Known>();
  const times = new Map<Digest, number | null>();
  const referrers = new Map<Digest, readonly Digest[]>();
  const asked: Record<keyof Wanted, string[]> = { contents: [], times: [], referrers: [] };
  const listed: ListedManifest[] = [];
  for (const [name, item] of Object.entries(world)) {
    if (!registry.listsUntagged && (item.tags ?? []).length === 0) continue;
    listed.push(listedAs(name, item, registry.listsBlobs === false ? "no blobs" : "blobs"));
    if (registry.listsUntagged) times.set(digestOf(name), timeOf(item));
  }
  const statuses = new Map(listed.flatMap(({ tags }) => tags.map((tag) => [tag, statusOf(tag)] as const)));
  for (let rounds = 0; rounds < 50; rounds += 1) {
    const view: RepositoryView = { repository: "web", listed, ...registry, contents, times, referrers };
    const { plan, wanted } = planRepository(view, statuses, rules(rule));
    if (plan !== null) {
      return { plan, read: asked.contents, timed: asked.times, asked: asked.referrers, contents };
    }
    for (const kind of ["contents", "times", "referrers"] as const) {
      asked[kind].push(...wanted[kind].map((digest) => names.get(digest) ?? "unknown"));
    }
    for (const digest of wanted.contents) contents.set(digest, knownOf(world[names.get(digest) ?? ""], world));
    for (const digest of wanted.times) times.set(digest, timeOf(world[names.get(digest) ?? ""] ?? {}));
    for (const digest of wanted.referrers) {
      const attached = Object.entries(world).filter(
        ([, item]) => item.subject !== undefined && digestOf(item.subject) === digest,
      );
      referrers.set(
        digest,
        attached.map(([name]) => digestOf(name)),
      );
    }
  }
  throw new Error("the plan never stops asking");
}

function knownOf(item: Item | undefined, world: World): Known {
  if (item === undefined || item.read === "missing") return "missing";
  return item.read === "unreadable" ? { unreadable: "GET answered 500" } : contentOf(item, world);
}

function blobsOf(item: Item): ListedManifest["blobs"] {
  return item.blobs?.map((blob) => ({ digest: digestOf(blob.name), sizeBytes: blob.bytes })) ?? null;
}

/** The decision on each manifest of a world, by its name. */
export function decisionsOf(world: World, outcome: Outcome): ReadonlyMap<string, Decision> {
  const names = new Map(Object.keys(world).map((name) => [digestOf(name), name]));
  return new Map(outcome.plan.decisions.map((decision) => [names.get(decision.digest) ?? decision.digest, decision]));
}

/** The names of what goes, in alphabetical order. */
export function deletedIn(world: World, outcome: Outcome): readonly string[] {
  return [...decisionsOf(world, outcome)]
    .filter(([, { decision }]) => decision === "delete")
    .map(([name]) => name)
    .sort();
}
