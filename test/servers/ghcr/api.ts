import { restError } from "../github/rest.ts";
import type { Route } from "../github/server.ts";
import { timeOf } from "../github/state.ts";
import type { Reply, ServedRequest } from "../http-server.ts";
import type { PackagesApiOptions } from "./behaviour.ts";
import { active, type ContainerPackage, type PackageVersion } from "./packages.ts";

interface Call {
  readonly options: PackagesApiOptions;
  readonly request: ServedRequest;
  readonly stored: ContainerPackage;
}

/** Returns GitHub's packages API for the containers of one owner, as its OpenAPI document describes it. */
export function packagesRoute(options: PackagesApiOptions): Route {
  const base = `/${options.type === "Organization" ? "orgs" : "users"}/${options.owner}/packages`;
  return (path, request) => {
    if (path.toLowerCase() === base.toLowerCase()) return listPackages(options, request);
    if (!path.toLowerCase().startsWith(`${base.toLowerCase()}/`)) return null;
    const [type, name = "", versions, id, restore, ...more] = path
      .slice(base.length + 1)
      .split("/")
      .map(decodeURIComponent);
    if (type !== "container" || more.length > 0) return notFound();
    const stored = options.behaviour.role === "none" ? null : options.packages.get(name);
    if (stored === null) return notFound();
    const call = { options, request, stored };
    if (versions === undefined) return onPackage(call);
    if (versions !== "versions") return notFound();
    return id === undefined ? listVersions(call) : onVersion(call, Number(id), restore);
  };
}

function listPackages(options: PackagesApiOptions, request: ServedRequest): Reply {
  const { token, listRefusal } = options.behaviour;
  if (request.method !== "GET") return notFound();
  if (request.url.searchParams.get("package_type") !== "container") return restError(400, "Invalid package_type");
  if (token === "job") return restError(listRefusal, "Resource not accessible by integration");
  const all = options.packages.all();
  return pageOf(all, request, options, (stored) => packageEntry(options, stored));
}

function onPackage({ options, request, stored }: Call): Reply {
  if (request.method === "GET") return { status: 200, body: packageEntry(options, stored) };
  // Refsweep must never delete a package.
  throw new Error(`${request.method} ${request.path}: a package is never deleted`);
}

function listVersions({ options, request, stored }: Call): Reply {
  const { behaviour } = options;
  if (request.method !== "GET") return notFound();
  behaviour.beforePage(stored.name, Number(request.url.searchParams.get("page") ?? 1));
  const state = request.url.searchParams.get("state") ?? "active";
  // `beforePage` may have changed it.
  const current = options.packages.get(stored.name) ?? stored;
  const versions =
    state === "deleted"
      ? current.versions.filter(({ deletedAt }) => deletedAt !== null)
      : behaviour.listsDeleted
        ? current.versions
        : active(current);
  if (behaviour.paging === "ignored") {
    return { status: 200, body: versions.slice(0, 30).map((version) => versionEntry(options, stored, version)) };
  }
  return pageOf(versions, request, options, (version) => versionEntry(options, stored, version));
}

function onVersion({ options, request, stored }: Call, id: number, restore: string | undefined): Reply {
  const version = stored.versions.find((candidate) => candidate.id === id);
  if (version === undefined) return notFound();
  if (request.method === "POST" && restore === "restore") return restoreVersion(options, stored, version);
  if (restore !== undefined || version.deletedAt !== null) return notFound();
  if (request.method === "GET") return { status: 200, body: versionEntry(options, stored, version) };
  return request.method === "DELETE" ? deleteVersion(options, stored, version) : notFound();
}

function deleteVersion(
  { packages, behaviour, clock }: PackagesApiOptions,
  stored: ContainerPackage,
  version: PackageVersion,
): Reply {
  if (behaviour.role !== "admin") {
    return behaviour.deletionRefusal === 404 ? notFound() : restError(403, "Resource not accessible by integration");
  }
  const refusal = packages.refusal(stored.name, version);
  if (refusal === "last tagged") {
    return restError(
      400,
      "You cannot delete the last tagged version of a package. You must delete the package instead.",
    );
  }
  if (refusal === "downloads") {
    return restError(
      400,
      "Publicly visible package versions with more than 5000 downloads cannot be deleted. Contact GitHub support for further assistance.",
    );
  }
  packages.setDeleted(stored.name, version.id, clock.now());
  return { status: 204 };
}

