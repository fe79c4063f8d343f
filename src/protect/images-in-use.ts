import type { ImagesInUse } from "../registry/images-in-use.ts";
import type { Settings } from "../settings.ts";

/**
 * Returns the images that `protect-digests` protects: the digests that it lists, and the images that its files name.
 *
 * @throws Fault `input` if a pattern matches no file or only empty ones, if a file cannot be read, or if the files together
 *   are too large or name no image
 */
export async function readImagesInUse(
  settings: Pick<Settings, "protectDigests" | "registry" | "workspace">,
): Promise<ImagesInUse> {
  const { digests, files } = settings.protectDigests;
  if (files.length === 0) return { digests: new Set(digests), tags: new Map() };
  // Few runs need it, so the others do not load it.
  const { findImagesInFiles } = await import("./images-in-files.ts");
  const images = await findImagesInFiles(files, settings.workspace, settings.registry);
  return { ...images, digests: new Set([...digests, ...images.digests]) };
}

/** Returns the images that any of `sources` contains. */
export function joinImagesInUse(sources: readonly ImagesInUse[]): ImagesInUse {
  const tags = new Map<string, ReadonlySet<string>>();
  for (const [repository, names] of sources.flatMap((source) => [...source.tags])) {
    tags.set(repository, new Set([...(tags.get(repository) ?? []), ...names]));
  }
  return {
    digests: new Set(sources.flatMap((source) => [...source.digests])),
    tags,
    mayName: (repository, tag) => sources.some((source) => source.mayName?.(repository, tag) === true),
  };
}

/**
 * Returns the tags of `repository` in use that are named completely. It ignores the case of the repository: files are read in lower
 * case, and some registries have repositories in upper case.
 */
export function namedTags({ tags }: ImagesInUse, repository: string): readonly string[] {
  const name = repository.toLowerCase();
  return [...tags].flatMap(([other, named]) => (other.toLowerCase() === name ? [...named] : []));
}

/** Returns a test for tags of `repository` in use. It ignores case: some registries list names in lower case. */
export function tagsInUse(images: ImagesInUse, repository: string): (tag: string) => boolean {
  const tags = new Set(namedTags(images, repository).map((tag) => tag.toLowerCase()));
  const name = repository.toLowerCase();
  return (tag) => {
    const folded = tag.toLowerCase();
    return tags.has(folded) || images.mayName?.(name, folded) === true;
  };
}
