import { resolve } from "node:path";
import { Fault } from "../fault.ts";
import type { ImagesInUse } from "../registry/images-in-use.ts";
import type { Settings } from "../settings.ts";
import { checkSize, findFiles, readText } from "./files.ts";
import { findImages } from "./find-images.ts";

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
  const texts = new Map<string, string>();
  const found = await findFiles(files, resolve(settings.workspace));
  await checkSize([...found.values()].flat());
  for (const [pattern, paths] of found) {
    for (const path of paths) texts.set(path, texts.get(path) ?? (await readText(path)));
    if (paths.every((path) => texts.get(path)?.trim() === "")) throw emptyFiles(pattern);
  }
  // One text, because an image and its tag can be in two files: values and chart, or Compose file and `.env`.
  const images = findImages([...texts.values()].join("\n"), settings.registry);
  if (texts.size > 0 && images.digests.size === 0 && !images.namesImage) throw noImage(settings.registry.name);
  return { ...images, digests: new Set([...digests, ...images.digests]) };
}

function emptyFiles(pattern: string): Fault {
  return new Fault(
    "input",
    `\`protect-digests\`: ${JSON.stringify(pattern)} matches only empty files`,
    "A failed command can leave its output file empty. Make the step that writes it fail (`set -o pipefail`).",
  );
}

function noImage(registry: string): Fault {
  return new Fault(
    "input",
    `\`protect-digests\`: the files contain no digest and no image of ${registry}`,
    "Check that they are the right files. If they use another host for this registry, name images by digest.",
  );
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

/** Returns a test for tags of `repository` in use. It ignores case: some registries list names in lower case. */
export function tagsInUse(images: ImagesInUse, repository: string): (tag: string) => boolean {
  const tags = new Set([...(images.tags.get(repository) ?? [])].map((tag) => tag.toLowerCase()));
  const name = repository.toLowerCase();
  return (tag) => {
    const folded = tag.toLowerCase();
    return tags.has(folded) || images.mayName?.(name, folded) === true;
  };
}
