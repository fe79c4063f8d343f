import type { SemVer } from "semver";
import parse from "semver/functions/parse.js";

/** The limit of node-semver. A Git tag may be longer. */
const LONGEST = 256;

/** Reads a Git tag as docker/metadata-action's `type=semver` does; null: not a strict semantic version. */
export function semverOf(name: string): SemVer | null {
  // node-semver also accepts blanks around a version, and is slow for texts that are not versions.
  return /^v?\d\S*$/.test(name) ? parse(withoutSlashes(name)) : null;
}

// PEP 440, appendix B.
const PEP440 = new RegExp(
  [
    "^v?(?:(?<epoch>\\d+)!)?(?<release>\\d+(?:\\.\\d+)*)",
    "(?:[-_.]?(?<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<preNumber>\\d*))?",
    "(?:-(?<bare>\\d+)|[-_.]?(?<post>post|rev|r)[-_.]?(?<postNumber>\\d*))?",
    "(?:[-_.]?(?<dev>dev)[-_.]?(?<devNumber>\\d*))?",
    "(?:\\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?$",
  ].join(""),
);
const PRE_RELEASES: Readonly<Record<string, string>> = { alpha: "a", beta: "b", c: "rc", pre: "rc", preview: "rc" };

/** Returns the normal form of a Git tag by PEP 440 ("Normalization"); null: not such a version. */
export function pep440Of(name: string): string | null {
  const groups = name.length > LONGEST ? undefined : PEP440.exec(withoutSlashes(name).toLowerCase())?.groups;
  if (groups === undefined) return null;
  const { release = "", pre, bare, post, dev, local } = groups;
  const number = (group: string): string => decimal(groups[group] ?? "");
  return [
    number("epoch") === "0" ? "" : `${number("epoch")}!`,
    release.split(".").map(decimal).join("."),
    pre === undefined ? "" : `${PRE_RELEASES[pre] ?? pre}${number("preNumber")}`,
    bare === undefined && post === undefined ? "" : `.post${number(bare === undefined ? "postNumber" : "bare")}`,
    dev === undefined ? "" : `.dev${number("devNumber")}`,
    local === undefined ? "" : `+${local.split(/[-_.]/).map(localSegment).join(".")}`,
  ].join("");
}

/** Whether an image tag has the form of a version: `1.2.0`, `v1.2-rc.1`, `7`. `12-fix` is the name of a branch. */
export function isVersionLike(tag: string): boolean {
  return /^v?\d+(?:(?:\.\d+)+(?:[._-].*|[a-z]+\d*)?)?$/i.test(tag);
}

/** docker/metadata-action replaces each `/` before it reads a version: the Git tag `v1.2.3/rc.1` is 1.2.3-rc.1. */
function withoutSlashes(name: string): string {
  return name.replaceAll("/", "-");
}

/** Removes leading zeros; a missing number is 0. Returns text, because date versions may exceed the safe integers. */
function decimal(digits: string): string {
  return digits.replace(/^0+(?=\d)/, "") || "0";
}

function localSegment(segment: string): string {
  return /^\d+$/.test(segment) ? decimal(segment) : segment;
}
