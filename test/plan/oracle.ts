import type { Rules } from "../../src/plan/plan.ts";
import type { RetentionRule } from "../../src/settings.ts";
import type { TagStatus } from "../../src/tags/status.ts";
import { digestOf, FIRST_PUSH, NOW, type Registry, statusOf, UNMATCHED, type World } from "./world.ts";

/** What the oracle decides about. */
export interface OracleInput {
  readonly world: World;
  readonly registry: Registry;
  readonly rules: Rules;
  readonly inUse: readonly string[];
  /** Manifests of the world that are already deleted. */
  readonly gone?: ReadonlySet<string>;
  /** Planned manifests that could not be deleted. */
  readonly failed?: readonly string[];
  /** Planned manifests, which are known though no list shows them. */
  readonly planned?: readonly string[];
}

/**
 * The rules of DESIGN section 4, written a second time: sets that grow until they stop growing, with everything known from the
 * start. It shares only types with the plan.
 *
 * - A circle of references is kept.
 * - A listed manifest that answers 404 exists: its referrers follow it.
 * - A tagged child of a deleted index has limits of its own: scope, and grace period if it is unmatched.
 * - A referrer whose subject is missing has the grace period, unless its age is unknown; a sweep of a pull request keeps it.
 * - If no tag such as `sha256-….sig` refers to a listed manifest, the images of such tags may be in another repository.
 */
export interface Expected {
  readonly deleted: ReadonlySet<string>;
  /** Kept by their own tags or use, or needed by such manifests. */
  readonly kept: ReadonlySet<string>;
}

export function expectedOf(input: OracleInput): Expected {
  const { world, registry, inUse, planned = [] } = input;
  const isGone = (name: string): boolean => input.gone?.has(name) === true;
  let visible = new Set(
    Object.keys(world).filter(
      (name) =>
        registry.listsUntagged ||
        isListed(world, name) ||
        isGone(name) ||
        inUse.includes(name) ||
        planned.includes(name),
    ),
  );
  for (;;) {
    const before = visible.size;
    const expected = decideVisible(input, visible);
    if (!registry.listsUntagged) visible = seeMore(input, visible, expected.kept);
    if (visible.size === before) return expected;
  }
}

/** If only tags are listed: the manifests that contents, the referrers API and requests for subjects show. */
function seeMore(
  { world, registry, rules }: OracleInput,
  visible: ReadonlySet<string>,
  kept: ReadonlySet<string>,
): Set<string> {
  const more = new Set(visible);
  for (const name of Object.keys(world)) {
    const isChild = [...visible].some((each) => childrenOf(world, each).includes(name));
    const isReferrer = registry.referrersApi && subjectsOf(world, name).some((subject) => visible.has(subject));
    const isSubject =
      rules.scope === null && [...visible].some((each) => !kept.has(each) && subjectsOf(world, each).includes(name));
    if (isChild || isReferrer || isSubject) more.add(name);
  }
  return more;
}

function decideVisible(input: OracleInput, visible: ReadonlySet<string>): Expected {
  const { world, rules, gone = new Set() } = input;
  const names = [...visible];
  const kept = closure(
    world,
    visible,
    names.filter((name) => !gone.has(name) && isKept(input, visible, name)),
  );
  const claims = claimsIn(input, visible);
  const open = names.filter((name) => !kept.has(name));
  const roots = open.filter((name) => !gone.has(name) && claims(name).length === 0);
  const limited = open.filter((name) => {
    const hasLimits = roots.includes(name) || (!gone.has(name) && ownStatuses(world, name).length > 0);
    return hasLimits && isLimited(world, name, rules);
  });
  const counted = countedImages(world, rules, roots, limited);
  const before = closure(world, visible, [...kept, ...limited, ...counted]);
  const last = rules.keepsLastTagged
    ? lastTagged(
        world,
        names.filter((name) => !gone.has(name)),
        roots,
        before,
      )
    : [];
  const staying = closure(world, visible, [...before, ...last]);
  const deleted = new Set([...gone, ...roots.filter((name) => !staying.has(name))]);
  for (let size = -1; size !== deleted.size; ) {
    size = deleted.size;
    for (const name of open) {
      if (!staying.has(name) && claims(name).every((claim) => deleted.has(claim))) deleted.add(name);
    }
  }
  for (const name of gone) deleted.delete(name);
  // Before an untagged image is deleted, everything is read: a kept platform may be an index that lists it.
  const readsAll = roots.some((name) => !isListed(world, name) && !staying.has(name));
  const isBlind = names.some(
    (name) => world[name]?.read === "unreadable" && (readsAll || isRead(input, visible, kept, name)),
  );
  return { deleted: isBlind ? new Set() : deleted, kept };
}

