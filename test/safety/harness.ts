import assert from "node:assert/strict";
import type { Clock } from "../../src/clock.ts";
import { createHttpClient } from "../../src/http/client.ts";
import type { Log } from "../../src/log.ts";
import type { RunResult } from "../../src/report/result.ts";
import { sweep } from "../../src/run.ts";
import type { GitHost } from "../e2e/example.ts";
import { settingsOf, silentLog } from "../run.ts";
import type { TestServer } from "../servers/http-server.ts";
import { instantClock } from "./faults.ts";
import {
  contentsOf,
  missingBelow,
  NOW,
  openScenario,
  type Scenario,
  type ScenarioKind,
  type StoreView,
} from "./scenario.ts";

/** Tags of images that must outlive anything: a living branch's, and the one that no ref names. */
const LIVE_TAGS = ["main", "next", "jane"];

/** Sweeps a scenario in this process, on a clock on which no wait takes time. */
export async function sweepScenario(
  scenario: Scenario<StoreView>,
  gitHost: GitHost,
  inputs: Readonly<Record<string, string>> = {},
  clock: Clock = instantClock(NOW),
  { timeoutMs = 2_000, log = silentLog }: { readonly timeoutMs?: number; readonly log?: Log } = {},
): Promise<RunResult> {
  const settings = settingsOf(
    { ...scenario.inputs, concurrency: "4", ...inputs },
    { ...gitHost.environment, ...scenario.environment },
  );
  const http = createHttpClient({ clock, concurrency: settings.concurrency, timeoutMs });
  try {
    return await sweep(settings, { http, clock, log, signal: new AbortController().signal });
  } finally {
    await http.close();
  }
}

/** How many requests a faultless sweep sends to each server, and what it leaves. */
export interface Baseline {
  readonly requests: Readonly<Record<string, number>>;
  readonly contents: readonly string[];
  /** As much of the contents as the registry's listing shows. */
  readonly seen: readonly string[];
}

export async function baselineOf(kind: ScenarioKind, gitHost: GitHost): Promise<Baseline> {
  const scenario = await openScenario(kind);
  try {
    const servers = allServers(scenario, gitHost);
    const before = Object.fromEntries(Object.entries(servers).map(([name, { requests }]) => [name, requests.length]));
    const result = await sweepScenario(scenario, gitHost);
    assert.deepEqual(result.errors, []);
    assert.ok(contentsOf(scenario.store).length > 0);
    const requests = Object.entries(servers).map(([name, server]) => [
      name,
      server.requests.length - (before[name] ?? 0),
    ]);
    return { requests: Object.fromEntries(requests), contents: contentsOf(scenario.store), seen: seen(scenario) };
  } finally {
    await scenario.close();
  }
}

/** Where only tags are listed, what an interruption left untagged is for the registry's collection to remove. */
export function seen({ store, kind }: Scenario<StoreView>): readonly string[] {
  return contentsOf(store).filter((line) => (kind !== "distribution" && kind !== "oci") || !line.endsWith(" "));
}

function allServers(
  scenario: Scenario<StoreView>,
  gitHost: GitHost,
): Readonly<Record<string, Pick<TestServer, "requests" | "inject">>> {
  return { ...scenario.servers, git: gitHost.git, github: gitHost.github };
}

export function assertPullable({ store }: Scenario<StoreView>, tags: readonly string[] = LIVE_TAGS): void {
  for (const tag of tags) assert.deepEqual(missingBelow(store, tag), [], `${tag} can be pulled whole`);
}
