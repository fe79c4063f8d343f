import { type Digest, isDigest } from "../plan/manifest.ts";
import type { Pins } from "../plan/view.ts";
import type { RegistryAddress } from "../settings.ts";

const LONGEST_NAME = 255;
// OCI distribution-spec, "Pulling manifests": <reference> as a tag.
const TAG = "\\w[\\w.-]{0,127}";
const DIGESTS = /(sha256(?::|%3a)[0-9a-f]{64}|sha512(?::|%3a)[0-9a-f]{128})/gi;
const LOOPBACK = "(?:localhost|127(?:\\.\\d{1,3}){3}|\\[::1\\])";
/** What a template, a shell or a Makefile puts in the place of a registry. */
const VARIABLE = "\\$\\{[^{}\\s]{1,200}\\}|\\$\\([^()\\s]{1,200}\\)|\\$\\w{1,200}|\\{\\{[^{}\\n]{1,200}\\}\\}";
// `key: value`, also with YAML's `!!type` and `&anchor` before the value, and a Makefile's `:=` and `?=`.
// The lookbehind lets a key begin in one place only, and the value is bounded: the time stays linear.
const ENTRIES =
  /(?<![\w.-])([\w.-]+)["']?[ \t]*(?:[:?+]?=|:{1,3})[ \t]*(?:[!&][^\s"',{}[\]#]{1,200}[ \t]{1,99}){0,2}(?=["']?([^\s"',{}[\]#]{1,512}))/g;
/** `value` and `default`: the name of what they hold stands beside them, as in Argo CD, Kubernetes and Terraform. */
const TAG_KEY = /(?:tag|version|value|default)$/i;
const DEFAULT_VALUES = new RegExp(`(?:\\$\\{\\w{1,200}:?[-=]|\\bdefault[ \\t]{1,8})["']?(${TAG})`, "g");

/**
 * Every digest in `text`, and every image tag of this registry that it may mean. It is meant for any text in which images
 * stand: Kubernetes and Compose files, Dockerfiles, Helm values, JSON, what kubectl and docker print.
 *
 * Where in doubt it pins, as a pin too many keeps an image, and one too few deletes an image in use. A repository that is
 * named without a tag is pinned by `latest`, and by every tag that stands by itself in the text (`tag: v1`, `newTag`,
 * `IMAGE_TAG=`). The time is linear in the text.
 */
export function scanPins(text: string, registry: Pick<RegistryAddress, "origin" | "path">): Pins {
  const plain = unescaped(text);
  const found = new Found(registry.path.toLowerCase());
  for (const [reference, name = "", tag, rest, column] of plain.matchAll(referencesTo(registry.origin))) {
    const place = /^[${]/.test(reference) ? "perhaps below the prefix" : "below the prefix";
    found.reference(name, tag, place);
    // `v1-${SUFFIX}` is the beginning of a tag, and `${TAG}` none that could be read.
    if (tag !== undefined && rest !== undefined) found.reference(name, undefined, place);
    // `docker images` has a column for tags.
    if (column !== undefined) found.reference(name, column, place);
  }
  for (const [, key = "", value = ""] of plain.matchAll(ENTRIES)) found.entry(key, value);
  for (const [, value = ""] of plain.matchAll(DEFAULT_VALUES)) found.looseTag(value);
  return { digests: digestsIn(plain), tags: found.tags() };
}

/** JSON in JSON, as Kubernetes keeps what was last applied, has its quotes escaped; some writers escape slashes, too. */
function unescaped(text: string): string {
  let plain = text.replaceAll("\\/", "/");
  for (let depth = 0; depth < 3; depth += 1) plain = plain.replaceAll('\\"', '"');
  return plain;
}

function digestsIn(text: string): ReadonlySet<Digest> {
  const digests = new Set<Digest>();
  for (const [match] of text.matchAll(DIGESTS)) {
    const digest = match.toLowerCase().replace("%3a", ":");
    if (isDigest(digest)) digests.add(digest);
  }
  return digests;
}

/** `HOST/path:tag`, at any port: an image may be pulled by another way than the one that it is swept by. */
function referencesTo(origin: URL): RegExp {
  const own = origin.hostname.replaceAll(/[.[\]]/g, "\\$&");
  // Names of one machine: whichever the files use, the image is the same.
  const host = new RegExp(`^${LOOPBACK}$`).test(origin.hostname) ? `(?:${own}|${LOOPBACK})` : own;
  return new RegExp(
    `(?:${host}(?::\\d{1,5})?|${VARIABLE})/([\\w./-]+)(?::(${TAG})([$<{%])?|(?=[ \\t]{1,99}(${TAG}))|)`,
    "gi",
  );
}

/** Collects references; whether a repository goes without a tag is known only at the end. */
class Found {
  readonly #prefix: string;
  readonly #tagged = new Map<string, Set<string>>();
  readonly #untagged = new Set<string>();
  readonly #loose = new Set(["latest"]);

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  reference(path: string, tag: string | undefined, place: "below the prefix" | "perhaps below the prefix"): void {
    for (const name of this.#names(path, place)) {
      if (tag === undefined) this.#untagged.add(name);
      else addTag(setOf(this.#tagged, name), tag);
    }
  }

  /** `key: value`, `key = value` and the like. */
  entry(key: string, value: string): void {
    if (TAG_KEY.test(key) && key !== "apiVersion") this.looseTag(value);
    if (!/(?:image|repository|repo|newname)$/i.test(key)) return;
    // Without a host; one that has this registry's is a reference already, and any other is of another registry.
    const image = /^([\w./-]+)(?::(\w[\w.-]{0,127}))?/.exec(value);
    if (image?.[1] === undefined || hasHost(value)) return;
    this.reference(image[1], image[2], "perhaps below the prefix");
  }

  /** A tag that stands by itself, up to where a shell or JSON in JSON ends the word. */
  looseTag(text: string): void {
    const tag = /^(\w[\w.-]{0,127})(?:$|[;)&|<>`\\])/.exec(text)?.[1];
    if (tag !== undefined) addTag(this.#loose, tag);
  }

  tags(): ReadonlyMap<string, ReadonlySet<string>> {
    const all = new Map<string, ReadonlySet<string>>(this.#tagged);
    for (const name of this.#untagged) {
      for (const tag of this.#tagged.get(name) ?? []) this.#loose.add(tag);
      // The same set for all of them: a set for each would grow with the product of repositories and tags.
      all.set(name, this.#loose);
    }
    return all;
  }

  #names(path: string, place: "below the prefix" | "perhaps below the prefix"): readonly string[] {
    const name = path.toLowerCase().replace(/^[./-]+/, "");
    const whole = withoutEnd(name);
    if (whole === "" || whole.length > LONGEST_NAME) return [];
    const isBelow = this.#prefix === "" || whole.startsWith(`${this.#prefix}/`);
    const below = this.#prefix === "" ? whole : whole.slice(this.#prefix.length + 1);
    if (place === "below the prefix") return isBelow ? [below] : [];
    return isBelow ? [below, whole] : [whole];
  }
}

function setOf(map: Map<string, Set<string>>, name: string): Set<string> {
  const set = map.get(name) ?? new Set();
  map.set(name, set);
  return set;
}

/** A full stop after a tag may end a sentence or be the tag's own. */
function addTag(tags: Set<string>, tag: string): void {
  tags.add(tag);
  const shorter = withoutEnd(tag);
  if (shorter !== "") tags.add(shorter);
}

/** Without punctuation at the end. No regular expression: `[./-]+$` takes quadratic time. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && "./-".includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** As Docker tells them apart: a host has a dot or a port, or is `localhost` (distribution/reference, "domain"). */
function hasHost(image: string): boolean {
  const slash = image.indexOf("/");
  if (slash < 0) return false;
  const first = image.slice(0, slash);
  return first.includes(".") || first.includes(":") || first === "localhost";
}
