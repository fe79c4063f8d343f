import fc from "fast-check";
import type { Digest } from "../../src/digest.ts";
import { pushImage, pushIndex, pushReferrer } from "../servers/content.ts";
import type { RegistryStore, StoredManifest } from "../servers/oci/store.ts";
import { missingContent } from "../servers/pull.ts";

/**
 * `main` and `next` are branches at first, `pr-1`, `pr-2`, `pr-3` and `hotfix` become branches. Pull requests 1, 2 and 3 are
 * merged, 6 is open, 8 does not exist at first. `jane` and `by-hand` are unmatched.
 */
const TAGS = [
  "main",
  "next",
  "pr-1",
  "pr-1-amd64",
  "pr-2",
  "pr-3",
  "pr-6",
  "pr-8",
  "hotfix",
  "jane",
  "by-hand",
] as const;
type Tag = (typeof TAGS)[number];

/** A change of the registry by another client. `of` selects existing manifests by number. */
export type RegistryChange =
  | {
      readonly action: "image" | "index" | "referrer";
      readonly of: readonly number[];
      readonly tag: Tag | null;
    }
  | { readonly action: "tag"; readonly of: readonly number[]; readonly tag: Tag }
  | { readonly action: "push again" | "drop"; readonly of: readonly number[] }
  | { readonly action: "apply"; readonly apply: (store: RegistryStore, pushedAt: number) => void }
  /** One step of a builder: it pushes a child, then an index of its children, then tags the index. */
  | {
      readonly action: "build";
      readonly builder: number;
      readonly step: "new child" | "shared child" | "index" | "tag";
      readonly of: readonly number[];
      readonly tag: Tag;
    };

/** A change of the Git repository or its pull requests. */
export type RefChange =
  | { readonly action: "create branch" | "delete branch"; readonly branch: string }
  | { readonly action: "create tag"; readonly gitTag: string }
  | { readonly action: "open pull request" | "close pull request"; readonly number: number };

export type Change = RegistryChange | RefChange;

const BRANCHES = ["next", "hotfix", "pr-1", "pr-2", "pr-3"] as const;

const of = fc.array(fc.nat(30), { minLength: 1, maxLength: 3 });
const anyTag: fc.Arbitrary<Tag> = fc.constantFrom(...TAGS);
const tagOrNone: fc.Arbitrary<Tag | null> = fc.option(anyTag, { freq: 3 });

export const push: fc.Arbitrary<RegistryChange> = fc.record({
  action: fc.constantFrom("image", "index", "index", "referrer"),
  of,
  tag: tagOrNone,
});

const retag: fc.Arbitrary<RegistryChange> = fc.record({ action: fc.constant("tag"), of, tag: anyTag });
const other: fc.Arbitrary<RegistryChange> = fc.record({ action: fc.constantFrom("push again", "drop"), of });
const branch: fc.Arbitrary<RefChange> = fc.record({
  action: fc.constantFrom("create branch", "create branch", "delete branch"),
  branch: fc.constantFrom(...BRANCHES),
});
const pull: fc.Arbitrary<RefChange> = fc.record({
  action: fc.constantFrom("open pull request", "open pull request", "close pull request"),
  number: fc.constantFrom(1, 2, 3, 6, 8),
});

export const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: push },
  { weight: 4, arbitrary: retag },
  { weight: 1, arbitrary: other },
  { weight: 1, arbitrary: branch },
  { weight: 2, arbitrary: pull },
);

/** The steps of one builder, in order. */
export const builder: fc.Arbitrary<readonly RegistryChange[]> = fc
  .record({
    builder: fc.nat(1000),
    shared: fc.array(of, { minLength: 1, maxLength: 2 }),
    pushesNew: fc.boolean(),
    tag: fc.option(anyTag, { freq: 2 }),
  })
  .map(({ builder, shared, pushesNew, tag }) => {
    const step = { action: "build", builder, tag: tag ?? "jane", of: [0] } as const;
    const children = shared.map((each): RegistryChange => ({ ...step, step: "shared child", of: each }));
    const own: readonly RegistryChange[] = pushesNew ? [{ ...step, step: "new child" }] : [];
    const last: readonly RegistryChange[] = tag === null ? [] : [{ ...step, step: "tag" }];
    return [...children, ...own, { ...step, step: "index" }, ...last];
  });

