import type { PullRequest, Ref } from "../refs/refs.ts";
import { type LiveTags, versionTags } from "./live-tags.ts";
import { LAST_SEGMENT, type Placeholder, type TagPattern } from "./patterns.ts";
import { branchSlugs, isTag, lastSegment, pullRequestSlugs, tagSlugs } from "./slugs.ts";
import { semverOf } from "./versions.ts";

/** The texts that one ref gives to each placeholder; none: it gives no text to it. */
type Texts = (placeholder: Placeholder) => readonly string[];

/** A commit's length in tags: as docker/metadata-action cuts it, and complete. Other lengths are rare. */
const COMMIT_LENGTHS = [7, 40];

/**
 * Yields the image tags that builds give to existing branches, Git tags and open pull requests, by the patterns without `*`.
 * A tag can be yielded several times.
 */
export function* expectedTags({ patterns, refs }: LiveTags, open: Iterable<PullRequest>): Generator<string> {
  const complete = patterns.filter((pattern) => pattern.every(({ wildcard }) => wildcard?.kind !== "any"));
  for (const texts of textsOf(refs, open)) {
    for (const pattern of complete) {
      for (const tag of expand(pattern, texts).filter(isTag)) {
        yield tag;
        // Some builds lower-case names.
        if (tag !== tag.toLowerCase()) yield tag.toLowerCase();
      }
    }
  }
}

function* textsOf({ branches, tags }: LiveTags["refs"], open: Iterable<PullRequest>): Generator<Texts> {
  for (const branch of branches) yield branchTexts(branch);
  for (const tag of tags) yield tagTexts(tag);
  for (const pullRequest of open) yield pullRequestTexts(pullRequest);
}

function branchTexts({ name, commit }: Ref): Texts {
  const byKind = { sha: commitForms(commit), tag: [], version: [], pr: [] };
  return ({ kind, source }) => (kind === "branch" ? branchTextsOf(name, source) : byKind[kind]);
}

function tagTexts({ name, commit }: Ref): Texts {
  const byKind = { branch: [], sha: commitForms(commit), tag: tagSlugs(name), pr: [] };
  const version = semverOf(name);
  return ({ kind, source }) => (kind === "version" ? versionTags(source, version) : byKind[kind]);
}

function pullRequestTexts({ number, headBranch, headCommit, mergeCommit }: PullRequest): Texts {
  const sha = [headCommit, ...(mergeCommit === null ? [] : [mergeCommit])].flatMap(commitForms);
  const byKind = { sha, tag: [], version: [], pr: [String(number)] };
  const branch = [...branchSlugs(headBranch), ...pullRequestSlugs(number)];
  return ({ kind, source }) => {
    if (kind !== "branch") return byKind[kind];
    return source === LAST_SEGMENT ? branchTextsOf(headBranch, source) : branch;
  };
}

function branchTextsOf(name: string, source: string): readonly string[] {
  return branchSlugs(source === LAST_SEGMENT ? lastSegment(name) : name);
}

function commitForms(commit: string): readonly string[] {
  return COMMIT_LENGTHS.map((length) => commit.slice(0, length));
}

/** Fills all placeholders of a pattern from one ref, in every way. */
function expand(pattern: TagPattern, texts: Texts): readonly string[] {
  let tags: readonly string[] = [""];
  for (const { text, wildcard } of pattern) {
    const endings = wildcard === null || wildcard.kind === "any" ? [""] : texts(wildcard);
    tags = tags.flatMap((start) => endings.map((ending) => start + text + ending));
  }
  return tags;
}

/**
 * Returns the tags, each once, that a list may hide because they begin with a listed tag: distribution 3.1 on S3 omits `v10` if
 * there is `v1` (distribution/distribution#4891). A listed tag that shows another one hides none like it.
 */
export function mayBeHidden(listed: ReadonlySet<string>, tags: Iterable<string>): ReadonlySet<string> {
  const shown = new Set<string>();
  for (const tag of listed) for (const start of listedStarts(tag, listed)) shown.add(start);
  const hidden = new Set<string>();
  for (const tag of tags) {
    if (listed.has(tag) || hidden.has(tag)) continue;
    if (listedStarts(tag, listed).some((start) => !shown.has(start))) hidden.add(tag);
  }
  return hidden;
}

/**
 * Returns the listed tags that `tag` begins with, each with the order of what follows it. A storage driver sorts tags as folders
 * (`v1/`): those that continue with `-` or `.` come before it, all others after it.
 */
function listedStarts(tag: string, listed: ReadonlySet<string>): readonly string[] {
  const starts: string[] = [];
  for (let end = 1; end < tag.length; end += 1) {
    const start = tag.slice(0, end);
    if (listed.has(start)) starts.push(`${start}${tag.charAt(end) < "/" ? "-" : "/"}`);
  }
  return starts;
}
