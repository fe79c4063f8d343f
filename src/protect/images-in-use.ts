import { resolve } from "node:path";
import { Fault } from "../fault.ts";
import type { ImagesInUse } from "../plan/view.ts";
import type { Settings } from "../settings.ts";
import { foldCase } from "../tags/words.ts";
import { checkSize, findFiles, readText } from "./files.ts";
import { scanImages } from "./scan.ts";

/**
 * All that `protect-digests` pins: the digests that it lists, and what the files that it names hold.
 *
 * @throws Fault `input` where a pattern matches no file or only empty ones, a file cannot be read, or all files together pin
 *   nothing or are too long
 */
export async function readImagesInUse(settings: Pick<Settings, "protectDigests" | "registry" | "workspace">): Promise<ImagesInUse> {
  const { digests, files } = settings.protectDigests;
  const texts = new Map<string, string>();
  const found = await findFiles(files, resolve(settings.workspace));
  await checkSize([...found.values()].flat());
  for (const [pattern, paths] of found) {
    for (const path of paths) texts.set(path, texts.get(path) ?? (await readText(path)));
    if (paths.every((path) => texts.get(path)?.trim() === "")) throw nothingIn(pattern);
  }
  // One text, as an image and its tag may stand in two files: values and chart, Compose file and `.env`.
  const scanned = scanImages([...texts.values()].join("\n"), settings.registry);
  if (texts.size > 0 && scanned.digests.size === 0 && !scanned.namesImage) throw nothingPinned(settings.registry.name);
  return { ...scanned, digests: new Set([...digests, ...scanned.digests]) };
}

function nothingIn(pattern: string): Fault {
  return new Fault(
    "input",
    `\`protect-digests\`: ${JSON.stringify(pattern)} matches only empty files`,
    "A command that failed leaves its output file empty. Make the step that writes it fail (`set -o pipefail`).",
  );
}

function nothingPinned(registry: string): Fault {
  return new Fault(
    "input",
    `\`protect-digests\`: its files name no image of ${registry}, and no digest, so they protect nothing`,
    "Do they come from the right place, and is this the host by which the images are pulled? By another host, only digests pin.",
  );
}

/** All that any of `pins` holds. */
export function joinImagesInUse(pins: readonly ImagesInUse[]): ImagesInUse {
  const tags = new Map<string, ReadonlySet<string>>();
  for (const [repository, names] of pins.flatMap((one) => [...one.tags])) {
    tags.set(repository, new Set([...(tags.get(repository) ?? []), ...names]));
  }
  return {
    digests: new Set(pins.flatMap((one) => [...one.digests])),
    tags,
    mayName: (repository, tag) => pins.some((one) => one.mayName?.(repository, tag) === true),
  };
}

/** Whether `pins` holds an image of `repository` by its tag. Without regard to case: Gitea lists in lower case what was pushed in any. */
export function tagsInUse(pins: ImagesInUse, repository: string): (tag: string) => boolean {
  const tags = new Set([...(pins.tags.get(repository) ?? [])].map(foldCase));
  const name = foldCase(repository);
  return (tag) => {
    const folded = foldCase(tag);
    return tags.has(folded) || pins.mayName?.(name, folded) === true;
  };
}
