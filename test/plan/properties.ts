import assert from "node:assert/strict";
import type { Digest } from "../../src/digest.ts";
import { bytesFreed } from "../../src/plan/bytes.ts";
import { LAST_TAGGED } from "../../src/plan/last-tagged.ts";
import type { Planned, Rules, SinceFirstLook } from "../../src/plan/view.ts";
import { below, childrenOf, closure, judge, subjectsOf } from "./oracle.ts";
import { DAY, decisionsOf, digestOf, firstLook, type Item, type Outcome, planWorld, type World } from "./world.ts";
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
  "deletes of what is left of it, at a second look, exactly what the rules still name": exactAtSecondLook,
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
  if (isPlain(sample) && keepsLast(sample)) assertWithin(deleted, expected, "no more than the rules name");
  else if (isPlain(sample)) assert.deepEqual([...deleted].sort(), [...expected].sort());
  // An unreadable candidate stops it only where it was read; an unreadable root that stays always does.
  else if (deleted.size > 0 && !sample.circular) assert.deepEqual([...deleted].sort(), [...expected].sort());
}

/** Whether one stays as the last that has a tag: less may be read then than what would show that another one stays. */
function keepsLast(sample: Sample): boolean {
  return planOf(sample).plan.decisions.some(({ decision, reason }) => decision === "keep" && reason === LAST_TAGGED);
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
  // That an image is listed by now tells that signatures here are this repository's own.
  const isShown = sample.registry.listsUntagged || tags.length > 0;
  if (!isShown && Object.keys(world).some((each) => subjectsOf(world, each).includes(name))) return;
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

type States = Readonly<Record<string, Planned["state"]>>;

/** The same world at a second look: `states` tells how far the plan of the first has come, by names; else it has not begun. */
function secondLook(sample: Sample, states: States = {}): Sample {
  const { world, registry, rules } = sample;
  const { plan, contents } = planOf(sample);
  const { decisions, followers } = plan;
  const kinds = new Map(decisions.map(({ digest, kind }) => [digest, kind]));
  const planned = decisions.flatMap(({ digest, decision }) => (decision === "delete" ? [digest] : []));
  const names = new Map([...Object.keys(world), ...NEVER].map((name) => [digestOf(name), name]));
  const state = (digest: Digest): Planned["state"] => (followers.has(digest) ? "follows" : "goes");
  const all = Object.fromEntries(planned.map((digest) => [names.get(digest) ?? "", state(digest)]));
  const listed = Object.entries(world).filter(([, { tags }]) => registry.listsUntagged || (tags ?? []).length > 0);
  const since = firstLook(
    Object.fromEntries(listed),
    { ...all, ...states },
    (name) => kinds.get(digestOf(name)) ?? "unknown",
  );
  const times = registry.listsUntagged ? since.times : new Map();
  return { ...sample, rules: { ...rules, since: { ...since, times, contents } } };
}

const NEVER: readonly string[] = Array.from({ length: 21 }, (_, of) => `never${of}`);

function stableAtSecondLook(sample: Sample): void {
  if (sample.circular) return;
  // Fewer times are asked for, and ghosts anew, so the order may differ: what order there must be is a law of its own.
  const deletionsOf = (seen: Sample): unknown => {
    const { waves, followers } = planOf(seen).plan;
    return { all: sorted(waves.flat()), followers: sorted([...followers]) };
  };
  assert.deepEqual(deletionsOf(secondLook(sample)), deletionsOf(sample));
}

function sparesChanges(given: Sample): void {
  const sample = asIfAllCanGo(given);
  const { world } = sample;
  const name = chosen(sample);
  const all = new Set(Object.keys(world));
  const reached = closure(world, all, [name]);
  const before = deletedBy(sample);
  const first = secondLook(sample);
  const { rules } = first;
  const { since } = rules;
  if (since === null) return;
  const seconds: SinceFirstLook[] = [];
  if (before.has(name)) seconds.push(secondLook(sample, { [name]: "stays" }).rules.since ?? since);
  const there = since.known.get(digestOf(name));
  if (there !== undefined) {
    const less = new Map(since.known);
    less.delete(digestOf(name));
    seconds.push({ ...since, known: less });
    const tags = there.tags.slice(1);
    if (there.tags.length > 0)
      seconds.push({ ...since, known: new Map(since.known).set(digestOf(name), { ...there, tags }) });
  }
  for (const each of seconds) {
    const second = { ...first, rules: { ...rules, since: each } };
    const after = deletedBy(second);
    const isSample = decisionsOf(world, planOf(second)).has(name);
    if (isSample) assertApart(after, reached, "changed, or reached from what did");
    if (isPlain(sample)) assertWithin(after, before, "a second look only ever keeps more");
  }
}

/** A part of the plan is done, a part of that failed, and meanwhile the world moved on. */
function exactAtSecondLook(sample: Sample): void {
  const { world, registry, pick } = sample;
  const names = new Map(Object.keys(world).map((name) => [digestOf(name), name]));
  const order = planOf(sample).plan.waves.flat();
  const done = order.slice(0, pick % (order.length + 1)).flatMap((digest) => names.get(digest) ?? []);
  const states: Record<string, Planned["state"]> = {};
  for (const [at, name] of done.entries()) {
    // What belongs to what stayed was spared.
    const claims = [...Object.keys(world).filter((each) => childrenOf(world, each).includes(name))];
    const isFree = [...claims, ...subjectsOf(world, name)].every((each) => !world[each] || states[each] === "gone");
    states[name] = isFree && (pick + at) % 4 > 0 ? "gone" : "stays";
  }
  const second = secondLook(sample, states);
  const left = Object.fromEntries(Object.entries(world).filter(([name]) => states[name] !== "gone"));
  for (const moved of movedOn(left, pick)) {
    const now = { ...second, world: moved };
    const deleted = deletedBy(now);
    assertWithin(deleted, deletedBy(sample), "nothing else than was planned");
    const { kept, deleted: expected } = judge(moved, registry, second.rules);
    assertApart(deleted, closure(moved, new Set(Object.keys(moved)), [...kept]), "kept, or reached from what is");
    if (!isPlain(sample)) continue;
    if (keepsLast(now)) {
      assertWithin(deleted, expected, "no more than the rules name");
      continue;
    }
    // What lost its last tag is hidden where only tagged manifests are listed, and comes to light by chance. Where orphans are
    // counted, what it lists may count in its place.
    if (isShownAll(sample, moved)) assert.deepEqual([...deleted].sort(), [...expected].sort());
    else if (sample.rules.keepCount === 0) assertWithin(deleted, expected, "no more than the rules name");
  }
  if (isPlain(sample)) comesBack({ ...second, world: left });
}

/** A ghost that answers again may list what went meanwhile: where no listing tells so, what is attached to that stays. */
function comesBack(second: Sample): void {
  const { world, registry, rules } = second;
  for (const [name, { read, ...sound }] of Object.entries(world)) {
    if (read === undefined) continue;
    const now = { ...world, [name]: sound };
    assertWithin(deletedBy({ ...second, world: now }), judge(now, registry, rules).deleted, `${name} is back`);
  }
}

function isShownAll({ world, registry }: Sample, now: World): boolean {
  const isTagged = (item: Item | undefined): boolean => (item?.tags ?? []).length > 0;
  return registry.listsUntagged || Object.keys(now).every((name) => isTagged(now[name]) || !isTagged(world[name]));
}

/** What can have come of a world between two looks. */
function movedOn(world: World, pick: number): readonly World[] {
  // Without a referrers API nothing but its tag ties the index of referrers, and what it lists, to their subject.
  const names = Object.keys(world).filter((each) => !each.startsWith("fallback-"));
  const name = names[pick % names.length];
  if (name === undefined) return [];
  const item = world[name] ?? {};
  const { read: _, ...sound } = item;
  const tags = item.tags ?? [];
  return [
    world,
    { ...world, [name]: { ...item, tags: [...tags, "live-again"] } },
    { ...world, [name]: { ...item, tags: [...tags, "dead-again"] } },
    // What no listing shows and no read answers is not there at all.
    { ...world, [name]: { ...(tags.length > 1 ? item : sound), tags: tags.slice(1) } },
    { ...world, [name]: { ...item, hours: 0 } },
    { fresh: { tags: ["live-fresh"], children: [name], hours: 0 }, ...world },
    { fresh: { tags: ["dead-fresh"], children: [name], hours: 0 }, ...world },
    { fresh: { tags: [`sha256-${name}.sig`], blobs: [], hours: 0 }, ...world },
  ];
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
    const isListed = registry.listsBlobs && (world[name]?.blobs ?? []).length > 0;
    const isKnown = isListed || read.some((parent) => childrenOf(world, parent).includes(name));
    if (isTagged && !read.includes(name) && !isKnown)
      assert.equal(plan.waves[own]?.length, 1, `${name} may list others, and goes alone`);
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
    return isTold || isListed ? new Map((item?.blobs ?? []).map((blob) => [blob.name, blob.bytes ?? 0])) : null;
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
