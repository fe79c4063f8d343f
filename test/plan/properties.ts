import assert from "node:assert/strict";
import { bytesFreed } from "../../src/plan/bytes.ts";
import type { Digest } from "../../src/plan/manifest.ts";
import type { Rules, SinceFirstLook } from "../../src/plan/view.ts";
import { below, childrenOf, closure, judge, subjectsOf } from "./oracle.ts";
import { DAY, decisionsOf, digestOf, type Outcome, planWorld, type World } from "./world.ts";
import type { Sample } from "./worlds.ts";

/** A law of the plan: throws where a sample breaks it. */
export type Property = (sample: Sample) => void;

/** What must hold of every plan, each law by the sentence that states it. */
export const PROPERTIES: Readonly<Record<string, Property>> = {
  "deletes exactly what the rules name": exact,
  "deletes nothing that stays by itself, and nothing that what stays leads to": keepsClosures,
  "is the same for the same input, in whatever order it comes": deterministic,
  "deletes no more when a ref comes to life": monotoneInRefs,
  "deletes no more under a stricter rule": monotoneInRules,
  "is the same at a second look that finds no change": stableAtSecondLook,
  "spares at a second look what is new, newly tagged or undeletable, and what that leads to": sparesChanges,
  "breaks no tag, wherever it is interrupted": interruptible,
  "counts the bytes of blobs that only deleted manifests use": countsBytes,
  "leaves nothing to delete once it was carried out, and nothing more when it was interrupted": idempotent,
};

function planOf({ world, registry, rules }: Sample): Outcome {
  return planWorld(world, rules, registry);
}

function deletedBy(sample: Sample): ReadonlySet<string> {
  const outcome = planOf(sample);
  const deleted = [...decisionsOf(sample.world, outcome)].filter(([, { decision }]) => decision === "delete");
  assert.equal(outcome.plan.waves.flat().length, deleted.length, "the waves are the deletions");
  // Where no listing shows the images of an index that goes, one that was never pushed goes along: nothing asked for it.
  return new Set(deleted.map(([name]) => name).filter((name) => sample.world[name] !== undefined));
}

function assertWithin(some: ReadonlySet<string>, all: ReadonlySet<string>, message: string): void {
  const more = [...some].filter((name) => !all.has(name));
  assert.deepEqual(more, [], message);
}

function assertApart(some: ReadonlySet<string>, others: ReadonlySet<string>, message: string): void {
  const both = [...some].filter((name) => others.has(name));
  assert.deepEqual(both, [], message);
}

function isReadable(world: World): boolean {
  return Object.values(world).every(({ read }) => read !== "unreadable");
}

/** Where contents are read only as far as needed, circles and unreadable candidates may be seen in one plan and not in another. */
function isPlain({ world, circular }: Sample): boolean {
  return !circular && isReadable(world);
}

function exact(sample: Sample): void {
  const deleted = deletedBy(sample);
  const expected = judge(sample.world, sample.registry, sample.rules).deleted;
  // With no other candidate than the last that has a tag, nothing is read that could show that another one stays.
  if (deleted.size === 0 && sample.rules.keepsLastTagged) return;
  if (isPlain(sample)) assert.deepEqual([...deleted].sort(), [...expected].sort());
  // An unreadable candidate stops it only where it was read; an unreadable root that stays always does.
  else if (deleted.size > 0 && !sample.circular) assert.deepEqual([...deleted].sort(), [...expected].sort());
}

function keepsClosures(sample: Sample): void {
  const { world, registry, rules } = sample;
  const deleted = deletedBy(sample);
  assertApart(deleted, judge(world, registry, rules).kept, "kept by itself, or by what is");
  const kept = [...decisionsOf(world, planOf(sample))].filter(([name]) => !deleted.has(name)).map(([name]) => name);
  assertApart(deleted, closure(world, new Set(Object.keys(world)), kept), "reachable from what stays");
}

