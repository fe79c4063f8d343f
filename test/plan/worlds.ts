import fc from "fast-check";
import type { Rules } from "../../src/plan/plan.ts";
import { compileRetention } from "../../src/plan/retention.ts";
import type { RetentionRule } from "../../src/settings.ts";
import { below, subjectsOf } from "./oracle.ts";
import { DAY, HOUR, type Item, type Registry, rules, type World } from "./world.ts";

/** A random registry with random refs and rules. */
export interface Sample {
  readonly world: World;
  readonly registry: Required<Registry>;
  readonly rules: Rules;
  /** The rules of `retention`, as data. */
  readonly retention: readonly RetentionRule[];
  /** Names of manifests in use. */
  readonly inUse: readonly string[];
  /** Whether references may form circles. No digest can; a wrong registry, or a tag such as `sha256-….sig`, can. */
  readonly circular: boolean;
  /** A number by which properties choose. */
  readonly pick: number;
}

/** One manifest before it is named: numbers choose among the others. */
interface Seed {
  readonly isIndex: boolean;
  readonly children: readonly number[];
  readonly subject: number | null;
  readonly tags: readonly TagSeed[];
  readonly hours: number | null;
  /** The ages of its tags, in order. */
  readonly tagHours: readonly (number | null)[];
  readonly read: "missing" | "unreadable" | null;
  readonly blobs: readonly number[];
}

const FORMS = [
  "live",
  "orphaned",
  "merged",
  "branch",
  "gone7",
  "older",
  "older2",
  "neutral",
  "other",
  "sha256",
  "sig",
  "lost",
] as const;

interface TagSeed {
  readonly form: (typeof FORMS)[number];
  readonly of: number;
}

const tagSeed: fc.Arbitrary<TagSeed> = fc.record({
  form: fc.oneof(
    { weight: 6, arbitrary: fc.constant("orphaned" as const) },
    {
      weight: 6,
      arbitrary: fc.constantFrom(...FORMS.filter((form) => form !== "orphaned"), "branch", "older", "other"),
    },
  ),
  of: fc.nat(20),
});

const seed: fc.Arbitrary<Seed> = fc.record({
  isIndex: fc.boolean(),
  children: fc.array(fc.nat(20), { maxLength: 4 }),
  subject: fc.option(fc.nat(20), { freq: 3 }),
  tags: fc.array(tagSeed, { maxLength: 3 }),
  // 1970 is 56 years ago; 24 h is the edge of the default grace period; equal ages are a tie.
  hours: fc.constantFrom(0, 1, 23, 24, 25, 50, 50, 90, 1000, 1000, 2000, 24 * 365 * 56, null),
  tagHours: fc.array(fc.constantFrom(0, 30, 70, 1000, 1000, 2000, null), { minLength: 3, maxLength: 3 }),
  read: fc.oneof(
    { weight: 12, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom("missing" as const, "unreadable" as const) },
  ),
  blobs: fc.array(fc.nat(6), { minLength: 1, maxLength: 3 }),
});

const registry: fc.Arbitrary<Required<Registry>> = fc.record({
  listsUntagged: fc.boolean(),
  referrersApi: fc.boolean(),
  listsBlobs: fc.boolean(),
  listsTagTimes: fc.boolean(),
});

const ruleSeed = fc.record({
  untagged: fc.constantFrom<Rules["untagged"]>("delete", "delete", "keep"),
  unmatchedTags: fc.constantFrom<Rules["unmatchedTags"]>("keep", "delete"),
  superseded: fc.constantFrom<Rules["superseded"]>("keep", "delete"),
  keepCount: fc.constantFrom(0, 0, 0, 1, 2, 3, 4),
  olderThanMs: fc.constantFrom(0, 0, 0, 90 * HOUR, 600 * HOUR),
  gracePeriodMs: fc.constantFrom(0, DAY, DAY, 100 * HOUR),
  keepsLastTagged: fc.constantFrom(false, false, true),
  pullRequest: fc.constantFrom(null, null, null, 12, 7),
});

const retention: fc.Arbitrary<readonly RetentionRule[]> = fc.array(
  fc.record({
    glob: fc.constantFrom("older*", "older2*", "other*", "{other,older}*", "neutral*", "*"),
    keep: fc.constantFrom(null, 0, 1, 2),
    olderThanMs: fc.constantFrom(null, 0, 80 * HOUR),
  }),
  { maxLength: 2 },
);

/** Worlds of up to 14 manifests: small enough to read when a property fails, large enough to combine all rules. */
export const sample: fc.Arbitrary<Sample> = fc
  .record({
    seeds: fc.array(seed, { minLength: 1, maxLength: 14 }),
    registry,
    ruleSeed,
    retention: fc.oneof(fc.constant([]), retention),
    used: fc.array(fc.nat(20), { maxLength: 2 }),
    hasUse: fc.boolean(),
    hasFaults: fc.boolean(),
    circular: fc.constantFrom(false, false, false, true),
    pick: fc.nat(1000),
  })
  .map(({ seeds, registry, ruleSeed, retention, used, hasUse, hasFaults, circular, pick }) => {
    const world = worldOf(seeds, registry, { hasFaults, circular });
    const inUse = (hasUse ? used : []).map((each) => nameOf(each % seeds.length));
    // GitHub keeps it, lists untagged manifests, and shows no push times of tags.
    const keepsLastTagged = ruleSeed.keepsLastTagged && registry.listsUntagged && !registry.listsTagTimes;
    const all = rules({ ...ruleSeed, keepsLastTagged, retentionOf: compileRetention(retention) });
    return { world, registry, rules: all, retention, inUse, circular, pick };
  });

