import type { Digest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import { afterDeletion, HttpError } from "../../http/errors.ts";
import type { HttpResponse } from "../../http/http.ts";
import type { OciClient } from "../oci/client.ts";
import { refusalInError, refusalOf } from "../oci/refusal.ts";
import { notDeleted } from "../oci/status-error.ts";
import type { Deletion } from "../registry.ts";
import type { RetryOptions } from "../stable-list.ts";
import { forbiddenIfRefused } from "../token.ts";
import type { RepositorySource } from "./repositories.ts";

const MAX_CHECKS = 4;
const NONEXISTENT: Digest = `sha256:${"0".repeat(64)}`;

/**
 * Checks that the registry deletes, with a DELETE of a digest that does not exist: it returns 404 if deletes are enabled, and
 * 405 if they are disabled or the registry is read-only. Throws Fault `registry` for 405.
 */
export async function checkDeletesEnabled(
  { address, oci, ...retry }: RepositorySource & RetryOptions,
  name: string,
): Promise<void> {
  const response = await deleteNonexistent(oci, name, retry);
  if (response.status === 405) throw deletesDisabled(address.name, response);
}

/** Distribution returns a JSON error if deletes are disabled or if it is a cache, and plain text in read-only mode. */
function deletesDisabled(registry: string, { body }: HttpResponse): Fault {
  if (body.toString("utf8").trimStart().startsWith("{")) {
    return new Fault(
      "registry",
      `Deletes are disabled at ${registry}, or it is a pull-through cache`,
      "Set `storage.delete.enabled: true` or REGISTRY_STORAGE_DELETE_ENABLED=true, and restart the registry. A cache (`proxy.remoteurl`) deletes nothing: set `registry` to the registry that it caches.",
    );
  }
  return new Fault(
    "registry",
    `The registry ${registry} is read-only`,
    "Disable `storage.maintenance.readonly`, restart the registry, and run again.",
  );
}

/** The HTTP client never repeats a DELETE, but this one deletes nothing. */
async function deleteNonexistent(oci: OciClient, name: string, { clock, signal }: RetryOptions): Promise<HttpResponse> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await oci.delete(name, NONEXISTENT, Number.POSITIVE_INFINITY);
    } catch (error) {
      if (attempt === MAX_CHECKS || !(error instanceof HttpError && error.retryable)) throw error;
    }
    await clock.sleep(500 * 2 ** attempt, signal);
  }
}

/**
 * Deletes a manifest by digest. Sends one DELETE, and checks whether the manifest exists if the response is ambiguous.
 *
 * @param hasDeleted whether the registry deleted anything in this run
 * @throws Fault `registry` if deletes are disabled
 */
export async function deleteManifest(
  { address, oci }: RepositorySource,
  name: string,
  digest: Digest,
  sendBy: number,
  hasDeleted: boolean,
): Promise<Deletion> {
  const isGone = async (): Promise<boolean> => !(await afterDeletion(oci.exists(name, digest)));
  let response: HttpResponse;
  try {
    response = await oci.delete(name, digest, sendBy);
  } catch (error) {
    const reason = refusalInError(error);
    if (reason !== null) return { outcome: "refused", reason };
    // Distribution 3 can delete the manifest and then fail to delete its tags.
    if (error instanceof HttpError && (error.status ?? 0) >= 500 && (await isGone())) return { outcome: "deleted" };
    return forbiddenIfRefused(error);
  }
  if (response.status === 202) return { outcome: "deleted" };
  // Some registries return 200 or 204, but a proxy or a login page can return them too.
  if (response.status < 300 && (await isGone())) return { outcome: "deleted" };
  if (response.status === 404 && (await isGone())) return { outcome: "gone" };
  const reason = refusalOf(response, hasDeleted);
  if (reason !== null) return { outcome: "refused", reason };
  if (response.status === 405) throw deletesDisabled(address.name, response);
  throw notDeleted(response);
}
