import * as v from "valibot";
import { type Digest, isDigest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import { bodyBytes } from "../../http/octokit.ts";
import type { ListedManifest } from "../manifest.ts";
import type { Listing } from "../registry.ts";
import { type Patience, type Reading, readUntilStill, timeOf } from "../stable-list.ts";
import { type PackagesApi, parseAnswer } from "./api.ts";
import { linkedPages, type Page, type Pages, PER_PAGE, readPages } from "./pages.ts";

// GitHub's OpenAPI document, `package-version`. A container's version is a manifest, and its name the digest. Tags decide
// what is deleted: that they are not told must not pass for "untagged". Times are garnish.
const Time = v.fallback(v.nullish(v.string()), null);
const Version = v.object({
  id: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  name: v.pipe(v.string(), v.check(isDigest, "not a digest")),
  metadata: v.object({ container: v.object({ tags: v.array(v.string()) }) }),
  created_at: Time,
  updated_at: Time,
});
type Version = v.InferOutput<typeof Version>;

const Package = v.object({ name: v.pipe(v.string(), v.minLength(1)) });

/** The path of a package; the names of container images are in lower case. */
export function packagePath(name: string): readonly string[] {
  return ["container", name.toLowerCase()];
}

/** All names of the owner's container packages that the token may see, sorted; null: it may not list them. */
export async function listPackages(api: PackagesApi, patience: Patience): Promise<readonly string[] | null> {
  try {
    return await readUntilStill(`the packages of ${api.owner}`, patience, async () => {
      const reading = await readPages((page) => packagePage(api, page));
      if ("moved" in reading) return reading;
      const names = reading.value.rows.map(({ name }) => name);
      if (new Set(names).size < names.length) return { moved: "a package was listed twice" };
      return { value: names.sort() };
    });
  } catch (error) {
    if (error instanceof Refused) return null;
    // A job's own token is refused by any of 401, 403 and 404: which one is documented nowhere.
    if (error instanceof Fault && error.kind === "permission") return null;
    throw error;
  }
}

/** The list itself answered 404. */
class Refused extends Error {}

async function packagePage(api: PackagesApi, page: number): Promise<Page<v.InferOutput<typeof Package>>> {
  const answer = await api.ask({
    method: "GET",
    path: [],
    query: { package_type: "container", per_page: PER_PAGE, page },
    expected: [200, 404],
  });
  if (answer.status === 404) throw new Refused();
  return {
    rows: parseAnswer(answer, v.array(Package)),
    sizeBytes: bodyBytes(answer),
    ...linkedPages(answer.headers["link"]),
  };
}

/** Whether there is a package of this name that the token may see. */
export async function hasPackage(api: PackagesApi, name: string): Promise<boolean> {
  const { status } = await api.ask({ method: "GET", path: packagePath(name), expected: [200, 404] });
  return status === 200;
}

/** Whether the version of this id is there. */
export async function hasVersion(api: PackagesApi, name: string, id: number): Promise<boolean> {
  const path = [...packagePath(name), "versions", id];
  const { status } = await api.ask({ method: "GET", path, expected: [200, 404] });
  return status === 200;
}

/**
 * Every version of a package, once, and the number of pages that it took; or a Fault of kind `listing`.
 *
 * A version that is deleted while the pages are read lets another slip from a page that is yet to be read to one that was
 * read before, and nothing shows that it is missing. So a second look, on which deletions are made, counts beforehand.
 *
 * @param pagesBefore how many pages the last look took; null: this is the first
 */
export async function listVersions(
  api: PackagesApi,
  repository: string,
  pagesBefore: number | null,
  patience: Patience,
): Promise<Listing & { readonly pages: number }> {
  const what = `the versions of ${api.owner}/${repository}`;
  let expected = pagesBefore;
  const { rows, pages } = await readUntilStill(what, patience, async () => {
    const count = expected === null || expected === 1 ? null : await countVersions(api, repository);
    const reading = await readPages((page) => versionPage(api, repository, page, PER_PAGE));
    if ("moved" in reading) return reading;
    const grown = expected === 1 && reading.value.pages > 1;
    if (grown) expected = reading.value.pages;
    return grown ? { moved: "it has more than one page now" } : eachOnce(reading.value, count);
  });
  const manifests: ListedManifest[] = [];
  const times = new Map<Digest, number | null>();
  for (const version of rows) {
    const { id, name: digest, metadata } = version;
    if (!isDigest(digest)) continue;
    manifests.push({ digest, tags: metadata.container.tags, sizeBytes: null, blobs: null, versionId: id });
    times.set(digest, laterOf(version));
  }
  return { manifests, times, pages };
}

/** The number of versions, as pages of one; null: the links do not tell. */
async function countVersions(api: PackagesApi, repository: string): Promise<number | null> {
  const { rows, next, last } = await versionPage(api, repository, 1, 1);
  if (rows.length > 1) return null;
  return last ?? (next === null ? rows.length : null);
}

async function versionPage(
  api: PackagesApi,
  repository: string,
  page: number,
  perPage: number,
): Promise<Page<Version>> {
  const answer = await api.ask({
    method: "GET",
    path: [...packagePath(repository), "versions"],
    query: { per_page: perPage, page },
    expected: [200, 404],
  });
  if (answer.status === 404) {
    throw new Fault(
      "listing",
      `There is no package ${api.owner}/${repository}, or the token may not read it: ${answer.url} answered 404`,
      "Check the input repository-pattern, and that the job has `permissions: packages: write` and access to the package.",
    );
  }
  return {
    rows: parseAnswer(answer, v.array(Version)),
    sizeBytes: bodyBytes(answer),
    ...linkedPages(answer.headers["link"]),
  };
}

function eachOnce(pages: Pages<Version>, count: number | null): Reading<Pages<Version>> {
  const { rows } = pages;
  const ids = new Set(rows.map(({ id }) => id));
  const digests = new Set(rows.map(({ name }) => name));
  if (ids.size < rows.length || digests.size < rows.length) return { moved: "a version was listed twice" };
  if (count !== null && count !== rows.length) return { moved: `${rows.length} of ${count} versions were listed` };
  return { value: pages };
}

/** A push of known content makes an old version young again: `updated_at`. */
function laterOf({ created_at, updated_at }: Version): number | null {
  const [created, updated] = [timeOf(created_at), timeOf(updated_at)];
  return created === null || updated === null ? (created ?? updated) : Math.max(created, updated);
}
