import { type Digest, isDigest } from "../digest.ts";
import { isLoopback, LOOPBACK } from "../http/loopback.ts";
import type { ImagesInUse } from "../registry/images-in-use.ts";
import type { RegistryAddress } from "../settings.ts";
import { namesImageWithoutHost } from "./hostless-names.ts";
import { addWithoutPunctuation, NameParts, trimPunctuation } from "./name-parts.ts";

const MAX_NAME_LENGTH = 255;
const DIGESTS = /sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}/g;

export interface FoundImages extends ImagesInUse {
  /** Whether the text names an image that may be in this registry. */
  readonly namesImage: boolean;
}

/**
 * Finds every digest in `text`, and every image tag of this registry that it may name. The text can be anything that names
 * images: Kubernetes and Compose files, Dockerfiles, Helm values, JSON, the output of kubectl and docker.
 *
 * A complete name (`HOST/web:v1`) protects that tag. Hosts, repositories and tags can also be in variables or columns. So a
 * tag is protected if both it and its repository are words of the text. A tag with a variable (`pr-${N}`) protects all tags
 * that match, and a tag after a variable (`${IMAGE}:v1`) that tag in every repository. Case is ignored.
 * If in doubt, the image is protected: deleting an image in use is worse than keeping one. Time is linear in the text.
 *
 * @throws Fault `input` if the text contains too many words to keep in memory
 */
export function findImages(text: string, registry: Pick<RegistryAddress, "origin" | "path">): FoundImages {
  const plain = removeEscapes(text.toLowerCase());
  const prefix = registry.path.toLowerCase();
  const tags = new Map<string, Set<string>>();
  const parts = new NameParts(prefix);
  let namesImage = false;
  let end = 0;
  for (const match of plain.matchAll(referencesTo(registry.origin))) {
    const [reference, path = "", tag, variable] = match;
    parts.addParts(plain.slice(end, match.index));
    end = match.index + reference.length;
    const name = relativeName(path, prefix);
    if (name === null) continue;
    namesImage = true;
    if (name === "") continue;
    if (tag !== undefined) {
      const known = tags.get(name) ?? new Set();
      tags.set(name, known);
      addWithoutPunctuation(known, tag);
    }
    // In `v1-${SUFFIX}` the text before the variable is not the complete tag.
    if (tag === undefined || variable !== undefined) parts.addRepository(name);
  }
  parts.addParts(plain.slice(end));
  parts.addTagsWithVariables(plain);
  return {
    digests: findDigests(plain),
    tags,
    mayName: (repository, tag) => parts.mayName(repository, tag),
    namesImage: namesImage || namesImageWithoutHost(plain),
  };
}

/** Removes the escapes of JSON in JSON (Kubernetes keeps the last applied manifest so), of slashes and of colons. */
function removeEscapes(text: string): string {
  let plain = text.replaceAll("\\/", "/");
  for (let depth = 0; depth < 3; depth += 1) plain = plain.replaceAll('\\"', '"');
  return plain.replaceAll(/%2f|\\u002f/g, "/").replaceAll(/%3a|\\u003a/g, ":");
}

function findDigests(text: string): ReadonlySet<Digest> {
  const digests = new Set<Digest>();
  for (const [digest] of text.matchAll(DIGESTS)) if (isDigest(digest)) digests.add(digest);
  return digests;
}

/** Returns a pattern for `HOST/path:tag` at any port, because the files may use another port than the input `registry`. */
function referencesTo(origin: URL): RegExp {
  const own = origin.hostname.replaceAll(/[.[\]]/g, "\\$&");
  const host = isLoopback(origin.hostname) ? `(?:${own}|${LOOPBACK})` : own;
  // OCI distribution-spec, "Pulling manifests": <reference> as a tag.
  return new RegExp(`${host}(?::\\d{1,5})?/([\\w./-]+)(?::(\\w[\\w.-]{0,127})([$<{%([])?)?`, "g");
}

/** Returns the repository of `path`, relative to the registry's path. Empty: that path itself; null: outside of it. */
function relativeName(path: string, prefix: string): string | null {
  const name = trimPunctuation(path.replace(/^[./-]+/, ""));
  if (name.length > MAX_NAME_LENGTH) return null;
  if (prefix === "") return name === "" ? null : name;
  if (name === prefix) return "";
  return name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : null;
}
