import { readSettings } from "../src/inputs.ts";
import type { Log } from "../src/report/log.ts";
import type { Settings } from "../src/settings.ts";

/** A log that nobody reads. */
export const silentLog: Log = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  group: (_title, work) => work(),
  mask: () => undefined,
  progress: () => () => undefined,
};

/** Settings as the action reads them, for a sweep in this process. */
export function settingsOf(
  inputs: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>>,
): Settings {
  const variables = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  const github = { "INPUT_GITHUB-TOKEN": environment["GITHUB_TOKEN"] };
  return readSettings({ ...environment, ...github, ...Object.fromEntries(variables) }, () => "{}");
}
