import { resolve } from "node:path";
import { findFiles, readText } from "./pins/files.ts";
import { scanPins } from "./pins/scan.ts";
import type { Pins } from "./plan/view.ts";
import type { Settings } from "./settings.ts";

/**
 * All that `protect-digests` pins: the digests that it lists, and what the files that it names hold.
 *
 * @throws Fault `input` where a pattern matches no file, or a file cannot be read
 */
export async function readPins(settings: Pick<Settings, "protectDigests" | "registry" | "workspace">): Promise<Pins> {
  const { digests, files } = settings.protectDigests;
  const paths = await findFiles(files, resolve(settings.workspace));
  // One text, as an image and its tag may stand in two files: values and chart, Compose file and `.env`.
  const texts: string[] = [];
  for (const path of paths) texts.push(await readText(path));
  const scanned = scanPins(texts.join("\n"), settings.registry);
  return { digests: new Set([...digests, ...scanned.digests]), tags: scanned.tags };
}

/** All that any of `pins` holds. */
export function joinPins(pins: readonly Pins[]): Pins {
  const tags = new Map<string, Set<string>>();
  for (const [repository, names] of pins.flatMap((one) => [...one.tags])) {
    tags.set(repository, new Set([...(tags.get(repository) ?? []), ...names]));
  }
  return { digests: new Set(pins.flatMap((one) => [...one.digests])), tags };
}
