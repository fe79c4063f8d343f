import type { TagStatus, Planned, Rules, SinceFirstLook } from "../../src/plan/view.ts";
import { digestOf, statusOf, NOW, type Registry, type World } from "./world.ts";

/**
 * The rules of what an orphan is, told a second time: by sets that grow until they no longer do, from the rules' text
 * alone, and with everything known at once. It shares nothing with the plan but types.
 *
 * Where the text leaves a choice, the reading that keeps more:
 *
 * - what claims itself through others (a cycle) is never released;
 * - a listed manifest that answers 404 is there: what is attached to it follows it;
 * - a tagged manifest is a root though an index lists it: it goes with the index, but not out of the scope of a pull
 *   request, nor, where no ref is known for it, within the grace period;
 * - what is attached to nothing is an orphan by absence, as a referrer may be pushed before its subject (OCI
 *   distribution-spec, "Pushing Manifests with Subject"), unless its age is unknown; a sweep of a pull request leaves it;
 * - where no tag refers to a manifest that is listed, what they refer to may be another repository's, and its absence tells
 *   nothing;
 * - a silent tag goes with the tag of the referrer form beside it.
 */
export interface Judgement {
  readonly deleted: ReadonlySet<string>;
  /** What no rule of age or number was needed to keep: it stays by its own tags, a pin, or something that does. */
  readonly kept: ReadonlySet<string>;
}

export function judge(world: World, registry: Registry, rules: Rules): Judgement {
  const isPlanned = (name: string): boolean => !["gone", null].includes(stateOf(name, rules));
  let visible = new Set(
    Object.keys(world).filter((name) => registry.listsUntagged || isListed(world, name) || isPlanned(name)),
  );
  for (;;) {
    const before = visible.size;
    const judgement = judgeVisible(world, registry, visible, rules);
    if (!registry.listsUntagged) visible = seeMore(world, registry, rules, visible, judgement.kept);
    if (visible.size === before) return judgement;
  }
}

/** Where only tagged manifests are listed: what reading, pins, and questions after subjects and referrers bring to light. */
function seeMore(
  world: World,
  registry: Registry,
  rules: Rules,
  visible: ReadonlySet<string>,
  kept: ReadonlySet<string>,
): Set<string> {
  const more = new Set(visible);
  for (const name of Object.keys(world)) {
    const isPinned = rules.pinned.has(digestOf(name));
    const isChild = [...visible].some((each) => childrenOf(world, each).includes(name));
    const isReferrer = registry.referrersApi && subjectsOf(world, name).some((subject) => visible.has(subject));
    const isSubject =
      rules.pullRequest === null &&
      [...visible].some((each) => !kept.has(each) && subjectsOf(world, each).includes(name));
    if (isPinned || isChild || isReferrer || isSubject) more.add(name);
  }
  return more;
}

