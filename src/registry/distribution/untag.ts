import { Fault } from "../../fault.ts";
import { refusedAnswer } from "../oci/auth/refusal.ts";
import type { OciClient } from "../oci/client.ts";
import type { Registry } from "../registry.ts";

type Untagged = Awaited<ReturnType<Registry["deleteTag"]>>;

/**
 * Takes tags from manifests, where the registry can: 2.8 answers 400, others 405. The first tag goes alone, and its manifest
 * is looked for afterwards, as registries that are older than the OCI spec's deletion of tags delete the manifest itself.
 *
 * @returns what deletes a tag of a repository, by its whole name; it throws a Fault of kind `deletion` where a manifest went
 */
export function createUntagger(oci: OciClient): (name: string, tag: string) => Promise<Untagged> {
  let untags = true;
  let proven = false;
  let queue: Promise<unknown> = Promise.resolve();

  async function untag(name: string, tag: string): Promise<Untagged> {
    if (!untags) return "unsupported";
    const response = await oci.delete(name, tag);
    const { status } = response;
    if (status === 400 || status === 405) {
      untags = false;
      return "unsupported";
    }
    if (status === 202) return "deleted";
    // 404 answers who may not, as well; 200 is said by a proxy or a login page in the registry's place.
    if ((await oci.resolve(name, tag)) === "missing") return status === 404 ? "gone" : "deleted";
    throw refusedAnswer("DELETE", response, [], ", and the tag is still there");
  }

  async function tryOne(name: string, tag: string): Promise<Untagged> {
    const tagged = untags ? await oci.resolve(name, tag) : "missing";
    if (tagged === "missing") return untags ? "gone" : "unsupported";
    const untagged = await untag(name, tag);
    if (untagged !== "deleted") return untagged;
    proven = await oci.exists(name, tagged.digest);
    if (proven) return "deleted";
    untags = false;
    throw new Fault(
      "deletion",
      `${name}@${tagged.digest} was deleted with its tag ${tag}: this registry cannot delete a tag alone`,
      "Set remove-stale-tags: false, and push that image again.",
    );
  }

  return (name, tag) => {
    if (proven) return untag(name, tag);
    const mine = queue.then(() => (proven ? untag(name, tag) : tryOne(name, tag)));
    queue = mine.catch(() => null);
    return mine;
  };
}
