import type { Clock } from "../../clock.ts";
import type { ListedManifest } from "../manifest.ts";
import type { Page } from "../pages.ts";

/** How long an entry counts as recent, in milliseconds. */
const RECENT_MS = 30_000;
/** How long a request may be delayed by the host's limits. */
const MAX_DELAY_MS = 5_000;

/** What the versions of a package are read with. */
export interface VersionSource {
  readonly clock: Clock;
  /** Reads one page. It is not sent after `sendBy`, in milliseconds since the epoch: then it throws HttpError `expired`. */
  readonly fetch: (page: number, sendBy: number) => Promise<Page<ListedManifest> | null>;
  /** Reads one version by its id; `sendBy` as in `fetch`. */
  readonly read: (id: number, sendBy: number) => Promise<ListedManifest | "missing">;
}

interface Seen {
  readonly manifest: ListedManifest;
  readonly readAt: number;
}

/**
 * Shows whether versions changed since their package was listed, for fewer requests than another list: it reads the first page,
 * which shows new versions, and the pages that show the versions in question.
 */
export class RecentVersions {
  readonly #source: VersionSource;
  readonly #pageSize: number;
  /** The places of all versions in the list, by id. */
  readonly #places: ReadonlyMap<number, number>;
  readonly #deletedPlaces: number[] = [];
  readonly #seen = new Map<number, Seen>();
  readonly #reading = new Map<number, Promise<void>>();
  #first: Pick<Seen, "readAt"> | null = null;
  #hasNew = false;

  /** @param manifests the complete list, newest first */
  constructor(source: VersionSource, manifests: readonly ListedManifest[], pageSize: number) {
    this.#source = source;
    this.#pageSize = Math.max(1, pageSize);
    this.#places = new Map(manifests.map(({ versionId = 0 }, place) => [versionId, place]));
  }

  /** Records that a version was deleted: the later ones move forward. */
  deleted(id: number): void {
    const place = this.#places.get(id);
    if (place !== undefined) this.#deletedPlaces.push(place);
  }

  /** Returns whether a version has the same tags and times as in the list, and no version was added since. */
  async isUnchanged(listed: ListedManifest): Promise<boolean> {
    const { versionId: id = 0 } = listed;
    if (this.#first === null || !this.#isRecent(this.#first)) await this.#readPage(1);
    // Deletions move it to an earlier page, also while that page is read.
    for (let attempt = 1; attempt <= 2 && !this.#hasNew && this.#recent(id) === null; attempt += 1) {
      await this.#readPage(this.#pageOf(id));
    }
    if (this.#hasNew) return false;
    const now = this.#recent(id) ?? (await this.#source.read(id, this.#source.clock.now() + MAX_DELAY_MS));
    return now !== "missing" && isSame(now, listed);
  }

  #recent(id: number): ListedManifest | null {
    const seen = this.#seen.get(id);
    return seen !== undefined && this.#isRecent(seen) ? seen.manifest : null;
  }

  #isRecent({ readAt }: Pick<Seen, "readAt">): boolean {
    return this.#source.clock.now() - readAt <= RECENT_MS;
  }

  #pageOf(id: number): number {
    const place = this.#places.get(id) ?? 0;
    const deletedBefore = this.#deletedPlaces.filter((deleted) => deleted < place).length;
    return Math.floor((place - deletedBefore) / this.#pageSize) + 1;
  }

  /** Reads a page. Calls while it is being read share it. */
  #readPage(number: number): Promise<void> {
    const pending = this.#reading.get(number) ?? this.#read(number).finally(() => this.#reading.delete(number));
    this.#reading.set(number, pending);
    return pending;
  }

  async #read(number: number): Promise<void> {
    const readAt = this.#source.clock.now();
    const page = await this.#source.fetch(number, readAt + MAX_DELAY_MS);
    for (const manifest of page?.rows ?? []) {
      const { versionId: id = 0 } = manifest;
      if (!this.#places.has(id)) this.#hasNew = true;
      this.#seen.set(id, { manifest, readAt });
    }
    if (number === 1) this.#first = { readAt };
  }
}

/** Whether a list is in the order in which the first page shows what is new. */
export function isNewestFirst(manifests: readonly ListedManifest[]): boolean {
  const descends = (keyOf: (manifest: ListedManifest) => number): boolean =>
    manifests.every((manifest, index) => {
      const before = manifests[index - 1];
      return before === undefined || keyOf(before) >= keyOf(manifest);
    });
  return descends(({ versionId }) => versionId ?? 0) || descends(({ pushedAt }) => pushedAt ?? 0);
}

function isSame(now: ListedManifest, listed: ListedManifest): boolean {
  const tags = new Set(listed.tags);
  return (
    now.digest === listed.digest &&
    now.versionId === listed.versionId &&
    now.pushedAt === listed.pushedAt &&
    now.tags.length === tags.size &&
    now.tags.every((tag) => tags.has(tag))
  );
}
