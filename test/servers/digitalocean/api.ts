import type { Clock } from "../../../src/clock.ts";
import type { Handler, Reply, ServedRequest } from "../http-server.ts";
import {
  errorReply,
  type IndexLook,
  listPage,
  type ManifestLook,
  manifestEntry,
  notFound,
  timestamp,
} from "./answers.ts";
import { type CollectionScript, Collections, DOCUMENTED } from "./collections.ts";
import type { RegistryContent } from "./content.ts";
import { RateWindow } from "./limit.ts";

export type Scope = "registry:read" | "registry:delete" | "registry:update" | "app:read";

/** How the API behaves where its documentation leaves it open, and what a test makes of it. Each may be changed at any time. */
export interface ApiBehaviour {
  /** Which generation of paths is served. */
  paths: "both" | "registries" | "registry";
  scopes: readonly Scope[];
  indexes: IndexLook;
  /** What deleting a child of an index that is there answers; null: it is deleted. */
  childRefusal: number | null;
  /** Fields of manifests that are left out. */
  absent: readonly string[];
  /** Called before each page of digests is made: a push or a deletion here moves the list while it is read. */
  beforePage: (repository: string, page: number) => void;
  /** `frozen`: the list of tags stays as it was when this was set. */
  tagList: "live" | "frozen";
  apps: readonly unknown[];
  /** How many repositories or digests a page has at most, whatever is asked for. */
  mostPerPage: number;
  /** Requests a minute; past them 429. */
  perMinute: number;
}

export interface ApiOptions {
  readonly registry: string;
  readonly token: string;
  readonly content: RegistryContent;
  readonly clock: Clock;
  readonly collection?: Partial<CollectionScript> | undefined;
  readonly behaviour?: Partial<ApiBehaviour> | undefined;
}

export interface PlayedApi {
  readonly handler: Handler;
  readonly behaviour: ApiBehaviour;
  readonly collections: Collections;
}

const DEFAULTS: ApiBehaviour = {
  paths: "both",
  scopes: ["registry:read", "registry:delete", "registry:update", "app:read"],
  indexes: "no blobs",
  childRefusal: null,
  absent: [],
  beforePage: () => undefined,
  tagList: "live",
  apps: [],
  mostPerPage: 200,
  perMinute: Number.POSITIVE_INFINITY,
};

interface Call {
  readonly request: ServedRequest;
  readonly api: ApiOptions;
  readonly behaviour: ApiBehaviour;
  readonly collections: Collections;
  readonly frozenTags: Map<string, readonly unknown[]>;
  /** What the route's `*` stood for, decoded. */
  readonly names: readonly string[];
}

/** Method and path below `/v2/registries/NAME` (`*`: one encoded segment), the scope that it needs, and what it does. */
const ROUTES: readonly (readonly [string, string, Scope, (call: Call) => Reply])[] = [
  ["GET", "", "registry:read", getRegistry],
  ["GET", "/repositoriesV2", "registry:read", listRepositories],
  ["GET", "/repositories/*/digests", "registry:read", listDigests],
  ["GET", "/repositories/*/tags", "registry:read", listTags],
  ["DELETE", "/repositories/*/digests/*", "registry:delete", deleteDigest],
  ["DELETE", "/repositories/*/tags/*", "registry:delete", deleteTag],
  ["GET", "/garbage-collection", "registry:read", ({ collections }) => collections.getActive()],
  ["POST", "/garbage-collection", "registry:update", ({ collections, request }) => collections.post(request.body)],
  ["GET", "/garbage-collections", "registry:read", ({ collections, request }) => collections.list(request.url)],
];

/** DigitalOcean's API for one registry, as its OpenAPI document describes it (specification/resources/registry). */
export function playDigitalOceanApi(api: ApiOptions): PlayedApi {
  const behaviour: ApiBehaviour = { ...DEFAULTS, ...api.behaviour };
  const script = { ...DOCUMENTED, ...api.collection };
  const collections = new Collections(api.registry, api.content, api.clock, script);
  const frozenTags = new Map<string, readonly unknown[]>();
  let rate = new RateWindow(api.clock, behaviour.perMinute);
  let perMinute = behaviour.perMinute;

  function handler(request: ServedRequest): Reply {
    if (perMinute !== behaviour.perMinute) rate = new RateWindow(api.clock, behaviour.perMinute);
    perMinute = behaviour.perMinute;
    const reply = rate.take() ?? answer({ request, api, behaviour, collections, frozenTags, names: [] });
    return { ...reply, headers: { ...rate.headers(), ...reply.headers } };
  }
  return { handler, behaviour, collections };
}