/** What the builders have pushed so far. */
export type Built = Map<number, { children: StoredManifest[]; index: Digest | null }>;

export interface Changed {
  readonly store: RegistryStore;
  /** Whether clients attach referrers by `subject` only, because the registry has a referrers API. */
  readonly hasReferrersApi: boolean;
  /** Milliseconds since the epoch. */
  readonly pushedAt: number;
  /** Makes a pushed image unique. */
  readonly seed: string;
  readonly built: Built;
}

export function isRefChange(each: Change): each is RefChange {
  return "branch" in each || "gitTag" in each || "number" in each;
}

/** Applies a change to the repository `web`. */
export function applyToRegistry(each: RegistryChange, context: Changed): void {
  const { store, pushedAt, seed } = context;
  if (each.action === "apply") return void each.apply(store, pushedAt);
  const existing = store.manifests("web");
  const isComplete = (digest: Digest): boolean => missingContent(store, "web", digest).length === 0;
  const chosen = [...new Set(each.of.flatMap((number) => existing[number % Math.max(1, existing.length)] ?? []))];
  const [first] = chosen;
  const at = { repository: "web", pushedAt } as const;
  if (each.action === "build") return void build(each, first, context);
  if (each.action === "image" || first === undefined) {
    const tags = "tag" in each && each.tag !== null ? [each.tag] : [];
    return void pushImage(store, { ...at, seed, tags });
  }
  if (each.action === "drop") return void store.deleteManifest("web", first.digest);
  if (each.action === "push again") return void store.putManifest("web", null, first.bytes, first.mediaType, pushedAt);
  if (each.action === "index") {
    const children = chosen.map(({ digest }) => digest).filter(isComplete);
    return void pushIndex(store, { ...at, children, tags: each.tag === null ? [] : [each.tag] });
  }
  // An incomplete image cannot become complete: a registry that lists tags only hides untagged indexes that list its parts.
  if (each.action === "tag") return void (isComplete(first.digest) && store.tag("web", each.tag, first.digest));
  const by = context.hasReferrersApi ? "subject" : "referrers-tag";
  pushReferrer(store, { ...at, subject: first.digest, artifactType: "application/spdx+json", by });
}

/** A builder pushes children that are missing again, as registries demand it for an index. */
function build(
  { builder, step, tag }: Extract<RegistryChange, { action: "build" }>,
  first: StoredManifest | undefined,
  { store, built, pushedAt }: Changed,
): void {
  const state = built.get(builder) ?? { children: [], index: null };
  built.set(builder, state);
  const isUsable = first !== undefined && missingContent(store, "web", first.digest).length === 0;
  if (step === "new child" || (step === "shared child" && !isUsable)) {
    const seed = `builder ${builder} ${state.children.length}`;
    const digest = pushImage(store, { repository: "web", pushedAt, seed });
    state.children.push(...store.manifests("web").filter((manifest) => manifest.digest === digest));
  } else if (step === "shared child" && first !== undefined) {
    store.putManifest("web", null, first.bytes, first.mediaType, pushedAt);
    state.children.push(first);
  } else if (step === "index") {
    for (const { digest, bytes, mediaType } of state.children)
      if (store.resolve("web", digest) === null) store.putManifest("web", null, bytes, mediaType, pushedAt);
    const children = state.children.map(({ digest }) => digest);
    const annotations = { builder: String(builder) };
    state.index = pushIndex(store, { repository: "web", pushedAt, children, annotations });
  } else if (state.index !== null && missingContent(store, "web", state.index).length === 0) {
    store.tag("web", tag, state.index);
  }
}