function deterministic(sample: Sample): void {
  const { plan } = planOf(sample);
  assert.deepEqual(planOf(sample).plan, plan);
  const entries = Object.entries(sample.world);
  const at = sample.pick % entries.length;
  for (const order of [entries.toReversed(), [...entries.slice(at), ...entries.slice(0, at)]]) {
    const other = planOf({ ...sample, world: Object.fromEntries(order) }).plan;
    assert.deepEqual(other.waves, plan.waves);
    assert.equal(bytesFreed([other.blobs]), bytesFreed([plan.blobs]));
    assert.deepEqual(sorted(other.ghosts), sorted(plan.ghosts));
  }
}

function sorted(digests: readonly Digest[]): readonly Digest[] {
  return digests.toSorted();
}

/** The last tagged manifest goes as soon as another one stays: the laws of "no more" hold but for it. */
function asIfAllCanGo(sample: Sample): Sample {
  return { ...sample, rules: { ...sample.rules, keepsLastTagged: false } };
}

function monotoneInRefs(given: Sample): void {
  const sample = asIfAllCanGo(given);
  if (!isPlain(sample)) return;
  const { world } = sample;
  const name = chosen(sample);
  const item = world[name] ?? {};
  const tags = item.tags ?? [];
  const before = deletedBy(sample);
  const tagged: World = { ...world, [name]: { ...item, tags: [...tags, "live-again"] } };
  assertWithin(deletedBy({ ...sample, world: tagged }), before, "a living tag more");
  const alive: World = { ...world, [name]: { ...item, tags: tags.map((tag) => tag.replace(/^[a-z]+\d?-/, "live-")) } };
  const isReferrer = tags.some((tag) => tag.startsWith("sha256-"));
  if (!isReferrer) assertWithin(deletedBy({ ...sample, world: alive }), before, "its tags alive");
}

function chosen({ world, pick }: Sample): string {
  const names = Object.keys(world);
  return names[pick % names.length] ?? "";
}

function monotoneInRules(given: Sample): void {
  const sample = asIfAllCanGo(given);
  if (!isPlain(sample)) return;
  const { rules } = sample;
  const before = deletedBy(sample);
  const stricter: Readonly<Record<string, Partial<Rules>>> = {
    "keep-count": { keepCount: rules.keepCount + 1 },
    "grace-period": { gracePeriodMs: rules.gracePeriodMs + 2 * DAY },
    "protect-digests": { pinned: new Set([...rules.pinned, digestOf(chosen(sample))]) },
    untagged: { untagged: "keep" },
    "unmatched-tags": { unmatchedTags: "keep" },
    scope: { pullRequest: rules.pullRequest ?? 12 },
  };
  for (const [rule, change] of Object.entries(stricter)) {
    assertWithin(deletedBy({ ...sample, rules: { ...rules, ...change } }), before, rule);
  }
}

function firstLook({ world, registry }: Sample): Map<Digest, readonly string[]> {
  const listed = Object.entries(world).filter(([, { tags }]) => registry.listsUntagged || (tags ?? []).length > 0);
  return new Map(listed.map(([name, { tags }]) => [digestOf(name), tags ?? []]));
}

function at(sample: Sample, since: SinceFirstLook): Sample {
  return { ...sample, rules: { ...sample.rules, since } };
}

function stableAtSecondLook(sample: Sample): void {
  const second = at(sample, { known: firstLook(sample), undeletable: new Set() });
  assert.deepEqual(planOf(second).plan, planOf(sample).plan);
}

function sparesChanges(given: Sample): void {
  const sample = asIfAllCanGo(given);
  const { world } = sample;
  const name = chosen(sample);
  const all = new Set(Object.keys(world));
  const reached = closure(world, all, [name]);
  const before = deletedBy(sample);
  const known = firstLook(sample);
  const seconds: SinceFirstLook[] = [{ known, undeletable: new Set([digestOf(name)]) }];
  const tags = known.get(digestOf(name));
  if (tags !== undefined) {
    const less = new Map(known);
    less.delete(digestOf(name));
    seconds.push({ known: less, undeletable: new Set() });
    if (tags.length > 0)
      seconds.push({ known: new Map(known).set(digestOf(name), tags.slice(1)), undeletable: new Set() });
  }
  for (const since of seconds) {
    const after = deletedBy(at(sample, since));
    const isSeen = decisionsOf(world, planOf(at(sample, since))).has(name);
    if (isSeen) assertApart(after, reached, "changed, or reached from what did");
    if (isPlain(sample)) assertWithin(after, before, "a second look only ever keeps more");
  }
}

