import fc from "fast-check";
import type { Clock } from "../../src/clock.ts";
import type { Digest } from "../../src/digest.ts";
import { pushImage, pushIndex, pushReferrer } from "../servers/content.ts";
import { type FaultScript, refuse } from "../servers/http-server.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { contentsOf, missingBelow, NOW, type Scenario, type StoreScenarioKind } from "./scenario.ts";

/** `main` and `next` are branches, pull request 1 is merged, and no ref is known for the others. */
const TAGS = ["main", "next", "pr-1", "pr-1-amd64", "pr-2", "pr-3-x", "jane", "by-hand"] as const;

/** What is pushed: an image, or what lists or is attached to some of what is there by then, each told by a number. */
export interface Push {
  readonly what: "image" | "index" | "referrer";
  readonly of: readonly number[];
  readonly tag: (typeof TAGS)[number] | null;
}

interface Tagging {
  readonly what: "tag";
  readonly of: readonly number[];
  readonly tag: (typeof TAGS)[number];
}

/**
 * What somebody else does about the `look`th time that the list is read: right before it, so that no later deletion may break
 * it, or once it was read and the next deletion is on its way, when nobody can extra what it is about.
 */
export interface Event {
  readonly look: number;
  readonly when: "before the list" | "before a deletion";
  readonly does: Push | Tagging;
}

const some = fc.array(fc.nat(30), { minLength: 1, maxLength: 3 });

export const push: fc.Arbitrary<Push> = fc.record({
  what: fc.constantFrom("image", "index", "referrer"),
  of: some,
  tag: fc.option(fc.constantFrom(...TAGS), { freq: 3 }),
});

export const event: fc.Arbitrary<Event> = fc.record({
  look: fc.integer({ min: 2, max: 6 }),
  when: fc.constantFrom("before the list", "before the list", "before a deletion"),
  does: fc.oneof(push, fc.record({ what: fc.constant("tag"), of: some, tag: fc.constantFrom(...TAGS) })),
});

/** Does it in a registry of `kind`: which of them have a referrers API decides how clients attach what they push. */
export function happen(
  store: RegistryStore,
  kind: StoreScenarioKind,
  { what, of, tag }: Event["does"],
  pushedAt: number,
  seed: string,
): void {
  const there = store.manifests("web").map(({ digest }) => digest);
  const isWhole = (digest: Digest): boolean => missingBelow(store, digest).length === 0;
  const chosen = [...new Set(of.flatMap((number) => there[number % Math.max(1, there.length)] ?? []))];
  const [first] = chosen;
  const tags = tag === null ? [] : [tag];
  const at = { repository: "web", pushedAt } as const;
  if (what === "image" || first === undefined) pushImage(store, { ...at, seed, tags });
  else if (what === "index") pushIndex(store, { ...at, children: chosen.filter(isWhole), tags });
  // What lost a part before is beyond help: on a registry that lists tags only, nobody sees that an untagged index lists it.
  else if (what === "tag") isWhole(first) && store.tag("web", tag, first);
  else {
    const by = kind === "oci" ? "subject" : "referrers-tag";
    pushReferrer(store, { ...at, subject: first, artifactType: "application/spdx+json", by });
  }
}

/** What a sweep met. */
export interface Met {
  readonly clock: Clock;
  /** Digests that somebody else pushed, tagged or untagged. */
  readonly moved: ReadonlySet<string>;
  /** Tags that were pushed too late to be spared. */
  readonly late: ReadonlySet<string>;
  /** Whether a deletion was refused. */
  refused(): boolean;
}

/**
 * Plays `events`, and answers 500 to every attempt at some deletions, each told by its number.
 * On the clock returned each deletion takes more than a minute: each has a look of its own, right before it.
 */
export function playEvents(
  { servers, store }: Scenario,
  kind: StoreScenarioKind,
  events: readonly Event[],
  refused: readonly number[],
): Met {
  const moved = new Set<string>();
  const late = new Set<string>();
  const targets: string[] = [];
  let [offset, looks, isRefused] = [0, 0, false];
  const runEvents = (when: Event["when"]): void => {
    for (const [index, event] of events.entries()) {
      if (event.look !== looks || event.when !== when) continue;
      const before = contentsOf(store);
      happen(store, kind, event.does, NOW, `event ${index}`);
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
      looks += 1;
      runEvents("before the list");
    }
    // Distribution is asked first, by what is not there, whether it deletes at all.
    if (method !== "DELETE" || path.endsWith("0".repeat(64))) return null;
    if (!targets.includes(path)) {
      targets.push(path);
      offset += 61_000;
      runEvents("before a deletion");
    }
    const isMet = refused.includes(targets.indexOf(path));
    isRefused ||= isMet;
    return isMet ? refuse(500) : null;
  };
  servers[kind === "digitalocean" ? "api" : "registry"]?.inject(script);
  const sleep = async (ms: number): Promise<void> => {
    offset += ms;
  };
  return { clock: { now: () => NOW + offset, random: () => 0.5, sleep }, moved, late, refused: () => isRefused };
}
