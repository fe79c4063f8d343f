import assert from "node:assert/strict";
import { freedBytes } from "../../src/plan/freed-bytes.ts";
import type { Rules } from "../../src/plan/plan.ts";
import { compileRetention } from "../../src/plan/retention.ts";
import type { RetentionRule } from "../../src/settings.ts";
import { childrenOf, closure, expectedOf, subjectsOf } from "./oracle.ts";
import { DAY, decisionsOf, digestOf, type Planned, planWorld, type Setup, type World } from "./world.ts";
import type { Sample } from "./worlds.ts";

/** A property of the plan: throws if a sample breaks it. */
export type Property = (sample: Sample) => void;

/** The properties of every plan, by the sentence that states them. */
export const PLAN_PROPERTIES: Readonly<Record<string, Property>> = {
  "deletes exactly what the rules name": exact,
  "keeps what a kept manifest needs": keepsClosures,
  "keeps what an index needs that its kept parent lists as an image": keepsNestedImages,
  "is the same for the same input in another order": deterministic,
  "deletes no more if a ref exists again": monotoneInRefs,
  "deletes no more under a stricter rule": monotoneInRules,
  "keeps what is live or in use under any retention rule": keepsLive,
  "deletes parents and subjects first, tree by tree": ordered,
  "has read everything that it deletes": readsDeletions,
  "counts the bytes of blobs that only deleted manifests use": countsBytes,
  "leaves nothing to delete once it was carried out": idempotent,
};

export function setupOf({ registry, rules, inUse }: Sample): Setup {
  return { registry, rules, inUse };
}

export function planOf(sample: Sample): Planned {
  return planWorld(sample.world, setupOf(sample));
}

/** The names of the manifests that the plan of a sample deletes. */
export function deletedBy(sample: Sample, planned: Planned = planOf(sample)): ReadonlySet<string> {
  const deleted = [...decisionsOf(sample.world, planned)].filter(([, { decision }]) => decision === "delete");
  assert.equal(planned.plan.deletions.length, deleted.length, "the steps are the deletions");
  return new Set(deleted.map(([name]) => name));
}

export function assertWithin(some: ReadonlySet<string>, all: ReadonlySet<string>, message: string): void {
  const more = [...some].filter((name) => !all.has(name));
  assert.deepEqual(more, [], message);
}

export function assertApart(some: ReadonlySet<string>, others: ReadonlySet<string>, message: string): void {
  const both = [...some].filter((name) => others.has(name));
  assert.deepEqual(both, [], message);
}

/** Returns a name of the sample's world. */
export function chosen({ world, pick }: Sample): string {
  const names = Object.keys(world);
  return names[pick % names.length] ?? "";
}

/** Without circles and unreadable manifests, all of which the plan keeps. */
export function isPlain({ world, circular }: Sample): boolean {
  return !circular && Object.values(world).every(({ read }) => read !== "unreadable");
}

/** The last tagged manifest is deleted as soon as another one is kept: "no more" holds only without this rule. */
export function withoutLastTagged(sample: Sample): Sample {
  return { ...sample, rules: { ...sample.rules, keepsLastTagged: false } };
}

function exact(sample: Sample): void {
  // Within a circle, an untagged subject may be found before push times show that nothing orphaned refers to it.
  if (sample.circular && !sample.registry.listsUntagged) return;
  const deleted = deletedBy(sample);
  const expected = expectedOf(sample).deleted;
  assert.deepEqual([...deleted].sort(), [...expected].sort());
}

function keepsClosures(sample: Sample): void {
  const { world } = sample;
  const planned = planOf(sample);
  const deleted = deletedBy(sample, planned);
  assertApart(deleted, expectedOf(sample).kept, "kept by itself, or needed by such a manifest");
  const kept = [...decisionsOf(world, planned)].filter(([name]) => !deleted.has(name)).map(([name]) => name);
  assertApart(deleted, closure(world, new Set(Object.keys(world)), kept), "needed by a kept manifest");
}

/** Adds an index with the media type of an image to an index of the sample. */
function keepsNestedImages(sample: Sample): void {
  const { world } = sample;
  const parents = Object.keys(world).filter((name) => world[name]?.children !== undefined);
  const parent = parents[sample.pick % parents.length];
  if (parent === undefined) return;
  const item = world[parent] ?? {};
  const wrong = { children: ["leaf", "deep"], type: "application/vnd.oci.image.manifest.v1+json" };
  const deep = { children: ["deepest"], type: wrong.type };
  const nested = { ...world, [parent]: { ...item, children: [...(item.children ?? []), "wrong"] }, wrong };
  const deleted = deletedBy({ ...sample, world: { ...nested, leaf: {}, deep, deepest: {} } });
  if (!deleted.has("wrong")) assertApart(deleted, new Set(["leaf", "deep", "deepest"]), "listed by a kept index");
}

