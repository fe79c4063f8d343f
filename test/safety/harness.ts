import assert from "node:assert/strict";
import type { Clock } from "../../src/clock.ts";
import { createHttpClient } from "../../src/http/client.ts";
import { sweep } from "../../src/main.ts";
import type { RunResult } from "../../src/report/result.ts";
import type { Forge } from "../e2e/team.ts";
import { settingsOf, silentLog } from "../run.ts";
import type { FaultScript, ServerFault, TestServer } from "../servers/http-server.ts";
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
): Promise<RunResult> {
  const settings = settingsOf(
    { ...stage.inputs, concurrency: "4", ...inputs },
    { ...forge.environment, ...stage.environment },
  );
  const http = createHttpClient({ clock, concurrency: settings.concurrency, timeoutMs: 2_000 });
  try {
    return await sweep(settings, { http, clock, log: silentLog, signal: new AbortController().signal });
  } finally {
    await http.close();
  }
}

/** Which request meets which fault. */
export interface Trial {
  readonly kind: StageKind;
  /** A server of the stage, or `git` or `github`. */
  readonly server: string;
  /** 1 for the first request to that server. */
  readonly ordinal: number;
  readonly fault: ServerFault;
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
    assert.deepEqual(result.problems, []);
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
function seen({ store, kind }: Stage<Holdings>): readonly string[] {
  return contentsOf(store).filter((line) => kind !== "distribution" || !line.endsWith(" "));
}

function allServers(
  stage: Stage<Holdings>,
  forge: Forge,
): Readonly<Record<string, Pick<TestServer, "requests" | "inject">>> {
  return { ...stage.servers, git: forge.git, github: forge.github };
}

/**
 * One sweep in which one request goes wrong, and a second without a fault. Afterwards nothing living is broken, the report tells the
 * truth, and the second sweep has reached what a sweep without faults leaves. Throws where that is not so.
 */
export async function tryFault(
  { kind, server, ordinal, fault }: Trial,
  forge: Forge,
  baseline: Baseline,
): Promise<void> {
  const stage = await openStage(kind);
  const script: FaultScript = (_request, number) => (number === ordinal ? fault : null);
  const servers = allServers(stage, forge);
  try {
    servers[server]?.inject(script);
    const before = contentsOf(stage.store);
    const first = await sweepStage(stage, forge);
    assertLiving(stage);
    assertTruth(first, before, contentsOf(stage.store), baseline);
    servers[server]?.inject([]);
    const second = await sweepStage(stage, forge);
    assert.deepEqual(second.problems, [], "the second run has no problem");
    assert.deepEqual(seen(stage), baseline.seen, "the second run finishes what the first left");
  } finally {
    servers[server]?.inject([]);
    await stage.close();
  }
}

export function assertLiving({ store }: Stage<Holdings>): void {
  for (const tag of LIVING) assert.deepEqual(missingBelow(store, tag), [], `${tag} can be pulled whole`);
}

function assertTruth(result: RunResult, before: readonly string[], after: readonly string[], baseline: Baseline): void {
  const digests = (contents: readonly string[]) => new Set(contents.map((line) => line.split(" ")[0] ?? ""));
  const left = digests(after);
  const gone = new Set([...digests(before)].filter((digest) => !left.has(digest)));
  const manifests = result.repositories.flatMap((repository) => repository.manifests);
  for (const { digest, outcome } of manifests) {
    if (outcome === "deleted" || outcome === "gone")
      assert.ok(gone.has(digest), `${digest} is told as ${outcome}, and is there`);
    if (outcome === "kept" || outcome === "changed")
      assert.ok(!gone.has(digest), `${digest} is told as ${outcome}, and is gone`);
  }
  const told = new Set(manifests.filter(({ outcome }) => outcome !== "kept").map(({ digest }) => String(digest)));
  for (const digest of gone) assert.ok(told.has(digest), `${digest} is gone, and not told of`);
  if (result.problems.length === 0)
    assert.deepEqual(after, baseline.contents, "no problem is told, and the work is not done");
}
