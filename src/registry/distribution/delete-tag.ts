import { Fault } from "../../fault.ts";
import type { OciClient } from "../oci/client.ts";
import { statusError } from "../oci/status-error.ts";

type TagDeletion = "deleted" | "gone" | "unsupported";

/**
 * Returns a function that deletes a tag by its repository's name and keeps the manifest, if the registry can: distribution
 * 2.8 returns 400, others 405. Some registries delete the manifest with the tag. So the first deletion runs alone and checks
 * whether the manifest still exists; if not, it throws Fault `deletion` and no other tag is deleted.
 */
export function createTagDeleter(oci: OciClient): (name: string, tag: string, sendBy: number) => Promise<TagDeletion> {
  let support: "unknown" | "verified" | "unsupported" = "unknown";
  let queue: Promise<unknown> = Promise.resolve();

  async function deleteTag(name: string, tag: string, sendBy: number): Promise<TagDeletion> {
    if (support === "unsupported") return support;
    const tagged = support === "verified" ? null : await oci.resolve(name, tag);
    if (tagged === "missing") return "gone";
    const deletion = await sendDelete(oci, name, tag, sendBy);
    if (deletion === "unsupported") support = deletion;
    if (deletion !== "deleted" || tagged === null) return deletion;
    support = (await oci.exists(name, tagged.digest)) ? "verified" : "unsupported";
    if (support === "verified") return deletion;
    throw new Fault(
      "deletion",
      `The registry deleted ${name}@${tagged.digest} together with its tag ${tag}: it cannot delete a tag alone`,
      "Set `remove-stale-tags: false` and push the image again.",
    );
  }

  return (name, tag, sendBy) => {
    if (support === "verified") return deleteTag(name, tag, sendBy);
    const deletion = queue.then(() => deleteTag(name, tag, sendBy));
    queue = deletion.catch(() => null);
    return deletion;
  };
}

async function sendDelete(oci: OciClient, name: string, tag: string, sendBy: number): Promise<TagDeletion> {
  const response = await oci.delete(name, tag, sendBy);
  const { status } = response;
  if (status === 400 || status === 405) return "unsupported";
  if (status === 202) return "deleted";
  // 404 can also mean that the token lacks the permission, and 200 can come from a proxy or a login page.
  if ((await oci.resolve(name, tag)) === "missing") return status === 404 ? "gone" : "deleted";
  throw statusError("DELETE", response, [], ", but the tag still exists");
}
