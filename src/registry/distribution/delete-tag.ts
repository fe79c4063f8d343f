import { afterDeletion } from "../../http/errors.ts";
import type { OciClient } from "../oci/client.ts";
import { refusalInError } from "../oci/refusal.ts";
import { statusError } from "../oci/status-error.ts";
import type { TagDeletion, TagTarget } from "../registry.ts";

/** Statuses of registries that do not delete tags, or not this one: 2.8 returns 400, others 405. */
const UNSUPPORTED: readonly number[] = [400, 405, 409, 412];

/**
 * Deletes a tag, if it still points to `digest`. Some registries delete the manifest with it (the OCI distribution-spec allows
 * that). Sends one DELETE.
 */
export async function deleteTag(
  oci: OciClient,
  name: string,
  { tag, digest }: TagTarget,
  sendBy: number,
): Promise<TagDeletion> {
  const before = await oci.digestOf(name, tag);
  if (before !== digest) return before === "missing" ? "gone" : "changed";
  const response = await oci.delete(name, tag, sendBy).catch((error: unknown) => {
    if (refusalInError(error) === null) throw error;
    return null;
  });
  if (response === null || UNSUPPORTED.includes(response.status)) return "unsupported";
  const after = await afterDeletion(oci.digestOf(name, tag));
  // The tag was pushed again after it was deleted.
  if (after === "missing" || after !== digest) return response.status === 404 ? "gone" : "deleted";
  // Some registries return 202 and keep the tag.
  if (response.status === 202) return "unsupported";
  // 404 can also mean that the token lacks the permission, and 200 can come from a proxy or a login page.
  throw statusError("DELETE", response, [], ", but the tag still exists");
}
