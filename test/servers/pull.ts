import { type RegistryStore, referencesOf } from "./oci/store.ts";

/** The parts of a registry's content that a pull reads. */
export type PullableStore = Pick<RegistryStore, "repositories" | "tags" | "resolve" | "blob">;

/** Returns the digests of the manifests and blobs that a pull of `reference` would miss; empty: it succeeds. */
export function missingContent(store: PullableStore, repository: string, reference: string): readonly string[] {
  const missing: string[] = [];
  const pending: string[] = [reference];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const manifest = store.resolve(repository, next);
    if (manifest === null) {
      missing.push(next);
      continue;
    }
    const { children, blobs } = referencesOf(manifest.bytes);
    missing.push(...blobs.map(({ digest }) => digest).filter((digest) => store.blob(digest) === null));
    pending.push(...children);
  }
  return missing;
}

/** Returns what pulls of all tags would miss, as `repository:tag digest`. */
export function brokenTags(store: PullableStore): readonly string[] {
  return store
    .repositories()
    .flatMap((repository) =>
      store
        .tags(repository)
        .flatMap((tag) => missingContent(store, repository, tag).map((digest) => `${repository}:${tag} ${digest}`)),
    );
}
