import { Fault } from "../../fault.ts";
import { afterDeletion } from "../../http/errors.ts";
import type { Settings } from "../../settings.ts";
import { oncePerRepository } from "../names.ts";
import { OciClient } from "../oci/client.ts";
import { notDeleted } from "../oci/status-error.ts";
import type { Services } from "../provider.ts";
import type { Registry } from "../registry.ts";
import { forbiddenIfRefused, requireCredential } from "../token.ts";
import { createDigitalOceanApi, type DigitalOceanApi } from "./api.ts";
import { listAppImages } from "./apps.ts";
import { capabilities } from "./capabilities.ts";
import { collect } from "./collect.ts";
import { createLister } from "./manifests.ts";
import { selectRepositories } from "./repositories.ts";
import { readStorage } from "./storage.ts";
import { listTagPushes } from "./tags.ts";
import { shareWhilePending, throwWhenWritable, waitUntilWritable } from "./wait.ts";

/** The settings that the registry depends on. */
export type DigitalOceanSettings = Pick<Settings, "registry" | "credential" | "apiUrl" | "gcType" | "gcTimeoutMs">;

/**
 * Opens DigitalOcean's container registry: its API for lists, deletions and garbage collection, its OCI endpoint for
 * manifests. Shapes, statuses and scopes are those of DigitalOcean's OpenAPI document (specification/resources/registry).
 */
export function openDigitalOcean(settings: DigitalOceanSettings, services: Services): Registry {
  const { registry: address, apiUrl, gcType, gcTimeoutMs } = settings;
  const { secret } = requireCredential(settings);
  const api = createDigitalOceanApi({ http: services.http, apiUrl, token: secret, registry: address.path });
  const oci = new OciClient({
    ...services,
    origin: address.origin,
    // The API token is both user and password at the OCI endpoint (DigitalOcean's docs; docker/login-action#895).
    credential: { username: secret, secret },
    mayReceiveCredential: (realm) => realm.host === apiUrl.host,
    remedy: "Give the token in `token` the scope registry:read.",
  });
  const collector = { ...services, api, type: gcType, timeoutMs: gcTimeoutMs };
  const ociName = (repository: string): string => `${address.path}/${repository}`;
  const confirmGone = oncePerRepository((repository) => confirmReadable(api, repository));
  const empty = new Set<string>();
  const waitForCollection = shareWhilePending(() => waitUntilWritable(collector));

  async function remove(
    repository: string,
    path: readonly string[],
    sendBy: number,
    exists: (name: string) => Promise<boolean>,
  ): Promise<"deleted" | "gone"> {
    const request = { path: ["repositories", repository, ...path], expected: [204, 404], sendBy };
    const deletion = api.ofRegistry({ method: "DELETE", scope: "registry:delete", ...request });
    const response = await deletion.catch((error: unknown) => throwWhenWritable(error, waitForCollection));
    if (response.status === 204) return "deleted";
    await afterDeletion(confirmGone(repository));
    if (await afterDeletion(exists(ociName(repository)))) throw notDeleted(response);
    return "gone";
  }

  return {
    capabilities,
    repositories: (selection) => selectRepositories(api, services, selection, (name) => empty.add(name)),
    list: createLister(api, services, (repository) => empty.has(repository)),
    read: (repository, digest) => oci.read(ociName(repository), digest),
    exists: (repository, digest) => oci.exists(ociName(repository), digest),
    readBlob: (repository, blob) => oci.blob(ociName(repository), blob),
    hasBlob: (repository, digest) => oci.hasBlob(ociName(repository), digest),
    createdAt: async () => null,
    tagPushes: (repository) => listTagPushes(api, services, repository),
    referrers: async () => null,
    async prepareDeletion(_repository, mode = "wait") {
      await (mode === "check" ? waitUntilWritable({ ...collector, timeoutMs: 0 }) : waitForCollection());
    },
    async delete(repository, { digest }, sendBy) {
      const exists = (name: string): Promise<boolean> => oci.exists(name, digest);
      const removal = remove(repository, ["digests", digest], sendBy, exists);
      return removal.then((outcome) => ({ outcome }), forbiddenIfRefused);
    },
    async deleteTag(repository, { tag, digest }, sendBy) {
      const digestOf = (name: string): Promise<string> => oci.digestOf(name, tag);
      const found = await digestOf(ociName(repository));
      // One that the OCI endpoint does not find can still be in the list.
      if (found !== digest && found !== "missing") return "changed";
      return remove(repository, ["tags", tag], sendBy, async (name) => (await digestOf(name)) !== "missing");
    },
    appImages: () => listAppImages(api, services),
    storage: () => readStorage(api),
    collectGarbage: () => collect(collector),
  };
}

/** A 404 also answers a token that may not read, so it means `gone` only if the repository can be read. */
async function confirmReadable(api: DigitalOceanApi, repository: string): Promise<void> {
  const response = await api.get(["repositories", repository, "digests"], { per_page: 1 });
  if (response.status === 200) return;
  throw new Fault(
    "deletion",
    `DELETE returned 404, and so did the repository ${api.registry}/${repository}, so it may not have been deleted`,
    "Check that the repository exists and that the token has the scopes registry:read and registry:delete.",
  );
}
