import assert from "node:assert/strict";
import type { Log } from "../../src/log.ts";
import type { RunResult } from "../../src/report/result.ts";
import type { GitHost } from "../e2e/example.ts";
import { silentLog } from "../run.ts";
import type { FaultScript, RecordedRequest, TestServer } from "../servers/http-server.ts";
import { type InjectedFault, instantClock } from "./faults.ts";
import { assertPullable, seen, sweepScenario } from "./harness.ts";
import { assertReport, type Traces } from "./report-accuracy.ts";
import {
  contentsOf,
  fillLargerScenario,
  missingBelow,
  NOW,
  openScenario,
  type Scenario,
  type ScenarioKind,
  type StoreView,
} from "./scenario.ts";

/** A scenario, how long its pages are, and what is asked of the sweep. */
export interface SweepCase {
  readonly title: string;
  readonly kind: ScenarioKind;
  readonly mostPerPage?: number;
  readonly inputs?: Readonly<Record<string, string>>;
}

/** The ways through a sweep. */
export const SWEEP_CASES: readonly SweepCase[] = [
  { title: "DigitalOcean", kind: "digitalocean" },
  {
    title: "DigitalOcean, in small pages, with stale tags removed and garbage collected",
    kind: "digitalocean",
    mostPerPage: 4,
    inputs: { "run-gc": "always", "remove-stale-tags": "true" },
  },
  { title: "GitHub's container registry", kind: "ghcr" },
  { title: "GitHub's container registry, in small pages", kind: "ghcr", mostPerPage: 4 },
  { title: "Docker Distribution 2.8", kind: "distribution" },
  {
    title: "an OCI registry with all of the spec, in small pages, with stale tags removed",
    kind: "oci",
    mostPerPage: 4,
    inputs: { "remove-stale-tags": "true" },
  },
];

/** Tags of images that must outlive anything. */
const LIVE_TAGS = ["main", "next", "jane", "pr-6", "contrib"];

/** What a faultless sweep of a sweepCase asks of each server, and what it leaves. */
export interface Recording {
  readonly requests: Readonly<Record<string, readonly RecordedRequest[]>>;
  readonly contents: readonly string[];
  /** As much of the contents as the registry's listing shows. */
  readonly seen: readonly string[];
}

type Servers = Readonly<Record<string, Pick<TestServer, "requests" | "inject">>>;

function serversOf(scenario: Scenario<StoreView>, { git, github }: GitHost): Servers {
  return { ...scenario.servers, git, github };
}

function open({ kind, mostPerPage }: SweepCase): Promise<Scenario<StoreView>> {
  return openScenario(kind, { fill: fillLargerScenario, ...(mostPerPage === undefined ? {} : { mostPerPage }) });
}

export async function recordSweep(sweepCase: SweepCase, gitHost: GitHost): Promise<Recording> {
  const scenario = await open(sweepCase);
  try {
    const servers = serversOf(scenario, gitHost);
    const before = Object.entries(servers).map(([name, { requests }]) => [name, requests.length] as const);
    const result = await sweepScenario(scenario, gitHost, sweepCase.inputs);
    assert.deepEqual(result.errors, []);
    assertWhole(scenario);
    const requests = before.map(([name, count]) => [name, servers[name]?.requests.slice(count) ?? []]);
    return { requests: Object.fromEntries(requests), contents: contentsOf(scenario.store), seen: seen(scenario) };
  } finally {
    await scenario.close();
  }
}

/** Which request meets a fault. */
export interface FaultPosition {
  /** A server of the scenario, or `git` or `github`. */
  readonly server: string;
  /** 1 for the first request to that server that the fault can meet. */
  readonly ordinal: number;
}

/** What lives is there, and whatever tag is there, dead ones too, can be pulled whole: an interruption leaves no broken one. */
function assertWhole(scenario: Scenario<StoreView>): void {
  assertPullable(scenario, LIVE_TAGS);
  const { store } = scenario;
  for (const repository of store.repositories()) {
    for (const tag of store.tags(repository))
      assert.deepEqual(missingBelow(store, tag, repository), [], `${repository}:${tag} can be pulled whole`);
  }
}

