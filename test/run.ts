import { readSettings } from "../src/inputs/read-settings.ts";
import type { Log } from "../src/log.ts";
import type { Settings } from "../src/settings.ts";

/** A log that discards everything. */
export const silentLog: Log = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  group: () => undefined,
  mask: () => undefined,
  progress: () => () => undefined,
};

/** The event that started the workflow: name and payload. */
export interface Event {
  readonly name: string;
  readonly payload: unknown;
}

/** Reads settings as the action does, for a sweep in this process. */
export function settingsOf(
  inputs: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>>,
  event: Event = { name: "schedule", payload: {} },
): Settings {
  const variables = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  const runner = {
    "INPUT_GITHUB-TOKEN": environment["GITHUB_TOKEN"],
    GITHUB_EVENT_NAME: event.name,
    GITHUB_EVENT_PATH: "event.json",
  };
  const all = { ...environment, ...runner, ...Object.fromEntries(variables) };
  return readSettings(all, () => JSON.stringify(event.payload));
}
