import assert from "node:assert/strict";
import { childrenOf, closure, expectedOf, subjectsOf, taggedSubjectsOf } from "./oracle.ts";
import {
  assertApart,
  assertWithin,
  chosen,
  deletedBy,
  isPlain,
  type Property,
  planOf,
  setupOf,
  withoutLastTagged,
} from "./properties.ts";
import { digestOf, type Item, type Rechecked, recheckWorld, type State, type World } from "./world.ts";
import type { Sample } from "./worlds.ts";

/** The properties of every recheck, by the sentence that states them. */
export const RECHECK_PROPERTIES: Readonly<Record<string, Property>> = {
  "agrees with the plan if nothing changed": stable,
  "keeps what changed or could not be deleted, and what that needs": keepsChanges,
  "agrees on exactly what the rules still name, wherever the sweep is": exact,
};

type States = Readonly<Record<string, State>>;

function namesOf(sample: Sample): readonly string[] {
  const names = new Map(Object.keys(sample.world).map((name) => [digestOf(name), name]));
  return planOf(sample).plan.deletions.flatMap(({ digest }) => names.get(digest) ?? []);
}

function recheck(sample: Sample, states: States, now: World): Rechecked {
  const { contents, graph } = planOf(sample);
  return recheckWorld({ world: sample.world, contents, graph }, states, now, setupOf(sample));
}

function allPending(sample: Sample): Record<string, State> {
  return Object.fromEntries(namesOf(sample).map((name) => [name, "pending"]));
}

function stable(sample: Sample): void {
  const { agreed } = recheck(sample, allPending(sample), sample.world);
  assert.deepEqual(agreed.toSorted(), namesOf(sample).toSorted());
}

function keepsChanges(given: Sample): void {
  const sample = withoutLastTagged(given);
  const { world } = sample;
  const name = chosen(sample);
  const planned = deletedBy(sample);
  const item = world[name] ?? {};
  const needed = closure(world, new Set(Object.keys(world)), [name]);
  const tagged: World = { ...world, [name]: { ...item, tags: [...(item.tags ?? []), "orphaned-again"] } };
  const isNew = { ...sample, world: Object.fromEntries(Object.entries(world).filter(([each]) => each !== name)) };
  // An index that lists it says of which type it is.
  const isListedBefore = Object.keys(world).some((each) => childrenOf(world, each).includes(name));
  const rechecks = [
    recheck(sample, allPending(sample), tagged),
    ...(planned.has(name) ? [recheck(sample, { ...allPending(sample), [name]: "failed" }, world)] : []),
    ...(isListedBefore ? [] : [recheck(isNew, allPending(isNew), world)]),
  ];
  for (const { agreed, plan } of rechecks) {
    const isKnown = plan.decisions.some(({ digest }) => digest === digestOf(name));
    if (isKnown && item.read === undefined) assertApart(new Set(agreed), needed, "changed, or needed by what did");
  }
  assertWithin(new Set(rechecks[0]?.agreed), planned, "no more than was planned");
}

/** Some of the plan is done, some of that failed, and the registry changed meanwhile. */
function exact(sample: Sample): void {
  const { world, pick } = sample;
  const order = namesOf(sample);
  const states: Record<string, State> = allPending(sample);
  for (const [at, name] of order.slice(0, pick % (order.length + 1)).entries()) {
    // A manifest is deleted only after its parents and subjects.
    const claims = [
      ...Object.keys(world).filter((each) => childrenOf(world, each).includes(name)),
      ...subjectsOf(world, name),
    ];
    const isFree = claims.every((each) => world[each] === undefined || states[each] === "gone");
    states[name] = isFree && (pick + at) % 4 > 0 ? "gone" : "failed";
  }
  const left = Object.fromEntries(Object.entries(world).filter(([name]) => states[name] !== "gone"));
  for (const now of changesOf(left, pick)) {
    const { agreed } = recheck(sample, states, now);
    const expected = agreedBy(sample, states, now);
    if (isPlain(sample) && isFullyListed(sample, now)) assert.deepEqual(agreed.toSorted(), [...expected].sort());
    else if (isPlain(sample) && sample.rules.keepCount === 0)
      assertWithin(new Set(agreed), expected, "no more than the rules name");
    assertWithin(new Set(agreed), new Set(order), "no more than was planned");
  }
}

