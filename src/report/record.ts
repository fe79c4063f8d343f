import type { Digest } from "../digest.ts";
import { Fault } from "../fault.ts";
import { HttpError } from "../http/errors.ts";
import type { Decision } from "../plan/view.ts";
import { type Swept, staleTagsOf } from "../sweep/delete.ts";
import type { Look } from "../sweep/survey.ts";
import type { Outcome, RepositoryResult, RunResult, SweptManifest } from "./result.ts";

/** What is known of a run before it begins. */
export interface RunHead {
  readonly dryRun: boolean;
  readonly registry: string;
  readonly provider: string;
  readonly repositoryUrl: string;
  readonly startedAt: number;
}

interface Entry {
  error: string | null;
  look: Look | null;
  swept: Swept | null;
}

/** Keeps account of a run while it goes on, so that its result can be told at any moment, whatever ended it. */
export interface RunRecord {
  /** Runs `work`; what a user can meet becomes a error, anything else is thrown on. Returns whether it went well. */
  attempt(work: () => Promise<void>): Promise<boolean>;
  /** The same for the work on one repository; what ends the whole run is thrown on. */
  attemptIn(repository: string, work: () => Promise<void>): Promise<void>;
  addError(error: Fault | HttpError): void;
  notice(text: string): void;
  planned(repository: string, look: Look): void;
  /** Tells what became of a plan; failed deletions and the fault that ended it are errors. */
  swept(repository: string, swept: Swept): void;
  collected(collection: RunResult["garbageCollection"]): void;
  /** Whether there is something to collect: what this run deleted, or asked for and found gone, as an answer can be lost. */
  hasDeleted(): boolean;
  /** One repository as it stands. */
  repository(name: string): RepositoryResult;
  /** All of them, by name. */
  repositories(): readonly RepositoryResult[];
  result(finishedAt: number, requests: Readonly<Record<string, number>>): RunResult;
}

/** Whether an error ends the run, and not only the work on one repository. */
export function endsRun(error: unknown): boolean {
  if (error instanceof Fault) return error.kind !== "listing" && error.kind !== "deletion";
  return !(error instanceof HttpError) || error.code === "interrupted";
}

export function createRunRecord(head: RunHead): RunRecord {
  const entries = new Map<string, Entry>();
  const errors: Fault[] = [];
  const notices: string[] = [];
  let collection: RunResult["garbageCollection"] = {
    status: "not-started",
    freedBytes: null,
    blobsDeleted: null,
    note: "",
  };
  const entryOf = (repository: string): Entry => {
    const entry = entries.get(repository) ?? { error: null, look: null, swept: null };
    entries.set(repository, entry);
    return entry;
  };
  const addError = (error: Fault | HttpError): void => {
    const fault = faultOf(error);
    if (!errors.some((known) => known.message === fault.message)) errors.push(fault);
  };
  const repositories = (): readonly RepositoryResult[] =>
    [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, entry]) => resultOf(name, entry, head.dryRun));
  return {
    async attempt(work) {
      try {
        await work();
        return true;
      } catch (error) {
        if (!(error instanceof Fault || error instanceof HttpError)) throw error;
        addError(error);
        return false;
      }
    },
    async attemptIn(repository, work) {
      try {
        await work();
      } catch (error) {
        if (endsRun(error) || !(error instanceof Fault || error instanceof HttpError)) throw error;
        entryOf(repository).error = faultOf(error).message;
        addError(within(repository, error));
      }
    },
    addError,
    notice: (text) => void notices.push(text),
    planned: (repository, look) => {
      entryOf(repository).look = look;
    },
    swept: (repository, swept) => {
      entryOf(repository).swept = swept;
      const failure = failureOf(repository, swept);
      if (failure !== null) addError(failure);
      if (swept.fault !== null && !endsRun(swept.fault)) addError(within(repository, swept.fault));
    },
    collected: (value) => {
      collection = value;
    },
    hasDeleted: () => [...entries.values()].some(({ swept }) => swept !== null && mayHaveDeleted(swept)),
    repository: (name) => resultOf(name, entryOf(name), head.dryRun),
    repositories,
    result: (finishedAt, requests) => ({
      ...head,
      finishedAt,
      repositories: repositories(),
      requests,
      garbageCollection: collection,
      errors: errors.map(({ kind, message, remedy }) => ({ kind, message, remedy })),
      notices,
    }),
  };
}

/** The result of a run that never began: its inputs are bad, and what they name may not be shown. */
export function resultOfNothing({ kind, message, remedy }: Fault, now: number): RunResult {
  return {
    dryRun: false,
    registry: "",
    provider: "",
    repositoryUrl: "",
    startedAt: now,
    finishedAt: now,
    repositories: [],
    requests: {},
    garbageCollection: { status: "not-started", freedBytes: null, blobsDeleted: null, note: "" },
    errors: [{ kind, message, remedy }],
    notices: [],
  };
}

function within(repository: string, error: Fault | HttpError): Fault {
  const { kind, message, remedy } = faultOf(error);
  return new Fault(kind, `${repository}: ${message}`, remedy, { cause: error });
}

/** The failed deletions of a repository as one error; null: none failed. */
function failureOf(repository: string, swept: Swept): Fault | null {
  const failed = [...swept.outcomes].filter(([, { outcome }]) => outcome === "failed");
  const untagged = swept.staleTags.filter(({ outcome }) => outcome === "failed");
  const count = failed.length + untagged.length;
  if (count === 0) return null;
  const first =
    failed[0] === undefined ? untagged[0]?.tag : `${failed[0][0]}: ${failed[0][1].error ?? "no reason given"}`;
  return new Fault(
    "deletion",
    `${repository}: ${count} ${count === 1 ? "deletion" : "deletions"} failed; the first is ${first}`,
    "The next run tries again; what stays after that, the registry refuses to delete.",
  );
}

function mayHaveDeleted({ outcomes, asked }: Swept): boolean {
  return [...outcomes].some(
    ([digest, { outcome }]) => outcome === "deleted" || (outcome === "gone" && asked.has(digest)),
  );
}

/** An answer that nothing else explains, as the user meets it. */
function faultOf(error: Fault | HttpError): Fault {
  if (error instanceof Fault) return error;
  const message = error.detail === undefined ? error.message : `${error.message}: ${error.detail}`;
  if (error.code === "interrupted")
    return new Fault("interrupted", message, "Run it again: it finishes what is left.", { cause: error });
  const remedy = "Run it again; if it stays, look at the registry's own status and log.";
  return new Fault("listing", message, remedy, { cause: error });
}

function resultOf(name: string, entry: Entry, dryRun: boolean): RepositoryResult {
  const { look, swept } = entry;
  const unreadable = look?.plan.unreadable[0];
  return {
    name,
    error: entry.error ?? swept?.fault?.message ?? unreadable?.reason ?? null,
    plan: look?.plan ?? null,
    manifests:
      look === null ? [] : look.plan.decisions.map((decision) => manifestOf(decision, swept?.outcomes, dryRun)),
    staleTags: swept?.staleTags ?? (look === null ? [] : staleTagsOf(look)),
  };
}

function manifestOf(
  decision: Decision,
  outcomes: ReadonlyMap<Digest, Outcome> | undefined,
  dryRun: boolean,
): SweptManifest {
  if (decision.decision === "keep") return { ...decision, outcome: "kept", error: null };
  const outcome = outcomes?.get(decision.digest);
  if (outcome !== undefined) return { ...decision, ...outcome };
  if (dryRun) return { ...decision, outcome: "planned", error: null };
  return { ...decision, outcome: "kept", error: "not reached: the run ended before its turn" };
}
