import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { systemClock } from "./clock.ts";
import { Fault } from "./fault.ts";
import { createHttpClient } from "./http/client.ts";
import { readSettings, reportPathOf } from "./inputs/read-settings.ts";
import { policyFor } from "./registry/open.ts";
import { createActionsLog } from "./report/actions-log.ts";
import { withoutSecrets } from "./report/hide.ts";
import { resultOfNothing } from "./report/record.ts";
import type { RunResult } from "./report/result.ts";
import { writeReport } from "./report/write.ts";
import { sweep } from "./run.ts";
import type { Settings } from "./settings.ts";

/** A cancelled job gets 7.5 s from the runner, and promises 5 to its user: what has not ended by then is left to itself. */
const LAST_MOMENT_MS = 4_800;

// V8's young generation grows by what survives in it, to some 100 MB of which most is garbage. That it stays as small as it
// begins costs a sweep no time, and the runner is shared with what else the job does.
setFlagsFromString("--semi-space-growth-factor=1");

const log = createActionsLog(systemClock);
const cancelled = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, cancel);

try {
  await run(readSettings(process.env, (path) => readFileSync(path, "utf8")));
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  tell(resultOfNothing(error, systemClock.now()), reportPathOf(process.env));
} finally {
  log.flush();
}

async function run(settings: Settings): Promise<void> {
  for (const secret of secretsOf(settings)) log.mask(secret);
  const http = createHttpClient({
    clock: systemClock,
    concurrency: settings.concurrency,
    signal: cancelled.signal,
    environment: process.env,
    policy: policyFor(settings),
    onWait: ({ host, ms, reason }) => log.info(`${host}: waiting ${Math.ceil(ms / 1000)} s, ${reason}`),
  });
  try {
    tell(await sweep(settings, { http, clock: systemClock, log, signal: cancelled.signal }), settings.reportPath);
  } finally {
    await http.close();
  }
}

/** Tells what a run came to wherever it is told: annotations, report file, outputs and summary. */
function tell(whole: RunResult, reportPath: string): void {
  const result = withoutSecrets(whole, log.hide);
  for (const { kind, message, remedy } of result.errors) log.error(kind, `${message}\n${remedy}`);
  for (const notice of result.notices) log.warn("notice", notice);
  writeReport(result, reportPath, log);
}

/** The credentials, and the forms in which they travel. */
function secretsOf({ credential, github }: Settings): readonly string[] {
  const basic = (user: string, password: string): string => Buffer.from(`${user}:${password}`).toString("base64");
  const ofGitHub = [github.token, basic("x-access-token", github.token)];
  if (credential === null) return ofGitHub;
  const { username, secret } = credential;
  return [...ofGitHub, secret, basic(username, secret), basic(secret, secret)];
}

/** A second signal hurries nothing: the end is near as it is, and whoever reads the report shall know what was deleted. */
function cancel(): void {
  if (cancelled.signal.aborted) return;
  cancelled.abort(
    new Fault(
      "interrupted",
      "The job was cancelled before the sweep had ended",
      "Run it again: it finishes what is left.",
    ),
  );
  setTimeout(() => process.exit(1), LAST_MOMENT_MS).unref();
}
