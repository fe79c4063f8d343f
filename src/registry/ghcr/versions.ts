import * as v from "valibot";
import { isDigest } from "../../digest.ts";
import type { ListedManifest } from "../manifest.ts";
import { type FetchPage, type Page, readPages } from "../pages.ts";
import type { Listing } from "../registry.ts";
import { type RetryOptions, readUntilStable } from "../stable-list.ts";
import { parseTime } from "../time.ts";
import { type PackagesApi, parseBody } from "./api.ts";
import { packagePath } from "./packages.ts";
import { changeSince, LIMITS, PER_PAGE, pageOf } from "./pages.ts";

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

/** The versions of a package, and what listing them took. */
export interface ListedVersions extends Listing {
  readonly requests: number;
  readonly pageSize: number;
}

/**
 * Lists every version of a package once; null if the list returned 404.
 *
 * @param onPages called with the number of pages as soon as the first page shows it; may throw
 */
export async function listVersions(
  api: PackagesApi,
  repository: string,
  retry: RetryOptions,
  onPages: (pages: number) => void,
): Promise<ListedVersions | null> {
  let requests = 0;
  const fetch: FetchPage<Version> = async (number) => {
    requests += 1;
    const page = await fetchPage(api, repository, number);
    if (number === 1 && page !== null) onPages(page.last ?? 1);
    return page;
  };
  const pages = await readUntilStable(`the versions of ${api.owner}/${repository}`, retry, async () => {
    requests = 0;
    const attempt = await readPages({ ...LIMITS, fetch, keysOf: ({ id, name }) => [String(id), name] });
    if ("changed" in attempt || attempt.value === null) return attempt;
    const changed = await changeSince(attempt.value, fetch);
    return changed === null ? attempt : { changed };
  });
  const manifests = pages?.flatMap(({ rows }) => rows.map(manifestOf)) ?? [];
  return pages && { manifests, requests, pageSize: pages[0]?.rows.length ?? 0 };
}

/** Returns one page as the list shows it; null for 404. */
export async function readVersions(
  api: PackagesApi,
  repository: string,
  number: number,
  sendBy: number,
): Promise<Page<ListedManifest> | null> {
  const page = await fetchPage(api, repository, number, sendBy);
  return page && { ...page, rows: page.rows.map(manifestOf) };
}

/** Returns one version as the list shows it; `missing` for 404. */
export async function readVersion(
  api: PackagesApi,
  repository: string,
  id: number,
  sendBy?: number,
): Promise<ListedManifest | "missing"> {
  const path = versionsPath(repository, id);
  const response = await api.send({ method: "GET", path, expected: [200, 404], sendBy });
  return response.status === 404 ? "missing" : manifestOf(parseBody(response, Version));
}

async function fetchPage(
  api: PackagesApi,
  repository: string,
  page: number,
  sendBy?: number,
): Promise<Page<Version> | null> {
  const query = { per_page: PER_PAGE, page };
  const request = { path: versionsPath(repository), query, expected: [200, 404], sendBy };
  const response = await api.send({ method: "GET", ...request });
  return response.status === 404 ? null : pageOf(response, Version);
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
