import { readFileSync } from "node:fs";
import { type Clock, systemClock } from "./clock.ts";
import { Fault, unexpected } from "./fault.ts";
import { createHttpClient } from "./http/client.ts";
import { readSettings } from "./inputs/read-settings.ts";
import { providerFor } from "./registry/providers.ts";
import { type ActionsLog, createActionsLog } from "./report/actions-log.ts";
import { resultOfFault } from "./report/fault-result.ts";
import { publishResult } from "./report/publish.ts";
import type { RunResult } from "./report/result.ts";
import { run } from "./run.ts";
import type { Settings } from "./settings.ts";

/**
 * Runs the action once: reads the inputs, runs, and writes log, annotations, outputs, summary and report file.
 *
 * @param environment the runner's environment
 * @param signal aborts when the job is cancelled, with a Fault `interrupted`, or after an uncaught error, with a Fault `unexpected`
 * @returns the exit code
 */
export async function runAction(
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<number> {
  const log = createActionsLog(clock);
  let result: RunResult;
  try {
    const settings = readSettings(environment, (path) => readFileSync(path, "utf8"));
    result = await runWith(settings, { environment, signal, clock, log });
  } catch (error) {
    result = resultOfFault(error instanceof Fault ? error : unexpected(error), clock.now());
  }
  const { reason } = signal;
  if (reason instanceof Fault && reason.kind === "unexpected") result = withError(result, reason);
  try {
    publishResult(result, environment, log);
  } catch (error) {
    const { requests } = result;
    publishResult({ ...resultOfFault(unexpected(error), clock.now()), requests }, environment, log);
  }
  return log.failed() ? 1 : 0;
}

function withError(result: RunResult, { kind, message, remedy }: Fault): RunResult {
  return {
    ...result,
    errors: [{ kind, message, remedy }, ...result.errors.filter((each) => each.message !== message)],
  };
}

interface ActionServices {
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: ActionsLog;
}

async function runWith(settings: Settings, { environment, signal, clock, log }: ActionServices): Promise<RunResult> {
  for (const secret of secretsOf(settings)) log.mask(secret);
  const http = createHttpClient({
    clock,
    concurrency: settings.concurrency,
    signal,
    environment,
    policy: providerFor(settings.registry.provider).ratePolicy(settings),
    onWait: ({ host, ms, reason }) => log.info(`${host}: waiting ${Math.ceil(ms / 1000)} s (${reason})`),
  });
  try {
    return await run(settings, { http, clock, log, signal });
  } finally {
    await http.close();
  }
}

/** The credentials, and the forms in which they are sent. */
function secretsOf({ credential, github }: Settings): readonly string[] {
  const basic = (user: string, password: string): string => Buffer.from(`${user}:${password}`).toString("base64");
  const ofGitHub = [github.token, basic("x-access-token", github.token)];
  if (credential === null) return ofGitHub;
  const { username, secret } = credential;
  return [...ofGitHub, secret, basic(username, secret), basic(secret, secret)];
}
