import { createHttpClient } from "../../src/http/client.ts";
import type { RunResult } from "../../src/report/result.ts";
import { run } from "../../src/run.ts";
import { type Event, settingsOf, silentLog } from "../run.ts";
import type { CollectionBehaviour } from "../servers/digitalocean/collections.ts";
import { type DigitalOceanRegistry, serveDigitalOceanRegistry } from "../servers/digitalocean/registry.ts";
import { createFakeClock } from "../servers/fake-clock.ts";
import { RegistryStore } from "../servers/oci/store.ts";
import { fillExampleRegistry, type GitHost } from "./example.ts";
import { type ProcessStep, runStep, runStepInProcess, type Step, type StepResult } from "./runner.ts";

export const TOKEN = "dop_v1_example0123456789";
const DAY = 86_400_000;

type Inputs = Readonly<Record<string, string>>;

/** An example registry on DigitalOcean, its Git host, and two ways to sweep it. */
export interface Fixture {
  readonly gitHost: GitHost;
  readonly store: RegistryStore;
  readonly registry: DigitalOceanRegistry;
  /** Runs the action's entry in this process, with a clock whose waits take no time. */
  step(inputs?: Inputs, more?: Partial<Step>): Promise<StepResult>;
  /** Runs dist/index.js in a process. */
  processStep(inputs?: Inputs, more?: Partial<ProcessStep>): Promise<StepResult>;
  /** Sweeps in this process, with a clock whose waits take no time. */
  sweep(inputs?: Inputs, event?: Event): Promise<RunResult>;
  close(): Promise<void>;
}

export interface FixtureOptions {
  /** Fills the registry; default: `fillExampleRegistry`. `now` is in milliseconds since the epoch. */
  readonly fill?: (store: RegistryStore, now: number) => void;
  readonly behaviour?: Parameters<typeof serveDigitalOceanRegistry>[1]["behaviour"];
  readonly collection?: Partial<CollectionBehaviour>;
}

/** Opens a registry for one test. Tests may share `gitHost`, because a sweep only reads it. */
export async function openFixture(gitHost: GitHost, options: FixtureOptions = {}): Promise<Fixture> {
  const { fill = fillExampleRegistry, behaviour, collection } = options;
  const now = Date.now();
  const store = new RegistryStore();
  fill(store, now);
  const registry = await serveDigitalOceanRegistry(store, {
    registry: "acme",
    token: TOKEN,
    ...(behaviour === undefined ? {} : { behaviour }),
    ...(collection === undefined ? {} : { collection }),
  });
  const registryInputs = {
    registry: `http://${registry.address}`,
    provider: "digitalocean",
    token: TOKEN,
    "api-url": registry.api.apiUrl.href,
  };
  const stepWith = (inputs: Inputs): Step => ({
    inputs: { ...registryInputs, ...inputs },
    environment: gitHost.environment,
  });
  return {
    gitHost,
    store,
    registry,
    step: (inputs = {}, more = {}) => runStepInProcess({ ...stepWith(inputs), ...more }),
    processStep: (inputs = {}, more = {}) => runStep({ ...stepWith(inputs), ...more }),
    async sweep(inputs = {}, event) {
      const settings = settingsOf({ ...registryInputs, ...inputs }, gitHost.environment, event);
      const clock = createFakeClock({ startAt: now });
      const http = createHttpClient({ clock, concurrency: settings.concurrency });
      try {
        return await run(settings, { http, clock, log: silentLog, signal: new AbortController().signal });
      } finally {
        await http.close();
      }
    },
    close: () => registry.close(),
  };
}

/** The event of a closed pull request of `octo/web`. By default its branch is in `octo/web` and it was merged two days ago. */
export function closed(number: number, more: Readonly<Record<string, unknown>> = {}): Event {
  return {
    name: "pull_request",
    payload: {
      action: "closed",
      pull_request: {
        number,
        merged: true,
        closed_at: new Date(Date.now() - 2 * DAY).toISOString(),
        merge_commit_sha: "b".repeat(40),
        head: { ref: "feature/login", sha: "a".repeat(40), repo: { full_name: "octo/web" } },
        base: { repo: { full_name: "octo/web" } },
        ...more,
      },
    },
  };
}

/** Returns every stored manifest as `repository@digest`. */
export function contents(store: RegistryStore): readonly string[] {
  return store.repositories().flatMap((name) => store.manifests(name).map(({ digest }) => `${name}@${digest}`));
}

/** Returns the annotations of one level in a log. */
export function annotations(log: string, level: "error" | "warning" = "error"): readonly string[] {
  return log.split("\n").filter((line) => line.startsWith(`::${level} `));
}

/** Counts the requests that all servers received. */
export function requestsOf({ registry, gitHost }: Fixture): number {
  return [registry.api, registry.oci, gitHost.git, gitHost.github].reduce(
    (sum, { requests }) => sum + requests.length,
    0,
  );
}

export function deletionsOf({ registry }: Fixture): number {
  return registry.api.requests.filter(({ method }) => method === "DELETE").length;
}