function judgeVisible(world: World, registry: Registry, visible: ReadonlySet<string>, rules: Rules): Judgement {
  const names = [...visible];
  const kept = closure(
    world,
    visible,
    names.filter((name) => staysByItself(world, name, rules) || isNew(world, name, registry, rules)),
  );
  const isElsewhere = !names
    .flatMap((name) => taggedSubjectsOf(world, name))
    .some(
      (subject) =>
        (registry.listsUntagged ? world[subject] !== undefined : isListed(world, subject)) ||
        stateOf(subject, rules) !== null,
    );
  const isClaim = (name: string, subject: string): boolean => {
    const isAway = isElsewhere && taggedSubjectsOf(world, name).includes(subject);
    return world[subject] !== undefined || ((rules.pullRequest !== null || isAway) && stateOf(subject, rules) === null);
  };
  const claims = (name: string): readonly string[] => [
    ...names.filter((parent) => childrenOf(world, parent).includes(name)),
    ...subjectsOf(world, name).filter((subject) => isClaim(name, subject)),
  ];
  const open = names.filter((name) => !kept.has(name));
  const unclaimed = open.filter((name) => claims(name).length === 0);
  // What was to follow what is gone by now follows it: it never was a root.
  const left = unclaimed.filter((name) => stateOf(name, rules) === "follows");
  const roots = unclaimed.filter((name) => !left.includes(name));
  const spared = open.filter((name) => {
    const isRoot = roots.includes(name);
    return (isRoot || ownFates(world, name).length > 0) && isSpared(world, name, rules);
  });
  const rollback = roots
    .filter((name) => !spared.includes(name) && subjectsOf(world, name).length === 0)
    .sort((a, b) => ageOf(world, a) - ageOf(world, b) || (digestOf(a) < digestOf(b) ? -1 : 1))
    .slice(0, rules.keepCount);
  const before = closure(world, visible, [...kept, ...spared, ...rollback]);
  const last = rules.keepsLastTagged ? lastTagged(world, names, roots, before) : [];
  const counted = closure(world, visible, [...before, ...last]);
  const unplanned = rules.since === null ? [] : open.filter((name) => stateOf(name, rules) === null);
  const staying = closure(world, visible, [...counted, ...unplanned]);
  const deleted = new Set(unclaimed.filter((name) => !staying.has(name)));
  for (let before = -1; before !== deleted.size; ) {
    before = deleted.size;
    for (const name of open) {
      if (!staying.has(name) && claims(name).every((claim) => deleted.has(claim))) deleted.add(name);
    }
  }
  const isBlind = [...staying].some((name) => isUnreadableRoot(world, visible, name));
  return { deleted: isBlind ? new Set() : deleted, kept };
}

/** Where no tagged manifest stays: the newest root that has a tag, or else the newest that has one. */
function lastTagged(
  world: World,
  names: readonly string[],
  roots: readonly string[],
  staying: ReadonlySet<string>,
): readonly string[] {
  const tagged = names.filter((name) => isListed(world, name));
  if (tagged.some((name) => staying.has(name))) return [];
  const own = tagged.filter((name) => roots.includes(name));
  return (own.length > 0 ? own : tagged)
    .sort((a, b) => ageOf(world, a) - ageOf(world, b) || (digestOf(a) < digestOf(b) ? -1 : 1))
    .slice(0, 1);
}

/** All that `roots` lead to, by entries and by what is attached, at any depth. */
export function closure(world: World, visible: ReadonlySet<string>, roots: readonly string[]): Set<string> {
  const reached = new Set(roots);
  for (let before = -1; before !== reached.size; ) {
    before = reached.size;
    for (const name of visible) {
      const isChild = [...reached].some((parent) => childrenOf(world, parent).includes(name));
      if (isChild || subjectsOf(world, name).some((subject) => reached.has(subject))) reached.add(name);
    }
  }
  return reached;
}

function isListed(world: World, name: string): boolean {
  return (world[name]?.tags ?? []).length > 0;
}

/** The entries that its content names; what answers 404, or cannot be read, names none. */
export function childrenOf(world: World, name: string): readonly string[] {
  const item = world[name];
  return item === undefined || item.read !== undefined ? [] : [...new Set(item.children ?? [])];
}

/** What an index lists, at any depth. */
export function below(world: World, name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...childrenOf(world, name)];
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    if (found.has(each)) continue;
    found.add(each);
    open.push(...childrenOf(world, each));
  }
  return found;
}

/** What it is attached to, by `subject` and by tags, there or not. */
export function subjectsOf(world: World, name: string): readonly string[] {
  const item = world[name];
  const own = item?.read === undefined && item?.subject !== undefined ? [item.subject] : [];
  return [...new Set([...own, ...taggedSubjectsOf(world, name)])];
}

function taggedSubjectsOf(world: World, name: string): readonly string[] {
  return (world[name]?.tags ?? []).flatMap((tag) => /^sha256-([^.]*)/.exec(tag)?.[1] ?? []);
}

