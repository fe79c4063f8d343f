import * as v from "valibot";
import { isDigest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import type { ListedManifest } from "../manifest.ts";
import type { Listing } from "../registry.ts";
import { type ListAttempt, type RetryOptions, readUntilStable } from "../stable-list.ts";
import { parseTime } from "../time.ts";
import type { PackagesApi } from "./api.ts";
import { packagePath } from "./packages.ts";
import { type CompleteList, type Page, PER_PAGE, pageOf, readPages } from "./pages.ts";

// `package-version` in GitHub's OpenAPI document. A container's version is a manifest, and its name is the digest. Tags
// decide what is deleted, so missing tags must not pass for "untagged".
const Time = v.fallback(v.nullish(v.string()), null);
const Version = v.object({
  id: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  name: v.pipe(v.string(), v.guard(isDigest, "not a digest")),
  metadata: v.object({ container: v.object({ tags: v.array(v.string()) }) }),
  created_at: Time,
  updated_at: Time,
});
type Version = v.InferOutput<typeof Version>;

/** Returns the path of a package's versions, or of one version. */
export function versionsPath(repository: string, id?: number): readonly string[] {
  return [...packagePath(repository), "versions", ...(id === undefined ? [] : [String(id)])];
}

/**
 * Lists every version of a package once, and returns the number of pages.
 *
 * A deletion while the pages are read moves a version from a page that is not read yet to one that was, and nothing shows
 * that it is missing. So a recheck, which deletions are based on, counts the versions first.
 *
 * @param pagesBefore the number of pages of the last listing; null for the first
 */
export async function listVersions(
  api: PackagesApi,
  repository: string,
  pagesBefore: number | null,
  retry: RetryOptions,
): Promise<Listing & { readonly pages: number }> {
  let expectedPages = pagesBefore;
  const { rows, pages } = await readUntilStable(`the versions of ${api.owner}/${repository}`, retry, async () => {
    const count = expectedPages === null || expectedPages === 1 ? null : await countVersions(api, repository);
    const attempt = await readPages((page) => fetchPage(api, repository, page, PER_PAGE));
    if ("changed" in attempt) return attempt;
    const grown = expectedPages === 1 && attempt.value.pages > 1;
    if (grown) expectedPages = attempt.value.pages;
    return grown ? { changed: "it has more than one page now" } : eachOnce(attempt.value, count);
  });
  return { manifests: rows.map(manifestOf), pages };
}

/** Counts the versions as pages of one; null if the links do not show it. */
async function countVersions(api: PackagesApi, repository: string): Promise<number | null> {
  const { rows, next, last } = await fetchPage(api, repository, 1, 1);
  if (rows.length > 1) return null;
  return last ?? (next === null ? rows.length : null);
}

async function fetchPage(api: PackagesApi, repository: string, page: number, perPage: number): Promise<Page<Version>> {
  const path = versionsPath(repository);
  const response = await api.send({ method: "GET", path, query: { per_page: perPage, page }, expected: [200, 404] });
  if (response.status === 404) {
    throw new Fault(
      "listing",
      `Package ${api.owner}/${repository} does not exist, or the token may not read it: ${response.url.pathname} returned 404`,
      "Correct `repository-pattern`, or give the job `permissions: packages: write` and access to the package.",
    );
  }
  return pageOf(response, Version);
}

function eachOnce(list: CompleteList<Version>, count: number | null): ListAttempt<CompleteList<Version>> {
  const { rows } = list;
  const ids = new Set(rows.map(({ id }) => id));
  const digests = new Set(rows.map(({ name }) => name));
  if (ids.size < rows.length || digests.size < rows.length) return { changed: "a version was listed twice" };
  if (count !== null && count !== rows.length) return { changed: `${rows.length} of ${count} versions were listed` };
  return { value: list };
}

function manifestOf(version: Version): ListedManifest {
  return {
    digest: version.name,
    tags: version.metadata.container.tags,
    pushedAt: pushTimeOf(version),
    sizeBytes: null,
    blobs: null,
    versionId: version.id,
  };
}

/** `updated_at` is later than `created_at` if the same content was pushed again. */
function pushTimeOf({ created_at, updated_at }: Version): number | null {
  const [created, updated] = [parseTime(created_at), parseTime(updated_at)];
  return created === null || updated === null ? (created ?? updated) : Math.max(created, updated);
}
