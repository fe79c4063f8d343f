import type { Clock } from "../../../src/clock.ts";
import type { GcType } from "../../../src/settings.ts";
import type { Reply } from "../http-server.ts";
import { errorReply, listPage, notFound, timestamp } from "./answers.ts";
import type { RegistryContent } from "./content.ts";

/** How the collections of a registry go. */
export interface CollectionScript {
  /** What a collection goes through; the last status is its end. Undocumented ones are welcome. */
  readonly statuses: readonly string[];
  /** `poll`: each GET of the active collection moves it on; a number: so many milliseconds of the clock do. */
  readonly movesOn: "poll" | number;
  /** Where the end is seen: only in the list, as documented, or once in the active collection too. */
  readonly endSeenIn: "list" | "active";
  /** What a second start answers: documented nowhere. */
  readonly secondStart: number;
  /** For how many readings an ended collection is not in the list yet. */
  readonly listLags: number;
}

export const DOCUMENTED: CollectionScript = {
  statuses: [
    "requested",
    "waiting for write JWTs to expire",
    "scanning manifests",
    "deleting unreferenced blobs",
    "succeeded",
  ],
  movesOn: "poll",
  endSeenIn: "list",
  secondStart: 409,
  listLags: 0,
};

const TYPES: readonly string[] = [
  "untagged manifests only",
  "unreferenced blobs only",
  "untagged manifests and unreferenced blobs",
] satisfies readonly GcType[];

interface Run {
  readonly uuid: string;
  readonly type: GcType;
  readonly createdAt: number;
  readonly script: CollectionScript;
  step: number;
  updatedAt: number;
  shown: boolean;
  lag: number;
  freed: { readonly blobs: number; readonly bytes: number };
}

/** The garbage collections of one registry: one at a time, the registry read-only while one is active. */
export class Collections {
  readonly #registry: string;
  readonly #content: RegistryContent;
  readonly #clock: Clock;
  readonly #runs: Run[] = [];
  script: CollectionScript;

  constructor(registry: string, content: RegistryContent, clock: Clock, script: CollectionScript) {
    this.#registry = registry;
    this.#content = content;
    this.#clock = clock;
    this.script = script;
  }

  /** Starts one as POST does, or as somebody else might, after the end of the last; returns its uuid. */
  begin(type: GcType): string {
    const last = this.#running();
    if (last !== null) this.#moveTo(last, last.script.statuses.length);
    const now = this.#clock.now();
    const uuid = `eff0feee-49c7-4e8f-ba5c-${String(this.#runs.length + 1).padStart(12, "0")}`;
    const freed = { blobs: 0, bytes: 0 };
    const run = { uuid, type, createdAt: now, updatedAt: now, script: this.script, step: 0, shown: false, freed };
    this.#runs.unshift({ ...run, lag: this.script.listLags });
    return uuid;
  }

  /** How many were ever begun. */
  begun(): number {
    return this.#runs.length;
  }

  isReadOnly(): boolean {
    return this.#running() !== null;
  }

  post(body: Buffer): Reply {
    const type = typeOf(body);
    if (type === null) return errorReply(422, "unprocessable_entity", "type is not one of the three");
    if (this.#running() !== null) {
      return errorReply(this.script.secondStart, "conflict", "a garbage collection is already active");
    }
    this.begin(type);
    return { status: 201, body: { garbage_collection: this.#shape(this.#newest()) } };
  }

  getActive(): Reply {
    const before = this.#running();
    if (before !== null && before.script.movesOn === "poll") this.#moveTo(before, before.step + 1);
    const newest = this.#runs[0];
    const running = this.#running();
    if (running !== null) return { status: 200, body: { garbage_collection: this.#shape(running) } };
    if (newest === undefined || newest.shown || newest.script.endSeenIn === "list") return notFound();
    newest.shown = true;
    return { status: 200, body: { garbage_collection: this.#shape(newest) } };
  }

  list(url: URL): Reply {
    this.#running();
    const entries = this.#runs.filter((run) => !isOver(run) || run.lag-- <= 0);
    return listPage({ name: "garbage_collections", entries, url, show: (run) => this.#shape(run) });
  }

  /** The active collection, moved on to where the clock says it is. */
  #running(): Run | null {
    const run = this.#runs[0];
    if (run === undefined) return null;
    const { movesOn } = run.script;
    if (movesOn !== "poll") this.#moveTo(run, Math.floor((this.#clock.now() - run.createdAt) / movesOn));
    return isOver(run) ? null : run;
  }

  #moveTo(run: Run, step: number): void {
    if (isOver(run)) return;
    run.step = Math.min(step, run.script.statuses.length - 1);
    run.updatedAt = this.#clock.now();
    if (isOver(run) && /^succe/.test(statusOf(run))) run.freed = this.#content.collect(run.type);
  }

  #newest(): Run {
    const run = this.#runs[0];
    if (run === undefined) throw new Error("no collection was begun");
    return run;
  }

  #shape(run: Run): Readonly<Record<string, unknown>> {
    return {
      uuid: run.uuid,
      registry_name: this.#registry,
      status: statusOf(run),
      type: run.type,
      created_at: timestamp(run.createdAt),
      updated_at: timestamp(run.updatedAt),
      blobs_deleted: run.freed.blobs,
      freed_bytes: run.freed.bytes,
    };
  }
}

function isOver(run: Run): boolean {
  return run.step >= run.script.statuses.length - 1;
}

function statusOf(run: Run): string {
  return run.script.statuses[run.step] ?? "requested";
}

/** Without a body, or without `type`, a collection is of unreferenced blobs only. */
function typeOf(body: Buffer): GcType | null {
  const asked: unknown = body.length === 0 ? {} : JSON.parse(body.toString());
  const type = typeof asked === "object" && asked !== null && "type" in asked ? asked.type : "unreferenced blobs only";
  return isGcType(type) ? type : null;
}

function isGcType(type: unknown): type is GcType {
  return typeof type === "string" && TYPES.includes(type);
}
