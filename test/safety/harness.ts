import assert from "node:assert/strict";
import type { Clock } from "../../src/clock.ts";
import { createHttpClient } from "../../src/http/client.ts";
import type { Log } from "../../src/log.ts";
import type { RunResult } from "../../src/report/result.ts";
import { run } from "../../src/run.ts";
import type { GitHost } from "../e2e/example.ts";
import { type Event, settingsOf, silentLog } from "../run.ts";
import { createFakeClock } from "../servers/fake-clock.ts";
import type { RecordedRequest, TestServer } from "../servers/http-server.ts";
import { missingContent } from "../servers/pull.ts";
import { contentsOf, NOW, type Scenario, type StoreView } from "./scenario.ts";

/** Tags that no sweep may delete: two branches and an unmatched tag. */
const LIVE_TAGS = ["main", "next", "jane"];

type Inputs = Readonly<Record<string, string>>;
type Servers = Readonly<Record<string, Pick<TestServer, "requests" | "inject">>>;

export interface SweepOptions {
  /** Default: waits take no time. */
  readonly clock?: Clock;
  /** How long the HTTP client waits for a response, in milliseconds; default 2,000. */
  readonly timeoutMs?: number | undefined;
  readonly log?: Log;
  /** Default: a signal that never aborts. */
  readonly signal?: AbortSignal;
  /** Default: a schedule. */
  readonly event?: Event;
}

/** Sweeps a scenario in this process. */
export async function sweepScenario(
  scenario: Scenario<StoreView>,
  gitHost: GitHost,
  inputs: Inputs = {},
  options: SweepOptions = {},
): Promise<RunResult> {
  const { clock = createFakeClock({ startAt: NOW }), timeoutMs = 2_000, log = silentLog } = options;
  const { signal = new AbortController().signal } = options;
  const settings = settingsOf(
    { ...scenario.inputs, concurrency: "4", ...inputs },
    { ...gitHost.environment, ...scenario.environment },
    options.event,
  );
  const http = createHttpClient({ clock, concurrency: settings.concurrency, timeoutMs, signal });
  try {
    return await run(settings, { http, clock, log, signal });
  } finally {
    await http.close();
  }
}

/** Returns what a result says about a manifest of its first repository. */
export function manifestIn({ repositories }: RunResult, digest: string) {
  return repositories[0]?.manifests.find((each) => each.digest === digest);
}

/** The requests and the result of a sweep without faults. */
export interface Baseline {
  /** By server. */
  readonly requests: Readonly<Record<string, readonly RecordedRequest[]>>;
  readonly contents: readonly string[];
  /** The part of the contents that the registry lists. */
  readonly listed: readonly string[];
}

/** Sweeps and closes a scenario. Throws if the sweep has an error. */
export async function baselineOf(
  scenario: Scenario<StoreView>,
  gitHost: GitHost,
  inputs: Inputs = {},
): Promise<Baseline> {
  try {
    const servers = Object.entries(serversOf(scenario, gitHost));
    const before = servers.map(([name, { requests }]) => [name, requests.length] as const);
    const result = await sweepScenario(scenario, gitHost, inputs);
    assert.deepEqual(result.errors, []);
    assertPullable(scenario);
    const counts = new Map(before);
    const requests = servers.map(([name, server]) => [name, server.requests.slice(counts.get(name))]);
    return { requests: Object.fromEntries(requests), contents: contentsOf(scenario.store), listed: listed(scenario) };
  } finally {
    await scenario.close();
  }
}

/** Returns the contents that the registry lists. OCI registries do not list untagged manifests. */
export function listed({ store, kind }: Scenario<StoreView>): readonly string[] {
  return contentsOf(store).filter((line) => (kind !== "distribution" && kind !== "oci") || !line.endsWith(" "));
}

/** The servers of a scenario, also `git` and `github`. */
export function serversOf(scenario: Scenario<StoreView>, { git, github }: GitHost): Servers {
  return { ...scenario.servers, git, github };
}

export function assertPullable({ store }: Scenario<StoreView>, tags: readonly string[] = LIVE_TAGS): void {
  for (const tag of tags) assert.deepEqual(missingContent(store, "web", tag), [], `${tag} can be pulled`);
}
