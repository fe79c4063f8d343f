import { createSizeLimit } from "../../http/size-limit.ts";
import { listingFault, type RepositoryApi } from "./graphql.ts";
import { type Page, parsePage } from "./pull-request-queries.ts";

/** GitHub's limit for the entries of a page. Also the most lookups by number in one request. */
export const PAGE_SIZE = 100;
/** If GitHub does not complete a query of this size, it will not complete a smaller one. */
const MIN_PAGE_SIZE = 10;
/** A million pull requests. No repository has so many, so a longer list is endless. */
const MAX_PAGES = 10_000;
/** A pull request takes about half a KiB. */
const MAX_MIB = 512;

/** The number of entries in the next query. */
export class PageSize {
  #value = PAGE_SIZE;

  get value(): number {
    return this.#value;
  }

  /** Halves the size after a query that GitHub did not complete. Returns false if it is the smallest. */
  shrink(): boolean {
    const half = Math.floor(this.#value / 2);
    if (half < MIN_PAGE_SIZE) return false;
    this.#value = half;
    return true;
  }

  /** Restores the size after the entry that made queries fail. */
  reset(): void {
    this.#value = PAGE_SIZE;
  }
}

/** Yields all pages of a list. Of a page that GitHub never completes, yields what it returned, with the failure. */
export async function* pagesOf({ github, query }: RepositoryApi, document: string): AsyncGenerator<Page> {
  const addSize = createSizeLimit(MAX_MIB, (why) => listingFault(github, why));
  const size = new PageSize();
  let after: string | null = null;
  for (let requests = 0; requests < MAX_PAGES; requests += 1) {
    const response = await query(document, { first: size.value, after });
    addSize(response.sizeBytes);
    const page: Page = parsePage(github, response, after);
    if (page.failure !== null) {
      if (size.shrink()) continue;
      size.reset();
    }
    yield page;
    after = page.next;
    if (after === null) return;
  }
  throw listingFault(github, `the list has more than ${MAX_PAGES} pages`);
}

/** Yields all pages of a list. Throws the Fault of a page that GitHub never completes. */
export async function* completePagesOf(api: RepositoryApi, document: string): AsyncGenerator<Page> {
  for await (const page of pagesOf(api, document)) {
    if (page.failure !== null) throw page.failure;
    yield page;
  }
}
