import fc from "fast-check";
import type { Clock } from "../../src/clock.ts";
import type { Digest } from "../../src/digest.ts";
import { pushImage, pushIndex, pushReferrer } from "../servers/content.ts";
import { type FaultScript, refuse } from "../servers/http-server.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { missingContent } from "../servers/pull.ts";
import { contentsOf, NOW, type Scenario, type StoreScenarioKind } from "./scenario.ts";

/** `main` and `next` are branches, pull requests 1, 2 and 3 are merged, the other tags are unmatched. */
const TAGS = ["main", "next", "pr-1", "pr-1-amd64", "pr-2", "pr-3-x", "jane", "by-hand"] as const;

/** Pushes an image, an index of existing manifests, or a referrer of one. `of` selects them by number. */
export interface Push {
  readonly action: "image" | "index" | "referrer";
  readonly of: readonly number[];
  readonly tag: (typeof TAGS)[number] | null;
}

/** Tags an existing manifest. */
interface Tagging {
  readonly action: "tag";
  readonly of: readonly number[];
  readonly tag: (typeof TAGS)[number];
}

/**
 * A change by another client. Before a list is read, the change must be respected. Before a deletion, after the list was read,
 * no client can respect it.
 */
export interface Event {
  /** The number of the list reading: 1 for the first. */
  readonly reading: number;
  readonly when: "before the list" | "before a deletion";
  readonly change: Push | Tagging;
}

const numbers = fc.array(fc.nat(30), { minLength: 1, maxLength: 3 });

export const push: fc.Arbitrary<Push> = fc.record({
  action: fc.constantFrom("image", "index", "referrer"),
  of: numbers,
  tag: fc.option(fc.constantFrom(...TAGS), { freq: 3 }),
});

export const event: fc.Arbitrary<Event> = fc.record({
  reading: fc.integer({ min: 2, max: 6 }),
  when: fc.constantFrom("before the list", "before the list", "before a deletion"),
  change: fc.oneof(push, fc.record({ action: fc.constant("tag"), of: numbers, tag: fc.constantFrom(...TAGS) })),
});

/** Applies a change. Clients attach referrers differently if the registry has a referrers API. */
export function applyChange(
  store: RegistryStore,
  kind: StoreScenarioKind,
  { action, of, tag }: Event["change"],
  pushedAt: number,
  seed: string,
): void {
  const existing = store.manifests("web").map(({ digest }) => digest);
  const isComplete = (digest: Digest): boolean => missingContent(store, "web", digest).length === 0;
  const chosen = [...new Set(of.flatMap((number) => existing[number % Math.max(1, existing.length)] ?? []))];
  const [first] = chosen;
  const tags = tag === null ? [] : [tag];
  const at = { repository: "web", pushedAt } as const;
  if (action === "image" || first === undefined) pushImage(store, { ...at, seed, tags });
  else if (action === "index") pushIndex(store, { ...at, children: chosen.filter(isComplete), tags });
  // An incomplete image cannot become complete: a registry that lists tags only hides untagged indexes that list its parts.
  else if (action === "tag") isComplete(first) && store.tag("web", tag, first);
  else {
    const by = kind === "oci" ? "subject" : "referrers-tag";
    pushReferrer(store, { ...at, subject: first, artifactType: "application/spdx+json", by });
  }
}

/** The events that happened during a sweep. */
export interface EventTrace {
  readonly clock: Clock;
  /** Digests that another client pushed, tagged or untagged. */
  readonly moved: ReadonlySet<string>;
  /** Tags that were pushed too late for the recheck. */
  readonly late: ReadonlySet<string>;
  /** Whether a deletion was refused. */
  refused(): boolean;
}

/**
 * Applies `events` during a sweep and answers 500 to every attempt of the deletions with the numbers in `refused`. On the returned
 * clock each deletion takes more than a minute, so each one is rechecked.
 */
export function injectEvents(
  { servers, store }: Scenario,
  kind: StoreScenarioKind,
  events: readonly Event[],
  refused: readonly number[],
): EventTrace {
  const moved = new Set<string>();
  const late = new Set<string>();
  const targets: string[] = [];
  let [offset, readings, hasRefused] = [0, 0, false];
  const applyEvents = (when: Event["when"]): void => {
    for (const [index, { change, ...event }] of events.entries()) {
      if (event.reading !== readings || event.when !== when) continue;
      const before = contentsOf(store);
      applyChange(store, kind, change, NOW, `event ${index}`);
      const after = contentsOf(store);
      const changed = [...before, ...after].filter((line) => !(before.includes(line) && after.includes(line)));
      for (const line of changed) {
        const [digest = "", ...tags] = line.split(" ");
        moved.add(digest);
        if (when === "before a deletion") for (const tag of tags) late.add(tag);
      }
    }
  };
  const script: FaultScript = ({ method, path }) => {
    if (method === "GET" && /\/digests\?|\/tags\/list/.test(path)) {
      readings += 1;
      applyEvents("before the list");
    }
    // The digest of zeros checks whether the registry allows deletions.
    if (method !== "DELETE" || path.endsWith("0".repeat(64))) return null;
    if (!targets.includes(path)) {
      targets.push(path);
      offset += 61_000;
      applyEvents("before a deletion");
    }
    const isRefused = refused.includes(targets.indexOf(path));
    hasRefused ||= isRefused;
    return isRefused ? refuse(500) : null;
  };
  servers[kind === "digitalocean" ? "api" : "registry"]?.inject(script);
  const sleep = async (ms: number): Promise<void> => {
    offset += ms;
  };
  return { clock: { now: () => NOW + offset, random: () => 0.5, sleep }, moved, late, refused: () => hasRefused };
}