/** All positions of a recording at which a fault can be. */
export function positionsOf(recording: Recording, { meets = () => true }: InjectedFault): readonly FaultPosition[] {
  return Object.entries(recording.requests).flatMap(([server, requests]) =>
    requests.filter((request) => meets(request)).map((_, index) => ({ server, ordinal: index + 1 })),
  );
}

/**
 * One sweep in which one request goes wrong, and a second without a fault. Afterwards nothing living is broken, the report tells the
 * truth, and the second sweep has reached what a sweep without faults leaves. Throws where that is not so.
 */
export async function tryFault(
  sweepCase: SweepCase,
  fault: InjectedFault,
  position: FaultPosition,
  gitHost: GitHost,
  recording: Recording,
): Promise<void> {
  const scenario = await open(sweepCase);
  const server = serversOf(scenario, gitHost)[position.server];
  assert.ok(server !== undefined, `there is a server ${position.server}`);
  try {
    const start = digestsOf(contentsOf(scenario.store));
    const disturbed = (fault.disturbs ?? []).map((tag) => String(scenario.store.resolve("web", tag)?.digest));
    const { script, isPlayed } = once(fault, position.ordinal, scenario);
    server.inject(script);
    const first = await sweepAndTrace(scenario, sweepCase, gitHost, fault.timeoutMs);
    server.inject([]);
    assert.ok(isPlayed(), "the sweep came to the request");
    const pushed = [...digestsOf(first.after)].filter((digest) => !start.has(digest));
    const own = (lines: readonly string[]) => lines.filter((line) => !pushed.includes(digestOf(line)));
    assertWhole(scenario);
    const hidden = fault.finishes === "some";
    assertReport(first.result, { ...first, moved: new Set([...disturbed, ...pushed]), hidden });
    const isTold = first.result.errors.length > 0 || first.warnings.length > 0;
    if (!isTold && !hidden)
      assert.deepEqual(own(first.after), recording.contents, "nothing is told, and the work is not done");

    const second = await sweepAndTrace(scenario, sweepCase, gitHost);
    assert.deepEqual(second.result.errors, [], "the second run has no problem");
    assertWhole(scenario);
    assertReport(second.result, { ...second, moved: new Set(pushed), hidden: false });
    assert.deepEqual(own(seen(scenario)), recording.seen, "the second run finishes what the first left");
  } finally {
    server.inject([]);
    await scenario.close();
  }
}

/** A script that plays `fault` at the `ordinal`th of the requests that it can meet. */
function once(
  { meets = () => true, respond }: InjectedFault,
  ordinal: number,
  scenario: Scenario<StoreView>,
): { readonly script: FaultScript; isPlayed(): boolean } {
  let met = 0;
  return {
    script: (request) => {
      if (!meets(request)) return null;
      met += 1;
      return met === ordinal ? respond(scenario) : null;
    },
    isPlayed: () => met >= ordinal,
  };
}

type Traced = Omit<Traces, "moved" | "hidden"> & { readonly result: RunResult; readonly warnings: readonly string[] };

async function sweepAndTrace(
  scenario: Scenario<StoreView>,
  { inputs }: SweepCase,
  gitHost: GitHost,
  timeoutMs = 2_000,
): Promise<Traced> {
  const before = contentsOf(scenario.store);
  const { collections } = scenario;
  const begunBefore = collections?.count() ?? 0;
  const wasRunning = collections?.isReadOnly() ?? false;
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_title, text) => void warnings.push(text) };
  const result = await sweepScenario(scenario, gitHost, inputs, instantClock(NOW), { timeoutMs, log });
  const collection =
    collections === null || inputs?.["run-gc"] === undefined
      ? null
      : { begun: collections.count() - begunBefore, wasRunning };
  return { result, warnings, before, after: contentsOf(scenario.store), collection };
}

const digestOf = (line: string): string => line.split(" ")[0] ?? "";

function digestsOf(lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.map(digestOf));
}
