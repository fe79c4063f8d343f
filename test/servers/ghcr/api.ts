import type { Clock } from "../../../src/clock.ts";
import { restError } from "../github/rest.ts";
import type { Route } from "../github/server.ts";
import { timeOf } from "../github/state.ts";
import type { Reply, ServedRequest } from "../http-server.ts";
import { active, type Packages, type PlayedPackage, type PlayedVersion } from "./packages.ts";

/** How the packages API behaves, and what a test makes of it. Each may be changed at any time. */
export interface PackagesBehaviour {
  /** `job`: GITHUB_TOKEN, which cannot list an owner's packages; `classic`: a personal access token that can. */
  token: "job" | "classic";
  /** What a job's token is answered that lists the packages: documented nowhere. */
  listRefusal: 401 | 403 | 404;
  /** What the token may do to packages; `none`: they are hidden. */
  role: "admin" | "read" | "none";
  /** What a deletion is answered that the role does not allow: 404 has been seen as well (dataaxiom/ghcr-cleanup-action#147). */
  deletionRefusal: 403 | 404;
  /** Fields that versions are told without. */
  absent: readonly string[];
  links: "next and last" | "next" | "none";
  /** Whether `page` and `per_page` are honoured for versions, which the description of a user's packages does not name. */
  paging: "honoured" | "overlooked" | "per_page overlooked";
  /** How many entries a page has at most, whatever is asked for. */
  mostPerPage: number;
  /** Called before each page of versions is made: a push or a deletion here moves the list while it is read. */
  beforePage: (name: string, page: number) => void;
}

export interface PackagesApiOptions {
  readonly owner: string;
  readonly type: "Organization" | "User";
  readonly packages: Packages;
  readonly clock: Clock;
  readonly behaviour: PackagesBehaviour;
}

export const PACKAGES_BEHAVIOUR: PackagesBehaviour = {
  token: "job",
  listRefusal: 403,
  role: "admin",
  deletionRefusal: 403,
  absent: [],
  links: "next and last",
  paging: "honoured",
  mostPerPage: 100,
  beforePage: () => undefined,
};

interface Call {
  readonly options: PackagesApiOptions;
  readonly request: ServedRequest;
  readonly held: PlayedPackage;
}

/** GitHub's packages API for the containers of one owner, as its OpenAPI document describes it. */
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
    const held = options.behaviour.role === "none" ? null : options.packages.get(name);
    if (held === null) return notFound();
    const call = { options, request, held };
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
  return pageOf(all, request, options, (held) => packageEntry(options, held));
}

function onPackage({ options, request, held }: Call): Reply {
  if (request.method === "GET") return { status: 200, body: packageEntry(options, held) };
  // Nobody may delete a package here: whoever asks for it has a bug.
  throw new Error(`${request.method} ${request.path}: a package is never deleted`);
}

function listVersions({ options, request, held }: Call): Reply {
  const { behaviour } = options;
  if (request.method !== "GET") return notFound();
  behaviour.beforePage(held.name, Number(request.url.searchParams.get("page") ?? 1));
  const wanted = request.url.searchParams.get("state") ?? "active";
  const fresh = options.packages.get(held.name) ?? held;
  const versions = wanted === "deleted" ? fresh.versions.filter(({ deletedAt }) => deletedAt !== null) : active(fresh);
  if (behaviour.paging === "overlooked") {
    return { status: 200, body: versions.slice(0, 30).map((version) => versionEntry(options, held, version)) };
  }
  return pageOf(versions, request, options, (version) => versionEntry(options, held, version));
}

function onVersion({ options, request, held }: Call, id: number, restore: string | undefined): Reply {
  const version = held.versions.find((candidate) => candidate.id === id);
  if (version === undefined) return notFound();
  if (request.method === "POST" && restore === "restore") return restoreVersion(options, held, version);
  if (restore !== undefined || version.deletedAt !== null) return notFound();
  if (request.method === "GET") return { status: 200, body: versionEntry(options, held, version) };
  return request.method === "DELETE" ? deleteVersion(options, held, version) : notFound();
}

