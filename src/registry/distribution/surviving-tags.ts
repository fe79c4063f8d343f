import { Fault } from "../../fault.ts";
import type { OciClient } from "../oci/client.ts";
import type { DeletionTarget } from "../registry.ts";
import { deleteTag } from "./delete-tag.ts";

/** Deletes the tags of a manifest that was deleted by digest, if the registry kept them. */
export type TagCleaner = (name: string, target: DeletionTarget, sendBy: number) => Promise<void>;

/**
 * Returns a function that requests one tag of the first deleted manifest. By the OCI distribution-spec, DELETE of a digest also
 * deletes its tags, but the registry of go-containerregistry keeps them, and they can still be pulled. There, the function deletes
 * them too: each only while it points to the deleted manifest. It throws Fault `deletion` if that is not possible.
 */
export function createTagCleaner(oci: OciClient): TagCleaner {
  let keepsTags: boolean | null = null;

  /** Null: that cannot be known, because the tag or the manifest was pushed again after it was deleted. */
  async function survives(name: string, tag: string, { digest }: DeletionTarget): Promise<boolean | null> {
    const found = await oci.digestOf(name, tag);
    if (found === "missing") return false;
    return found === digest && !(await oci.exists(name, digest)) ? true : null;
  }

  return async (name, target, sendBy) => {
    const { digest, tags = [] } = target;
    const [first] = tags;
    if (first === undefined || keepsTags === false) return;
    // The manifest is deleted, whether this request fails or not: then the next deletion finds out.
    keepsTags ??= await survives(name, first, target).catch(() => null);
    if (!keepsTags) return;
    for (const tag of tags) {
      if (!(await survives(name, tag, target))) continue;
      const deletion = await deleteTag(oci, name, { tag, digest }, sendBy);
      if (deletion === "unsupported") throw survivor(name, tag, digest);
    }
  };
}

function survivor(name: string, tag: string, digest: string): Fault {
  return new Fault(
    "deletion",
    `The registry deleted ${name}@${digest} and kept its tag ${tag}, which can still be pulled`,
    "Delete the tag with the registry's own tools. Check for a cache in front of the registry.",
  );
}