/** Whether each manifest is listed that was. If only tags are listed, one that lost its tags is found by chance. */
function isFullyListed({ world, registry }: Sample, now: World): boolean {
  const isTagged = (item: World[string] | undefined): boolean => (item?.tags ?? []).length > 0;
  return registry.listsUntagged || Object.keys(now).every((name) => isTagged(now[name]) || !isTagged(world[name]));
}

/** The oracle's agreement: what the rules delete now, if it is pending and did not change, less what anything else needs. */
function agreedBy(sample: Sample, states: States, now: World): ReadonlySet<string> {
  const { world, registry } = sample;
  const names = Object.keys(states);
  const isGone = (name: string): boolean =>
    states[name] === "gone" || (registry.listsUntagged && now[name] === undefined);
  const gone = new Set(names.filter((name) => isGone(name) && now[name] === undefined));
  const left = Object.fromEntries(Object.keys(now).map((name) => [name, afterLosingTags(sample, states, now, name)]));
  const withGone: World = { ...Object.fromEntries([...gone].map((name) => [name, untagged(world, name)])), ...left };
  const { deleted } = expectedOf({
    ...sample,
    world: withGone,
    gone,
    failed: names.filter((name) => states[name] === "failed"),
    planned: names.filter((name) => now[name] !== undefined),
  });
  const isAgreed = (name: string): boolean => states[name] === "pending" && !isChanged(sample, name, now);
  const others = [...deleted].filter((name) => !isAgreed(name));
  const needed = closure(withGone, new Set(Object.keys(withGone)), others);
  return new Set([...deleted].filter((name) => isAgreed(name) && !needed.has(name)));
}

/** A planned manifest that no list shows any more remains attached to its subjects. */
function afterLosingTags({ world, registry }: Sample, states: States, now: World, name: string): Item {
  const item = now[name] ?? {};
  const isListed = registry.listsUntagged || (item.tags ?? []).length > 0;
  return isListed || states[name] === undefined ? item : { ...item, lostSubjects: taggedSubjectsOf(world, name) };
}

/** A deleted manifest has no tags any more; its content is known. */
function untagged(world: World, name: string): World[string] {
  const { tags: _, ...item } = world[name] ?? {};
  return item;
}

function isChanged({ world, registry }: Sample, name: string, now: World): boolean {
  const [before, after] = [world[name], now[name]];
  const isListed = registry.listsUntagged || (after?.tags ?? []).length > 0;
  if (!isListed || after === undefined) return false;
  if ((after.tags ?? []).some((tag) => !(before?.tags ?? []).includes(tag))) return true;
  return registry.listsUntagged && after.hours === 0 && before?.hours !== 0 && before?.hours !== null;
}

/** What can happen to a repository between a plan and its recheck. */
function changesOf(world: World, pick: number): readonly World[] {
  // Without a referrers API only its tag ties the index of referrers to its subject.
  const names = Object.keys(world).filter((each) => !each.startsWith("fallback-"));
  const name = names[pick % names.length];
  if (name === undefined) return [];
  const item = world[name] ?? {};
  const { read: _, ...sound } = item;
  const tags = item.tags ?? [];
  return [
    world,
    { ...world, [name]: { ...item, tags: [...tags, "live-again"] } },
    { ...world, [name]: { ...item, tags: [...tags, "orphaned-again"] } },
    // A manifest that is neither listed nor readable does not exist.
    { ...world, [name]: { ...(tags.length > 1 ? item : sound), tags: tags.slice(1) } },
    { ...world, [name]: { ...item, hours: 0 } },
    { fresh: { tags: ["live-fresh"], children: [name], hours: 0 }, ...world },
    { fresh: { tags: ["orphaned-fresh"], children: [name], hours: 0 }, ...world },
    { fresh: { tags: [`sha256-${name}.sig`], blobs: [], hours: 0 }, ...world },
  ];
}
