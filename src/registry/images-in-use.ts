import type { Digest } from "../digest.ts";

/** Images that are kept because something uses them. */
export interface ImagesInUse {
  readonly digests: ReadonlySet<Digest>;
  /** Image tags by repository; names are relative to the registry's name, owner or prefix. */
  readonly tags: ReadonlyMap<string, ReadonlySet<string>>;
  /**
   * Returns whether an image that is not in `tags` can be in use, because a file has its name and tag in different places or
   * with variables. Both arguments are in lower case.
   */
  mayName?(repository: string, tag: string): boolean;
}