function deleteVersion(
  { packages, behaviour, clock }: PackagesApiOptions,
  held: PlayedPackage,
  version: PlayedVersion,
): Reply {
  if (behaviour.role !== "admin") {
    return behaviour.deletionRefusal === 404 ? notFound() : restError(403, "Resource not accessible by integration");
  }
  const refusal = packages.refusal(held.name, version);
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
  packages.setDeleted(held.name, version.id, clock.now());
  return { status: 204 };
}

const RESTORABLE_MS = 30 * 24 * 3_600_000;

function restoreVersion(
  { packages, behaviour, clock }: PackagesApiOptions,
  held: PlayedPackage,
  version: PlayedVersion,
): Reply {
  if (behaviour.role !== "admin") return restError(403, "Resource not accessible by integration");
  if (version.deletedAt === null || clock.now() - version.deletedAt > RESTORABLE_MS) return notFound();
  packages.setDeleted(held.name, version.id, null);
  return { status: 204 };
}

function notFound(): Reply {
  return restError(404, "Not Found");
}

function packageEntry({ owner, type }: PackagesApiOptions, held: PlayedPackage): unknown {
  const [first] = held.versions;
  const at = timeOf(first?.createdAt ?? 0);
  return {
    id: held.id,
    name: held.name,
    package_type: "container",
    visibility: held.visibility,
    version_count: active(held).length,
    url: `https://api.github.com/${type === "Organization" ? "orgs" : "users"}/${owner}/packages/container/${encodeURIComponent(held.name)}`,
    html_url: `https://github.com/${type === "Organization" ? "orgs" : "users"}/${owner}/packages/container/package/${encodeURIComponent(held.name)}`,
    created_at: at,
    updated_at: at,
  };
}

function versionEntry({ owner, behaviour }: PackagesApiOptions, held: PlayedPackage, version: PlayedVersion): unknown {
  const home = `https://github.com/orgs/${owner}/packages/container`;
  const entry = {
    id: version.id,
    name: version.digest,
    url: `https://api.github.com/orgs/${owner}/packages/container/${encodeURIComponent(held.name)}/versions/${version.id}`,
    package_html_url: `${home}/package/${encodeURIComponent(held.name)}`,
    html_url: `${home}/${encodeURIComponent(held.name)}/${version.id}`,
    created_at: timeOf(version.createdAt),
    updated_at: timeOf(version.updatedAt),
    ...(version.deletedAt === null ? {} : { deleted_at: timeOf(version.deletedAt) }),
    metadata: { package_type: "container", container: { tags: version.tags } },
  };
  return Object.fromEntries(Object.entries(entry).filter(([name]) => !behaviour.absent.includes(name)));
}

/** https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api: 30 a page, or `per_page` up to 100. */
function pageOf<T>(
  all: readonly T[],
  { url }: ServedRequest,
  { behaviour }: PackagesApiOptions,
  show: (entry: T) => unknown,
): Reply {
  const wanted = behaviour.paging === "per_page overlooked" ? null : url.searchParams.get("per_page");
  const perPage = Math.min(behaviour.mostPerPage, Math.max(1, Number(wanted ?? 30)));
  const page = Math.max(1, Number(url.searchParams.get("page") ?? 1));
  const last = Math.ceil(all.length / perPage);
  const to = (target: number, relation: string): string => {
    // GitHub's links name its own host, wherever it is played.
    const there = new URL(`https://api.github.com${url.pathname}${url.search}`);
    there.searchParams.set("page", String(target));
    return `<${there.href}>; rel="${relation}"`;
  };
  const before = page > 1 ? [to(page - 1, "prev"), to(1, "first")] : [];
  const after = page < last ? [to(page + 1, "next"), ...(behaviour.links === "next" ? [] : [to(last, "last")])] : [];
  const link = behaviour.links === "none" ? [] : [...before, ...after];
  const body = all.slice((page - 1) * perPage, page * perPage).map(show);
  return { status: 200, body, ...(link.length === 0 ? {} : { headers: { link: link.join(", ") } }) };
}
