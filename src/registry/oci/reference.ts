/** Whether a registry may call a tag so (OCI distribution-spec 1.1, "Pulling manifests"). */
export function isTag(text: string): boolean {
  return /^\w[\w.-]{0,127}$/.test(text);
}

/**
 * Whether a repository may be called so, relative to its registry or prefix: the characters of OCI's names, upper case as well,
 * and no segment that a URL would read as a step up. Nothing else can be sent as a part of a path and mean the same there.
 */
export function isRepositoryName(text: string): boolean {
  return /^[A-Za-z0-9_-][\w./-]{0,254}$/.test(text) && !text.split("/").some((part) => /^\.{0,2}$/.test(part));
}
