import type { Handler, Reply, ServedRequest } from "../http-server.ts";
import { errorReply, notFound } from "./answers.ts";
import { API_BEHAVIOUR, type ApiBehaviour, type ApiOptions, type Call, type Scope } from "./behaviour.ts";
import { Collections, DOCUMENTED } from "./collections.ts";
import { RateLimit } from "./limit.ts";
import {
  deleteDigest,
  deleteTag,
  getRegistry,
  getSubscription,
  listApps,
  listDigests,
  listRepositories,
  listTags,
} from "./operations.ts";

export interface DigitalOceanApi {
  readonly handler: Handler;
  readonly behaviour: ApiBehaviour;
  readonly collections: Collections;
}

type Route = readonly [method: string, pattern: string, scope: Scope, operation: (call: Call) => Reply];

/** Routes below `/v2`; `*` is one segment. */
const ACCOUNT_ROUTES: readonly Route[] = [
  ["GET", "/apps", "app:read", listApps],
  ["GET", "/registries/subscription", "registry:read", getSubscription],
  ["GET", "/registries/*", "registry:read", getRegistry],
  ["GET", "/registry/subscription", "registry:read", getSubscription],
  ["GET", "/registry", "registry:read", getRegistry],
];

/** Routes below `/v2/registries/NAME` and `/v2/registry/NAME`. */
const REGISTRY_ROUTES: readonly Route[] = [
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
export function createDigitalOceanApi(api: ApiOptions): DigitalOceanApi {
  const behaviour: ApiBehaviour = { ...API_BEHAVIOUR, ...api.behaviour };
  const collections = new Collections(api.registry, api.content, api.clock, { ...DOCUMENTED, ...api.collection });
  const frozenTags = new Map<string, readonly unknown[]>();
  let limit = new RateLimit(api.clock, behaviour.perMinute);
  let { perMinute } = behaviour;

  function handler(request: ServedRequest): Reply {
    if (perMinute !== behaviour.perMinute) limit = new RateLimit(api.clock, behaviour.perMinute);
    perMinute = behaviour.perMinute;
    const reply = limit.take() ?? answer({ request, api, behaviour, collections, frozenTags, names: [] });
    return { ...reply, headers: { ...limit.headers(), ...reply.headers } };
  }
  return { handler, behaviour, collections };
}

function answer(call: Call): Reply {
  const { request, api, behaviour } = call;
  if (request.headers.authorization !== `Bearer ${api.token}`) {
    return errorReply(401, "unauthorized", "Unable to authenticate you.");
  }
  const path = request.url.pathname.replace(/^\/v2/, "");
  const [, generation, registry, rest = ""] = /^\/(registries|registry)(?:\/([^/]+)(.*))?$/.exec(path) ?? [];
  if (generation !== undefined && behaviour.paths !== "both" && behaviour.paths !== generation) return notFound();
  const inRegistry = registry === api.registry ? find(REGISTRY_ROUTES, call, rest) : null;
  return inRegistry ?? find(ACCOUNT_ROUTES, call, path) ?? notFound();
}

function find(routes: readonly Route[], call: Call, path: string): Reply | null {
  for (const [method, pattern, scope, operation] of routes) {
    const names = method === call.request.method ? match(pattern, path) : null;
    if (names === null) continue;
    if (call.behaviour.scopes.includes(scope)) return operation({ ...call, names });
    return errorReply(403, "forbidden", "You do not have permission to perform this action.");
  }
  return null;
}

function match(pattern: string, path: string): readonly string[] | null {
  const parts = pattern.split("/");
  const segments = path.split("/");
  if (parts.length !== segments.length) return null;
  if (!parts.every((part, index) => part === "*" || part === segments[index])) return null;
  return segments.filter((_, index) => parts[index] === "*").map(decodeURIComponent);
}
