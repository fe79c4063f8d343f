import assert from "node:assert/strict";
import type { Log } from "../../src/log.ts";
import type { RunResult } from "../../src/report/result.ts";
import type { GitHost } from "../e2e/example.ts";
import { silentLog } from "../run.ts";
import type { FaultScript } from "../servers/http-server.ts";
import { brokenTags } from "../servers/pull.ts";
import type { InjectedFault } from "./faults.ts";
import { assertPullable, type Baseline, listed, serversOf, sweepScenario } from "./harness.ts";
import { assertReport, type Observations } from "./report-accuracy.ts";
import {
  contentsOf,
  fillLargerScenario,
  openScenario,
  type Scenario,
  type ScenarioKind,
  type StoreView,
} from "./scenario.ts";

/** A kind of registry, its page size, and the inputs of a sweep. */
export interface SweepCase {
  readonly title: string;
  readonly kind: ScenarioKind;
  readonly maxPerPage?: number;
  readonly inputs?: Readonly<Record<string, string>>;
}

export const SWEEP_CASES: readonly SweepCase[] = [
  { title: "DigitalOcean", kind: "digitalocean" },
  {
    title: "DigitalOcean with small pages, stale tags and garbage collection",
    kind: "digitalocean",
    maxPerPage: 4,
    inputs: { "run-gc": "always", "remove-stale-tags": "true" },
  },
  { title: "GitHub's container registry", kind: "ghcr" },
  { title: "GitHub's container registry with small pages", kind: "ghcr", maxPerPage: 4 },
  { title: "Docker Distribution 2.8", kind: "distribution" },
  {
    title: "a complete OCI registry with small pages and stale tags",
    kind: "oci",
    maxPerPage: 4,
    inputs: { "remove-stale-tags": "true" },
  },
];

/** Tags of images that no sweep may delete. */
const LIVE_TAGS = ["main", "next", "jane", "pr-6", "contrib"];

/** The request that has a fault. */
export interface FaultPosition {
  /** A server of the scenario, or `git` or `github`. */
  readonly server: string;
  /** 1 for the first request to that server that the fault applies to. */
  readonly ordinal: number;
}

export function openCase({ kind, maxPerPage }: SweepCase): Promise<Scenario<StoreView>> {
  return openScenario(kind, { fill: fillLargerScenario, ...(maxPerPage === undefined ? {} : { maxPerPage }) });
}

/** Returns all requests of a sweep that the fault applies to. */
export function positionsOf(baseline: Baseline, { appliesTo = () => true }: InjectedFault): readonly FaultPosition[] {
  return Object.entries(baseline.requests).flatMap(([server, requests]) =>
    requests.filter((request) => appliesTo(request)).map((_, index) => ({ server, ordinal: index + 1 })),
  );
}

/**
 * Sweeps once with a fault at one request, then once without. Throws if a kept image is broken, a report is wrong, or the second
 * sweep ends with other contents than a sweep without faults.
 */
export async function tryFault(
  sweepCase: SweepCase,
  fault: InjectedFault,
  position: FaultPosition,
  gitHost: GitHost,
  baseline: Baseline,
): Promise<void> {
  const scenario = await openCase(sweepCase);
  const server = serversOf(scenario, gitHost)[position.server];
  assert.ok(server !== undefined, `there is a server ${position.server}`);
  try {
    const start = digestsOf(contentsOf(scenario.store));
    const disturbed = (fault.disturbs ?? []).map((tag) => String(scenario.store.resolve("web", tag)?.digest));
    const { script, wasReached } = once(fault, position.ordinal, scenario);
    server.inject(script);
    const first = await observeSweep(scenario, sweepCase, gitHost, fault.timeoutMs);
    server.inject([]);
    assert.ok(wasReached(), "the sweep sent the request");
    const pushed = [...digestsOf(first.after)].filter((digest) => !start.has(digest));
    const withoutPushed = (lines: readonly string[]) => lines.filter((line) => !pushed.includes(digestOf(line)));
    assertIntact(scenario);
    const hidden = fault.finishes === "some";
    assertReport(first.result, { ...first, moved: new Set([...disturbed, ...pushed]), hidden });
    const isReported = first.result.errors.length > 0 || first.warnings.length > 0 || hasNotices(first.result);
    if (!isReported && !hidden)
      assert.deepEqual(withoutPushed(first.after), baseline.contents, "no error is reported, so the work is complete");

    // Refsweep removes stale tags of this registry only in a run that deletes an image.
    if (sweepCase.kind === "oci") scenario.others.push({ seed: "tried", tags: ["pr-3-again"] });
    const second = await observeSweep(scenario, sweepCase, gitHost);
    assert.deepEqual(second.result.errors, [], "the second run has no error");
    assertIntact(scenario);
    assertReport(second.result, { ...second, moved: new Set(pushed), hidden: false });
    assert.deepEqual(withoutPushed(listed(scenario)), baseline.listed, "the second run completes the work");
  } finally {
    server.inject([]);
    await scenario.close();
  }
}

/** Every remaining tag can be pulled, also orphaned ones, and no live tag is missing. */
function assertIntact(scenario: Scenario<StoreView>): void {
  assertPullable(scenario, LIVE_TAGS);
  assert.deepEqual(brokenTags(scenario.store), [], "every tag can be pulled");
}

/** Returns a script that injects the fault at the `ordinal`th request that it applies to. */
function once(
  { appliesTo = () => true, inject }: InjectedFault,
  ordinal: number,
  scenario: Scenario<StoreView>,
): { readonly script: FaultScript; wasReached(): boolean } {
  let count = 0;
  return {
    script: (request) => {
      if (!appliesTo(request)) return null;
      count += 1;
      return count === ordinal ? inject(scenario) : null;
    },
    wasReached: () => count >= ordinal,
  };
}

interface ObservedSweep extends Omit<Observations, "moved" | "hidden"> {
  readonly result: RunResult;
  readonly warnings: readonly string[];
}

async function observeSweep(
  scenario: Scenario<StoreView>,
  { inputs }: SweepCase,
  gitHost: GitHost,
  timeoutMs?: number,
): Promise<ObservedSweep> {
  const before = contentsOf(scenario.store);
  const { collections } = scenario;
  const countBefore = collections?.count() ?? 0;
  const wasRunning = collections?.isReadOnly() ?? false;
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_title, text) => void warnings.push(text) };
  const result = await sweepScenario(scenario, gitHost, inputs, { timeoutMs, log });
  const collection =
    collections === null || inputs?.["run-gc"] === undefined
      ? null
      : { started: collections.count() - countBefore, wasRunning };
  return { result, warnings, before, after: contentsOf(scenario.store), collection };
}

/** Deferred and refused deletions are notices, which only the published report has. */
function hasNotices({ repositories, notices }: RunResult): boolean {
  return (
    notices.length > 0 ||
    repositories.some(({ manifests }) => manifests.some(({ outcome }) => ["deferred", "refused"].includes(outcome)))
  );
}

const digestOf = (line: string): string => line.split(" ")[0] ?? "";

function digestsOf(lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.map(digestOf));
}
