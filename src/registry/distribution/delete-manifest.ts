import type { Digest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import { HttpError } from "../../http/errors.ts";
import type { HttpResponse } from "../../http/http.ts";
import type { OciClient } from "../oci/client.ts";
import { statusError } from "../oci/status-error.ts";
import type { Deletion } from "../registry.ts";

const NONEXISTENT: Digest = `sha256:${"0".repeat(64)}`;

/**
 * Checks that the registry deletes, with a DELETE of a digest that does not exist: it returns 404 if deletes are enabled, and
 * 405 if they are disabled or the registry is read-only. Throws Fault `registry` for 405.
 *
 * @param registry as shown to users
 */
export async function checkDeletesEnabled(oci: OciClient, registry: string, name: string): Promise<void> {
  const response = await oci.delete(name, NONEXISTENT, Number.POSITIVE_INFINITY);
  if (response.status !== 405) return;
  // Distribution returns a JSON error if deletes are disabled, and plain text in read-only mode.
  if (response.body.toString("utf8").trimStart().startsWith("{")) {
    throw new Fault(
      "registry",
      `Deletes are disabled at ${registry}`,
      "Set `storage.delete.enabled: true` or REGISTRY_STORAGE_DELETE_ENABLED=true, and restart the registry.",
    );
  }
  throw new Fault(
    "registry",
    `The registry ${registry} is read-only`,
    "Disable `storage.maintenance.readonly`, restart the registry, and run again.",
  );
}

/** Deletes a manifest by digest. Sends one DELETE, and checks whether the manifest exists if the response is ambiguous. */
export async function deleteManifest(oci: OciClient, name: string, digest: Digest, sendBy: number): Promise<Deletion> {
  const isGone = async (): Promise<boolean> => !(await oci.exists(name, digest));
  let response: HttpResponse;
  try {
    response = await oci.delete(name, digest, sendBy);
  } catch (error) {
    // Distribution 3 can delete the manifest and then fail to delete its tags.
    if (error instanceof HttpError && (error.status ?? 0) >= 500 && (await isGone())) return { outcome: "deleted" };
    throw error;
  }
  if (response.status === 202) return { outcome: "deleted" };
  // Some registries return 200 or 204, but a proxy or a login page can return them too.
  if (response.status < 300 && (await isGone())) return { outcome: "deleted" };
  if (response.status === 404 && (await isGone())) return { outcome: "gone" };
  throw statusError("DELETE", response, [], ", but the manifest still exists");
}
