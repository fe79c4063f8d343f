import { type Digest, isDigest } from "../digest.ts";
import type { ImagesInUse } from "../plan/view.ts";
import type { RegistryAddress } from "../settings.ts";
import { namesImageWithoutHost } from "./image-names.ts";
import { addWord, Words, withoutEnd } from "./words.ts";

const LONGEST_NAME = 255;
const DIGESTS = /sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}/g;
const LOOPBACK = "(?:localhost|127(?:\\.\\d{1,3}){3}|\\[::1\\])";

/** What a text pins. */
export interface ScannedImages extends ImagesInUse {
  /** Whether the text names an image that may be of this registry. */
  readonly namesImage: boolean;
}

/**
 * Every digest in `text`, and every image tag of this registry that it may mean. It is meant for any text in which images
 * stand: Kubernetes and Compose files, Dockerfiles, Helm values, JSON, what kubectl and docker print.
 *
 * An image that is named in one piece (`HOST/web:v1`) pins that tag. Whatever else there is may be a part of a name, as
 * hosts, repositories and tags stand in variables, or in columns: a tag is pinned where it and its repository both are words
 * of the text. A tag with a variable in it (`pr-${N}`) pins all that fit, one of a variable's image (`${IMAGE}:v1`) any
 * repository's. Where in doubt it pins, as a pin too many keeps an image, and one too few deletes an image in use. Letters
 * are compared without regard to case. The time is linear in the text.
 *
 * @throws Fault `input` where the text holds more words than can be kept
 */
export function scanImages(text: string, registry: Pick<RegistryAddress, "origin" | "path">): ScannedImages {
  const plain = unescaped(text.toLowerCase());
  const prefix = registry.path.toLowerCase();
  const tags = new Map<string, Set<string>>();
  const words = new Words(prefix);
  let namesImage = false;
  let end = 0;
  for (const match of plain.matchAll(referencesTo(registry.origin))) {
    const [reference, path = "", tag, variable] = match;
    words.read(plain.slice(end, match.index));
    end = match.index + reference.length;
    const name = belowPrefix(path, prefix);
    if (name === null) continue;
    namesImage = true;
    if (name === "") continue;
    if (tag !== undefined) addWord(setOf(tags, name), tag);
    // `v1-${SUFFIX}` is only the beginning of a tag, and `${TAG}` none that could be read.
    if (tag === undefined || variable !== undefined) words.repository(name);
  }
  words.read(plain.slice(end));
  words.readVariables(plain);
  return {
    digests: digestsIn(plain),
    tags,
    mayName: (repository, tag) => words.mayName(repository, tag),
    namesImage: namesImage || namesImageWithoutHost(plain),
  };
}

/** JSON in JSON, as Kubernetes keeps what was last applied, has its quotes escaped; some writers escape slashes, too. */
function unescaped(text: string): string {
  let plain = text.replaceAll("\\/", "/");
  for (let depth = 0; depth < 3; depth += 1) plain = plain.replaceAll('\\"', '"');
  return plain.replaceAll(/%2f|\\u002f/g, "/").replaceAll(/%3a|\\u003a/g, ":");
}

function digestsIn(text: string): ReadonlySet<Digest> {
  const digests = new Set<Digest>();
  for (const [digest] of text.matchAll(DIGESTS)) if (isDigest(digest)) digests.add(digest);
  return digests;
}

/** `HOST/path:tag`, at any port: an image may be pulled by another way than the one that it is swept by. */
function referencesTo(origin: URL): RegExp {
  const own = origin.hostname.replaceAll(/[.[\]]/g, "\\$&");
  // Names of one machine: whichever the files use, the image is the same.
  const host = new RegExp(`^${LOOPBACK}$`).test(origin.hostname) ? `(?:${own}|${LOOPBACK})` : own;
  // OCI distribution-spec, "Pulling manifests": <reference> as a tag.
  return new RegExp(`${host}(?::\\d{1,5})?/([\\w./-]+)(?::(\\w[\\w.-]{0,127})([$<{%([])?)?`, "g");
}

/** The repository that `path` names, relative to the prefix; empty: the prefix itself, null: of another part of the registry. */
function belowPrefix(path: string, prefix: string): string | null {
  const name = withoutEnd(path.replace(/^[./-]+/, ""));
  if (name.length > LONGEST_NAME) return null;
  if (prefix === "") return name === "" ? null : name;
  if (name === prefix) return "";
  return name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : null;
}

function setOf(map: Map<string, Set<string>>, name: string): Set<string> {
  const set = map.get(name) ?? new Set();
  map.set(name, set);
  return set;
}