function nameOf(number: number): string {
  return `m${number}`;
}

interface Kind {
  readonly hasFaults: boolean;
  readonly circular: boolean;
}

function worldOf(seeds: readonly Seed[], registry: Registry, kind: Kind): World {
  const world: Record<string, Item> = {};
  for (const [number, each] of seeds.entries())
    world[nameOf(number)] = itemOf(each, number, seeds.length, registry, kind);
  const whole = registry.referrersApi || kind.circular ? world : { ...world, ...fallbackIndexes(world) };
  const named = eachTagOnce(whole);
  if (registry.listsUntagged) return named;
  return kind.circular ? withoutHiddenFaults(named) : withShownSubjects(withoutHiddenFaults(named));
}

/** A manifest that is neither listed nor readable does not exist. */
function withoutHiddenFaults(world: World): World {
  return Object.fromEntries(
    Object.entries(world).map(([name, { read, ...item }]) => [
      name,
      read === undefined || (item.tags ?? []).length === 0 ? item : { ...item, read },
    ]),
  );
}

/** A tag names one manifest: the last one it was pushed to. */
function eachTagOnce(world: World): World {
  const holders = new Map(Object.entries(world).flatMap(([name, { tags }]) => (tags ?? []).map((tag) => [tag, name])));
  return Object.fromEntries(
    Object.entries(world).map(([name, item]) => [
      name,
      { ...item, tags: [...new Set(item.tags)].filter((tag) => holders.get(tag) === name) },
    ]),
  );
}

/** If only tags are listed, an untagged subject may remain unknown. Here each has a tag, or an index with a tag. */
function withShownSubjects(world: World): World {
  let shown: World = world;
  for (const name of Object.keys(world).flatMap((each) => subjectsOf(world, each))) {
    const tagged = Object.keys(shown).filter((each) => (shown[each]?.tags ?? []).length > 0);
    const item = shown[name];
    const isShown = tagged.includes(name) || tagged.some((each) => below(shown, each).has(name));
    if (item !== undefined && !isShown) shown = { ...shown, [name]: { ...item, tags: [`orphaned-${name}`] } };
  }
  return shown;
}

function itemOf(seed: Seed, number: number, count: number, registry: Registry, kind: Kind): Item {
  // References lead from lower to higher numbers, so that they form no circle.
  const below = (of: number): string | null =>
    kind.circular ? nameOf(of % count) : number === 0 ? null : nameOf(of % number);
  const above = (of: number): string | null => {
    if (kind.circular) return nameOf(of % count);
    const left = count - number - 1;
    // One entry in seven was never pushed.
    if (of % 7 === 6) return `never${of}`;
    return left === 0 ? null : nameOf(number + 1 + (of % left));
  };
  const tags = seed.tags.flatMap((tag, at) => tagOf(tag, `${number}-${at}`, below) ?? []);
  const read = kind.hasFaults ? seed.read : null;
  // Without a referrers API, an index lists the referrers: it cannot be part of a circle.
  const isAttached = seed.subject !== null && read === null && (registry.referrersApi || !kind.circular);
  const subject = isAttached ? below(seed.subject) : null;
  return {
    tags,
    hours: seed.hours,
    ...(registry.listsTagTimes ? { tagHours: tagHoursOf(tags, seed.tagHours) } : {}),
    blobs: seed.isIndex ? [] : seed.blobs.map((of) => ({ name: `blob${of}`, bytes: 2 ** of })),
    ...(seed.isIndex ? { children: seed.children.flatMap((of) => above(of) ?? []) } : {}),
    ...(subject === null ? {} : { subject }),
    ...(read === null ? {} : { read }),
  };
}

function tagHoursOf(
  tags: readonly string[],
  hours: readonly (number | null)[],
): Readonly<Record<string, number | null>> {
  return Object.fromEntries(tags.map((tag, at) => [tag, hours[at] ?? null]));
}

function tagOf(tag: TagSeed, suffix: string, below: (of: number) => string | null): string | null {
  if (tag.form === "lost") return `sha256-never${tag.of % 2}.att`;
  if (tag.form !== "sha256" && tag.form !== "sig") return `${tag.form}-${suffix}`;
  const subject = below(tag.of);
  if (subject === null) return null;
  return tag.form === "sig" ? `sha256-${subject}.sig` : `sha256-${subject}`;
}

/** The index of referrers that clients push for each subject to a registry without a referrers API. */
function fallbackIndexes(world: World): World {
  const bySubject = new Map<string, string[]>();
  for (const [name, { subject }] of Object.entries(world)) {
    if (subject !== undefined) bySubject.set(subject, [...(bySubject.get(subject) ?? []), name]);
  }
  return Object.fromEntries(
    [...bySubject].map(([subject, children]) => [
      `fallback-${subject}`,
      {
        tags: [`sha256-${subject}`],
        children,
        blobs: [],
        hours: world[children[0] ?? ""]?.hours ?? null,
        ...(world[children[0] ?? ""]?.tagHours === undefined ? {} : { tagHours: {} }),
      },
    ]),
  );
}
