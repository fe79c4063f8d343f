import { expect } from "vitest";
import { Fault } from "../../src/fault.ts";
import { readSettings } from "../../src/inputs/read-settings.ts";
import type { Settings } from "../../src/settings.ts";

export type Inputs = Readonly<Record<string, string>>;

export const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
export const VALID: Inputs = {
  registry: "registry.digitalocean.com/team",
  token: "dop_v1_secret",
  "github-token": "ghs_secret",
  "git-repository": "Octo/Web-App",
};
export const LOCAL = { registry: "localhost:5000", token: "" };
export const GHCR = { registry: "ghcr.io/octo", token: "" };
export const PULL_REQUEST = { GITHUB_EVENT_NAME: "pull_request", GITHUB_EVENT_PATH: "/event.json" };

/** Reads the settings of a step: `inputs` over the valid ones, and the variables of the runner. */
export function read(
  inputs: Inputs = {},
  environment: Inputs = {},
  payload: unknown = {},
  platform: NodeJS.Platform = "linux",
): Settings {
  const variables = Object.entries({ ...VALID, ...inputs }).map(([name, value]) => [
    `INPUT_${name.toUpperCase()}`,
    value,
  ]);
  const readFile = (path: string): string => {
    if (path !== "/event.json") throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    return typeof payload === "string" ? payload : JSON.stringify(payload);
  };
  return readSettings({ ...Object.fromEntries(variables), ...environment }, readFile, platform);
}

/** Returns the error of a step with invalid inputs. */
export function faultOf(...step: Parameters<typeof read>): Fault {
  try {
    read(...step);
  } catch (error) {
    if (error instanceof Fault && error.kind === "input") return error;
    throw error;
  }
  throw new Error("no error was thrown");
}

/** Returns the lines of the error that name an input. */
export function errorsOf(...step: Parameters<typeof read>): readonly string[] {
  const [, ...lines] = faultOf(...step).message.split("\n");
  expect(lines.filter((line) => !line.startsWith("- "))).toEqual([]);
  return lines;
}