/** Everything is read but the images below kept indexes that are tagged or in use, unless untagged images are deleted. */
function isRead(
  { world, inUse }: OracleInput,
  visible: ReadonlySet<string>,
  kept: ReadonlySet<string>,
  name: string,
): boolean {
  const isFirst = (each: string): boolean => isListed(world, each) || inUse.includes(each);
  const isIndex = world[name]?.children !== undefined;
  const isBelowFirst = [...visible].some((each) => isFirst(each) && below(world, each).has(name));
  return isFirst(name) || isIndex || !isBelowFirst || !kept.has(name);
}

/** Returns the parents and subjects that must be deleted before a manifest. */
function claimsIn(input: OracleInput, visible: ReadonlySet<string>): (name: string) => readonly string[] {
  const { world, registry, rules, gone } = input;
  const exists = (subject: string): boolean =>
    gone?.has(subject) === true || (registry.listsUntagged ? world[subject] !== undefined : isListed(world, subject));
  const hasLocalSignatures = [...visible].flatMap((name) => taggedSubjectsOf(world, name)).some(exists);
  const isClaim = (name: string, subject: string): boolean => {
    const mayBeElsewhere = !hasLocalSignatures && taggedSubjectsOf(world, name).includes(subject);
    return world[subject] !== undefined || rules.scope !== null || mayBeElsewhere;
  };
  return (name) => [
    ...[...visible].filter((parent) => childrenOf(world, parent).includes(name)),
    ...subjectsOf(world, name).filter((subject) => isClaim(name, subject)),
  ];
}

/** If no tagged manifest is kept: the newest root with a tag, otherwise the newest manifest with a tag. */
function lastTagged(
  world: World,
  names: readonly string[],
  roots: readonly string[],
  kept: ReadonlySet<string>,
): readonly string[] {
  const tagged = names.filter((name) => isListed(world, name));
  if (tagged.some((name) => kept.has(name))) return [];
  const own = tagged.filter((name) => roots.includes(name));
  return [...(own.length > 0 ? own : tagged)].sort(newestFirst(world)).slice(0, 1);
}

function newestFirst(world: World): (a: string, b: string) => number {
  return (a, b) => ageOf(world, a) - ageOf(world, b) || (digestOf(a) < digestOf(b) ? -1 : 1);
}

/** Returns everything that `roots` need, at any depth, with the roots. */
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

/** The manifests that an index lists; none if it answers 404 or cannot be read. */
export function childrenOf(world: World, name: string): readonly string[] {
  const item = world[name];
  return item === undefined || item.read !== undefined ? [] : [...new Set(item.children ?? [])];
}

/** The manifests below an index, at any depth. */
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

/** The subjects of a manifest, existing or not. */
export function subjectsOf(world: World, name: string): readonly string[] {
  const item = world[name];
  const own = item?.read === undefined && item?.subject !== undefined ? [item.subject] : [];
  return [...new Set([...own, ...taggedSubjectsOf(world, name), ...(item?.lostSubjects ?? [])])];
}

