import pMap from "p-map";
import type { Digest } from "../digest.ts";
import { Fault } from "../fault.ts";
import { describeError, HttpError } from "../http/errors.ts";
import { isContent } from "../plan/graph.ts";
import type { Known, ManifestContent } from "../registry/manifest.ts";
import type { Registry } from "../registry/registry.ts";
import type { PlannedRepository } from "./plan-repository.ts";

/** A kept manifest that cannot be pulled completely. */
export interface BrokenManifest {
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** Manifests that do not exist: those it lists, or itself. */
  readonly missing: readonly Digest[];
  /** Configs and layers that do not exist. */
  readonly missingBlobs: readonly Digest[];
}

/** The result of `validate` for one repository. */
export interface Validation {
  readonly broken: readonly BrokenManifest[];
  /** Manifests, configs and layers that could not be checked. */
  readonly unreadable: readonly { readonly digest: Digest; readonly reason: string }[];
}

/** After so many errors, the rest is not checked: the registry may be down. */
const MAX_ERRORS = 8;
/** Layers that clients fetch from other servers (OCI image-spec, layer.md, "Non-Distributable Layers"; Docker's foreign layers). */
const NOT_STORED = /nondistributable|foreign/;
/** Its content is known, so clients need not fetch it. */
const EMPTY = "application/vnd.oci.empty.v1+json";

/**
 * Reads every kept manifest of a repository, with everything that it lists, and requests each config and layer once with HEAD.
 * Deletes nothing. What a plan has read is not read again.
 *
 * @param concurrency requests in flight
 * @throws Fault `permission`; HttpError `interrupted`. Any other error is part of the result.
 */
export function validateRepository(
  registry: Pick<Registry, "read" | "hasBlob">,
  planned: PlannedRepository,
  concurrency: number,
): Promise<Validation> {
  return new Validator(registry, planned, concurrency).run();
}

class Validator {
  readonly #registry: Pick<Registry, "read" | "hasBlob">;
  readonly #planned: PlannedRepository;
  readonly #concurrency: number;
  readonly #known = new Map<Digest, Known>();
  readonly #missingBlobs = new Set<Digest>();
  readonly #unreadable = new Map<Digest, string>();
  #answersHead = true;

  constructor(registry: Pick<Registry, "read" | "hasBlob">, planned: PlannedRepository, concurrency: number) {
    this.#registry = registry;
    this.#planned = planned;
    this.#concurrency = concurrency;
  }

  async run(): Promise<Validation> {
    const kept = this.#planned.plan.decisions.filter(({ decision }) => decision === "keep");
    await this.#readAll(kept.map(({ digest }) => digest));
    const contents = [...this.#known.values()].filter(isContent);
    const blobs = contents.flatMap(storedBlobs);
    await this.#checkEach(new Set(blobs), async (digest) => {
      if (!this.#answersHead) return;
      const isThere = await this.#registry.hasBlob(this.#planned.plan.repository, digest);
      if (isThere === false) this.#missingBlobs.add(digest);
      if (isThere !== null) return;
      this.#answersHead = false;
      this.#unreadable.set(digest, "the registry does not answer HEAD requests for blobs");
    });
    const children = new Set(contents.flatMap((content) => content.children.map(({ digest }) => digest)));
    const tagsOf = new Map(kept.map(({ digest, tags }) => [digest, tags]));
    return {
      broken: [...this.#known].flatMap(([digest, known]) => {
        const tags = tagsOf.get(digest) ?? [];
        // What is missing is reported with its parent.
        const isOwn = known === "missing" && !children.has(digest);
        return isOwn ? [{ digest, tags, missing: [digest], missingBlobs: [] }] : this.#broken(digest, known, tags);
      }),
      unreadable: [...this.#unreadable].map(([digest, reason]) => ({ digest, reason })),
    };
  }

  /** Reads manifests and all that they list, level by level. */
  async #readAll(first: readonly Digest[]): Promise<void> {
    let level = new Set(first);
    while (level.size > 0) {
      await this.#checkEach(level, (digest) => this.#read(digest));
      const contents = [...level].flatMap((digest) => this.#known.get(digest) ?? []).filter(isContent);
      const children = contents.flatMap((content) => content.children.map(({ digest }) => digest));
      level = new Set(children.filter((digest) => !this.#known.has(digest) && !this.#unreadable.has(digest)));
      if (this.#isGivenUp()) return;
    }
  }

  async #read(digest: Digest): Promise<void> {
    const { contents, plan } = this.#planned;
    const known = contents.get(digest) ?? (await this.#registry.read(plan.repository, digest));
    if (known !== "missing" && "unreadable" in known) this.#unreadable.set(digest, known.unreadable);
    else this.#known.set(digest, known);
  }

  async #checkEach(digests: Iterable<Digest>, check: (digest: Digest) => Promise<void>): Promise<void> {
    const checkOne = async (digest: Digest): Promise<void> => {
      if (this.#isGivenUp()) return;
      try {
        await check(digest);
      } catch (error) {
        if (!(error instanceof Error) || endsRun(error)) throw error;
        this.#unreadable.set(digest, describeError(error));
      }
    };
    await pMap(digests, checkOne, { concurrency: this.#concurrency });
  }

  #isGivenUp(): boolean {
    return this.#unreadable.size >= MAX_ERRORS;
  }

  #broken(digest: Digest, known: Known, tags: readonly string[]): readonly BrokenManifest[] {
    if (!isContent(known)) return [];
    const children = new Set(known.children.map((child) => child.digest));
    const missing = [...children].filter((child) => this.#known.get(child) === "missing");
    const missingBlobs = [...new Set(storedBlobs(known))].filter((blob) => this.#missingBlobs.has(blob));
    return missing.length + missingBlobs.length === 0 ? [] : [{ digest, tags, missing, missingBlobs }];
  }
}

function storedBlobs({ blobs }: ManifestContent): readonly Digest[] {
  return blobs.flatMap(({ mediaType, digest }) => (NOT_STORED.test(mediaType) || mediaType === EMPTY ? [] : [digest]));
}

/** Whether an error is not about one manifest or blob. */
function endsRun(error: Error): boolean {
  if (error instanceof Fault) return error.kind !== "listing";
  return !(error instanceof HttpError) || error.code === "interrupted";
}
