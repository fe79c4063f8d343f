import type { Reply } from "../http-server.ts";
import type { HeldManifest } from "./content.ts";

/** How an index looks in the list of digests is documented nowhere: these are the ways it may. */
export type IndexLook = "no blobs" | "blobs of children" | "children as blobs";

export interface ManifestLook {
  readonly registry: string;
  readonly repository: string;
  readonly indexes: IndexLook;
  /** Fields left out, as GODO's `omitempty` on all of them allows. */
  readonly absent: readonly string[];
}

type Entry = Readonly<Record<string, unknown>>;

/** One entry of `manifests`: DigitalOcean's OpenAPI document, models/repository_manifest.yml. */
export function manifestEntry(held: HeldManifest, all: readonly HeldManifest[], look: ManifestLook): Entry {
  const blobs = blobsShown(held, all, look.indexes);
  const compressed = blobs.reduce((sum, blob) => sum + blob.bytes, 0);
  const entry = {
    registry_name: look.registry,
    repository: look.repository,
    digest: held.digest,
    compressed_size_bytes: compressed,
    size_bytes: compressed * 2,
    updated_at: timestamp(held.pushedAt),
    tags: held.tags,
    blobs: blobs.map(({ digest, bytes }) => ({ digest, compressed_size_bytes: bytes })),
  };
  return Object.fromEntries(Object.entries(entry).filter(([name]) => !look.absent.includes(name)));
}

type BlobShown = { readonly digest: string; readonly bytes: number };

function blobsShown(held: HeldManifest, all: readonly HeldManifest[], look: IndexLook): readonly BlobShown[] {
  if (held.children.length === 0) return held.blobs;
  const children = all.filter(({ digest }) => held.children.includes(digest));
  if (look === "no blobs") return [];
  if (look === "children as blobs") return children.map(({ digest, bytes }) => ({ digest, bytes }));
  return [...new Map(children.flatMap(({ blobs }) => blobs).map((blob) => [blob.digest, blob])).values()];
}

/** RFC 3339 in UTC, to the second. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The page that a query asks for: `per_page` of 1 to 200, 20 if absent; null where it asks for what there is not. */
export function pageOf(query: URLSearchParams): { readonly page: number; readonly perPage: number } | null {
  const perPage = Number(query.get("per_page") ?? 20);
  const page = Number(query.get("page") ?? 1);
  const valid = Number.isInteger(page) && page >= 1 && Number.isInteger(perPage) && perPage >= 1 && perPage <= 200;
  return valid ? { page, perPage } : null;
}

const PUBLIC = "https://api.digitalocean.com";

export interface List<T> {
  /** The key of the answer that holds the entries. */
  readonly name: string;
  readonly entries: readonly T[];
  /** What was asked. */
  readonly url: URL;
  /** One entry as it is shown; default: as it is. Only those of the page are made. */
  readonly show?: (entry: T) => unknown;
  /** The `page_token` of a page, where the list has them. */
  readonly tokenOf?: (page: number) => string;
  /** How many entries a page has at most, whatever is asked for. */
  readonly most?: number;
}

/**
 * One page of a list. As documented, the links name the public host wherever they are asked for, only those that make sense
 * are there, and none where all fits in one page (description.yml, "Links & Pagination").
 */
export function listPage<T>(list: List<T>): Reply {
  const { name, entries, url, tokenOf, show = (entry) => entry } = list;
  const place = pageOf(url.searchParams);
  if (place === null) return errorReply(422, "unprocessable_entity", "per_page must be between 1 and 200");
  const page = place.page;
  const perPage = Math.min(place.perPage, list.most ?? place.perPage);
  const last = Math.max(1, Math.ceil(entries.length / perPage));
  const link = (to: number): string => {
    const query = new URLSearchParams({ page: String(to), per_page: String(perPage) });
    if (tokenOf !== undefined && to > page) query.set("page_token", tokenOf(to));
    return `${PUBLIC}${url.pathname}?${query}`;
  };
  const backward = page > 1 ? { first: link(1), prev: link(page - 1) } : {};
  const forward = page < last ? { next: link(page + 1), last: link(last) } : {};
  const shown = entries.slice((page - 1) * perPage, page * perPage).map(show);
  const links = last > 1 ? { links: { pages: { ...backward, ...forward } } } : {};
  return { status: 200, body: { [name]: shown, meta: { total: entries.length }, ...links } };
}

/** DigitalOcean's error body: shared/models/error.yml. */
export function errorReply(status: number, id: string, message: string): Reply {
  return { status, body: { id, message, request_id: "4d9d8375-3c56-4925-a3e7-eb137fed17e9" } };
}

export function notFound(): Reply {
  return errorReply(404, "not_found", "The resource you requested could not be found.");
}
