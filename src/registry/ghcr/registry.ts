import { Fault } from "../../fault.ts";
import { afterDeletion, HttpError } from "../../http/errors.ts";
import { createGitHubApi } from "../../http/github.ts";
import type { HttpResponse } from "../../http/http.ts";
import { oncePerRepository } from "../names.ts";
import { OciClient } from "../oci/client.ts";
import { notDeleted } from "../oci/status-error.ts";
import type { Services } from "../provider.ts";
import type { Deletion, DeletionTarget, Registry } from "../registry.ts";
import { forbiddenIfRefused, requireCredential } from "../token.ts";
import { createPackagesApi, GRANT_ADMIN, type PackagesApi } from "./api.ts";
import { capabilities } from "./capabilities.ts";
import { type GhcrSettings, limitDeletions } from "./limits.ts";
import { PackageLists } from "./package-lists.ts";
import { packagePath, selectPackages } from "./packages.ts";
import { readVersion, versionsPath } from "./versions.ts";

/**
 * Opens GitHub's container registry. A repository is a package, and a manifest is one of its versions. Lists and deletions
 * use the packages API (GitHub's docs, "REST API endpoints for packages"), because ghcr.io returns 405 for a DELETE.
 * Manifests are read from the OCI endpoint. A package itself is never deleted.
 */
export function openGhcr(settings: GhcrSettings, services: Services): Registry {
  const { registry: address, github } = settings;
  const { http, clock } = services;
  const credential = requireCredential(settings);
  const githubApi = createGitHubApi(http, { token: credential.secret, apiUrl: github.apiUrl });
  const api = createPackagesApi(githubApi, address.path);
  const oci = new OciClient({
    ...{ ...services, credential, origin: address.origin },
    mayReceiveCredential: (realm) => realm.host === address.origin.host,
    remedy: "Give the job `permissions: packages: write`, or set `token` to a classic token with read:packages.",
  });
  // The OCI endpoint accepts only lower case.
  const ociName = (repository: string): string => `${address.path}/${repository}`.toLowerCase();
  const confirmGone = oncePerRepository((repository) => confirmReadable(api, repository));
  const found = new Set<string>();
  const lists = new PackageLists(api, { ...settings, ...services });

  return {
    capabilities,
    async repositories(selection) {
      const names = await selectPackages({ api, services, registry: address.name }, selection);
      for (const name of names.matching) found.add(name);
      return names;
    },
    async list(repository) {
      const listing = await lists.read(repository);
      if (listing !== null) return listing;
      if (!found.has(repository)) throw unreadable(api, repository);
      await requireDeleted(api, repository);
      return { manifests: [] };
    },
    batchMs: (repository) => lists.cost(repository).batchMs,
    isUnchanged: (repository, manifest) => lists.isUnchanged(repository, manifest),
    read: (repository, digest) => oci.read(ociName(repository), digest),
    exists: (repository, digest) => oci.exists(ociName(repository), digest),
    readBlob: (repository, blob) => oci.blob(ociName(repository), blob),
    hasBlob: (repository, digest) => oci.hasBlob(ociName(repository), digest),
    entry: (repository, target) => readVersion(api, repository, versionIdOf(repository, target)),
    createdAt: async () => null,
    referrers: async () => null,
    async prepareDeletion(_repository, mode) {
      // A DELETE itself shows more: without a dry run, its answer counts.
      if (mode === "check") api.requireScope("delete:packages");
    },
    async delete(repository, target, sendBy) {
      const id = versionIdOf(repository, target);
      const result = await deleteVersion(api, repository, id, sendBy);
      if ("outcome" in result) {
        if (result.outcome === "deleted") lists.deleted(repository, id);
        return result;
      }
      if (await afterDeletion(api.exists(versionsPath(repository, id)))) {
        // GitHub also returns 404 instead of 403 to a token that may not delete.
        const version = `${api.owner}/${repository}@${target.digest}`;
        const message = `DELETE returned 404, but ${version} still exists: the token may not delete it`;
        return { outcome: "forbidden", fault: new Fault("permission", message, GRANT_ADMIN) };
      }
      await afterDeletion(confirmGone(repository));
      if (await afterDeletion(oci.exists(ociName(repository), target.digest))) throw notDeleted(result);
      return { outcome: "gone" };
    },
    deleteTag: async () => "unsupported",
    deletionBudget(wanted) {
      const budget = http.budget(github.apiUrl.host);
      if (budget === null || clock.now() >= budget.resetAt) return null;
      return limitDeletions(budget, wanted, (repository) => lists.cost(repository));
    },
    collectGarbage: async () => ({
      status: "unsupported",
      freedBytes: null,
      blobsDeleted: null,
      note: "GitHub collects garbage by itself, so there is no garbage collection to start.",
    }),
  };
}

/** A package whose versions return 404 was deleted since it was found, if it returns 404 too. Else throws Fault `listing`. */
async function requireDeleted(api: PackagesApi, repository: string): Promise<void> {
  if (await api.exists(packagePath(repository))) throw unreadable(api, repository);
}

function unreadable({ owner }: PackagesApi, repository: string): Fault {
  return new Fault(
    "listing",
    `Package ${owner}/${repository} does not exist, or the token may not read it: its list of versions returned 404`,
    "Correct `repository-pattern`, or give the job `permissions: packages: write` and access to the package.",
  );
}

function versionIdOf(repository: string, { digest, versionId }: DeletionTarget): number {
  if (versionId !== undefined) return versionId;
  throw new Fault(
    "deletion",
    `${repository}@${digest} cannot be deleted: its version id is unknown`,
    "Run again. If the error persists, report it as a bug of Refsweep.",
  );
}

/** GitHub's messages: "You cannot delete the last tagged version …", and "… more than 5000 downloads cannot be deleted". */
const POLICY = /\bcannot\b.*\bdelete/i;

/** Sends the DELETE of a version. Returns a response with status 404. */
async function deleteVersion(
  api: PackagesApi,
  repository: string,
  id: number,
  sendBy: number,
): Promise<Deletion | HttpResponse> {
  try {
    const request = { path: versionsPath(repository, id), expected: [204, 404], sendBy };
    const response = await api.send({ method: "DELETE", ...request });
    return response.status === 204 ? { outcome: "deleted" } : response;
  } catch (error) {
    const reason = error instanceof HttpError && error.status === 400 ? (error.detail ?? "") : "";
    if (POLICY.test(reason)) return { outcome: "refused", reason };
    return forbiddenIfRefused(error);
  }
}

/** A 404 also answers a token that may not read, so it means `gone` only if the package can be read. */
async function confirmReadable(api: PackagesApi, repository: string): Promise<void> {
  if (await api.exists(packagePath(repository))) return;
  throw new Fault(
    "permission",
    `DELETE returned 404, and so did the package ${api.owner}/${repository}, so the version may not have been deleted`,
    `Check that the package exists. ${GRANT_ADMIN}`,
  );
}
