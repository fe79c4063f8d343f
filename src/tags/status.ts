import { type Digest, isDigest } from "../digest.ts";
import { shortDigest } from "../format.ts";
import type { PullRequests } from "../refs/refs.ts";
import type { Superseded } from "./commits.ts";
import { type FurtherEvidence, type KnownRefs, knownRefs } from "./evidence.ts";
import type { Gone } from "./gone.ts";
import type { Live, LiveTags } from "./live-tags.ts";
import { type Capture, isInside, type Reading, readings } from "./readings.ts";

/** What the refs say about an image tag, with the reason as part of a sentence. */
export type TagStatus =
  | { readonly status: "protected"; readonly reason: string }
  /** A tag such as `sha256-….sig`, which follows its subject. */
  | { readonly status: "referrer"; readonly subject: Digest; readonly reason: string }
  | Live
  | Superseded
  | Gone
  /** It has the form of a commit that GitHub does not know, and says nothing about its image. */
  | { readonly status: "neutral"; readonly reason: string }
  | Unmatched;

/** A tag that nothing explains. */
export interface Unmatched {
  readonly status: "unmatched";
  readonly reason: string;
  /** The evidence of a deleted branch, if the tag was pushed at another time. Absent: there is none. */
  readonly unproven?: Gone;
}

/** Returns the glob of `protect-tags` that `tag` matches; null: none. */
export type ProtectedBy = (tag: string) => string | null;

const REFERRERS: Readonly<Record<string, string>> = { ".sig": "signature", ".att": "attestation", ".sbom": "SBOM" };

/** Returns a function that returns the status of a tag. A pull request that `pullRequests` lacks proves nothing. */
export function tagStatuses(
  live: LiveTags,
  pullRequests: PullRequests,
  protectedBy: ProtectedBy,
  further?: FurtherEvidence,
): (tag: string) => TagStatus {
  const known = knownRefs(live, pullRequests, further);
  return (tag) => statusByText(tag, protectedBy) ?? statusByRefs(tag, allReadings(tag, known), known);
}

/** Returns the status that does not depend on refs; null: the refs decide. */
export function statusByText(tag: string, protectedBy: ProtectedBy): TagStatus | null {
  const glob = protectedBy(tag);
  if (glob !== null) return { status: "protected", reason: `protected by "${glob}"` };
  // OCI distribution-spec, "Referrers Tag Schema", and cosign's names.
  const [, hex, ending = ""] = /^sha256-([0-9a-f]{64})([._-].*)?$/.exec(tag) ?? [];
  const subject = `sha256:${hex}`;
  if (!isDigest(subject)) return null;
  return { status: "referrer", subject, reason: `${REFERRERS[ending] ?? "referrer"} of ${shortDigest(subject)}` };
}

/** Yields every way to read a tag by all patterns. */
function* allReadings(tag: string, known: KnownRefs): Generator<Reading> {
  for (const pattern of known.patterns) yield* readings(pattern, tag, known);
}

/** A tag that one reading calls orphaned, and another one may call live, is unmatched. */
export function statusByRefs(tag: string, all: Iterable<Reading>, known: KnownRefs): TagStatus {
  const gone: Gone[] = [];
  const goneBranches: Gone[] = [];
  let byCommit: TagStatus | undefined;
  let unknown: TagStatus = UNMATCHED;
  let mayBeLive = false;
  for (const { captures, exact } of all) {
    if (captures.every(({ ref }) => ref?.status === "live")) return { status: "live", reason: reasonOf(captures) };
    byCommit = stronger(byCommit, keptByCommit(captures));
    mayBeLive ||= captures.some(isLiveRef);
    if (!exact) continue;
    if (unknown === UNMATCHED) unknown = unknownCommit(captures) ?? UNMATCHED;
    for (const { kind, ref, text, end } of captures) {
      if (ref?.status !== "orphaned") continue;
      (kind === "branch" ? goneBranches : gone).push(ref);
      mayBeLive ||= kind !== "sha" && known.isPartOfOpenHead(text);
      mayBeLive ||= beginsWithLiveName(tag, end, known);
    }
  }
  if (byCommit !== undefined) return byCommit;
  // A number or a commit says more clearly than a branch name which pull request a tag belongs to.
  const [first] = [...gone, ...goneBranches];
  return mayBeLive ? UNMATCHED : (first ?? unknown);
}

const UNMATCHED: TagStatus = { status: "unmatched", reason: "matches no branch, Git tag, commit or pull request" };

/** A commit of a live ref keeps its image, even if the tag also names something that is gone. One that could not be read may be such a commit. */
function keptByCommit(captures: readonly Capture[]): TagStatus | undefined {
  for (const { ref, unknown, kind } of captures) {
    if (kind === "sha" && (ref?.status === "live" || ref?.status === "superseded")) return ref;
    if (unknown === "unread")
      return { status: "unmatched", reason: "the commits of the Git repository could not be read" };
  }
  return undefined;
}

const STRENGTH = ["live", "superseded", "unmatched"];

function stronger(a: TagStatus | undefined, b: TagStatus | undefined): TagStatus | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return STRENGTH.indexOf(a.status) <= STRENGTH.indexOf(b.status) ? a : b;
}

function reasonOf(captures: readonly Capture[]): string {
  return [...new Set(captures.flatMap(({ ref }) => ref?.reason ?? []))].join(", ");
}

/** Whether a capture names something live other than a commit, which several refs may share. */
export function isLiveRef({ kind, ref }: Capture): boolean {
  return kind !== "sha" && ref?.status === "live";
}

/** Returns the status of a tag that names only commits, by the first that nothing explains; undefined: it names something else. */
function unknownCommit(captures: readonly Capture[]): TagStatus | undefined {
  const first = captures.find(({ ref }) => ref === undefined);
  if (first === undefined || captures.some(({ kind }) => kind !== "sha")) return undefined;
  const { text, unknown } = first;
  if (unknown === "missing") return { status: "neutral", reason: `GitHub does not know commit ${text}` };
  return { status: "unmatched", reason: `commit ${text} belongs to no branch, Git tag or pull request that is known` };
}

/**
 * Whether `tag` begins with the name of something live that ends at a word boundary, at `least` or later: `pr-12-arm64` may
 * be a build of the branch `pr-12`, although no pattern says so.
 */
function beginsWithLiveName(tag: string, least: number, { branch, tag: gitTag, versions }: KnownRefs): boolean {
  const finders = [branch, gitTag, ...versions.values()];
  for (let end = least; end <= tag.length; end += 1) {
    const name = tag.slice(0, end);
    if (!isInside(tag, end) && finders.some((find) => find(name) !== undefined)) return true;
  }
  return false;
}
