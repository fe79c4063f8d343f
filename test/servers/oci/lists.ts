import { INDEX } from "../content.ts";
import type { Reply, ServedRequest } from "../http-server.ts";
import { NO_ROUTE, ociError } from "./answers.ts";
import type { OciBehaviour, RequestTarget } from "./behaviour.ts";
import { type RegistryStore, referencesOf } from "./store.ts";

/** Serves the tags of a repository. */
export function serveTags({ store, behaviour, repository, name }: RequestTarget, request: ServedRequest): Reply {
  const all = listedTags(store, behaviour, repository);
  const continues = behaviour.afterUnknown === "null" && request.url.searchParams.has("last");
  if (all.length === 0 && !continues && !hasEmptyList(store, behaviour, repository)) {
    return ociError(404, "NAME_UNKNOWN", "repository name not known to registry");
  }
  if (behaviour.paging === "ignore-n") return { status: 200, body: { name, tags: all.length === 0 ? null : all } };
  return paged(all, request, behaviour, (page) => ({ name, tags: page.length === 0 ? null : page }));
}

function listedTags(
  store: RegistryStore,
  { hiddenTags, tagOrder }: OciBehaviour,
  repository: string,
): readonly string[] {
  const all = tagOrder === "as pushed" ? store.pushedTags(repository) : store.tags(repository);
  const isHidden = (tag: string): boolean => all.some((other) => other !== tag && tag.startsWith(other));
  return hiddenTags === "that begin with another" ? all.filter((tag) => !isHidden(tag)) : all;
}

/** Whether a repository without tags has an empty list, and not 404. */
function hasEmptyList(store: RegistryStore, { withoutTags }: OciBehaviour, repository: string): boolean {
  if (withoutTags === "not-found until tagged") return store.wasTagged(repository);
  return withoutTags !== "not-found" && store.has(repository);
}

/** Serves the names of all repositories. */
export function serveCatalog(store: RegistryStore, behaviour: OciBehaviour, request: ServedRequest): Reply {
  const names = store.repositories().map((name) => (behaviour.prefix ?? "") + name);
  const paging = behaviour.paging === "by-link when full" ? "by-link" : behaviour.paging;
  return paged(names, request, { ...behaviour, ...(paging && { paging }) }, (repositories) => ({ repositories }));
}

/** Returns at most `n` names after `last`, and a link to the next page. */
function paged(
  all: readonly string[],
  request: ServedRequest,
  { pageSize = 100, paging, pages, tagOrder, links }: OciBehaviour,
  bodyOf: (page: readonly string[]) => object,
): Reply {
  const { searchParams, pathname } = request.url;
  const last = searchParams.get("last") ?? "";
  const n = Number(searchParams.get("n") ?? pageSize);
  if (!Number.isInteger(n) || n < 1)
    return ociError(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested");
  const rest = tagOrder === "as pushed" ? all.slice(all.indexOf(last) + 1) : all.filter((name) => name > last);
  const page = rest.slice(0, Math.min(n, pageSize));
  const next = new URLSearchParams({ last: page.at(-1) ?? "", n: String(n) });
  const hasNext = rest.length > page.length || (paging === "by-link when full" && page.length === n);
  const headers: Record<string, string> = {};
  if (hasNext && paging !== "by-last") headers["link"] = linkTo(`${pathname}?${next}`, request, links);
  const repeated = pages === "overlapping" && all.includes(last) ? [last] : [];
  return { status: 200, headers, body: bodyOf([...repeated, ...page]) };
}

function linkTo(path: string, { url }: ServedRequest, form: OciBehaviour["links"] = "relative"): string {
  const target = form === "absolute" ? new URL(path, url).href : path;
  return `<${target}>; rel=${form === "without quotes" ? "next" : '"next"'}`;
}

/** Serves the referrers of a manifest, filtered by their type. */
export function serveReferrers(
  { store, behaviour, repository, reference }: RequestTarget,
  { url }: ServedRequest,
): Reply {
  if (behaviour.referrersApi === "no") return NO_ROUTE;
  const filter = url.searchParams.get("artifactType");
  const found = store.referrersOf(repository, reference).flatMap(({ digest, bytes, mediaType }) => {
    const { artifactType, annotations } = referencesOf(bytes);
    if (filter !== null && filter !== artifactType) return [];
    return {
      mediaType,
      digest,
      size: bytes.length,
      ...(artifactType === null ? {} : { artifactType }),
      ...(annotations === null ? {} : { annotations }),
    };
  });
  const body = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: found });
  const filtered: Record<string, string> = filter === null ? {} : { "oci-filters-applied": "artifactType" };
  return { status: 200, headers: { "content-type": INDEX, ...filtered }, body };
}
