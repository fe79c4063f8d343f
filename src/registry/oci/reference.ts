const SEGMENT = /^[\w.-]+$/;
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

/** Returns whether `text` is a tag (OCI distribution-spec 1.1, "Pulling manifests"). */
export function isTag(text: string): boolean {
  return /^\w[\w.-]{0,127}$/.test(text);
}

/** Returns whether `text` is a repository name as the OCI distribution-spec 1.1 defines it ("Pulling manifests"). */
export function isOciName(text: string): boolean {
  return text.length <= 255 && NAME.test(text);
}

/**
 * Returns whether `text` can be a repository name in a URL. Some registries accept names that the OCI distribution-spec does
 * not, such as upper case. No segment may be `.` or `..`, because URL parsers resolve these.
 */
export function isRepositoryName(text: string): boolean {
  return (
    text.length <= 255 &&
    text.split("/").every((segment) => SEGMENT.test(segment) && segment !== "." && segment !== "..")
  );
}
