import type { Digest } from "../digest.ts";

/** Images that are kept because something uses them. */
export interface ImagesInUse {
  readonly digests: ReadonlySet<Digest>;
  /** Image tags by repository; names are relative to the registry's name, owner or prefix. */
  readonly tags: ReadonlyMap<string, ReadonlySet<string>>;
  /**
   * Whether this image may be in use beside `tags`, because its name and tag are written apart or contain a variable. Both
   * arguments are in lower case.
   */
  mayName?(repository: string, tag: string): boolean;
}
