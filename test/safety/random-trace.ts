import fc from "fast-check";
import type { Clock } from "../../src/clock.ts";
import { type FaultScript, refuse, type ServedRequest, type ServerFault } from "../servers/http-server.ts";
import { serversOf } from "./harness.ts";
import { applyToRegistry, type Built, type Change, isRefChange } from "./random-changes.ts";
import { type Contents, contentsOfWeb, type Refs } from "./random-oracle.ts";
import type { ChangingRefs } from "./random-refs.ts";
import { contentsOf, type Scenario, type StoreView } from "./scenario.ts";

/** A place among the requests of a sweep: before the `after`th request since the `number`th of a kind; 0: right before it. */
export interface Place {
  readonly since: "start" | "list" | "deletion";
  readonly number: number;
  readonly after: number;
}

export const place: fc.Arbitrary<Place> = fc.oneof(
  fc.record({ since: fc.constant("start"), number: fc.constant(1), after: fc.nat(60) }),
  fc.record({ since: fc.constantFrom("list", "deletion"), number: fc.integer({ min: 1, max: 5 }), after: fc.nat(9) }),
);

export interface Event {
  readonly at: Place;
  readonly change: Change;
}

/** Faults of a DELETE. After a lost answer, a client does not know whether the server acted. */
const DELETION_FAULTS = {
  "lost before": { kind: "reset before" },
  "lost after": { kind: "reset after" },
  "500": refuse(500),
  "503": refuse(503, { "retry-after": "2" }),
  "429": refuse(429, { "retry-after": "70" }),
  "429 without a time": refuse(429),
  cut: { kind: "truncated" },
} satisfies Readonly<Record<string, ServerFault>>;

export interface DeletionFault {
  /** The number of the DELETE, 0 for the first. */
  readonly number: number;
  readonly fault: keyof typeof DELETION_FAULTS;
}

export const deletionFault: fc.Arbitrary<DeletionFault> = fc.record({
  number: fc.nat(7),
  fault: fc.constantFrom("lost before", "lost after", "lost after", "500", "503", "429", "429 without a time", "cut"),
});

/** What disturbs a sweep. */
export interface Disturbance {
  readonly events: readonly Event[];
  readonly faults: readonly DeletionFault[];
  /** How long each DELETE takes. */
  readonly secondsPerDeletion: number;
  /** Changes the response of any other request; null: not. */
  readonly alter?: (request: ServedRequest) => ServerFault | null;
}

/** The state at one time. `at` counts requests and changes. */
export interface Snapshot {
  readonly at: number;
  readonly contents: Contents;
  readonly refs: Refs;
  /** Whether the change before it only added manifests and tags. */
  readonly isAddition: boolean;
}

/** A request, as far as it decides what a sweep can know. */
export interface TracedRequest {
  readonly at: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly kind: "first page" | "list" | "branches" | "pull requests" | "deletion" | "other";
  /** What a deletion deletes: a digest or a tag of `web`. */
  readonly reference: string | null;
}

export interface Trace {
  readonly clock: Clock;
  readonly requests: readonly TracedRequest[];
  readonly snapshots: readonly Snapshot[];
  /** Digests that another client pushed, tagged or deleted. */
  readonly moved: ReadonlySet<string>;
  /** Digests that another client deleted. */
  readonly dropped: ReadonlySet<string>;
  /** Whether each change happened. */
  isComplete(): boolean;
}

