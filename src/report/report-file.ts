import type { RunResult, SweptManifest } from "./result.ts";

/**
 * The report file, in pieces that together are one JSON document: version 1 of the public interface. A piece is no larger
 * than one manifest, so that 100,000 of them need no string that holds them all.
 */
export function* reportPieces(result: RunResult): Generator<string> {
  const { dryRun, registry, startedAt, finishedAt, requests, garbageCollection } = result;
  const head = { version: 1, dryRun, registry, startedAt: iso(startedAt), finishedAt: iso(finishedAt) };
  yield `${JSON.stringify(head).slice(0, -1)},"repositories":[`;
  let comma = "";
  for (const { name, error, manifests } of result.repositories) {
    yield `${comma}\n${JSON.stringify({ name, error }).slice(0, -1)},"manifests":[`;
    comma = ",";
    let inner = "";
    for (const manifest of manifests) {
      yield `${inner}\n${JSON.stringify(entryOf(manifest))}`;
      inner = ",";
    }
    yield "]}";
  }
  const { status, freedBytes, blobsDeleted } = garbageCollection;
  const tail = { requests, garbageCollection: { status, freedBytes, blobsDeleted } };
  yield `],\n${JSON.stringify(tail).slice(1)}\n`;
}

/** Only what the public interface names: a plan may come to hold more. `versionId` is what restores a GHCR image. */
function entryOf(manifest: SweptManifest): Readonly<Record<string, unknown>> {
  const { digest, tags, kind, pushedAt, sizeBytes, decision, reason, outcome, error, versionId } = manifest;
  const entry = { digest, tags, kind, pushedAt: iso(pushedAt), sizeBytes, decision, reason, outcome, error };
  return versionId === undefined ? entry : { ...entry, versionId };
}

/** ISO 8601 in UTC; null for no time, and for one that no date can hold, as images carry dates that anyone wrote. */
function iso(time: number | null): string | null {
  if (time === null) return null;
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