function answer(call: Call): Reply {
  const { request, api, behaviour } = call;
  if (request.headers.authorization !== `Bearer ${api.token}`) {
    return errorReply(401, "unauthorized", "Unable to authenticate you.");
  }
  if (request.url.pathname === "/v2/apps") return permitted(call, "app:read") ?? listApps(call);
  const found = /^\/v2\/(registries|registry)\/([^/]+)(.*)$/.exec(request.url.pathname);
  const [, generation, registry, rest = ""] = found ?? [];
  if (generation === undefined || registry !== api.registry) return notFound();
  if (behaviour.paths !== "both" && behaviour.paths !== generation) return notFound();
  for (const [method, pattern, scope, act] of ROUTES) {
    const names = method === request.method ? match(pattern, rest) : null;
    // The older path without a name is another operation, and with one it is none.
    if (names === null || (pattern === "" && generation === "registry")) continue;
    return permitted(call, scope) ?? act({ ...call, names });
  }
  return notFound();
}

function match(pattern: string, path: string): readonly string[] | null {
  const parts = pattern.split("/");
  const given = path.split("/");
  if (parts.length !== given.length) return null;
  if (!parts.every((part, index) => part === "*" || part === given[index])) return null;
  return given.filter((_, index) => parts[index] === "*").map(decodeURIComponent);
}

function permitted({ behaviour }: Call, scope: Scope): Reply | null {
  if (behaviour.scopes.includes(scope)) return null;
  return errorReply(403, "forbidden", "You do not have permission to perform this action.");
}

function getRegistry({ api }: Call): Reply {
  const registry = {
    name: api.registry,
    created_at: timestamp(api.clock.now()),
    region: "fra1",
    storage_usage_bytes: 1,
  };
  return { status: 200, body: { registry } };
}

/** Tokens are opaque, and win over `page`. */
const TOKEN = "b2Zmc2V0";

function listRepositories(call: Call): Reply {
  const { api, request } = call;
  const url = new URL(request.url);
  const token = url.searchParams.get("page_token");
  if (token !== null && !token.startsWith(TOKEN)) return errorReply(400, "bad_request", "invalid page_token");
  if (token !== null) url.searchParams.set("page", token.slice(TOKEN.length));
  return listPage({
    name: "repositories",
    entries: api.content.repositories(),
    url,
    show: (name) => repositoryEntry(call, name),
    tokenOf: (page) => `${TOKEN}${page}`,
    most: call.behaviour.mostPerPage,
  });
}

function repositoryEntry(call: Call, name: string): Readonly<Record<string, unknown>> {
  const { registry, content } = call.api;
  const held = content.manifests(name) ?? [];
  const [latest] = held;
  const tags = held.reduce((sum, { tags }) => sum + tags.length, 0);
  const entry = { registry_name: registry, name, tag_count: tags, manifest_count: held.length };
  return latest === undefined ? entry : { ...entry, latest_manifest: manifestEntry(latest, held, lookOf(call, name)) };
}

function lookOf({ api, behaviour }: Call, repository: string): ManifestLook {
  return { registry: api.registry, repository, indexes: behaviour.indexes, absent: behaviour.absent };
}

function listDigests(call: Call): Reply {
  const { api, behaviour, request, names } = call;
  const [repository = ""] = names;
  behaviour.beforePage(repository, Number(request.url.searchParams.get("page") ?? 1));
  const held = api.content.manifests(repository);
  if (held === null) return notFound();
  const look = lookOf(call, repository);
  return listPage({
    name: "manifests",
    entries: held,
    url: request.url,
    show: (manifest) => manifestEntry(manifest, held, look),
    most: behaviour.mostPerPage,
  });
}

function listTags({ api, behaviour, request, frozenTags, names }: Call): Reply {
  const [repository = ""] = names;
  const held = api.content.manifests(repository);
  if (held === null) return notFound();
  const live = held.flatMap(({ digest, tags, pushedAt }) =>
    tags.map((tag) => ({
      registry_name: api.registry,
      repository,
      tag,
      manifest_digest: digest,
      updated_at: timestamp(pushedAt),
    })),
  );
  if (behaviour.tagList === "live" || !frozenTags.has(repository)) frozenTags.set(repository, live);
  return listPage({ name: "tags", entries: frozenTags.get(repository) ?? live, url: request.url });
}

function deleteDigest({ api, behaviour, collections, names }: Call): Reply {
  const [repository = "", digest = ""] = names;
  const held = api.content.manifests(repository);
  if (held === null || !held.some((manifest) => manifest.digest === digest)) return notFound();
  if (collections.isReadOnly()) return errorReply(409, "conflict", "the registry is read-only");
  if (behaviour.childRefusal !== null && held.some(({ children }) => children.some((child) => child === digest))) {
    return errorReply(behaviour.childRefusal, "conflict", "the manifest is referenced by another");
  }
  return api.content.deleteManifest(repository, digest) ? { status: 204 } : notFound();
}

function deleteTag({ api, collections, names }: Call): Reply {
  const [repository = "", tag = ""] = names;
  if (collections.isReadOnly()) return errorReply(409, "conflict", "the registry is read-only");
  return api.content.deleteTag(repository, tag) ? { status: 204 } : notFound();
}

function listApps({ behaviour, request }: Call): Reply {
  if (request.method !== "GET") return notFound();
  return listPage({ name: "apps", entries: behaviour.apps, url: request.url });
}
