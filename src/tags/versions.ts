/** A strict semantic version, as far as image tags need it. */
export interface Version {
  /** Without `v` and without `+build`; with the pre-release. */
  readonly version: string;
  readonly major: string;
  readonly minor: string;
  readonly prerelease: boolean;
}

// semver.org, "Is there a suggested regular expression", with the one `v` that node-semver's strict mode lets stand before it.
const NUMBER = "(?:0|[1-9]\\d{0,15})";
const IDENTIFIER = "(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)";
const SEMVER = new RegExp(
  `^v?(?<core>(?<major>${NUMBER})\\.(?<minor>${NUMBER})\\.${NUMBER})(?<pre>-${IDENTIFIER}(?:\\.${IDENTIFIER})*)?(?:\\+[0-9A-Za-z.-]+)?$`,
);
// node-semver refuses longer texts; a Git tag may be a thousand characters long.
const LONGEST = 256;

/** Reads the Git tag `name` as docker/metadata-action's `type=semver` does; null: no strict semantic version. */
export function semverOf(name: string): Version | null {
  const groups = name.length > LONGEST ? undefined : SEMVER.exec(inOneSegment(name))?.groups;
  if (groups === undefined) return null;
  const { core = "", major = "", minor = "", pre = "" } = groups;
  return { version: core + pre, major, minor, prerelease: pre !== "" };
}

// PEP 440, appendix B, one alternative for each spelling that the normal form unites.
const PEP440 = new RegExp(
  [
    "^v?(?:(?<epoch>\\d+)!)?(?<release>\\d+(?:\\.\\d+)*)",
    "(?:[-_.]?(?<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<preNumber>\\d*))?",
    "(?:-(?<bare>\\d+)|[-_.]?(?<post>post|rev|r)[-_.]?(?<postNumber>\\d*))?",
    "(?:[-_.]?(?<dev>dev)[-_.]?(?<devNumber>\\d*))?",
    "(?:\\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?$",
  ].join(""),
);
const PRE_RELEASES: Readonly<Record<string, string>> = {
  a: "a",
  alpha: "a",
  b: "b",
  beta: "b",
  c: "rc",
  rc: "rc",
  pre: "rc",
  preview: "rc",
};

/** The normal form of the Git tag `name` by PEP 440 ("Normalization"); null: no such version. */
export function pep440Of(name: string): string | null {
  const groups = name.length > LONGEST ? undefined : PEP440.exec(inOneSegment(name).toLowerCase())?.groups;
  if (groups === undefined) return null;
  const {
    epoch = "0",
    release = "",
    pre,
    preNumber = "",
    bare,
    post,
    postNumber = "",
    dev,
    devNumber = "",
    local,
  } = groups;
  const numberOfEpoch = decimal(epoch);
  return [
    numberOfEpoch === "0" ? "" : `${numberOfEpoch}!`,
    release.split(".").map(decimal).join("."),
    pre === undefined ? "" : `${PRE_RELEASES[pre] ?? pre}${decimal(preNumber)}`,
    bare === undefined && post === undefined ? "" : `.post${decimal(bare ?? postNumber)}`,
    dev === undefined ? "" : `.dev${decimal(devNumber)}`,
    local === undefined ? "" : `+${local.split(/[-_.]/).map(localSegment).join(".")}`,
  ].join("");
}

/** docker/metadata-action reads a version once each `/` is a `-`: the Git tag `v1.2.3/rc.1` is 1.2.3-rc.1. */
function inOneSegment(name: string): string {
  return name.replaceAll("/", "-");
}

/** Without leading zeros; an implicit number is zero. Text, as a date version may pass the safe integers. */
function decimal(digits: string): string {
  return digits.replace(/^0+(?=\d)/, "") || "0";
}

function localSegment(segment: string): string {
  return /^\d+$/.test(segment) ? decimal(segment) : segment;
}