function deterministic(sample: Sample): void {
  const { plan } = planOf(sample);
  const entries = Object.entries(sample.world);
  const at = sample.pick % entries.length;
  for (const order of [entries, entries.toReversed(), [...entries.slice(at), ...entries.slice(0, at)]]) {
    const other = planOf({ ...sample, world: Object.fromEntries(order) }).plan;
    const digests = other.deletions.map(({ digest }) => digest);
    assert.deepEqual(digests.toSorted(), plan.deletions.map(({ digest }) => digest).toSorted());
    assert.deepEqual(freedBytes([other.blobs]), freedBytes([plan.blobs]));
    assert.deepEqual(other.ghosts.toSorted(), plan.ghosts.toSorted());
  }
}

function monotoneInRefs(given: Sample): void {
  const sample = withoutLastTagged(given);
  if (!isPlain(sample)) return;
  const { world } = sample;
  const name = chosen(sample);
  const item = world[name] ?? {};
  const tags = item.tags ?? [];
  // An image that is listed now shows that the signatures of this repository are its own.
  const isListed = sample.registry.listsUntagged || tags.length > 0;
  if (!isListed && Object.keys(world).some((each) => subjectsOf(world, each).includes(name))) return;
  const before = deletedBy(sample);
  const tagged: World = { ...world, [name]: { ...item, tags: [...tags, "live-again"] } };
  assertWithin(deletedBy({ ...sample, world: tagged }), before, "with one more live tag");
  if (tags.some((tag) => tag.startsWith("sha256-"))) return;
  const live: World = { ...world, [name]: { ...item, tags: tags.map((tag) => tag.replace(/^[a-z]+\d?-/, "live-")) } };
  assertWithin(deletedBy({ ...sample, world: live }), before, "with live tags");
}

function monotoneInRules(given: Sample): void {
  const sample = withoutLastTagged(given);
  if (!isPlain(sample)) return;
  const { rules, retention } = sample;
  const before = deletedBy(sample);
  const withRetention = (change: (rule: RetentionRule) => Partial<RetentionRule>): Partial<Rules> => ({
    retentionOf: compileRetention(retention.map((rule) => ({ ...rule, ...change(rule) }))),
  });
  const stricter: Readonly<Record<string, Partial<Rules>>> = {
    "keep-count": { keepCount: rules.keepCount + 1 },
    "grace-period": { gracePeriodMs: rules.gracePeriodMs + 2 * DAY },
    "older-than": { olderThanMs: rules.olderThanMs + 3 * DAY },
    "keep of a rule": withRetention(({ keep }) => ({ keep: keep === null ? null : keep + 1 })),
    "older-than of a rule": withRetention(({ olderThanMs }) => ({
      olderThanMs: olderThanMs === null ? null : olderThanMs + 3 * DAY,
    })),
    superseded: { superseded: "keep" },
    untagged: { untagged: "keep" },
    "unmatched-tags": { unmatchedTags: "keep" },
  };
  for (const [rule, change] of Object.entries(stricter)) {
    assertWithin(deletedBy({ ...sample, rules: { ...rules, ...change } }), before, rule);
  }
  if (rules.unmatchedTags === "keep" && rules.superseded === "keep") {
    const without = { ...sample, rules: { ...rules, retentionOf: () => undefined } };
    assertWithin(deletedBy(without), before, "no retention rules");
  }
  assertWithin(deletedBy({ ...sample, inUse: [...sample.inUse, chosen(sample)] }), before, "protect-digests");
  // A scope has no grace period for merged pull requests: the user named exactly these images.
  const isMerged = Object.values(sample.world).some(({ tags }) => tags?.some((tag) => tag.startsWith("merged")));
  const scoped = { ...sample, rules: { ...rules, scope: rules.scope ?? "pull request #12" } };
  if (!isMerged) assertWithin(deletedBy(scoped), before, "scope");
}