/** Records every request, and applies a disturbance. Waits take no time. */
export function traceRequests(
  scenario: Scenario<StoreView>,
  refs: ChangingRefs,
  { events, faults, secondsPerDeletion, alter = () => null }: Disturbance,
  startAt: number,
): Trace {
  const requests: TracedRequest[] = [];
  const snapshots: Snapshot[] = [];
  const [moved, dropped] = [new Set<string>(), new Set<string>()];
  const built: Built = new Map();
  const open = new Map(events.entries());
  const starts: Record<Place["since"], number[]> = { start: [0], list: [], deletion: [] };
  let [at, count, offset, deletions] = [0, 0, 0, 0];
  const now = (): number => startAt + offset;

  const takeSnapshot = (isAddition: boolean): void => {
    at += 1;
    snapshots.push({ at, contents: contentsOfWeb(scenario.store), refs: refs.refs(), isAddition });
  };
  const apply = (change: Change, index: number): void => {
    const before = contentsOf(scenario.store);
    if (isRefChange(change)) refs.apply(change, now());
    else {
      const hasReferrersApi = scenario.kind === "oci";
      const context = { hasReferrersApi, pushedAt: now(), seed: `event ${index}`, built };
      scenario.others.change((store) => applyToRegistry(change, { ...context, store }));
    }
    const after = contentsOf(scenario.store);
    const digestOf = (line: string): string => line.split(" ")[0] ?? "";
    const kept = new Set(after.map(digestOf));
    for (const line of before) if (!after.includes(line)) moved.add(digestOf(line));
    for (const line of after) if (!before.includes(line)) moved.add(digestOf(line));
    for (const line of before) if (!kept.has(digestOf(line))) dropped.add(digestOf(line));
    if (!isRefChange(change) && change.action === "push again")
      for (const { digest } of scenario.store.manifests("web")) moved.add(digest);
    takeSnapshot(before.every((line) => after.some((each) => isExtended(line, each))));
  };
  const applyDue = (): void => {
    for (const [index, { at: place, change }] of open) {
      const start = starts[place.since][place.number - 1];
      if (start === undefined || count < start + place.after) continue;
      open.delete(index);
      apply(change, index);
    }
  };
  const scriptOf =
    (server: string): FaultScript =>
    (request) => {
      const deleted = scenario.deletionOf(request);
      const isDeletion = deleted?.repository === "web" && !deleted.reference.endsWith("0".repeat(64));
      const kind = isDeletion ? "deletion" : kindOf(server, request);
      count += 1;
      if (kind === "first page") starts.list.push(count);
      if (kind === "deletion") starts.deletion.push(count);
      applyDue();
      if (kind === "first page") takeSnapshot(true);
      at += 1;
      requests.push({ at, time: now(), kind, reference: isDeletion ? deleted.reference : null });
      if (!isDeletion) return alter(request);
      offset += secondsPerDeletion * 1_000;
      const fault = faults.find(({ number }) => number === deletions)?.fault;
      deletions += 1;
      return fault === undefined ? null : DELETION_FAULTS[fault];
    };
  takeSnapshot(true);
  for (const [name, server] of Object.entries(serversOf(scenario, refs.gitHost))) server.inject(scriptOf(name));
  const sleep = async (ms: number): Promise<void> => {
    offset += ms;
  };
  const clock: Clock = { now, random: () => 0.5, sleep };
  return { clock, requests, snapshots, moved, dropped, isComplete: () => open.size === 0 };
}

/** Whether a line of `contentsOf` has at least the tags of an earlier one. */
function isExtended(before: string, after: string): boolean {
  const [digest, ...tags] = before.trim().split(" ");
  const [same, ...now] = after.trim().split(" ");
  return digest === same && tags.every((tag) => now.includes(tag));
}

function kindOf(server: string, { method, path, body }: ServedRequest): TracedRequest["kind"] {
  if (server === "git") return body.includes("ls-refs") ? "branches" : "other";
  if (path.endsWith("/graphql")) return "pull requests";
  if (method === "DELETE") return "other";
  if (/\/web\/(?:digests|versions)\?(?:.*&)?page=1(?:&|$)|\/web\/tags\/list(?!.*[?&]last=)/.test(path))
    return "first page";
  if (/\/web\/(?:digests|versions)\?|\/web\/tags\/list|\/web\/manifests\/(?!sha256:)/.test(path)) return "list";
  return "other";
}