/** The manifests that a manifest's own tags attach it to. */
export function taggedSubjectsOf(world: World, name: string): readonly string[] {
  return (world[name]?.tags ?? []).flatMap((tag) => /^sha256-([^.]*)/.exec(tag)?.[1] ?? []);
}

/**
 * The statuses of a manifest's tags. A deleted branch is no evidence for a tag that was pushed later, or at an unknown time. Without
 * push times of tags, it is none for an image from before the branch: its tag may be new.
 */
function statusesOf(world: World, name: string): readonly TagStatus[] {
  return (world[name]?.tags ?? []).map((tag): TagStatus => {
    const status = statusOf(tag);
    if (status.status !== "orphaned" || status.lastPush === null) return status;
    const age = tagAge(world, name, tag);
    const isBefore = world[name]?.tagHours === undefined && age > NOW - FIRST_PUSH;
    const isKnown = age !== UNKNOWN_AGE && age >= NOW - status.lastPush && !isBefore;
    return isKnown ? status : { status: "unmatched", reason: UNMATCHED, unproven: status };
  });
}

/** The age of a tag, which is never more than that of its image. */
function tagAge(world: World, name: string, tag: string): number {
  const age = ageOf(world, name);
  const own = world[name]?.tagHours?.[tag];
  if (own === undefined || age === UNKNOWN_AGE) return age;
  return own === null ? UNKNOWN_AGE : Math.min(age, own * 3_600_000);
}

/** The age of an image, or of its youngest tag. */
function pushAge(world: World, name: string): number {
  return Math.min(ageOf(world, name), ...(world[name]?.tags ?? []).map((tag) => tagAge(world, name, tag)));
}

/** The same without tags such as `sha256-….sig`. */
function ownStatuses(world: World, name: string): readonly TagStatus[] {
  return statusesOf(world, name).filter(({ status }) => status !== "referrer");
}

interface OwnTag {
  readonly tag: string;
  readonly status: TagStatus;
}

/** The tags that say something. If all are neutral, they are unmatched. */
function ownTags(world: World, name: string): readonly OwnTag[] {
  const statuses = statusesOf(world, name);
  const tags = world[name]?.tags ?? [];
  const isNeutral = statuses.every(({ status }) => status === "neutral");
  return tags
    .map((tag, at): OwnTag => {
      const status = statuses[at] ?? statusOf(tag);
      return { tag, status: isNeutral ? { status: "unmatched", reason: UNMATCHED } : status };
    })
    .filter(({ status }) => status.status !== "referrer" && status.status !== "neutral");
}

function isKept(
  { world, rules, inUse, failed = [] }: OracleInput,
  visible: ReadonlySet<string>,
  name: string,
): boolean {
  const tags = ownTags(world, name);
  if (tags.some(({ status }) => status.status === "live") || failed.includes(name)) return true;
  const used = [...visible].filter((each) => inUse.includes(each));
  if (used.includes(name) || used.some((each) => below(world, name).has(each))) return true;
  const unruled = tags
    .filter(({ tag, status }) => ruleOf(tag, status, rules) === undefined)
    .map(({ status }) => status.status);
  if (unruled.includes("superseded") && rules.superseded === "keep") return true;
  return unruled.includes("unmatched") && rules.unmatchedTags === "keep";
}

