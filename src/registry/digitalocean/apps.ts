import * as v from "valibot";
import { type Digest, isDigest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import type { ImagesInUse } from "../images-in-use.ts";
import { readEntries } from "../pages.ts";
import type { RetryOptions } from "../stable-list.ts";
import type { DigitalOceanApi } from "./api.ts";
import { Links, Meta, pageReader } from "./pages.ts";

const MAX_MIB = 64;

const App = v.record(v.string(), v.unknown());
type App = v.InferOutput<typeof App>;
const AppPage = v.object({
  ...v.partial(Meta).entries,
  ...Links.entries,
  apps: v.nullish(v.array(App), []),
});

/** The `image` of a component (OpenAPI document, apps_image_source_spec.yml). */
const Image = v.object({
  registry: v.nullish(v.string(), ""),
  repository: v.pipe(v.string(), v.minLength(1)),
  tag: v.nullish(v.string(), ""),
  digest: v.nullish(v.string(), ""),
});

const DIGESTS = /sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}/g;

/**
 * Returns the images of this registry that App Platform apps use: those named in an app's spec and in the specs of the
 * deployments that the API returns with it, and the digests that these deployments resolved. Needs the scope `app:read`.
 *
 * Searches all fields of an app, so that a new kind of component counts too. Keeping too many images does no harm.
 */
export async function listAppImages(api: DigitalOceanApi, retry: RetryOptions): Promise<ImagesInUse> {
  const digests = new Set<Digest>();
  const tags = new Map<string, Set<string>>();
  for (const node of nodesOf(await listApps(api, retry))) {
    if (typeof node === "string") {
      for (const [text] of node.matchAll(DIGESTS)) if (isDigest(text)) digests.add(text);
      continue;
    }
    const image = imageOf(node);
    if (image === null || !isOfRegistry(image.registry, api.registry) || image.digest !== "") continue;
    // App Platform deploys `latest` if the spec has neither tag nor digest.
    tags.set(image.repository, (tags.get(image.repository) ?? new Set()).add(image.tag || "latest"));
  }
  return { digests, tags };
}

/** The API requires an empty `registry` for DOCR, which means the team's own registry. A name is accepted in both its forms. */
function isOfRegistry(name: string, registry: string): boolean {
  return name === "" || name === registry || name === `registry.digitalocean.com/${registry}`;
}

/** Returns `node` as an image of DigitalOcean's registry; null if it is anything else. Throws if the image is invalid. */
function imageOf(node: object): v.InferOutput<typeof Image> | null {
  if (!("registry_type" in node) || String(node.registry_type).toUpperCase() !== "DOCR") return null;
  const image = v.safeParse(Image, node);
  if (image.success) return image.output;
  throw incomplete(`an app has an image of an unknown shape: ${image.issues[0].message}`);
}

/** Yields every object and every string in `values`, at any depth. */
function* nodesOf(values: readonly unknown[]): Generator<object | string> {
  const stack = [...values];
  while (stack.length > 0) {
    const node = stack.pop();
    if (typeof node === "string") yield node;
    if (typeof node !== "object" || node === null) continue;
    yield node;
    for (const value of Object.values(node)) stack.push(value);
  }
}

async function listApps(api: DigitalOceanApi, retry: RetryOptions): Promise<readonly unknown[]> {
  const request = { method: "GET", path: ["apps"], expected: [200], scope: "app:read" } as const;
  const apps = await readEntries<App>("App Platform apps", retry, () => ({
    fetch: pageReader(
      AppPage,
      (body) => body.apps ?? [],
      (query) => api.ofAccount({ ...request, query }),
    ),
    keysOf: (app) => [typeof app["id"] === "string" ? app["id"] : JSON.stringify(app)],
    maxMiB: MAX_MIB,
    endless: incomplete,
  }));
  return apps ?? [];
}

function incomplete(reason: string): Fault {
  return new Fault(
    "listing",
    `The list of App Platform apps cannot be read completely: ${reason}`,
    "Run again, or set `protect-apps: false` to skip the apps.",
  );
}