function interruptible(sample: Sample): void {
  const { world, registry } = sample;
  if (sample.circular) return;
  const { plan, read } = planOf(sample);
  const waveOf = new Map(plan.waves.flatMap((wave, number) => wave.map((digest) => [digest, number] as const)));
  const wave = (name: string): number | undefined => waveOf.get(digestOf(name));
  for (const name of Object.keys(world)) {
    const own = wave(name);
    if (own === undefined) continue;
    for (const subject of subjectsOf(world, name)) {
      const isTold = read.includes(name) || registry.referrersApi || world[name]?.subject !== subject;
      if (isTold) assert.ok((wave(subject) ?? -1) < own, `${subject} goes before ${name}, attached to it`);
    }
    const isTagged = (world[name]?.tags ?? []).length > 0;
    for (const each of below(world, name)) {
      const isHinted =
        (world[each]?.tags ?? []).length === 0 || (registry.listsBlobs && world[each]?.children === undefined);
      const isDirect = read.includes(name) && childrenOf(world, name).includes(each);
      if (!isDirect && !(isTagged && (isHinted || read.includes(name)))) continue;
      const later = wave(each);
      assert.ok(later === undefined || own < later, `${name} goes before ${each}, which it lists`);
    }
  }
}

function countsBytes(sample: Sample): void {
  const { world, registry } = sample;
  const outcome = planOf(sample);
  const blobsOf = (name: string): ReadonlyMap<string, number> | null => {
    const item = world[name];
    if (outcome.read.includes(name) && item?.read === "missing") return new Map();
    const isTold = item?.read === undefined && outcome.read.includes(name);
    const isListed = registry.listsBlobs && (registry.listsUntagged || (item?.tags ?? []).length > 0);
    return isTold || isListed ? new Map((item?.blobs ?? []).map((blob) => [blob.name, blob.bytes])) : null;
  };
  const all = [...decisionsOf(world, outcome)].map(([name, { decision }]) => ({ decision, blobs: blobsOf(name) }));
  const going = all.filter(({ decision }) => decision === "delete");
  const isUnknown = all.some(({ blobs }) => blobs === null);
  const only = new Map(going.flatMap(({ blobs }) => [...(blobs ?? [])]));
  for (const { decision, blobs } of all) if (decision === "keep") for (const [blob] of blobs ?? []) only.delete(blob);
  const expected = isUnknown ? null : [...only.values()].reduce((sum, bytes) => sum + bytes, 0);
  assert.equal(bytesFreed([outcome.plan.blobs]), expected);
}

/**
 * An interruption leaves children without their parent: newest first, they could count as the orphans that `keep-count`
 * spares, or as the last that has a tag, in place of others. So an interrupted sweep is compared where nothing is counted.
 */
function idempotent(sample: Sample): void {
  if (!isPlain(sample)) return;
  const { world, rules } = sample;
  const { plan } = planOf(sample);
  const planned = deletedBy(sample);
  const without = (gone: ReadonlySet<Digest>): Sample => ({
    ...sample,
    world: Object.fromEntries(Object.entries(world).filter(([name]) => !gone.has(digestOf(name)))),
  });
  const order = plan.waves.flat();
  assert.deepEqual([...deletedBy(without(new Set(order)))], [], "carried out");
  const done = new Set(order.slice(0, sample.pick % (order.length + 1)));
  if (rules.keepCount === 0 && !rules.keepsLastTagged) assertWithin(deletedBy(without(done)), planned, "interrupted");
}