function isLimited(world: World, name: string, rules: Rules): boolean {
  const own = ownTags(world, name).map(({ status }) => status);
  const isUntagged = (world[name]?.tags ?? []).length === 0;
  if (isUntagged && subjectsOf(world, name).length === 0 && rules.untagged === "keep") return true;
  const orphaned = own.flatMap((status) => (status.status === "orphaned" ? [status] : []));
  const ended = [
    ...orphaned,
    ...own.flatMap((status) => (status.status === "unmatched" ? (status.unproven ?? []) : [])),
  ];
  const isSuperseded = own.some(({ status }) => status === "superseded");
  const isProven = own.length > 0 && !own.some(({ status }) => status === "unmatched");
  if (rules.scope !== null) {
    const isOfIt = isProven && !isSuperseded && orphaned.every(({ of }) => of === rules.scope);
    if (!isOfIt) return true;
  }
  const isMergedNow = ended.some(({ merged, endedAt }) => merged && NOW - (endedAt ?? 0) < rules.gracePeriodMs);
  if (isMergedNow && rules.scope === null) return true;
  const isReferrer = subjectsOf(world, name).length > 0 && ownStatuses(world, name).length === 0;
  const age = ownStatuses(world, name).length === 0 ? ageOf(world, name) : pushAge(world, name);
  const hasAge = !isReferrer || age !== UNKNOWN_AGE;
  const since = Math.min(...ended.map(({ endedAt }) => NOW - (endedAt ?? NOW)), ...(hasAge ? [age] : []));
  const least = Math.max(...(own.length === 0 ? [rules.olderThanMs] : leastAges(world, name, rules)));
  if (least > 0 && since < least) return true;
  if (isProven || !hasAge) return false;
  return rules.gracePeriodMs > 0 && age < rules.gracePeriodMs;
}

/** The age that each tag demands of its image. */
function leastAges(world: World, name: string, rules: Rules): readonly number[] {
  return ownTags(world, name).map(({ tag, status }) => ruleOf(tag, status, rules)?.olderThanMs ?? rules.olderThanMs);
}

function ruleOf(tag: string, status: TagStatus, rules: Rules): RetentionRule | undefined {
  const hasRule = status.status === "superseded" || (status.status === "unmatched" && status.unproven === undefined);
  return hasRule ? rules.retentionOf(tag) : undefined;
}

/** The newest images of each retention rule, and of each branch or the repository. */
function countedImages(
  world: World,
  rules: Rules,
  roots: readonly string[],
  limited: readonly string[],
): readonly string[] {
  const groups = new Map<string, { readonly count: number; readonly names: Set<string> }>();
  const add = (group: string, count: number, name: string): void => {
    const { names } = groups.get(group) ??
      groups.set(group, { count, names: new Set() }).get(group) ?? { names: new Set() };
    names.add(name);
  };
  const newest = (): readonly string[] =>
    [...groups].flatMap(([group, { count, names }]) => {
      const isUnknown = (name: string): boolean => group !== "repository" && ageOf(world, name) === UNKNOWN_AGE;
      const unknown = [...names].filter(isUnknown).length;
      return count === 0 ? [] : [...names].sort(newestFirst(world)).slice(0, unknown + count);
    });
  const images = roots.filter((each) => subjectsOf(world, each).length === 0);
  const tagsOf = (name: string) =>
    ownTags(world, name).map(({ tag, status }) => ({ status, rule: ruleOf(tag, status, rules) }));
  for (const name of images) {
    for (const { rule } of tagsOf(name)) if (rule && rule.keep !== null) add(JSON.stringify(rule), rule.keep, name);
  }
  const keptByRules = newest();
  for (const name of images) {
    if (limited.includes(name) || keptByRules.includes(name)) continue;
    const tags = tagsOf(name);
    const others = tags.filter(({ rule }) => (rule?.keep ?? null) === null);
    if (others.length === 0 && tags.length > 0) continue;
    const builds = others.flatMap(({ status }) => (status.status === "superseded" ? [status.of] : []));
    for (const build of builds) add(build, Math.max(1, rules.keepCount), name);
    if (builds.length === 0) add("repository", rules.keepCount, name);
  }
  return newest();
}

/** An unknown age counts as newest. */
const UNKNOWN_AGE = Number.MIN_SAFE_INTEGER;

/** In milliseconds. A time before the first images is unknown. */
function ageOf(world: World, name: string): number {
  const hours = world[name]?.hours;
  const age = (hours === undefined ? 1000 : (hours ?? Number.POSITIVE_INFINITY)) * 3_600_000;
  return NOW - age < Date.UTC(2013, 0, 1) ? UNKNOWN_AGE : age;
}
