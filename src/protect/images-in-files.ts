import { resolve } from "node:path";
import type { ImagesInUse } from "../registry/images-in-use.ts";
import type { RegistryAddress } from "../settings.ts";
import { invalidFiles } from "./fault.ts";
import { checkSize, findFiles, readText } from "./files.ts";
import { findImages } from "./find-images.ts";

/** Returns the images of `registry`, and all digests, that the files of `patterns` name. Throws Fault `input`. */
export async function findImagesInFiles(
  patterns: readonly string[],
  workspace: string,
  registry: RegistryAddress,
): Promise<ImagesInUse> {
  const texts = new Map<string, string>();
  const found = await findFiles(patterns, resolve(workspace));
  await checkSize([...found.values()].flat());
  for (const [pattern, paths] of found) {
    for (const path of paths) texts.set(path, texts.get(path) ?? (await readText(path)));
    if (paths.some((path) => texts.get(path)?.trim() !== "")) continue;
    throw invalidFiles(
      `${JSON.stringify(pattern)} matches only empty files`,
      "A failed command can leave its output file empty. Make the step that writes it fail (`set -o pipefail`).",
    );
  }
  // One text, because an image and its tag can be in two files: values and chart, or Compose file and `.env`.
  const images = findImages([...texts.values()].join("\n"), registry);
  if (images.digests.size > 0 || images.namesImage) return images;
  throw invalidFiles(
    `the files contain no digest and no image of ${registry.name}`,
    "Check that they are the right files. If they use another host for this registry, name images by digest.",
  );
}
