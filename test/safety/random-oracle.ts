import type { Digest } from "../../src/digest.ts";
import { referencesOf, type StoredManifest } from "../servers/oci/store.ts";
import type { StoreView } from "./scenario.ts";

/** The repository `web` at one time. */
export type Contents = ReadonlyMap<Digest, StoredEntry>;

interface StoredEntry {
  readonly manifest: StoredManifest;
  readonly tags: readonly string[];
}

/** The refs that keep images. */
export interface Refs {
  readonly branches: ReadonlySet<string>;
  readonly tags: ReadonlySet<string>;
  /** The numbers of open pull requests, and their head branches. */
  readonly open: ReadonlyMap<number, string>;
  /** The numbers of all pull requests that exist. */
  readonly numbers: ReadonlySet<number>;
}

/** The inputs that keep more than refs do. */
export interface KeepRules {
  readonly untagged: "delete" | "keep";
  readonly unmatchedTags: "delete" | "keep";
  readonly gracePeriodMs: number;
  /** Whether the registry lists untagged manifests and push times. Otherwise no client sees them. */
  readonly listsUntagged: boolean;
  /** Manifests that an index listed when the sweep began: they are deleted with it. */
  readonly hadParent: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function contentsOfWeb(store: StoreView): Contents {
  return new Map(
    store
      .manifests("web")
      .map((manifest) => [manifest.digest, { manifest, tags: store.tagsOf("web", manifest.digest) }]),
  );
}

/** Returns the children of all indexes. */
export function childrenIn(contents: Contents): ReadonlySet<string> {
  return new Set([...contents.values()].flatMap(({ manifest }) => referencesOf(manifest.bytes).children));
}

/**
 * Returns the manifests that must not be deleted: what live, protected, unmatched and young images need, at any depth. Written
 * from DESIGN sections 2 and 4 and without any code of the plan. It leaves out what `keep-count` keeps.
 */
export function neededIn(contents: Contents, refs: Refs, rules: KeepRules): ReadonlySet<string> {
  const children = new Map<string, readonly Digest[]>();
  const subjects = new Map<string, readonly string[]>();
  const withParents = new Set([...rules.hadParent, ...childrenIn(contents)]);
  for (const [digest, { manifest, tags }] of contents) {
    const references = referencesOf(manifest.bytes);
    children.set(digest, references.children);
    const tagged = tags.flatMap((tag) => /^sha256-([0-9a-f]{64})/.exec(tag)?.[1] ?? []).map((hex) => `sha256:${hex}`);
    subjects.set(digest, references.subject === null ? tagged : [...tagged, references.subject]);
  }
  const isKept = (digest: string, { manifest, tags }: StoredEntry): boolean => {
    const own = tags.filter((tag) => !/^sha256-[0-9a-f]{64}/.test(tag));
    if (own.some((tag) => isLive(tag, refs))) return true;
    const isUnmatched = own.some((tag) => isUnmatchedTag(tag, refs));
    if (isUnmatched && rules.unmatchedTags === "keep") return true;
    if (!rules.listsUntagged) return false;
    const isUntaggedRoot = tags.length === 0 && !withParents.has(digest) && subjects.get(digest)?.length === 0;
    if (isUntaggedRoot && rules.untagged === "keep") return true;
    return (isUntaggedRoot || isUnmatched) && rules.now - manifest.pushedAt < rules.gracePeriodMs;
  };
  const needed = new Set<string>();
  for (const [digest, entry] of contents) if (isKept(digest, entry)) needed.add(digest);
  for (let before = -1; before !== needed.size; ) {
    before = needed.size;
    for (const digest of [...needed]) {
      for (const child of children.get(digest) ?? []) if (contents.has(child)) needed.add(child);
    }
    for (const [digest, of] of subjects) if (of.some((subject) => needed.has(subject))) needed.add(digest);
  }
  return needed;
}

/** Returns the tags whose pull needs a manifest. */
export function tagsOver(contents: Contents, digest: string): ReadonlySet<string> {
  const tags = new Set<string>();
  const open = [digest];
  const seen = new Set(open);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const [parent, { manifest, tags: own }] of contents) {
      if (parent === next) for (const tag of own) tags.add(tag);
      if (seen.has(parent) || !referencesOf(manifest.bytes).children.some((child) => child === next)) continue;
      seen.add(parent);
      open.push(parent);
    }
  }
  return tags;
}

export function isLive(tag: string, { branches, tags, open }: Refs): boolean {
  const number = Number(/^pr-(\d+)(?:-|$)/.exec(tag)?.[1] ?? Number.NaN);
  return tag === "latest" || branches.has(tag) || tags.has(tag) || open.has(number) || [...open.values()].includes(tag);
}

/** Whether no ref, existing or gone, explains a tag. */
function isUnmatchedTag(tag: string, { numbers }: Refs): boolean {
  const number = /^pr-(\d+)(?:-|$)/.exec(tag)?.[1];
  if (number !== undefined) return !numbers.has(Number(number));
  return ["jane", "by-hand", "hotfix"].includes(tag);
}
