import assert from "node:assert/strict";
import type { Clock } from "../../src/clock.ts";
import { createHttpClient } from "../../src/http/client.ts";
import type { Log } from "../../src/log.ts";
import type { RunResult } from "../../src/report/result.ts";
import { sweep } from "../../src/run.ts";
import type { Forge } from "../e2e/team.ts";
import { settingsOf, silentLog } from "../run.ts";
import type { TestServer } from "../servers/http-server.ts";
import { stageClock } from "./faults.ts";
import { contentsOf, type Holdings, missingBelow, NOW, openStage, type Stage, type StageKind } from "./stage.ts";

/** Tags of images that must outlive anything: a living branch's, and the one that no ref names. */
const LIVING = ["main", "next", "jane"];

/** Sweeps a stage in this process, on a clock on which no wait takes time. */
export async function sweepStage(
  stage: Stage<Holdings>,
  forge: Forge,
  inputs: Readonly<Record<string, string>> = {},
  clock: Clock = stageClock(NOW),
  { timeoutMs = 2_000, log = silentLog }: { readonly timeoutMs?: number; readonly log?: Log } = {},
): Promise<RunResult> {
  const settings = settingsOf(
    { ...stage.inputs, concurrency: "4", ...inputs },
    { ...forge.environment, ...stage.environment },
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

export async function baselineOf(kind: StageKind, forge: Forge): Promise<Baseline> {
  const stage = await openStage(kind);
  try {
    const servers = allServers(stage, forge);
    const before = Object.fromEntries(Object.entries(servers).map(([name, { requests }]) => [name, requests.length]));
    const result = await sweepStage(stage, forge);
    assert.deepEqual(result.errors, []);
    assert.ok(contentsOf(stage.store).length > 0);
    const requests = Object.entries(servers).map(([name, server]) => [
      name,
      server.requests.length - (before[name] ?? 0),
    ]);
    return { requests: Object.fromEntries(requests), contents: contentsOf(stage.store), seen: seen(stage) };
  } finally {
    await stage.close();
  }
}

/** Where only tags are listed, what an interruption left untagged is for the registry's collection to remove. */
export function seen({ store, kind }: Stage<Holdings>): readonly string[] {
  return contentsOf(store).filter((line) => (kind !== "distribution" && kind !== "oci") || !line.endsWith(" "));
}

function allServers(
  stage: Stage<Holdings>,
  forge: Forge,
): Readonly<Record<string, Pick<TestServer, "requests" | "inject">>> {
  return { ...stage.servers, git: forge.git, github: forge.github };
}

export function assertLiving({ store }: Stage<Holdings>, tags: readonly string[] = LIVING): void {
  for (const tag of tags) assert.deepEqual(missingBelow(store, tag), [], `${tag} can be pulled whole`);
}
