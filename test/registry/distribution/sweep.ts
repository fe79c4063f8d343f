import { systemClock } from "../../../src/clock.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import type { Log } from "../../../src/log.ts";
import type { RunResult } from "../../../src/report/result.ts";
import { run } from "../../../src/run.ts";
import type { GitHost } from "../../e2e/example.ts";
import { settingsOf, silentLog } from "../../run.ts";

export interface SweepOptions {
  /** In addition to `registry`. */
  readonly inputs?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly log?: Log;
  readonly signal?: AbortSignal;
}

/** Sweeps a registry in this process by the refs of `gitHost`, without a Docker login. */
export async function sweepRegistry(url: URL, gitHost: GitHost, options: SweepOptions = {}): Promise<RunResult> {
  const { inputs = {}, environment = {}, log = silentLog, signal = new AbortController().signal } = options;
  const settings = settingsOf(
    { registry: url.href, provider: "distribution", ...inputs },
    { DOCKER_CONFIG: "/nonexistent", ...gitHost.environment, ...environment },
  );
  const http = createHttpClient({ clock: systemClock, concurrency: settings.concurrency, signal });
  try {
    return await run(settings, { http, clock: systemClock, log, signal });
  } finally {
    await http.close();
  }
}

/** Returns the tags of all deleted images, sorted: `repository: tag tag`. */
export function deletedTags(result: RunResult): readonly string[] {
  return result.repositories
    .flatMap(({ name, manifests }) =>
      manifests
        .filter(({ outcome, tags }) => outcome === "deleted" && tags.length > 0)
        .map(({ tags }) => `${name}: ${tags.join(" ")}`),
    )
    .sort();
}
