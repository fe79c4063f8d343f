import assert from "node:assert/strict";
import { missingContent } from "../servers/pull.ts";
import { childrenIn, isLive, type KeepRules, neededIn, type Refs, tagsOver } from "./random-oracle.ts";
import type { Snapshot, Trace, TracedRequest } from "./random-trace.ts";
import type { Scenario, StoreView } from "./scenario.ts";

/** How long deletions may follow the reading of the refs, which is the end of their recheck. */
const MAX_AGE_MS = 60_000;

type Rules = Omit<KeepRules, "now" | "hadParent">;

/** What a sweep can know when it sends a DELETE: any state of these times. */
interface Window {
  readonly registry: readonly Snapshot[];
  readonly branches: readonly Snapshot[];
  readonly pullRequests: readonly Snapshot[];
}

/**
 * Throws if a DELETE was sent without a recheck at most 60 s before, or of something that was needed in every state since its
 * recheck began: since the list began for manifests and tags, since the refs were read for branches, and likewise for pull
 * requests. Returns the digests that a later change made part of an image: no client can see it.
 */
export function assertDeletions(trace: Trace, rules: Rules): ReadonlySet<string> {
  const late = new Set<string>();
  const [start] = trace.snapshots;
  const hadParent = start === undefined ? new Set<string>() : childrenIn(start.contents);
  for (const deletion of trace.requests.filter(({ kind }) => kind === "deletion")) {
    const { reference, time } = deletion;
    if (reference === null) continue;
    const window = windowOf(trace, deletion);
    const { registry, branches, pullRequests } = window;
    if (!reference.startsWith("sha256:")) {
      const isKept = branches.every((branch) => pullRequests.every((pull) => isLive(reference, refsOf(branch, pull))));
      assert.ok(!isKept, `DELETE of the live tag ${reference}`);
      continue;
    }
    const isNeeded = (contents: Snapshot, branch: Snapshot, pull: Snapshot): boolean =>
      neededIn(contents.contents, refsOf(branch, pull), { ...rules, now: time, hadParent }).has(reference);
    const isAlwaysNeeded = registry.every((contents) =>
      branches.every((branch) => pullRequests.every((pull) => isNeeded(contents, branch, pull))),
    );
    assert.ok(!isAlwaysNeeded, `DELETE of ${reference}, which was needed since the recheck began`);
    const [known, contents, branch, pull] = [registry[0], registry.at(-1), branches.at(-1), pullRequests.at(-1)];
    if (known === undefined || contents === undefined || branch === undefined || pull === undefined) continue;
    const hasNewTag = hasMore(tagsOver(contents.contents, reference), tagsOver(known.contents, reference));
    if (hasNewTag || isNeeded(contents, branch, pull)) late.add(reference);
  }
  return late;
}

function hasMore(after: ReadonlySet<string>, before: ReadonlySet<string>): boolean {
  return [...after].some((each) => !before.has(each));
}

function refsOf({ refs }: Snapshot, { refs: pulls }: Snapshot): Refs {
  return { branches: refs.branches, tags: refs.tags, open: pulls.open, numbers: pulls.numbers };
}

function windowOf({ requests, snapshots }: Trace, deletion: TracedRequest): Window {
  const before = requests.filter(({ at }) => at < deletion.at);
  const [read, previous] = before.filter(({ kind }) => kind === "branches").reverse();
  assert.ok(read !== undefined && previous !== undefined, "a recheck reads the branches before a DELETE");
  assert.ok(
    deletion.time - read.time <= MAX_AGE_MS,
    `a DELETE was sent ${deletion.time - read.time} ms after its recheck`,
  );
  const lists = before.filter(({ at, kind }) => at > previous.at && at < read.at && kind === "first page");
  const [first] = lists;
  assert.ok(first !== undefined, "a recheck lists the repository before it reads the branches");
  const lastOfList = before.findLast(({ at, kind }) => at < read.at && (kind === "first page" || kind === "list"));
  const pulls = before.find(({ at, kind }) => at > (lastOfList?.at ?? 0) && kind === "pull requests");
  const since = (at: number): readonly Snapshot[] => {
    const from = snapshots.findLastIndex((snapshot) => snapshot.at < at);
    return snapshots.slice(from).filter((snapshot) => snapshot.at < deletion.at);
  };
  // A list that is read last shows what was only added since the first one.
  const end = before.findLast(({ kind }) => kind === "first page") ?? first;
  const between = snapshots.filter(({ at }) => at > first.at && at < end.at);
  const start = between.every(({ isAddition }) => isAddition) ? end : first;
  return { registry: since(start.at), branches: since(read.at), pullRequests: since((pulls ?? read).at) };
}

/** Throws if a tag cannot be pulled, unless only `lost` content is missing: others deleted it, or a change came too late. */
export function assertTagsPullable({ store }: Scenario<StoreView>, lost: ReadonlySet<string>): void {
  for (const tag of store.tags("web")) {
    const missing = missingContent(store, "web", tag).filter((digest) => !lost.has(digest));
    assert.deepEqual(missing, [], `${tag} can be pulled`);
  }
}
