import type { Digest } from "../digest.ts";
import type { Known, ListedManifest, ManifestContent } from "../registry/manifest.ts";
import { isIndexType, mayListManifests } from "../registry/manifest.ts";
import type { TagStatus } from "../tags/status.ts";

/** One manifest of a repository. */
export interface Node {
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** Null: the list does not show it; another manifest refers to it. */
  readonly listed: ListedManifest | null;
  /** Undefined: it was not read yet. */
  known: Known | undefined;
  /** What the indexes that list it say of its type. An `image` has no children. */
  listedAs: "image" | "index" | null;
  /** Set in a recheck: this sweep planned its deletion, and it does not exist any more. */
  readonly gone: boolean;
}

const NONE: readonly Digest[] = [];

/** Whether a manifest was read. */
export function isContent(known: Known | undefined): known is ManifestContent {
  return known !== undefined && known !== "missing" && !("unreadable" in known);
}

/**
 * The manifests of one repository and how they refer to each other. It grows while manifests are read; edges also lead to
 * digests that are not in the repository.
 */
export class Graph {
  /** Whether the list shows untagged manifests. Otherwise each digest that a manifest refers to becomes a node. */
  readonly listsUntagged: boolean;
  readonly #nodes = new Map<Digest, Node>();
  readonly #parents = new Map<Digest, Digest[]>();
  readonly #subjects = new Map<Digest, Digest[]>();
  readonly #referrers = new Map<Digest, Digest[]>();
  /** Digests that were read, whether they are nodes or not. */
  readonly #read = new Map<Digest, "exists" | "missing">();

  constructor(listed: readonly ListedManifest[], statuses: ReadonlyMap<string, TagStatus>, listsUntagged: boolean) {
    this.listsUntagged = listsUntagged;
    for (const manifest of listed) {
      this.#add(manifest.digest, manifest, false);
      for (const subject of taggedSubjects(manifest.tags, statuses)) this.#attach(manifest.digest, subject);
    }
  }

  get nodes(): Iterable<Node> {
    return this.#nodes.values();
  }

  get size(): number {
    return this.#nodes.size;
  }

  get(digest: Digest): Node | undefined {
    return this.#nodes.get(digest);
  }

  has(digest: Digest): boolean {
    return this.#nodes.has(digest);
  }

  /** Whether the registry was asked for `digest`. */
  wasRead(digest: Digest): boolean {
    return this.#read.has(digest);
  }

  /** Whether the registry answered 404 for `digest`. */
  isMissing(digest: Digest): boolean {
    return this.#read.get(digest) === "missing";
  }

  /** The manifests that `node` lists, existing or not, each once. */
  children({ known }: Node): readonly Digest[] {
    if (!isContent(known) || known.children.length === 0) return NONE;
    return [...new Set(known.children.map(({ digest }) => digest))];
  }

  /** The indexes that list `digest`. */
  parents(digest: Digest): readonly Digest[] {
    return this.#parents.get(digest) ?? NONE;
  }

  /** The manifests that `digest` is attached to, by its `subject` or by a tag such as `sha256-….sig`, existing or not. */
  subjects(digest: Digest): readonly Digest[] {
    return this.#subjects.get(digest) ?? NONE;
  }

  /** The manifests that are attached to `digest`. */
  referrers(digest: Digest): readonly Digest[] {
    return this.#referrers.get(digest) ?? NONE;
  }

  /** Adds a manifest that the list does not show, if it is not known. */
  addUnlisted(digest: Digest, state: "exists" | "gone" = "exists"): void {
    if (!this.#nodes.has(digest)) this.#add(digest, null, state === "gone");
  }

  /** Records the content of a manifest. One that is missing and not listed does not exist. */
  addContent(digest: Digest, known: Known): void {
    this.#read.set(digest, known === "missing" ? "missing" : "exists");
    if (known !== "missing" && !this.listsUntagged) this.addUnlisted(digest);
    const node = this.#nodes.get(digest);
    if (known === "missing" && node?.listed === null) this.#nodes.delete(digest);
    if (node === undefined || isContent(node.known)) return;
    node.known = known;
    if (!isContent(known)) return;
    if (known.subject !== null) this.#attach(digest, known.subject);
    for (const child of this.children(node)) {
      push(this.#parents, child, digest);
      if (!this.listsUntagged && !this.isMissing(child)) this.addUnlisted(child);
    }
    for (const { digest: child, mediaType } of known.children) this.#learnType(child, mediaType);
  }

  /** Records the answer of the referrers API. */
  addReferrers(subject: Digest, referrers: readonly Digest[]): void {
    for (const referrer of referrers) {
      if (!this.listsUntagged && !this.isMissing(referrer)) this.addUnlisted(referrer);
      if (this.#nodes.has(referrer)) this.#attach(referrer, subject);
    }
  }

  #add(digest: Digest, listed: ListedManifest | null, gone: boolean): void {
    this.#nodes.set(digest, { digest, tags: listed?.tags ?? [], listed, known: undefined, listedAs: null, gone });
  }

  #attach(referrer: Digest, subject: Digest): void {
    if (this.subjects(referrer).includes(subject)) return;
    push(this.#subjects, referrer, subject);
    push(this.#referrers, subject, referrer);
  }

  #learnType(digest: Digest, mediaType: string): void {
    const node = this.#nodes.get(digest);
    if (node === undefined) return;
    if (isIndexType(mediaType)) node.listedAs = "index";
    else if (!mayListManifests(mediaType)) node.listedAs ??= "image";
  }
}

/** The digests that tags such as `sha256-….sig` refer to. */
export function taggedSubjects(tags: readonly string[], statuses: ReadonlyMap<string, TagStatus>): readonly Digest[] {
  return tags.flatMap((tag) => {
    const status = statuses.get(tag);
    return status?.status === "referrer" ? [status.subject] : [];
  });
}

function push(map: Map<Digest, Digest[]>, key: Digest, value: Digest): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
