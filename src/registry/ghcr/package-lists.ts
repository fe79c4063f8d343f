import type { ListedManifest } from "../manifest.ts";
import type { Services } from "../provider.ts";
import type { Listing } from "../registry.ts";
import type { PackagesApi } from "./api.ts";
import { batchLength, type GhcrSettings, type RecheckCost, requireBudget } from "./limits.ts";
import { isNewestFirst, RecentVersions } from "./recent-versions.ts";
import { listVersions, readVersion, readVersions } from "./versions.ts";

interface KnownList {
  readonly requests: number;
  readonly isOrdered: boolean;
  readonly recent: RecentVersions;
}

type Options = Pick<GhcrSettings, "github" | "dryRun"> & Services;

/** The lists of versions of a run's packages, and what they cost. */
export class PackageLists {
  readonly #api: PackagesApi;
  readonly #options: Options;
  readonly #known = new Map<string, KnownList>();
  /** Requests that each package needs until its deletions. */
  readonly #needed = new Map<string, number>();

  constructor(api: PackagesApi, options: Options) {
    this.#api = api;
    this.#options = options;
  }

  /** Lists a package; null if it returned 404. Throws Fault `listing` if the API's budget is too small. */
  async read(repository: string): Promise<Listing | null> {
    const isFirst = !this.#known.has(repository);
    const listed = await listVersions(this.#api, repository, this.#options, (pages) => {
      if (isFirst) this.#reserve(repository, pages);
    });
    if (listed === null) return null;
    const { manifests, requests, pageSize } = listed;
    const source = {
      clock: this.#options.clock,
      fetch: (page: number, sendBy: number) => readVersions(this.#api, repository, page, sendBy),
      read: (id: number, sendBy: number) => readVersion(this.#api, repository, id, sendBy),
    };
    const recent = new RecentVersions(source, manifests, pageSize);
    this.#known.set(repository, { requests, recent, isOrdered: isNewestFirst(manifests) });
    this.#needed.set(repository, this.#options.dryRun ? 0 : requests);
    return { manifests };
  }

  /** Returns what a recheck of a package costs. */
  cost(repository: string): RecheckCost {
    const { http, github } = this.#options;
    const known = this.#known.get(repository);
    const requests = known?.requests ?? 1;
    // Only a list in this order shows on its first page what is new.
    const budget = known?.isOrdered === true ? http.budget(github.apiUrl.host) : null;
    return { requests, batchMs: batchLength(budget, requests) };
  }

  deleted(repository: string, id: number): void {
    this.#known.get(repository)?.recent.deleted(id);
  }

  async isUnchanged(repository: string, manifest: ListedManifest): Promise<boolean> {
    return (await this.#known.get(repository)?.recent.isUnchanged(manifest)) ?? false;
  }

  /** The first page has been read. A list of several pages reads it again. */
  #reserve(repository: string, pages: number): void {
    const { http, clock, github, dryRun } = this.#options;
    const requests = pages + (dryRun ? 0 : pages + 1);
    const reserved = [...this.#needed].reduce((sum, [name, needed]) => sum + (name === repository ? 0 : needed), 0);
    const name = `${this.#api.owner}/${repository}`;
    requireBudget(http.budget(github.apiUrl.host), clock.now(), { name, pages, requests, reserved });
    this.#needed.set(repository, requests);
  }
}
