import { Fault } from "../fault.ts";
import { HttpError, reportable } from "../http/errors.ts";
import type { Log } from "../log.ts";
import { type Advice, NO_ADVICE } from "../plan/advice.ts";
import type { Decision } from "../plan/plan.ts";
import type { Provider } from "../registry/provider.ts";
import { providerFor } from "../registry/providers.ts";
import type { GarbageCollection, Storage } from "../registry/registry.ts";
import type { Settings } from "../settings.ts";
import type { RemainingManifest, RemainingRepository } from "../sweep/collect.ts";
import type { Outcome } from "../sweep/outcome.ts";
import type { PlannedRepository } from "../sweep/plan-repository.ts";
import { staleTagsOf } from "../sweep/stale-tags.ts";
import type { Swept } from "../sweep/sweep-repository.ts";
import type { Validation } from "../sweep/validate.ts";
import { describeSettings } from "./described-settings.ts";
import { NOT_STARTED } from "./fault-result.ts";
import { endsRun, failedDeletions, faultOf } from "./faults.ts";
import type { ManifestResult, RepositoryResult, RunResult } from "./result.ts";
import { brokenIndexes, uniqueByDigest, validationWarnings } from "./validation.ts";

interface Entry {
  error: string | null;
  planned: PlannedRepository | null;
  swept: Swept | null;
  validation: Validation | null;
  advice: Advice;
}

const EMPTY: Entry = { error: null, planned: null, swept: null, validation: null, advice: NO_ADVICE };

/** Records a run, so that its result can be written at any time, also after an error. */
export class RunRecord {
  readonly #settings: Settings;
  readonly #provider: Provider;
  readonly #startedAt: number;
  readonly #entries = new Map<string, Entry>();
  readonly #errors: RunResult["errors"][number][] = [];
  readonly #warnings: string[] = [];
  readonly #loggedWarnings = new Map<string, string>();
  readonly #notices: string[] = [];
  #storage: Storage = { usedBytes: null, includedBytes: null };
  #collection = NOT_STARTED;

  constructor(settings: Settings, startedAt: number) {
    this.#settings = settings;
    this.#provider = providerFor(settings.registry.provider);
    this.#startedAt = startedAt;
  }

