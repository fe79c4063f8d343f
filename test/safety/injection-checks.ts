import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Marked } from "marked";
import { expect, vi } from "vitest";
import type { Log } from "../../src/log.ts";
import { createActionsLog } from "../../src/report/actions-log.ts";
import { publishResult } from "../../src/report/publish.ts";
import type { RunResult } from "../../src/report/result.ts";
import { asReport } from "../e2e/report-schema.ts";
import { commandIn, UNSEEN } from "../report/hostile.ts";
import { createFakeClock } from "../servers/fake-clock.ts";
import { NOW } from "./scenario.ts";

/** Everything that a step prints or writes. */
export interface CapturedOutput {
  readonly log: string;
  readonly summary: string;
  /** The file from which the runner reads outputs. */
  readonly output: string;
  readonly report: string;
}

const OUTPUTS = [
  ...["deferred-count", "deleted-bytes", "deleted-count", "deleted-digests", "deleted-images", "failed-count"],
  ...["gc-blobs-deleted", "gc-freed-bytes", "gc-status", "kept-count", "kept-images", "report", "storage-bytes"],
];
const COMMANDS = new Set(["group", "endgroup", "error", "warning", "notice"]);
const ELEMENTS =
  /^(?:h3|h4|p|ul|li|blockquote|table|thead|tbody|tr|th|td|details|summary|code|pre|b|strong|i|sub|br|a)$/;
const LINK =
  /^href=(?:http:\/\/127\.0\.0\.1:\d+\/octo\/|https:\/\/docs\.github\.com\/|https:\/\/cloud\.digitalocean\.com\/registry\/acme$)/;
const ATTRIBUTES = /^(?:align=(?:left|right)|title=)/;

/** Runs `work` with the log of a step and publishes its result like the action. */
export async function captureOutput(work: (log: Log) => Promise<RunResult>): Promise<CapturedOutput> {
  const folder = mkdtempSync(join(tmpdir(), "refsweep-output-"));
  const file = (name: string): string => join(folder, name);
  vi.stubEnv("RUNNER_TEMP", folder);
  for (const name of ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"]) {
    writeFileSync(file(name), "");
    vi.stubEnv(name, file(name));
  }
  let log = "";
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    log += String(chunk);
    return true;
  });
  try {
    const actionsLog = createActionsLog(createFakeClock({ startAt: NOW }));
    const result = await work(actionsLog);
    publishResult(result, process.env, actionsLog);
    const [summary = "", output = "", report = ""] = [
      "GITHUB_STEP_SUMMARY",
      "GITHUB_OUTPUT",
      "refsweep-report.json",
    ].map((name) => readFileSync(file(name), "utf8"));
    return { log, summary, output, report };
  } finally {
    stdout.mockRestore();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Counts the elements of a summary. They must not depend on untrusted text. */
export function shapeOf({ summary }: CapturedOutput): Readonly<Record<string, number>> {
  const page = render(summary);
  const elements = ["h3", "h4", "table", "tr", "td", "th", "blockquote", "details", "li", "a"];
  return Object.fromEntries(elements.map((name) => [name, page.match(new RegExp(`<${name}[ >]`, "g"))?.length ?? 0]));
}

/** Fails if untrusted text has an effect in the log, the summary, the outputs or the report. */
export function expectNothingInjected(output: CapturedOutput): void {
  expectKnownCommands(output.log);
  expectKnownOutputs(output.output);
  expectKnownMarkup(output.summary);
  asReport(JSON.parse(output.report));
}

function expectKnownCommands(log: string): void {
  expect(log).not.toMatch(UNSEEN);
  for (const line of log.split("\n")) {
    const command = commandIn(line);
    // Run-time tokens are longer than any text of these tests.
    if (command === null || /^::add-mask::[\x21-\x7e]{8,}$/.test(line)) continue;
    expect(COMMANDS).toContain(command);
    expect(line).toMatch(
      /^::(?:group::|endgroup::$|(?:error|warning|notice) title=Refsweep[^:,\n]*(?:%3A[^:,\n]*)?::)/,
    );
    // The runner prints the lines of an annotation to the log, where they must not be commands either.
    const printed = line
      .replace(/^::[^:]*::/, "")
      .replaceAll("%0D", "\r")
      .replaceAll("%0A", "\n");
    for (const each of printed.split(/[\r\n]/)) expect(commandIn(each)).toBeNull();
  }
}

/** Parses the file like the runner (actions/runner, FileCommandManager.cs). */
function expectKnownOutputs(text: string): void {
  const lines = text.split("\n");
  const names: string[] = [];
  for (let index = 0; index < lines.length - 1; ) {
    const [name = "", delimiter = ""] = (lines[index] ?? "").split("<<", 2);
    const end = lines.indexOf(delimiter, index + 1);
    expect(end).toBeGreaterThan(index);
    names.push(name);
    index = end + 1;
  }
  expect(names.sort()).toEqual(OUTPUTS);
}

function expectKnownMarkup(summary: string): void {
  expect(summary).not.toMatch(UNSEEN);
  const page = render(summary);
  const elements = [...page.matchAll(/<([a-z]\w*)/gi)].map(([, name = ""]) => name);
  expect(elements.filter((name) => !ELEMENTS.test(name))).toEqual([]);
  const attributes = [...page.matchAll(/\s([\w-]+)="([^"]*)"/g)].map(([, name, value]) => `${name}=${value}`);
  expect(attributes.filter((attribute) => !LINK.test(attribute) && !ATTRIBUTES.test(attribute))).toEqual([]);
  expect(page).not.toMatch(/<!--/);
}

function render(summary: string): string {
  return new Marked({ gfm: true }).parse(summary, { async: false });
}
