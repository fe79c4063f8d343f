import assert from "node:assert/strict";
import type { Log } from "../../src/log.ts";
import type { RunResult } from "../../src/report/result.ts";
import type { Forge } from "../e2e/team.ts";
import { silentLog } from "../run.ts";
import type { FaultScript, RecordedRequest, TestServer } from "../servers/http-server.ts";
import { assertTruth, type Traces } from "./fault-truth.ts";
import { type PlayedFault, stageClock } from "./faults.ts";
import { assertLiving, seen, sweepStage } from "./harness.ts";
import {
  contentsOf,
  crowdStage,
  type Holdings,
  missingBelow,
  NOW,
  openStage,
  type Stage,
  type StageKind,
} from "./stage.ts";

/** A stage, how long its pages are, and what is asked of the sweep. */
export interface Play {
  readonly title: string;
  readonly kind: StageKind;
  readonly mostPerPage?: number;
  readonly inputs?: Readonly<Record<string, string>>;
}

/** The ways through a sweep. */
export const PLAYS: readonly Play[] = [
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
const LIVING = ["main", "next", "jane", "pr-6", "contrib"];

/** What a faultless sweep of a play asks of each server, and what it leaves. */
export interface Course {
  readonly requests: Readonly<Record<string, readonly RecordedRequest[]>>;
  readonly contents: readonly string[];
  /** As much of the contents as the registry's listing shows. */
  readonly seen: readonly string[];
}

type Servers = Readonly<Record<string, Pick<TestServer, "requests" | "inject">>>;

function serversOf(stage: Stage<Holdings>, { git, github }: Forge): Servers {
  return { ...stage.servers, git, github };
}

function open({ kind, mostPerPage }: Play): Promise<Stage<Holdings>> {
  return openStage(kind, { fill: crowdStage, ...(mostPerPage === undefined ? {} : { mostPerPage }) });
}

export async function courseOf(play: Play, forge: Forge): Promise<Course> {
  const stage = await open(play);
  try {
    const servers = serversOf(stage, forge);
    const before = Object.entries(servers).map(([name, { requests }]) => [name, requests.length] as const);
    const result = await sweepStage(stage, forge, play.inputs);
    assert.deepEqual(result.errors, []);
    assertWhole(stage);
    const requests = before.map(([name, count]) => [name, servers[name]?.requests.slice(count) ?? []]);
    return { requests: Object.fromEntries(requests), contents: contentsOf(stage.store), seen: seen(stage) };
  } finally {
    await stage.close();
  }
}

/** Which request meets a fault. */
export interface Place {
  /** A server of the stage, or `git` or `github`. */
  readonly server: string;
  /** 1 for the first request to that server that the fault can meet. */
  readonly ordinal: number;
}

/** What lives is there, and whatever tag is there, dead ones too, can be pulled whole: an interruption leaves no broken one. */
function assertWhole(stage: Stage<Holdings>): void {
  assertLiving(stage, LIVING);
  const { store } = stage;
  for (const repository of store.repositories()) {
    for (const tag of store.tags(repository))
      assert.deepEqual(missingBelow(store, tag, repository), [], `${repository}:${tag} can be pulled whole`);
  }
}

/** All places of a course at which a fault can be. */
export function placesOf(course: Course, { meets = () => true }: PlayedFault): readonly Place[] {
  return Object.entries(course.requests).flatMap(([server, requests]) =>
    requests.filter((request) => meets(request)).map((_, index) => ({ server, ordinal: index + 1 })),
  );
}

/**
 * One sweep in which one request goes wrong, and a second without a fault. Afterwards nothing living is broken, the report tells the
 * truth, and the second sweep has reached what a sweep without faults leaves. Throws where that is not so.
 */
export async function tryFault(
  play: Play,
  fault: PlayedFault,
  place: Place,
  forge: Forge,
  course: Course,
): Promise<void> {
  const stage = await open(play);
  const server = serversOf(stage, forge)[place.server];
  assert.ok(server !== undefined, `there is a server ${place.server}`);
  try {
    const start = digestsOf(contentsOf(stage.store));
    const disturbed = (fault.disturbs ?? []).map((tag) => String(stage.store.resolve("web", tag)?.digest));
    const { script, isPlayed } = once(fault, place.ordinal, stage);
    server.inject(script);
    const first = await sweepAndTrace(stage, play, forge, fault.timeoutMs);
    server.inject([]);
    assert.ok(isPlayed(), "the sweep came to the request");
    const pushed = [...digestsOf(first.after)].filter((digest) => !start.has(digest));
    const own = (lines: readonly string[]) => lines.filter((line) => !pushed.includes(digestOf(line)));
    assertWhole(stage);
    const hidden = fault.finishes === "some";
    assertTruth(first.result, { ...first, moved: new Set([...disturbed, ...pushed]), hidden });
    const isTold = first.result.errors.length > 0 || first.warnings.length > 0;
    if (!isTold && !hidden)
      assert.deepEqual(own(first.after), course.contents, "nothing is told, and the work is not done");

    const second = await sweepAndTrace(stage, play, forge);
    assert.deepEqual(second.result.errors, [], "the second run has no problem");
    assertWhole(stage);
    assertTruth(second.result, { ...second, moved: new Set(pushed), hidden: false });
    assert.deepEqual(own(seen(stage)), course.seen, "the second run finishes what the first left");
  } finally {
    server.inject([]);
    await stage.close();
  }
}

/** A script that plays `fault` at the `ordinal`th of the requests that it can meet. */
function once(
  { meets = () => true, play }: PlayedFault,
  ordinal: number,
  stage: Stage<Holdings>,
): { readonly script: FaultScript; isPlayed(): boolean } {
  let met = 0;
  return {
    script: (request) => {
      if (!meets(request)) return null;
      met += 1;
      return met === ordinal ? play(stage) : null;
    },
    isPlayed: () => met >= ordinal,
  };
}

type Traced = Omit<Traces, "moved" | "hidden"> & { readonly result: RunResult; readonly warnings: readonly string[] };

async function sweepAndTrace(
  stage: Stage<Holdings>,
  { inputs }: Play,
  forge: Forge,
  timeoutMs = 2_000,
): Promise<Traced> {
  const before = contentsOf(stage.store);
  const { collections } = stage;
  const begunBefore = collections?.begun() ?? 0;
  const wasRunning = collections?.isReadOnly() ?? false;
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_title, text) => void warnings.push(text) };
  const result = await sweepStage(stage, forge, inputs, stageClock(NOW), { timeoutMs, log });
  const collection =
    collections === null || inputs?.["run-gc"] === undefined
      ? null
      : { begun: collections.begun() - begunBefore, wasRunning };
  return { result, warnings, before, after: contentsOf(stage.store), collection };
}

const digestOf = (line: string): string => line.split(" ")[0] ?? "";

function digestsOf(lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.map(digestOf));
}
