import { createHash } from "node:crypto";
import type { Digest } from "../../src/digest.ts";
import { type Agreement, agree } from "../../src/plan/agree.ts";
import { type DecisionInput, mayDelete } from "../../src/plan/decide.ts";
import { Graph } from "../../src/plan/graph.ts";
import type { Reason } from "../../src/plan/keep.ts";
import { makePlan } from "../../src/plan/make-plan.ts";
import type { Decision, RepositoryPlan, Rules } from "../../src/plan/plan.ts";
import { addPlanned, type Progress } from "../../src/plan/progress.ts";
import { wantedNext } from "../../src/plan/wanted.ts";
import type { Known, ListedManifest, ManifestContent } from "../../src/registry/manifest.ts";
import type { TagPushes } from "../../src/registry/registry.ts";
import type { TagStatus } from "../../src/tags/status.ts";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const NOW = Date.UTC(2026, 10, 21, 12);

const IMAGE = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";

const DIGESTS = new Map<string, Digest>();

/** Returns the digest of the manifest that a test calls `name`. */
export function digestOf(name: string): Digest {
  const known = DIGESTS.get(name);
  if (known !== undefined) return known;
  const digest: Digest = `sha256:${createHash("sha256").update(name).digest("hex")}`;
  DIGESTS.set(name, digest);
  return digest;
}

/** One manifest of a small repository. */
export interface Item {
  readonly tags?: readonly string[];
  /** Names of the manifests that it lists; makes it an index. */
  readonly children?: readonly string[];
  /** Name of its `subject`. */
  readonly subject?: string;
  /** Names of the manifests that it was attached to by a tag it lost. */
  readonly lostSubjects?: readonly string[];
  /** Age in hours; null: unknown. Default 1,000. */
  readonly hours?: number | null;
  readonly read?: "missing" | "unreadable";
  /** It exists, but no list shows it. */
  readonly unlisted?: true;
  /** The media type by which indexes list it. Default: its own. */
  readonly type?: string;
  readonly versionId?: number;
  /** Ages of its tags in hours, where the registry shows them; null: unknown. Default: its own. */
  readonly tagHours?: Readonly<Record<string, number | null>>;
  readonly blobs?: readonly { readonly name: string; readonly bytes: number | null; readonly mediaType?: string }[];
}

export type World = Readonly<Record<string, Item>>;

const RULES: Rules = {
  untagged: "delete",
  unmatchedTags: "keep",
  superseded: "keep",
  keepCount: 0,
  keepsLastTagged: false,
  gracePeriodMs: DAY,
  olderThanMs: 0,
  retentionOf: () => undefined,
  scope: null,
  now: NOW,
};

export function rules(overrides: Partial<Rules> = {}): Rules {
  return { ...RULES, ...overrides };
}

/** An image that was pushed later is not the one that a deleted branch is evidence for. */
export const LAST_PUSH = NOW - 60 * HOUR;

/** An image created before is not of the branch. */
export const FIRST_PUSH = NOW - 1500 * HOUR;

/**
 * Returns a tag's status by its first letters: `protected…`, `live…`, `orphaned…` (by #12), `branch…` (by #12's branch), `gone7-…` (by #7),
 * `merged…` (by #13, merged two hours ago), `older…` (a build of main), `older2…` (of dev), `neutral…`, `sha256-NAME…`; else
 * unmatched.
 */
export function statusOf(tag: string): TagStatus {
  const gone = { merged: false, endedAt: NOW - 500 * HOUR, lastPush: null, firstPush: null };
  if (tag.startsWith("protected")) return { status: "protected", reason: `protected by "${tag}"` };
  if (tag.startsWith("live")) return { status: "live", reason: `branch ${tag}` };
  if (tag.startsWith("orphaned")) {
    return { status: "orphaned", reason: "pull request #12 was closed on 2026-11-02", of: "pull request #12", ...gone };
  }
  if (tag.startsWith("gone7")) {
    return { status: "orphaned", reason: "pull request #7 was closed on 2026-10-01", of: "pull request #7", ...gone };
  }
  if (tag.startsWith("merged")) {
    const ended = { merged: true, endedAt: NOW - 2 * HOUR, lastPush: null, firstPush: null };
    return {
      status: "orphaned",
      reason: "pull request #13 was merged on 2026-11-21",
      of: "pull request #13",
      ...ended,
    };
  }
  if (tag.startsWith("branch")) {
    const reason = "branch x of pull request #12 was deleted";
    return { status: "orphaned", reason, of: "pull request #12", ...gone, lastPush: LAST_PUSH, firstPush: FIRST_PUSH };
  }
  if (tag.startsWith("older")) {
    const branch = tag.startsWith("older2") ? "dev" : "main";
    return { status: "superseded", reason: `commit 1a2b3c4 is 3 commits behind ${branch}`, of: `branch ${branch}` };
  }
  if (tag.startsWith("neutral")) return { status: "neutral", reason: "commit abc1234 is in no known ref" };
  if (tag.startsWith("sha256-")) {
    const subject = digestOf(tag.slice(7).replace(/\.(sig|att|sbom)$/, ""));
    return { status: "referrer", subject, reason: "referrer" };
  }
  return { status: "unmatched", reason: UNMATCHED };
}

