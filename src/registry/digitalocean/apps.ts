import * as v from "valibot";
import { type Digest, isDigest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import { createSizeLimit } from "../../http/size-limit.ts";
import type { ImagesInUse } from "../../plan/view.ts";
import {
  type DigitalOceanApi,
  Links,
  Meta,
  MOST_LINKED_MIB,
  MOST_LINKED_PAGES,
  nextPage,
  PER_PAGE,
  parseBody,
} from "./api.ts";

const AppPage = v.object({
  ...v.partial(Meta).entries,
  ...Links.entries,
  apps: v.nullish(v.array(v.record(v.string(), v.unknown()))),
});

/** An `image` of a component, as in DigitalOcean's OpenAPI document (apps_image_source_spec.yml). */
const Image = v.object({
  registry: v.nullish(v.string(), ""),
  repository: v.pipe(v.string(), v.minLength(1)),
  tag: v.nullish(v.string(), ""),
  digest: v.nullish(v.string(), ""),
});

const DIGESTS = /sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}/g;

/**
 * The images of this registry that any app names: in its spec and in those of its active, pinned, pending and in-progress
 * deployments, and the digests that these deployments resolved. Needs the scope `app:read`.
 *
 * Apps are searched through whole, not by component: a kind of component that is yet to come pins its image as well, and
 * pinning too much deletes nothing.
 */
export async function listAppImages(api: DigitalOceanApi): Promise<ImagesInUse> {
  const digests = new Set<Digest>();
  const tags = new Map<string, Set<string>>();
  for (const node of nodesOf(await listApps(api))) {
    if (typeof node === "string") {
      for (const [text] of node.matchAll(DIGESTS)) if (isDigest(text)) digests.add(text);
      continue;
    }
    const image = imageOf(node);
    if (image === null || !isOfRegistry(image.registry, api.registry) || image.digest !== "") continue;
    // Without tag and digest, App Platform deploys `latest`.
    const tag = image.tag === "" ? "latest" : image.tag;
    tags.set(image.repository, (tags.get(image.repository) ?? new Set()).add(tag));
  }
  return { digests, tags };
}

/** `registry` must be empty for DOCR, which means the team's own; a name is taken in both its forms. */
function isOfRegistry(named: string, registry: string): boolean {
  return named === "" || named === registry || named === `registry.digitalocean.com/${registry}`;
}

/** `node` as an image of DigitalOcean's registry, null where it is none; one that cannot be understood is an error. */
function imageOf(node: object): v.InferOutput<typeof Image> | null {
  if (!("registry_type" in node) || String(node.registry_type).toUpperCase() !== "DOCR") return null;
  const image = v.safeParse(Image, node);
  if (image.success) return image.output;
  throw incomplete(`an app names an image of an unknown shape: ${image.issues[0].message}`);
}

/** Every object and every string within `values`, at any depth. */
function* nodesOf(values: readonly unknown[]): Generator<object | string> {
  const left = [...values];
  while (left.length > 0) {
    const node = left.pop();
    if (typeof node === "string") yield node;
    if (typeof node !== "object" || node === null) continue;
    yield node;
    for (const value of Object.values(node)) left.push(value);
  }
}

async function listApps(api: DigitalOceanApi): Promise<readonly unknown[]> {
  const apps: unknown[] = [];
  const count = createSizeLimit(MOST_LINKED_MIB, incomplete);
  const seen = new Set<string>();
  let query: Readonly<Record<string, string>> | null = { page: "1" };
  let total = 0;
  while (query !== null) {
    const place = JSON.stringify(query);
    if (seen.has(place)) throw incomplete("a page links back to one that was read");
    if (seen.size >= MOST_LINKED_PAGES) throw incomplete(`there is no end to them after ${seen.size} pages`);
    seen.add(place);
    const response = await api.ofAccount({
      method: "GET",
      path: ["apps"],
      query: { ...query, per_page: PER_PAGE },
      expected: [200],
      scope: "app:read",
    });
    count(response.body.length);
    const page: v.InferOutput<typeof AppPage> = parseBody(response, AppPage);
    for (const app of page.apps ?? []) apps.push(app);
    total = page.meta?.total ?? total;
    query = nextPage(page);
  }
  if (apps.length < total) throw incomplete(`${apps.length} of ${total} were listed`);
  return apps;
}

function incomplete(why: string): Fault {
  return new Fault(
    "listing",
    `The apps of App Platform, whose images must stay, could not be listed whole: ${why}`,
    "Run it again; with protect-apps: false they are not asked for",
  );
}