  /** Runs `work` and records its error, of any kind. */
  async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#addError(reportable(error));
    }
  }

  /** The same for one repository. Throws what ends the run. */
  async attemptIn(repository: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (endsRun(error) || !(error instanceof Fault || error instanceof HttpError)) throw error;
      this.#entryOf(repository).error = faultOf(error).message;
      this.#addError(error, `${repository}: `);
    }
  }

  addNotice(text: string): void {
    this.#notices.push(inOneLine(text));
  }

  addWarning(text: string): void {
    this.#warnings.push(inOneLine(text));
  }

  /** Returns a log that also records the first warning of each kind, for the summary. */
  logThrough(log: Log): Log {
    const warn = (kind: string, text: string): void => {
      if (!this.#loggedWarnings.has(kind)) this.#loggedWarnings.set(kind, inOneLine(text));
      log.warn(kind, text);
    };
    return { ...log, warn };
  }

  setStorage(storage: Storage): void {
    this.#storage = storage;
  }

  /** Records a collection. One that is still running is a warning, because the registry may be read-only. */
  setCollection(collection: GarbageCollection | RunResult["garbageCollection"]): void {
    const { status, freedBytes, blobsDeleted, note } = collection;
    this.#collection = { status, freedBytes, blobsDeleted, note: inOneLine(note) };
    const isReadOnly = status === "started" && this.#provider.capabilities.garbageCollection === "api";
    if (status === "timed-out" || isReadOnly) this.addWarning(note);
    if (status === "unsupported") this.addNotice(note);
  }

  setPlan(repository: string, planned: PlannedRepository, advice: Advice): void {
    Object.assign(this.#entryOf(repository), { planned, advice });
  }

  /** Records what happened to a plan. Failed deletions, and the error that ended the sweep, are errors. */
  setSwept(repository: string, swept: Swept): void {
    this.#entryOf(repository).swept = swept;
    if (swept.notice !== null && !this.#notices.includes(swept.notice)) this.addNotice(swept.notice);
    const failure = failedDeletions(repository, swept);
    if (failure !== null) this.#addError(failure);
    if (swept.error !== null && (swept.isLocal || !endsRun(swept.error)))
      this.#addError(swept.error, `${repository}: `);
  }

  /** Records what `validate` found. Broken images are a warning. */
  setValidation(repository: string, validation: Validation): void {
    this.#entryOf(repository).validation = validation;
    for (const text of validationWarnings(repository, validation)) this.addWarning(text);
  }

  /** Whether this run deleted anything, or may have: the answer to a DELETE can be lost. */
  mayHaveDeleted(): boolean {
    return [...this.#entries.values()].some(({ swept }) => swept?.mayHaveDeleted === true);
  }

  repository(name: string): RepositoryResult {
    return this.#resultOf(name, this.#entryOf(name));
  }

  /** The manifests that still exist, for the garbage collection. */
  remaining(): readonly RemainingRepository[] {
    return this.#repositories().map(({ name, plan, manifests }) => {
      const existing = manifests.filter(({ outcome }) => outcome !== "deleted" && outcome !== "gone");
      return { name, manifests: plan === null ? null : existing.map((manifest) => remainingOf(name, manifest)) };
    });
  }

  result(finishedAt: number, requests: Readonly<Record<string, number>>): RunResult {
    const { dryRun, registry, github } = this.#settings;
    const { name, capabilities, restoreWindow } = this.#provider;
    return {
      dryRun,
      registry: registry.name,
      provider: name,
      gitRepositoryUrl: new URL(github.repository, github.serverUrl).href,
      startedAt: this.#startedAt,
      finishedAt,
      settings: describeSettings(this.#settings),
      listsUntagged: capabilities.listsUntagged,
      restoreWindow,
      storage: this.#storage,
      repositories: this.#repositories(),
      requests,
      garbageCollection: this.#collection,
      errors: [...this.#errors],
      warnings: [...this.#warnings],
      loggedWarnings: [...this.#loggedWarnings.values()],
      notices: [...this.#notices],
    };
  }

  #repositories(): readonly RepositoryResult[] {
    const sorted = [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.map(([name, entry]) => this.#resultOf(name, entry));
  }

  #resultOf(name: string, { error, planned, swept, validation, advice }: Entry): RepositoryResult {
    const plan = planned?.plan ?? null;
    return {
      name,
      url: this.#provider.repositoryUrl(this.#settings, name),
      error: error ?? swept?.error?.message ?? plan?.unreadable[0]?.reason ?? null,
      plan,
      manifests: plan === null ? [] : plan.decisions.map((decision) => this.#manifestOf(decision, swept)),
      staleTags: swept?.staleTags ?? (plan === null ? [] : staleTagsOf(plan)),
      broken: validation?.broken ?? (plan === null ? [] : brokenIndexes(plan)),
      unreadable: uniqueByDigest([...(plan?.unreadable ?? []), ...(validation?.unreadable ?? [])]),
      advice,
    };
  }

  #manifestOf(decision: Decision, swept: Swept | null): ManifestResult {
    const outcome: Outcome | undefined = swept?.outcomes.get(decision.digest);
    if (decision.decision === "keep") return { ...decision, outcome: "kept", error: null };
    if (outcome !== undefined) return { ...decision, ...outcome };
    if (this.#settings.dryRun) return { ...decision, outcome: "planned", error: null };
    return { ...decision, outcome: "deferred", error: "the run ended before this deletion" };
  }

  #entryOf(repository: string): Entry {
    const entry = this.#entries.get(repository) ?? { ...EMPTY };
    this.#entries.set(repository, entry);
    return entry;
  }

  #addError(error: Fault | HttpError, prefix = ""): void {
    const { kind, message, remedy } = faultOf(error);
    const text = inOneLine(`${prefix}${message}`);
    if (this.#errors.some((known) => known.message === text)) return;
    this.#errors.push({ kind, message: text, remedy: inOneLine(remedy) });
  }
}

/** A manifest that changed since it was planned may have lost its tags. */
function remainingOf(repository: string, manifest: ManifestResult): RemainingManifest {
  const { digest, tags, outcome, error, reason } = manifest;
  return {
    description: `${repository}@${digest} (${error ?? reason})`,
    isTagged: outcome !== "changed" && tags.length > 0,
  };
}

/** Only invalid inputs are a list. In any other message a line break is text from outside. */
function inOneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
