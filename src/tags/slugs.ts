import { pep440Of } from "./versions.ts";

/** The longest image tag (OCI distribution-spec, "Pull"). */
export const LONGEST_TAG = 128;

const TAG_TEXT = /^[A-Za-z0-9._-]+$/;
const GITLAB_LONGEST = 63;

// What Handlebars escapes in `{{…}}`: docker/metadata-action renders prefix, suffix and raw values with it.
const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#x27;",
  "`": "&#x60;",
  "=": "&#x3D;",
};

/** docker/metadata-action's sanitiser: each run of characters that no image tag can hold becomes one `-`. */
export function sanitize(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, "-");
}

/** The sanitised name where it went through an HTML escape first: `it's` gives `it-x27-s`. */
export function sanitizeEscaped(name: string): string {
  return sanitize(name.replace(/[&<>"'`=]/g, (character) => ESCAPES[character] ?? character));
}

/** GitLab's `CI_COMMIT_REF_SLUG` (`Gitlab::Utils.slugify`): lower case, cut at 63, then no `-` at either end. */
export function gitlabSlug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]/gu, "-")
    .slice(0, GITLAB_LONGEST)
    .replace(/^-+|-+$/g, "");
}

/** Every slug that builds give the branch `name`, each once, the commonest first; only texts that an image tag can hold. */
export function branchSlugs(name: string): string[] {
  return possible([...plainSlugs(name), gitlabSlug(name)]);
}

function plainSlugs(name: string): string[] {
  return [sanitize(name), sanitizeEscaped(name), name.replaceAll("/", "-")];
}

/**
 * The slugs that a branch is known by once it is gone: GitLab's only where it lost neither its beginning nor its end, as what is
 * left of `_prod`, or of a name whose first word is in another script, is anybody's name.
 */
export function provingSlugs(name: string): string[] {
  const isWhole = /^[A-Za-z0-9](?:.*[A-Za-z0-9])?$/su.test(name);
  return isWhole ? branchSlugs(name) : possible(plainSlugs(name));
}

/**
 * Every slug that builds give the Git tag `name`: those of a branch, the version without its `v` whatever its form
 * (`type=match,pattern=v(.*)`, `${TAG#v}`), and the normal form of a PEP 440 version.
 */
export function tagSlugs(name: string): string[] {
  const bare = /^v\d/.test(name) ? [sanitize(name.slice(1))] : [];
  const normal = pep440Of(name);
  return possible([...branchSlugs(name), ...bare, ...(normal === null ? [] : [sanitize(normal)])]);
}

/** Whether a registry accepts `text` as a tag, but for its first character (OCI distribution-spec, "Pull"). */
export function isTag(text: string): boolean {
  return text.length <= LONGEST_TAG && TAG_TEXT.test(text);
}

function possible(slugs: readonly string[]): string[] {
  return [...new Set(slugs)].filter(isTag);
}
