import type { Digest } from "../digest.ts";
import { type Names, type NamesInput, namesOf, type Shape, shapeOf } from "../tags/shapes.ts";
import type { TagStatus } from "../tags/status.ts";
import { type Decision, isImage, type RepositoryPlan, type Rules } from "./plan.ts";

/** Kept images that other inputs would explain or delete. It is only advice: no decision depends on it. */
export interface Advice {
  /** Tags that no ref explains, by the pattern that would match them. The largest groups first. */
  readonly patterns: readonly PatternAdvice[];
  /** Older builds of branches and Git tags. The largest groups first. */
  readonly superseded: readonly SupersededAdvice[];
}

export interface PatternAdvice {
  /** A new line for `tag-patterns`. */
  readonly pattern: string;
  /** How many tags have this form. */
  readonly tags: number;
  /** One of them. */
  readonly example: string;
  /** Of their images. Layers that they share count for each. Null: unknown. */
  readonly sizeBytes: number | null;
}

export interface SupersededAdvice {
  /** Such as `branch main`. */
  readonly of: string;
  readonly images: number;
  /** Layers that images share count for each. Null: unknown. */
  readonly sizeBytes: number | null;
  /** How many images `superseded: delete` with `keep-count: 10` would delete. */
  readonly deletable: number;
}

export const NO_ADVICE: Advice = { patterns: [], superseded: [] };

/** The `keep-count` that is suggested with `superseded: delete`. */
export const SUGGESTED_KEEP_COUNT = 10;
const FEWEST_TAGS = 3;
const MOST_GROUPS = 5;

/** Returns the advice for the plan of one repository. */
export type Advisor = (plan: RepositoryPlan, statuses: ReadonlyMap<string, TagStatus>) => Advice;

/** @param patterns the input `tag-patterns` */
export function createAdvisor(input: NamesInput, patterns: readonly string[], rules: Rules): Advisor {
  let names: Names | null = null;
  const shape = (tag: string): Shape | null => {
    names ??= namesOf(input);
    return shapeOf(tag, names);
  };
  return (plan, statuses) => {
    if (rules.scope !== null) return NO_ADVICE;
    const kept = plan.decisions.filter((each) => each.decision === "keep" && isImage(each) && isDecided(each));
    const sizes = sizesOf(plan);
    return {
      patterns: patternAdvice(kept, statuses, patterns, shape, sizes),
      superseded: rules.superseded === "delete" ? [] : supersededAdvice(kept, statuses, sizes),
    };
  };
}

/** Everything in a repository of another Git repository is undecided. */
function isDecided({ status }: Decision): boolean {
  return status !== "undecided";
}

type Sizes = ReadonlyMap<Digest, number | null>;

/** The bytes of each image, by its root manifest. */
function sizesOf({ decisions }: RepositoryPlan): Sizes {
  const sizes = new Map<Digest, number | null>();
  for (const { image, sizeBytes } of decisions) {
    const sum = sizes.get(image);
    sizes.set(image, sum === null || sizeBytes === null ? null : (sum ?? 0) + sizeBytes);
  }
  return sizes;
}

function totalOf(images: Iterable<Decision>, sizes: Sizes): number | null {
  let total = 0;
  for (const { digest } of images) {
    const size = sizes.get(digest) ?? null;
    if (size === null) return null;
    total += size;
  }
  return total;
}

interface TagOfShape {
  readonly tag: string;
  readonly image: Decision;
  readonly shape: Shape;
}

function patternAdvice(
  kept: readonly Decision[],
  statuses: ReadonlyMap<string, TagStatus>,
  patterns: readonly string[],
  shapeOfTag: (tag: string) => Shape | null,
  sizes: Sizes,
): readonly PatternAdvice[] {
  const tags = kept.flatMap((image) => image.tags.map((tag) => ({ image, tag })));
  const shaped = tags.flatMap(({ image, tag }): TagOfShape | readonly TagOfShape[] => {
    const shape = statuses.get(tag)?.status === "unmatched" ? shapeOfTag(tag) : null;
    return shape === null ? [] : { image, tag, shape };
  });
  return groupBy(shaped, ({ shape }) => shape.pattern)
    .filter(([, found]) => found.length >= FEWEST_TAGS && found.some(({ shape }) => shape.isKnown))
    .map(([pattern, found]) => ({ pattern: withoutOnlyBranch(pattern, found), found }))
    .filter(({ pattern }) => pattern.includes("{") && !patterns.includes(pattern))
    .sort((a, b) => b.found.length - a.found.length || (a.pattern < b.pattern ? -1 : 1))
    .slice(0, MOST_GROUPS)
    .map(({ pattern, found }) => ({
      pattern,
      tags: found.length,
      example: found[0]?.tag ?? "",
      sizeBytes: totalOf(new Set(found.map(({ image }) => image)), sizes),
    }));
}

/** A word that is the same in all tags may be a branch's name by chance. */
function withoutOnlyBranch(pattern: string, found: readonly TagOfShape[]): string {
  const [first, ...others] = new Set(found.map(({ shape }) => shape.branch));
  return typeof first === "string" && others.length === 0 ? pattern.replace("{branch}", () => first) : pattern;
}

function supersededAdvice(
  kept: readonly Decision[],
  statuses: ReadonlyMap<string, TagStatus>,
  sizes: Sizes,
): readonly SupersededAdvice[] {
  const found = kept.flatMap((image) => {
    const own = image.tags.map((tag) => statuses.get(tag));
    const isFree = own.every((each) => each !== undefined && DELETABLE.includes(each.status) && !mayBeNumber(each));
    const of = own.flatMap((each) => (each?.status === "superseded" ? each.of : []))[0];
    return image.status === "superseded" && isFree && of !== undefined ? { image, of } : [];
  });
  return groupBy(found, ({ of }) => of)
    .map(([of, images]) => ({
      of,
      images: images.length,
      sizeBytes: totalOf(
        images.map(({ image }) => image),
        sizes,
      ),
      deletable: Math.max(0, images.length - SUGGESTED_KEEP_COUNT),
    }))
    .sort((a, b) => b.images - a.images || (a.of < b.of ? -1 : 1))
    .slice(0, MOST_GROUPS);
}

function mayBeNumber(status: TagStatus): boolean {
  return status.status === "superseded" && status.mayBeNumber === true;
}

/** A tag with another status keeps its image. */
const DELETABLE: readonly TagStatus["status"][] = ["superseded", "orphaned", "neutral"];

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): readonly (readonly [string, readonly T[]])[] {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return [...groups];
}
