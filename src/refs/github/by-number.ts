import { Fault } from "../../fault.ts";
import type { HttpClient } from "../../http/http.ts";
import type { Settings } from "../../settings.ts";
import type { PullRequest } from "../refs.ts";
import { createRepositoryApi, type RepositoryApi } from "./graphql.ts";
import { PAGE_SIZE, PageSize } from "./pages.ts";
import { byNumberQuery, parseByNumber } from "./pull-request-queries.ts";

/** Finds pull requests by number, 100 in a request. `onFailure` gets the error of each request that failed. */
export function findByNumber(
  http: HttpClient,
  github: Settings["github"],
  numbers: ReadonlySet<number>,
  onFailure: (failure: Fault) => void,
): Promise<ReadonlyMap<number, PullRequest | "missing">> {
  return findNumbers(createRepositoryApi(http, github), numbers, null, onFailure);
}

/**
 * The same with an opened API.
 *
 * @param known a pull request that is not looked up
 */
export async function findNumbers(
  api: RepositoryApi,
  numbers: ReadonlySet<number>,
  known: PullRequest | null,
  onFailure: (failure: Fault) => void,
): Promise<ReadonlyMap<number, PullRequest | "missing">> {
  const results = new Map<number, PullRequest | "missing">();
  const remaining = [...numbers].filter((number) => number !== known?.number);
  if (known !== null && numbers.has(known.number)) results.set(known.number, known);
  const batches = Array.from({ length: Math.ceil(remaining.length / PAGE_SIZE) }, (_, index) =>
    remaining.slice(index * PAGE_SIZE, (index + 1) * PAGE_SIZE),
  );
  const add = (number: number, found: PullRequest | "missing" | Fault): void => {
    if (found instanceof Fault) onFailure(found);
    else results.set(number, found);
  };
  await Promise.all(batches.map((batch) => findBatch(api, batch, add)));
  return results;
}

/** Looks up numbers with one query, or with smaller ones if GitHub does not complete it. */
async function findBatch(
  { github, query }: RepositoryApi,
  numbers: readonly number[],
  add: (number: number, found: PullRequest | "missing" | Fault) => void,
): Promise<void> {
  const size = new PageSize();
  for (let at = 0; at < numbers.length; ) {
    const part = numbers.slice(at, at + size.value);
    const response = await query(byNumberQuery(part));
    const found = part.map((number) => ({ number, result: parseByNumber(github, response, number) }));
    const isComplete = response.failure === null && !found.some(({ result }) => result instanceof Fault);
    if (!isComplete) {
      if (size.shrink()) continue;
      size.reset();
    }
    for (const { number, result } of found) add(number, result);
    if (found.every(({ result }) => result instanceof Fault)) return;
    at += part.length;
  }
}