const RESTORABLE_MS = 30 * 24 * 3_600_000;

function restoreVersion(
  { packages, behaviour, clock }: PackagesApiOptions,
  stored: ContainerPackage,
  version: PackageVersion,
): Reply {
  if (behaviour.role !== "admin") return restError(403, "Resource not accessible by integration");
  if (version.deletedAt === null || clock.now() - version.deletedAt > RESTORABLE_MS) return notFound();
  packages.setDeleted(stored.name, version.id, null);
  return { status: 204 };
}

function notFound(): Reply {
  return restError(404, "Not Found");
}

function packageEntry({ owner, type }: PackagesApiOptions, stored: ContainerPackage): unknown {
  const [first] = stored.versions;
  const at = timeOf(first?.createdAt ?? 0);
  return {
    id: stored.id,
    name: stored.name,
    package_type: "container",
    visibility: stored.visibility,
    version_count: active(stored).length,
    url: `https://api.github.com/${type === "Organization" ? "orgs" : "users"}/${owner}/packages/container/${encodeURIComponent(stored.name)}`,
    html_url: `https://github.com/${type === "Organization" ? "orgs" : "users"}/${owner}/packages/container/package/${encodeURIComponent(stored.name)}`,
    created_at: at,
    updated_at: at,
  };
}

function versionEntry(
  { owner, behaviour }: PackagesApiOptions,
  stored: ContainerPackage,
  version: PackageVersion,
): unknown {
  const home = `https://github.com/orgs/${owner}/packages/container`;
  const entry = {
    id: version.id,
    name: version.digest,
    url: `https://api.github.com/orgs/${owner}/packages/container/${encodeURIComponent(stored.name)}/versions/${version.id}`,
    package_html_url: `${home}/package/${encodeURIComponent(stored.name)}`,
    html_url: `${home}/${encodeURIComponent(stored.name)}/${version.id}`,
    created_at: timeOf(version.createdAt),
    updated_at: timeOf(version.updatedAt),
    ...(version.deletedAt === null ? {} : { deleted_at: timeOf(version.deletedAt) }),
    metadata: { package_type: "container", container: { tags: version.tags } },
  };
  return Object.fromEntries(Object.entries(entry).filter(([name]) => !behaviour.absent.includes(name)));
}

/** 30 on a page, or `per_page` up to 100 (GitHub's docs, "Using pagination in the REST API"). */
function pageOf<T>(
  all: readonly T[],
  { url }: ServedRequest,
  { behaviour }: PackagesApiOptions,
  format: (entry: T) => unknown,
): Reply {
  const wanted = behaviour.paging === "per_page ignored" ? null : url.searchParams.get("per_page");
  const perPage = Math.min(behaviour.maxPerPage, Math.max(1, Number(wanted ?? 30)));
  const page = Math.max(1, Number(url.searchParams.get("page") ?? 1));
  const last = Math.ceil(all.length / perPage);
  const link = (target: number, relation: string): string => {
    // GitHub's links name its own host in any case.
    const to = new URL(`https://api.github.com${url.pathname}${url.search}`);
    to.searchParams.set("page", String(target));
    return `<${to.href}>; rel="${relation}"`;
  };
  const before = page > 1 ? [link(page - 1, "prev"), link(1, "first")] : [];
  const after =
    page < last ? [link(page + 1, "next"), ...(behaviour.links === "next" ? [] : [link(last, "last")])] : [];
  const links = behaviour.links === "none" ? [] : [...before, ...after];
  const body = all.slice((page - 1) * perPage, page * perPage).map(format);
  return { status: 200, body, ...(links.length === 0 ? {} : { headers: { link: links.join(", ") } }) };
}