function keepsLive(sample: Sample): void {
  const { world, inUse, rules } = sample;
  const retentionOf = compileRetention([{ glob: "*", keep: 0, olderThanMs: 0 }]);
  const deleted = deletedBy({ ...sample, rules: { ...rules, retentionOf } });
  const live = Object.keys(world).filter((name) => world[name]?.tags?.some((tag) => tag.startsWith("live")));
  assertApart(deleted, new Set([...live, ...inUse]), "live or in use");
}

function ordered(sample: Sample): void {
  const { world } = sample;
  const planned = planOf(sample);
  const position = new Map(planned.plan.deletions.map(({ digest }, at) => [digest, at]));
  const images: string[] = [];
  const decisions = new Map(planned.plan.decisions.map((decision) => [decision.digest, decision]));
  for (const { digest, after } of planned.plan.deletions) {
    for (const first of after) assert.ok((position.get(first) ?? -1) < (position.get(digest) ?? -1));
    const image = decisions.get(digest)?.image ?? "";
    if (images.at(-1) !== image) images.push(image);
  }
  assert.equal(new Set(images).size, images.length, "the deletions of one image follow each other");
  for (const name of Object.keys(world)) {
    const own = position.get(digestOf(name));
    if (own === undefined) continue;
    for (const child of childrenOf(world, name)) {
      const later = position.get(digestOf(child));
      assert.ok(later === undefined || own < later, `${name} is deleted before ${child}, which it lists`);
    }
    for (const subject of subjectsOf(world, name)) {
      const first = position.get(digestOf(subject));
      assert.ok(
        world[subject] === undefined || (first !== undefined && first < own),
        `${subject} is deleted before ${name}`,
      );
    }
  }
}

function readsDeletions(sample: Sample): void {
  const planned = planOf(sample);
  assertWithin(deletedBy(sample, planned), new Set(planned.read), "read before it is deleted");
  assert.equal(new Set(planned.read).size + repeats(planned.read), planned.read.length, "each digest is read once");
}

/** Digests that were never pushed all have the same name. */
function repeats(read: readonly string[]): number {
  const unknown = read.filter((name) => name === "unknown").length;
  return Math.max(0, unknown - 1);
}

function countsBytes(sample: Sample): void {
  const { world, registry } = sample;
  const planned = planOf(sample);
  const deleted = deletedBy(sample, planned);
  const blobsOf = (name: string): ReadonlyMap<string, number> | null => {
    const item = world[name];
    const isRead = planned.read.includes(name);
    if (isRead && item?.read === "missing") return new Map();
    const isListed = registry.listsBlobs && (registry.listsUntagged || (item?.tags ?? []).length > 0);
    const isKnown = (isRead && item?.read === undefined) || isListed;
    return isKnown ? new Map((item?.blobs ?? []).map((blob) => [blob.name, blob.bytes ?? 0])) : null;
  };
  const only = new Map([...deleted].flatMap((name) => [...(blobsOf(name) ?? [])]));
  const kept = [...decisionsOf(world, planned).keys()].filter((name) => !deleted.has(name));
  for (const name of kept) for (const [blob] of blobsOf(name) ?? []) only.delete(blob);
  const bytes = [...only.values()].reduce((sum, size) => sum + size, 0);
  const exactly = kept.every((name) => blobsOf(name) !== null);
  assert.deepEqual(freedBytes([planned.plan.blobs]), { bytes, exact: exactly });
}

/**
 * An interrupted sweep leaves children without a parent. They may be young, or count for `keep-count`, so it is compared only where
 * nothing is counted.
 */
function idempotent(sample: Sample): void {
  if (!isPlain(sample)) return;
  const { world, rules, registry, inUse, retention } = sample;
  // The tagged child of a deleted index counts for `keep` in the next run.
  if (retention.some(({ keep }) => keep !== null)) return;
  // If only tags are listed, an index that is kept because of its child may be found only through a deleted subject.
  if (!registry.listsUntagged && inUse.length > 0) return;
  const planned = planOf(sample);
  const deleted = deletedBy(sample, planned);
  const names = new Map(Object.keys(world).map((name) => [digestOf(name), name]));
  const order = planned.plan.deletions.flatMap(({ digest }) => names.get(digest) ?? []);
  const without = (gone: readonly string[]): Sample => ({
    ...sample,
    world: Object.fromEntries(Object.entries(world).filter(([name]) => !gone.includes(name))),
  });
  assert.deepEqual([...deletedBy(without(order))], [], "carried out");
  if (rules.keepCount > 0 || rules.keepsLastTagged) return;
  const done = order.slice(0, sample.pick % (order.length + 1));
  assertWithin(deletedBy(without(done)), deleted, "interrupted");
}
