import type { Digest } from "../plan/manifest.ts";
import type { Pins } from "../plan/view.ts";
import type { RegistryAddress } from "../settings.ts";

/** `sha256:`, `sha256-`, `sha256%3A` or nothing before it: 64 hex digits that are no digest pin nothing that exists. */
const HEX = /(?<![0-9a-f])[0-9a-f]{64,128}/gi;

const TAG = String.raw`\w[\w.-]{0,127}`;
const REPOSITORY = String.raw`[a-z0-9][a-z0-9._/-]{0,254}`;

/**
 * `image.tag=v1`, `"repository": "web"`, `newTag: 'v1'`, `\"tag\":\"v1\"`: the last word of a key, and its value.
 * Blanks and quotes are limited, so that each key is read in constant time.
 */
const ENTRY = new RegExp(
  String.raw`(?:(tag|version|revision)|repository|repo|repourl|image|name|chart|url)[\\"']{0,4}[ \t]{0,99}[:=][ \t]{0,99}` +
    String.raw`(?:[!&]\w{0,99}[ \t]{1,99})?[\\"']{0,4}([\w.][\w.:/@-]{0,511})`,
  "gi",
);

/** How many keys away from its repository a tag may stand, `registry:` and the like not counted. */
const NEAR = 4;

/**
 * What a text pins in the registry at `address`: every digest; every reference `HOST[:PORT][/PATH]/REPOSITORY[:TAG]`,
 * `latest` where it has neither tag nor digest; and every tag and repository that stand under keys near each other, as in Helm's values.
 * It takes too much rather than too little: pinning what is not there deletes nothing. Linear in the length of `text`.
 */
export function scanPins(text: string, address: RegistryAddress): Pins {
  const tags = new Map<string, Set<string>>();
  const pin = (repository: string, tag: string): void => {
    for (const name of [repository, repository.toLowerCase()]) {
      const names = tags.get(name) ?? new Set();
      tags.set(name, names.add(tag).add(withoutPunctuation(tag)));
    }
  };
  pinReferences(text, address, pin);
  pinNeighbours(text, address, pin);
  return { digests: digestsIn(text), tags };
}

function digestsIn(text: string): ReadonlySet<Digest> {
  const digests = new Set<Digest>();
  for (const [run] of text.matchAll(HEX)) {
    const hex = run.toLowerCase();
    digests.add(`sha256:${hex.slice(0, 64)}`);
    if (hex.length === 128) digests.add(`sha512:${hex}`);
  }
  return digests;
}

type Pin = (repository: string, tag: string) => void;

function pinReferences(text: string, address: RegistryAddress, pin: Pin): void {
  // `docker images` shows the tag in a column of its own; a variable may have a default, `${TAG:-v1}`.
  const tag = String.raw`(?::(?:\$\{\w{1,99}:?-)?(${TAG})|(@)|(?=[ \t]{1,99}(${TAG})))?`;
  const reference = new RegExp(`${placeOf(address)}(${REPOSITORY})${tag}`, "gi");
  for (const [, repository = "", tagged, hasDigest, column] of text.matchAll(reference)) {
    const name = withoutPunctuation(repository);
    if (tagged !== undefined) pin(name, tagged);
    else if (hasDigest === undefined) pin(name, "latest");
    if (column !== undefined) pin(name, column);
  }
}

/** Matches what stands before a repository: the host, whatever its port, and the path. */
function placeOf({ origin, path }: RegistryAddress): string {
  const inPath = path === "" ? "" : `${escapeRegExp(path)}/`;
  return String.raw`${escapeRegExp(origin.hostname)}(?::\d{1,5})?/${inPath}`;
}

function pinNeighbours(text: string, address: RegistryAddress, pin: Pin): void {
  const place = new RegExp(
    `^(?:${placeOf(address)}|${address.path === "" ? "(?!)" : `${escapeRegExp(address.path)}/`})`,
    "i",
  );
  let recent: Entry[] = [];
  for (const [, isTag, value = ""] of text.matchAll(ENTRY)) {
    const entry: Entry = isTag === undefined ? { repository: repositoryIn(value, place) } : { tag: tagIn(value) };
    for (const other of recent) pinBoth(entry, other, pin);
    recent = [...recent.slice(1 - NEAR), entry];
  }
}

type Entry = { readonly repository: string } | { readonly tag: string };

function pinBoth(one: Entry, other: Entry, pin: Pin): void {
  if ("repository" in one && "tag" in other) pin(one.repository, other.tag);
  if ("tag" in one && "repository" in other) pin(other.repository, one.tag);
}

/** The repository of a value that may be a whole reference, or leave out the host, or the path as well. */
function repositoryIn(value: string, place: RegExp): string {
  const within = value.replace(/^(?:oci|docker|https?):\/\//i, "").replace(place, "");
  return withoutPunctuation(within.split(/[:@]/, 1)[0] ?? "");
}

function tagIn(value: string): string {
  return value.split(/[:/@]/, 1)[0] ?? "";
}

/** A reference in a sentence: the full stop is not its own. */
function withoutPunctuation(name: string): string {
  let end = name.length;
  while (end > 0 && "._/-".includes(name.charAt(end - 1))) end -= 1;
  return name.slice(0, end);
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
