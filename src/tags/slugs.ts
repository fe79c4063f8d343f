import { pep440Of } from "./versions.ts";

/** The longest image tag (OCI distribution-spec, "Pull"). */
export const LONGEST_TAG = 128;

const TAG_TEXT = /^[A-Za-z0-9._-]+$/;
/** The longest label of a host name (RFC 1035), to which GitLab, github-slug-action and many scripts cut names. */
const LONGEST_LABEL = 63;

// The HTML escape of Handlebars, with which docker/metadata-action renders prefix, suffix and raw values.
const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#x27;",
  "`": "&#x60;",
  "=": "&#x3D;",
};

/** Replaces each run of characters that an image tag cannot contain by one `-`, as docker/metadata-action does. */
export function sanitize(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, "-");
}

/** Sanitizes a name after an HTML escape: `it's` gives `it-x27-s`. */
export function sanitizeEscaped(name: string): string {
  return sanitize(name.replace(/[&<>"'`=]/g, (character) => ESCAPES[character] ?? character));
}

/** Returns GitLab's `CI_COMMIT_REF_SLUG` (`Gitlab::Utils.slugify`): lower case, at most 63 characters, trimmed of `-`. */
export function gitlabSlug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]/gu, "-")
    .slice(0, LONGEST_LABEL)
    .replace(/^-+|-+$/g, "");
}

/** Returns github-slug-action's `GITHUB_REF_SLUG`: like GitLab's slug, but it keeps `.` and `_`. */
export function githubSlug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9._]/gu, "-")
    .slice(0, LONGEST_LABEL)
    .replace(/^-+|-+$/g, "");
}

/** Returns the image tags that builds give to a branch, the most common first. */
export function branchSlugs(name: string): string[] {
  const slugs = [...plainSlugs(name), gitlabSlug(name)];
  // Without these characters, it is GitLab's slug.
  return possible(/[._]/.test(name) ? [...slugs, githubSlug(name)] : slugs);
}

/** Returns the last path segment of a branch: `login` of `feature/login`. */
export function lastSegment(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** Helm writes the `+` of a version as `_`. */
function helmSlugs(name: string): string[] {
  return name.includes("+") ? [sanitize(name.replaceAll("+", "_"))] : [];
}

/** Names that are too long are cut. */
function plainSlugs(name: string): string[] {
  const slugs = [sanitize(name), sanitizeEscaped(name), name.replaceAll("/", "-"), ...helmSlugs(name)];
  if (name.length <= LONGEST_LABEL) return slugs;
  return [...slugs, ...slugs.flatMap((slug) => [slug.slice(0, LONGEST_LABEL), slug.slice(0, LONGEST_TAG)])];
}

/**
 * Returns the image tags that only builds of this branch have. GitLab's slug and github-slug-action's are two of them only if
 * they are not trimmed: the slug of `_prod`, or of a name that begins in another script, may be that of another branch.
 */
export function provingSlugs(name: string): string[] {
  const isUntrimmed = /^[A-Za-z0-9](?:.*[A-Za-z0-9])?$/su.test(name);
  return isUntrimmed ? branchSlugs(name) : possible(plainSlugs(name));
}

/**
 * Returns the image tags that builds give to a Git tag: those of a branch, the version without its `v`
 * (`type=match,pattern=v(.*)`, `${TAG#v}`), and the normal form of a PEP 440 version.
 */
export function tagSlugs(name: string): string[] {
  const bare = /^v\d/.test(name) ? [sanitize(name.slice(1)), ...helmSlugs(name.slice(1))] : [];
  const normal = pep440Of(name);
  return possible([...branchSlugs(name), ...bare, ...(normal === null ? [] : [sanitize(normal)])]);
}

/** Returns the image tags that builds give to a pull request: by `github.ref_name` (`12/merge`), by its ref, or by its number. */
export function pullRequestSlugs(number: number): string[] {
  return [
    `${number}-merge`,
    `pull-${number}`,
    `pull-${number}-merge`,
    `refs-pull-${number}-merge`,
    `pr${number}`,
    `pr-${number}`,
  ];
}

/** Whether `text` has the length and the characters of an image tag (OCI distribution-spec, "Pull"). */
export function isTag(text: string): boolean {
  return text.length <= LONGEST_TAG && TAG_TEXT.test(text);
}

function possible(slugs: readonly string[]): string[] {
  return [...new Set(slugs)].filter(isTag);
}
