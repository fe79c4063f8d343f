import type { Reply } from "../http-server.ts";
import { errorReply, listPage, type ManifestFormat, manifestEntry, notFound, timestamp } from "./answers.ts";
import type { Call } from "./behaviour.ts";

/** The older path has no name: it returns the only registry. */
export function getRegistry({ api, behaviour, names }: Call): Reply {
  const [name = api.registry] = names;
  if (name !== api.registry) return notFound();
  const registry = {
    name,
    created_at: timestamp(api.clock.now()),
    region: "fra1",
    ...present("storage_usage_bytes", behaviour.storage.usedBytes),
  };
  return { status: 200, body: { registry } };
}

export function getSubscription({ api, behaviour }: Call): Reply {
  const tier = {
    name: "Basic",
    slug: "basic",
    ...present("included_storage_bytes", behaviour.storage.includedBytes),
  };
  const at = timestamp(api.clock.now());
  return { status: 200, body: { subscription: { tier, created_at: at, updated_at: at } } };
}

function present(field: string, value: number | null): Readonly<Record<string, number>> {
  return value === null ? {} : { [field]: value };
}

/** Page tokens are opaque, and have precedence over `page`. */
const TOKEN = "b2Zmc2V0";

export function listRepositories(call: Call): Reply {
  const { api, request } = call;
  const url = new URL(request.url);
  const token = url.searchParams.get("page_token");
  if (token !== null && !token.startsWith(TOKEN)) return errorReply(400, "bad_request", "invalid page_token");
  if (token !== null) url.searchParams.set("page", token.slice(TOKEN.length));
  return listPage({
    name: "repositories",
    entries: api.content.repositories(),
    url,
    format: (name) => repositoryEntry(call, name),
    tokenOf: (page) => `${TOKEN}${page}`,
    maxPerPage: call.behaviour.maxPerPage,
  });
}

function repositoryEntry(call: Call, name: string): Readonly<Record<string, unknown>> {
  const { registry, content } = call.api;
  const manifests = content.manifests(name) ?? [];
  const [latest] = manifests;
  const tags = manifests.reduce((sum, { tags }) => sum + tags.length, 0);
  const entry = { registry_name: registry, name, tag_count: tags, manifest_count: manifests.length };
  if (latest === undefined) return entry;
  return { ...entry, latest_manifest: manifestEntry(latest, manifests, formatOf(call, name)) };
}

function formatOf({ api, behaviour }: Call, repository: string): ManifestFormat {
  return { registry: api.registry, repository, indexes: behaviour.indexes, absent: behaviour.absent };
}

export function listDigests(call: Call): Reply {
  const { api, behaviour, request, names } = call;
  const [repository = ""] = names;
  behaviour.beforePage(repository, Number(request.url.searchParams.get("page") ?? 1));
  const manifests = api.content.manifests(repository);
  if (manifests === null) return notFound();
  const format = formatOf(call, repository);
  return listPage({
    name: "manifests",
    entries: manifests,
    url: request.url,
    format: (manifest) => manifestEntry(manifest, manifests, format),
    maxPerPage: behaviour.maxPerPage,
  });
}

export function listTags({ api, behaviour, request, frozenTags, names }: Call): Reply {
  const [repository = ""] = names;
  const manifests = api.content.manifests(repository);
  if (manifests === null) return notFound();
  const live = manifests.flatMap(({ digest, tags, pushedAt }) =>
    tags.map((tag) => ({
      registry_name: api.registry,
      repository,
      tag,
      manifest_digest: digest,
      updated_at: timestamp(behaviour.tagPushedAt(tag) ?? pushedAt),
    })),
  );
  if (behaviour.tagList === "live" || !frozenTags.has(repository)) frozenTags.set(repository, live);
  return listPage({ name: "tags", entries: frozenTags.get(repository) ?? live, url: request.url });
}

export function deleteDigest({ api, behaviour, collections, names }: Call): Reply {
  const [repository = "", digest = ""] = names;
  const manifests = api.content.manifests(repository);
  if (manifests === null || !manifests.some((manifest) => manifest.digest === digest)) return notFound();
  if (collections.isReadOnly()) return errorReply(409, "conflict", "the registry is read-only");
  const isChild = manifests.some(({ children }) => children.some((child) => child === digest));
  if (behaviour.childRefusal !== null && isChild) {
    return errorReply(behaviour.childRefusal, "conflict", "the manifest is referenced by another");
  }
  return api.content.deleteManifest(repository, digest) ? { status: 204 } : notFound();
}

export function deleteTag({ api, collections, names }: Call): Reply {
  const [repository = "", tag = ""] = names;
  if (collections.isReadOnly()) return errorReply(409, "conflict", "the registry is read-only");
  return api.content.deleteTag(repository, tag) ? { status: 204 } : notFound();
}

export function listApps({ behaviour, request }: Call): Reply {
  return listPage({ name: "apps", entries: behaviour.apps, url: request.url });
}
