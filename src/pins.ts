import { resolve } from "node:path";
import { findFiles, readText } from "./pins/files.ts";
import { scanPins } from "./pins/scan.ts";
import type { Digest } from "./plan/manifest.ts";
import type { Settings } from "./settings.ts";

/** What must stay, as it is in use elsewhere. */
export interface Pins {
  readonly digests: ReadonlySet<Digest>;
  /** Image tags by repository, its name relative to the registry's name, owner or prefix, in lower case. */
  readonly tags: ReadonlyMap<string, ReadonlySet<string>>;
}

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
