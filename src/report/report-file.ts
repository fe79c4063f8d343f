import type { ManifestResult, RepositoryResult, RunResult } from "./result.ts";

/**
 * Yields the report file, version 2 of docs/report.schema.json, in pieces that together are one JSON document. No piece is
 * larger than one manifest, so 100,000 of them need no string that holds them all.
 */
export function* reportPieces(result: RunResult): Generator<string> {
  const { dryRun, registry, provider, startedAt, finishedAt, settings, storage } = result;
  const { usedBytes, includedBytes } = storage;
  const times = { startedAt: isoTime(startedAt), finishedAt: isoTime(finishedAt) };
  const head = { version: 2, dryRun, registry, provider, ...times, settings, storage: { usedBytes, includedBytes } };
  yield `${JSON.stringify(head).slice(0, -1)},"repositories":[`;
  let comma = "";
  for (const repository of result.repositories) {
    yield `${comma}\n`;
    yield* repositoryPieces(repository);
    comma = ",";
  }
  const { status, freedBytes, blobsDeleted } = result.garbageCollection;
  const tail = { requests: result.requests, garbageCollection: { status, freedBytes, blobsDeleted } };
  yield `],\n${JSON.stringify(tail).slice(1)}\n`;
}

function* repositoryPieces({ name, error, manifests, ...found }: RepositoryResult): Generator<string> {
  yield JSON.stringify({ name, error }).slice(0, -1);
  yield* listPieces("manifests", manifests, manifestEntry);
  yield* listPieces("staleTags", found.staleTags, ({ tag, digest, reason, outcome }) => ({
    tag,
    digest,
    reason,
    outcome,
  }));
  yield* listPieces("broken", found.broken, ({ digest, missing, missingBlobs }) => ({ digest, missing, missingBlobs }));
  yield* listPieces("unreadable", found.unreadable, ({ digest, reason }) => ({ digest, reason }));
  yield `,"advice":${JSON.stringify(found.advice)}}`;
}

function* listPieces<T>(name: string, list: readonly T[], entryOf: (each: T) => object): Generator<string> {
  yield `,"${name}":[`;
  let comma = "";
  for (const each of list) {
    yield `${comma}\n${JSON.stringify(entryOf(each))}`;
    comma = ",";
  }
  yield "]";
}

/** Names every field, because a decision may have more. JSON has no undefined `versionId`, which restores an image on GHCR. */
function manifestEntry(manifest: ManifestResult): object {
  const { digest, tags, kind, image, sizeBytes, decision, status, reason, outcome, error, versionId } = manifest;
  const pushedAt = isoTime(manifest.pushedAt);
  return { digest, tags, kind, image, pushedAt, sizeBytes, decision, status, reason, outcome, error, versionId };
}

/** Returns ISO 8601 in UTC; null for a time that RFC 3339 cannot express, because images contain arbitrary dates. */
function isoTime(time: number | null): string | null {
  if (time === null) return null;
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return null;
  const text = date.toISOString();
  return /^\d{4}-/.test(text) ? text : null;
}