/** What the refs say of its tags. A deleted branch is another's where the push is later than its pull request. */
function statusesOf(world: World, name: string): readonly TagStatus[] {
  const pushedAt = NOW - ageOf(world, name);
  return (world[name]?.tags ?? []).map((tag): TagStatus => {
    const status = statusOf(tag);
    const isLate = status.status === "orphaned" && status.lastPush !== null && status.lastPush < pushedAt && pushedAt <= NOW;
    return isLate ? { status: "unmatched", reason: "no known ref" } : status;
  });
}

/** The same but for those of the referrer form. */
function ownFates(world: World, name: string): readonly TagStatus[] {
  return statusesOf(world, name).filter(({ status }) => status !== "referrer");
}

function staysByItself(world: World, name: string, rules: Rules): boolean {
  const statuses = statusesOf(world, name).map(({ status }) => status);
  if (statuses.includes("live") || rules.pinned.has(digestOf(name))) return true;
  const isUnmatched = statuses.includes("unmatched") || (statuses.length > 0 && statuses.every((status) => status === "neutral"));
  return isUnmatched && rules.unmatchedTags === "keep";
}

/** Whether a second look finds it changed, or it could not be deleted after the first. */
function isNew(world: World, name: string, registry: Registry, rules: Rules): boolean {
  if (rules.since === null) return false;
  const state = stateOf(name, rules);
  if (state === "stays") return true;
  if (!registry.listsUntagged && !isListed(world, name)) return false;
  const before = rules.since.known.get(digestOf(name));
  if (before === undefined || state === "gone") return true;
  if (isPushedAgain(world, name, registry, rules.since)) return true;
  return (world[name]?.tags ?? []).some((tag) => !before.tags.includes(tag));
}

/** Only a registry whose listing tells times shows it. */
function isPushedAgain(world: World, name: string, registry: Registry, since: SinceFirstLook): boolean {
  const then = since.times.get(digestOf(name));
  const hours = world[name]?.hours;
  if (!registry.listsUntagged || then === undefined || then === null || hours === null) return false;
  return NOW - (hours ?? 1000) * 3_600_000 > then;
}

function stateOf(name: string, rules: Rules): Planned["state"] | null {
  return rules.since?.planned.get(digestOf(name))?.state ?? null;
}

function isSpared(world: World, name: string, rules: Rules): boolean {
  const own = ownFates(world, name);
  const isUntagged = (world[name]?.tags ?? []).length === 0;
  if (isUntagged && subjectsOf(world, name).length === 0 && rules.untagged === "keep") return true;
  const dead = own.flatMap((status) => (status.status === "orphaned" ? [status.pullRequest] : []));
  const hasUnmatched = own.some(({ status }) => status === "unmatched");
  if (rules.pullRequest !== null) {
    const isOfIt = dead.length > 0 && !hasUnmatched && dead.every((number) => number === rules.pullRequest);
    if (!isOfIt) return true;
  }
  const isAbsent = dead.length === 0 || hasUnmatched;
  const isOnlyAttached = subjectsOf(world, name).length > 0 && own.every(({ status }) => status === "referrer");
  if (isOnlyAttached && ageOf(world, name) === Number.MIN_SAFE_INTEGER) return false;
  return isAbsent && rules.gracePeriodMs > 0 && ageOf(world, name) < rules.gracePeriodMs;
}

/** In milliseconds; what is unknown, or before there were images, is newer than anything. */
function ageOf(world: World, name: string): number {
  const hours = world[name]?.hours;
  const age = (hours === undefined ? 1000 : (hours ?? Number.POSITIVE_INFINITY)) * 3_600_000;
  return NOW - age < Date.UTC(2013, 0, 1) ? Number.MIN_SAFE_INTEGER : age;
}

/** Whether what it lists cannot be known; an entry that its index calls an image lists nothing. */
function isUnreadableRoot(world: World, visible: ReadonlySet<string>, name: string): boolean {
  const item = world[name];
  if (item?.read !== "unreadable") return false;
  return item.children !== undefined || ![...visible].some((parent) => childrenOf(world, parent).includes(name));
}
