import type { Digest } from "../digest.ts";
import type { Known, ListedManifest, ManifestContent } from "../registry/manifest.ts";
import { isIndexType, mayListManifests } from "../registry/manifest.ts";
import type { TagStatus } from "../tags/status.ts";

/** One manifest of a repository, and the manifests that it refers to or that refer to it. */
export interface Node {
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** Null: the list does not show it; another manifest refers to it. */
  readonly listed: ListedManifest | null;
  /** Set in a recheck: this sweep planned its deletion, and it does not exist any more. */
  readonly gone: boolean;
  /** Undefined: it was not read yet. */
  readonly known: Known | undefined;
  /** What the indexes that list it say of its type. An `image` has no children, unless they are wrong. */
  readonly listedAs: "image" | "index" | null;
  /** The existing manifests that it lists, each once. */
  readonly children: readonly Node[];
  /** The indexes that list it. */
  readonly parents: readonly Node[];
  /** The manifests that are attached to it. */
  readonly referrers: readonly Node[];
  /** The manifests that it is attached to, by its `subject` or by a tag such as `sha256-….sig`, existing or not. */
  readonly subjects: readonly Digest[];
}

type MutableNode = { -readonly [Key in keyof Node]: Node[Key] };

/** Shared by all nodes without an edge. */
const NONE: readonly never[] = [];

/** Whether a manifest was read. */
export function isContent(known: Known | undefined): known is ManifestContent {
  return known !== undefined && known !== "missing" && !("unreadable" in known);
}

/** Whether an untagged manifest contains only build attestations (BuildKit). Only the index that lists it says of which image. */
export function isAttestation({ known, tags }: Node): boolean {
  if (tags.length > 0 || !isContent(known) || known.kind !== "image") return false;
  const layers = known.blobs.filter(({ digest }) => digest !== known.config?.digest);
  return layers.length > 0 && layers.every(({ mediaType }) => mediaType === "application/vnd.in-toto+json");
}

/** The manifests of one repository and how they refer to each other. It grows while manifests are read. */
export class Graph {
  /** Whether the list shows untagged manifests. Otherwise each digest that a manifest refers to becomes a node. */
  readonly listsUntagged: boolean;
  readonly #nodes = new Map<Digest, MutableNode>();
  /** Referrers whose subject is not a node, by subject. */
  readonly #detached = new Map<Digest, MutableNode[]>();
  /** Digests that were read and are not nodes. */
  readonly #unlisted = new Map<Digest, "exists" | "missing">();

  constructor(listed: readonly ListedManifest[], statuses: ReadonlyMap<string, TagStatus>, listsUntagged: boolean) {
    this.listsUntagged = listsUntagged;
    for (const manifest of listed) this.#add(manifest.digest, manifest, false);
    for (const node of this.#nodes.values()) {
      for (const subject of taggedSubjects(node.tags, statuses)) this.#attach(node, subject);
    }
  }

  get nodes(): Iterable<Node> {
    return this.#nodes.values();
  }

  get(digest: Digest): Node | undefined {
    return this.#nodes.get(digest);
  }

  has(digest: Digest): boolean {
    return this.#nodes.has(digest);
  }

  /** Whether `digest` was requested from the registry. */
  wasRead(digest: Digest): boolean {
    return this.#unlisted.has(digest) || this.#nodes.get(digest)?.known !== undefined;
  }

  /** Whether the registry answered 404 for `digest`. */
  isMissing(digest: Digest): boolean {
    return this.#unlisted.get(digest) === "missing" || this.#nodes.get(digest)?.known === "missing";
  }

  /** Adds a manifest that the list does not show, if it is not known. */
  addUnlisted(digest: Digest, state: "exists" | "gone" = "exists"): void {
    if (!this.#nodes.has(digest)) this.#add(digest, null, state === "gone");
  }

  /** Records the content of a manifest. One that is missing and not listed does not exist. */
  addContent(digest: Digest, known: Known): void {
    if (known !== "missing" && !this.listsUntagged) this.addUnlisted(digest);
    const node = this.#nodes.get(digest);
    if (node === undefined) this.#unlisted.set(digest, known === "missing" ? "missing" : "exists");
    if (node === undefined || isContent(node.known)) return;
    if (known === "missing" && node.listed === null) {
      this.#remove(node);
      return;
    }
    node.known = known;
    if (!isContent(known)) return;
    if (known.subject !== null) this.#attach(node, known.subject);
    if (known.children.length > 0) this.#addChildren(node, known);
  }

  /** Records the answer of the referrers API. */
  addReferrers(subject: Digest, referrers: readonly Digest[]): void {
    for (const digest of referrers) {
      const referrer = this.#find(digest);
      if (referrer !== undefined) this.#attach(referrer, subject);
    }
  }

  #add(digest: Digest, listed: ListedManifest | null, gone: boolean): MutableNode {
    const edges = { children: NONE, parents: NONE, referrers: this.#detached.get(digest) ?? NONE, subjects: NONE };
    const node = { digest, tags: listed?.tags ?? NONE, listed, gone, known: undefined, listedAs: null, ...edges };
    this.#nodes.set(digest, node);
    return node;
  }

  /** Returns the node of a digest that a manifest refers to. If the list is complete, no other node is added. */
  #find(digest: Digest): MutableNode | undefined {
    const node = this.#nodes.get(digest);
    return node === undefined && !this.listsUntagged && !this.isMissing(digest) ? this.#add(digest, null, false) : node;
  }

  #addChildren(node: MutableNode, { children }: ManifestContent): void {
    const found = new Set<MutableNode>();
    for (const { digest, mediaType } of children) {
      const child = this.#find(digest);
      if (child === undefined) continue;
      if (isIndexType(mediaType)) child.listedAs = "index";
      else if (!mayListManifests(mediaType)) child.listedAs ??= "image";
      if (!found.has(child)) child.parents = [...child.parents, node];
      found.add(child);
    }
    node.children = [...found];
  }

  #attach(referrer: MutableNode, subject: Digest): void {
    if (referrer.subjects.includes(subject)) return;
    referrer.subjects = [...referrer.subjects, subject];
    const node = this.#nodes.get(subject);
    if (node !== undefined) {
      node.referrers = [...node.referrers, referrer];
      return;
    }
    const detached = this.#detached.get(subject);
    if (detached === undefined) this.#detached.set(subject, [referrer]);
    else detached.push(referrer);
  }

  /** Removes a manifest that does not exist. */
  #remove(node: MutableNode): void {
    this.#nodes.delete(node.digest);
    this.#unlisted.set(node.digest, "missing");
    for (const parent of node.parents) {
      const mutable = this.#nodes.get(parent.digest);
      if (mutable !== undefined) mutable.children = mutable.children.filter((child) => child !== node);
    }
    for (const subject of node.subjects) {
      const mutable = this.#nodes.get(subject);
      if (mutable !== undefined) mutable.referrers = mutable.referrers.filter((referrer) => referrer !== node);
    }
    if (node.referrers.length > 0) this.#detached.set(node.digest, [...node.referrers]);
  }
}

/** The digests that tags such as `sha256-….sig` refer to. */
export function taggedSubjects(tags: readonly string[], statuses: ReadonlyMap<string, TagStatus>): readonly Digest[] {
  if (tags.length === 0) return NONE;
  return tags.flatMap((tag) => {
    const status = statuses.get(tag);
    return status?.status === "referrer" ? [status.subject] : [];
  });
}
