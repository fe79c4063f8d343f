import type { Reply } from "../http-server.ts";
import type { RegistryManifest } from "./content.ts";

/** How the list of digests shows an index. DigitalOcean does not document it. */
export type IndexListing = "no blobs" | "blobs of children" | "children as blobs";

export interface ManifestFormat {
  readonly registry: string;
  readonly repository: string;
  readonly indexes: IndexListing;
  /** Fields that are missing: GODO marks all of them as `omitempty`. */
  readonly absent: readonly string[];
}

type Entry = Readonly<Record<string, unknown>>;

/** Returns one entry of `manifests` (OpenAPI document, models/repository_manifest.yml). */
export function manifestEntry(
  manifest: RegistryManifest,
  all: readonly RegistryManifest[],
  format: ManifestFormat,
): Entry {
  const blobs = listedBlobs(manifest, all, format.indexes);
  const compressed = blobs.reduce((sum, blob) => sum + blob.bytes, 0);
  const entry = {
    registry_name: format.registry,
    repository: format.repository,
    digest: manifest.digest,
    compressed_size_bytes: compressed,
    size_bytes: compressed * 2,
    updated_at: timestamp(manifest.pushedAt),
    tags: manifest.tags,
    blobs: blobs.map(({ digest, bytes }) => ({ digest, compressed_size_bytes: bytes })),
  };
  return Object.fromEntries(Object.entries(entry).filter(([name]) => !format.absent.includes(name)));
}

type ListedBlob = { readonly digest: string; readonly bytes: number };

function listedBlobs(
  manifest: RegistryManifest,
  all: readonly RegistryManifest[],
  indexes: IndexListing,
): readonly ListedBlob[] {
  if (manifest.children.length === 0) return manifest.blobs;
  if (indexes === "no blobs") return [];
  const children = all.filter(({ digest }) => manifest.children.includes(digest));
  if (indexes === "children as blobs") return children.map(({ digest, bytes }) => ({ digest, bytes }));
  return [...new Map(children.flatMap(({ blobs }) => blobs).map((blob) => [blob.digest, blob])).values()];
}

/** Returns an RFC 3339 time in UTC, to the second. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Returns the page of a query: `per_page` is 1 to 200, 20 by default. Null if the query is invalid. */
function pageOf(query: URLSearchParams): { readonly page: number; readonly perPage: number } | null {
  const perPage = Number(query.get("per_page") ?? 20);
  const page = Number(query.get("page") ?? 1);
  const valid = Number.isInteger(page) && page >= 1 && Number.isInteger(perPage) && perPage >= 1 && perPage <= 200;
  return valid ? { page, perPage } : null;
}

const PUBLIC = "https://api.digitalocean.com";

export interface List<T> {
  /** The key of the entries in the answer. */
  readonly name: string;
  readonly entries: readonly T[];
  /** The request's URL. */
  readonly url: URL;
  /** Formats one entry; by default it is not changed. Called for the entries of the page only. */
  readonly format?: (entry: T) => unknown;
  /** Returns the `page_token` of a page, if the list has page tokens. */
  readonly tokenOf?: (page: number) => string;
  /** The maximum number of entries on a page, even if the query asks for more. */
  readonly maxPerPage?: number;
}

/**
 * Returns one page of a list. As documented, the links name the public host in any case, only links to existing pages are
 * there, and there are none if everything fits on one page (description.yml, "Links & Pagination").
 */
export function listPage<T>(list: List<T>): Reply {
  const { name, entries, url, tokenOf, format = (entry) => entry } = list;
  const place = pageOf(url.searchParams);
  if (place === null) return errorReply(422, "unprocessable_entity", "per_page must be between 1 and 200");
  const { page } = place;
  const perPage = Math.min(place.perPage, list.maxPerPage ?? place.perPage);
  const last = Math.max(1, Math.ceil(entries.length / perPage));
  const link = (to: number): string => {
    const query = new URLSearchParams({ page: String(to), per_page: String(perPage) });
    if (tokenOf !== undefined && to > page) query.set("page_token", tokenOf(to));
    return `${PUBLIC}${url.pathname}?${query}`;
  };
  const backward = page > 1 ? { first: link(1), prev: link(page - 1) } : {};
  const forward = page < last ? { next: link(page + 1), last: link(last) } : {};
  const formatted = entries.slice((page - 1) * perPage, page * perPage).map(format);
  const links = last > 1 ? { links: { pages: { ...backward, ...forward } } } : {};
  return { status: 200, body: { [name]: formatted, meta: { total: entries.length }, ...links } };
}

/** Returns DigitalOcean's error body (shared/models/error.yml). */
export function errorReply(status: number, id: string, message: string): Reply {
  return { status, body: { id, message, request_id: "4d9d8375-3c56-4925-a3e7-eb137fed17e9" } };
}

export function notFound(): Reply {
  return errorReply(404, "not_found", "The resource you requested could not be found.");
}