export const UNMATCHED = "matches no branch, Git tag, commit or pull request";

export function contentOf(item: Item, world: World): ManifestContent {
  const blobs = (item.blobs ?? []).map((blob) => ({
    mediaType: blob.mediaType ?? "layer",
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
    source: null,
    sizeBytes: 500,
  };
}

/** How the registry of a world behaves. */
export interface Registry {
  readonly listsUntagged: boolean;
  readonly referrersApi: boolean;
  /** Whether its list shows the blobs of each manifest. Default true. */
  readonly listsBlobs?: boolean;
  /** Whether it shows the push times of tags. Default false. */
  readonly listsTagTimes?: boolean;
}

export const LISTS_ALL: Registry = { listsUntagged: true, referrersApi: false };

/** Everything that a plan depends on, apart from the world. */
export interface Setup {
  readonly rules?: Partial<Rules>;
  readonly registry?: Registry;
  /** Names of manifests that are in use. */
  readonly inUse?: readonly string[];
}

/** A plan, and what was read for it, by names. */
export interface Planned {
  readonly plan: RepositoryPlan;
  readonly graph: Graph;
  readonly read: readonly string[];
  readonly timed: readonly string[];
  readonly referrersListed: readonly string[];
  readonly contents: ReadonlyMap<Digest, Known>;
}

/** Plans a world as a run does. */
export function planWorld(world: World, setup: Setup = {}, progress: Progress | null = null): Planned {
  const { registry = LISTS_ALL } = setup;
  const names = new Map(Object.keys(world).map((name) => [digestOf(name), name]));
  const listed = listOf(world, registry);
  const statuses = new Map(listed.flatMap(({ tags }) => tags.map((tag) => [tag, statusOf(tag)] as const)));
  const graph = new Graph(listed, statuses, registry.listsUntagged);
  const createdAt = new Map<Digest, number | null>();
  const kept = new Map<Digest, Reason>(progress?.failed);
  for (const name of setup.inUse ?? []) {
    kept.set(digestOf(name), { status: "in-use", reason: "in use" });
    if (!registry.listsUntagged) graph.addUnlisted(digestOf(name));
  }
  if (progress !== null) addPlanned(graph, progress);
  let input: DecisionInput = {
    graph,
    statuses,
    rules: rules(setup.rules),
    kept,
    times: {
      createdAt: registry.listsUntagged ? null : createdAt,
      tags: registry.listsTagTimes === true ? "unread" : null,
    },
  };
  const nameOf = (digest: Digest): string => names.get(digest) ?? "unknown";
  const contents = new Map<Digest, Known>();
  const referrers = new Set<Digest>();
  const asksReferrers = registry.referrersApi && !registry.listsUntagged;
  for (let isOpen = mayDelete(input); isOpen; ) {
    const wanted = wantedNext(input, asksReferrers ? referrers : null);
    isOpen = wanted.contents.length + wanted.referrers.length > 0;
    for (const digest of wanted.contents) {
      const known = knownOf(world[nameOf(digest)], world);
      contents.set(digest, known);
      graph.addContent(digest, known);
    }
    for (const digest of wanted.referrers) {
      referrers.add(digest);
      graph.addReferrers(digest, referrersOf(world, digest));
    }
  }
  const timed: string[] = [];
  for (;;) {
    const step = makePlan("web", input);
    if ("plan" in step) {
      const read = [...contents.keys()].map(nameOf);
      const all = new Map([...(progress?.contents ?? []), ...contents]);
      return { plan: step.plan, graph, read, timed, referrersListed: [...referrers].map(nameOf), contents: all };
    }
    if (input.times.tags === "unread") {
      input = { ...input, times: { ...input.times, tags: tagPushesOf(world) } };
      timed.push("tags");
      continue;
    }
    for (const digest of step.untimed) {
      timed.push(nameOf(digest));
      createdAt.set(digest, timeOf(world[nameOf(digest)] ?? {}));
    }
  }
}

function tagPushesOf(world: World): TagPushes {
  const entries = Object.entries(world).flatMap(([name, item]) =>
    (item.tags ?? []).flatMap((tag) => {
      const hours = item.tagHours?.[tag];
      const push = { digest: digestOf(name), pushedAt: hours === undefined ? timeOf(item) : timeOf({ hours }) };
      return hours === null ? [] : [[tag, push] as const];
    }),
  );
  return new Map(entries);
}

function listOf(world: World, registry: Registry): readonly ListedManifest[] {
  return Object.entries(world)
    .filter(([, { tags, unlisted }]) => unlisted !== true && (registry.listsUntagged || (tags ?? []).length > 0))
    .map(([name, item]) => listedAs(name, item, registry));
}

function listedAs(name: string, item: Item, { listsUntagged, listsBlobs }: Registry): ListedManifest {
  return {
    digest: digestOf(name),
    tags: item.tags ?? [],
    pushedAt: listsUntagged ? timeOf(item) : null,
    sizeBytes: null,
    blobs: listsBlobs === false ? null : blobsOf(item),
    ...(item.versionId === undefined ? {} : { versionId: item.versionId }),
  };
}

function timeOf(item: Item): number | null {
  return item.hours === null ? null : NOW - (item.hours ?? 1000) * HOUR;
}

function referrersOf(world: World, subject: Digest): readonly Digest[] {
  return Object.entries(world)
    .filter(([, item]) => item.subject !== undefined && item.read === undefined && digestOf(item.subject) === subject)
    .map(([name]) => digestOf(name));
}

function knownOf(item: Item | undefined, world: World): Known {
  if (item === undefined || item.read === "missing") return "missing";
  return item.read === "unreadable" ? { unreadable: "GET answered 500" } : contentOf(item, world);
}

function blobsOf(item: Item): ListedManifest["blobs"] {
  return item.blobs?.map((blob) => ({ digest: digestOf(blob.name), sizeBytes: blob.bytes })) ?? null;
}

/** What happened to a planned deletion until the recheck. */
export type State = "pending" | "gone" | "failed";

/** A recheck, and the names of the deletions that it agrees on. */
export interface Rechecked extends Planned {
  readonly agreement: Agreement;
  readonly agreed: readonly string[];
}

/**
 * Rechecks a plan in the world `now`.
 *
 * @param states of the manifests that are planned to be deleted, by name
 */
export function recheckWorld(
  planned: { readonly world: World; readonly contents?: ReadonlyMap<Digest, Known>; readonly graph?: Graph },
  states: Readonly<Record<string, State>>,
  now: World,
  setup: Setup = {},
): Rechecked {
  const { registry = LISTS_ALL } = setup;
  const listed = new Map(listOf(planned.world, registry).map((manifest) => [manifest.digest, manifest]));
  const those = (state: State): Digest[] =>
    Object.keys(states).flatMap((name) => (states[name] === state ? [digestOf(name)] : []));
  const everything = Object.entries(planned.world).map(
    ([name, item]) => [digestOf(name), knownOf(item, planned.world)] as const,
  );
  // A sweep requests each manifest that the list does not show any more.
  const existing = new Set(Object.keys(now).map(digestOf));
  const isGone = (digest: Digest): boolean => listed.has(digest) && !existing.has(digest);
  const left = (state: State): Digest[] => those(state).filter((digest) => !isGone(digest));
  const progress: Progress = {
    pending: new Map(left("pending").map((digest) => [digest, listed.get(digest) ?? null])),
    gone: new Set([...those("gone"), ...[...those("pending"), ...those("failed")].filter(isGone)]),
    failed: new Map(
      left("failed").map((digest) => [digest, { status: "undecided", reason: "it could not be deleted" }]),
    ),
    contents: planned.contents ?? new Map(everything),
    graph: planned.graph ?? planWorld(planned.world, setup).graph,
  };
  const result = planWorld(now, setup, progress);
  const agreement = agree(progress.pending, result.plan, result.graph);
  const names = new Map(Object.keys({ ...planned.world, ...now }).map((name) => [digestOf(name), name]));
  const agreed = agreement.deletions.map(({ digest }) => names.get(digest) ?? "unknown");
  return { ...result, agreement, agreed };
}

/** The decision on each manifest of a world, by its name. */
export function decisionsOf(world: World, { plan }: Planned): ReadonlyMap<string, Decision> {
  const names = new Map(Object.keys(world).map((name) => [digestOf(name), name]));
  return new Map(plan.decisions.map((decision) => [names.get(decision.digest) ?? decision.digest, decision]));
}

/** The names of the manifests that a plan deletes, sorted. */
export function deletedIn(world: World, planned: Planned): readonly string[] {
  return [...decisionsOf(world, planned)]
    .filter(([, { decision }]) => decision === "delete")
    .map(([name]) => name)
    .sort();
}
