import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Marked } from "marked";
import { expect, vi } from "vitest";
import type { Log } from "../../src/log.ts";
import { createActionsLog } from "../../src/report/actions-log.ts";
import type { RunResult } from "../../src/report/result.ts";
import { writeReport } from "../../src/report/write.ts";
import { commandIn, UNSEEN } from "../report/hostile.ts";
import { instantClock } from "./faults.ts";
import { NOW } from "./scenario.ts";

/** All that a run tells the world. */
export interface CapturedOutput {
  readonly log: string;
  readonly summary: string;
  /** The file that the runner reads outputs from. */
  readonly output: string;
  readonly report: string;
}

const OUTPUTS = [
  "deleted-bytes",
  "deleted-count",
  "deleted-digests",
  "failed-count",
  "gc-blobs-deleted",
  "gc-freed-bytes",
  "gc-status",
  "kept-count",
  "report",
];
const COMMANDS = new Set(["group", "endgroup", "error", "warning"]);
const ELEMENTS =
  /^(?:h3|h4|p|ul|li|blockquote|table|thead|tbody|tr|th|td|details|summary|code|pre|b|strong|i|sub|br|a)$/;
const LINK = /^href=(?:http:\/\/127\.0\.0\.1:\d+\/octo\/web\/pull\/\d+|https:\/\/docs\.github\.com\/)/;
const ATTRIBUTES = /^(?:align=(?:left|right)|title=|class=language-mermaid)/;

/** Runs `work` with the log of a step, and writes its report as the action's entry does. */
export async function captureOutput(work: (log: Log) => Promise<RunResult>): Promise<CapturedOutput> {
  const folder = mkdtempSync(join(tmpdir(), "refsweep-hostile-"));
  const file = (name: string): string => join(folder, name);
  for (const name of ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"]) {
    writeFileSync(file(name), "");
    vi.stubEnv(name, file(name));
  }
  const { exitCode } = process;
  let log = "";
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    log += String(chunk);
    return true;
  });
  try {
    const steps = createActionsLog(instantClock(NOW));
    const result = await work(steps);
    for (const { kind, message, remedy } of result.errors) steps.error(kind, `${message}\n${remedy}`);
    for (const notice of result.notices) steps.warn("notice", notice);
    writeReport(result, file("report.json"), steps);
    steps.flush();
    const [summary = "", output = "", report = ""] = ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "report.json"].map(
      (name) => readFileSync(file(name), "utf8"),
    );
    return { log, summary, output, report };
  } finally {
    stdout.mockRestore();
    vi.unstubAllEnvs();
    process.exitCode = exitCode;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How a summary is built: as many of each as there are for a text that means nothing. */
export function shapeOf({ summary }: CapturedOutput): Readonly<Record<string, number>> {
  const page = render(summary);
  const elements = ["h3", "h4", "table", "tr", "td", "th", "blockquote", "details", "li", "a"];
  return Object.fromEntries(elements.map((name) => [name, page.match(new RegExp(`<${name}[ >]`, "g"))?.length ?? 0]));
}

/** Fails where anything that was told obeys a text from outside. */
export function expectNothingInjected(told: CapturedOutput): void {
  expectOwnCommands(told.log);
  expectOwnOutputs(told.output);
  expectOwnMarkup(told.summary);
  expect(Object.keys(JSON.parse(told.report)).sort()).toEqual(
    [
      "version",
      "dryRun",
      "registry",
      "startedAt",
      "finishedAt",
      "repositories",
      "requests",
      "garbageCollection",
    ].sort(),
  );
}

function expectOwnCommands(log: string): void {
  expect(log).not.toMatch(UNSEEN);
  for (const line of log.split("\n")) {
    const command = commandIn(line);
    // Run-time tokens: longer than any that a text here names.
    if (command === null || /^::add-mask::[\x21-\x7e]{8,}$/.test(line)) continue;
    expect(COMMANDS).toContain(command);
    expect(line).toMatch(/^::(?:group::|endgroup::$|(?:error|warning) title=Refsweep[^:,\n]*(?:%3A[^:,\n]*)?::)/);
    // What the runner makes of it is shown in the log anew, line by line.
    const shown = line
      .replace(/^::[^:]*::/, "")
      .replaceAll("%0D", "\r")
      .replaceAll("%0A", "\n");
    for (const each of shown.split(/[\r\n]/)) expect(commandIn(each)).toBeNull();
  }
}

/** As the runner reads the file (actions/runner, FileCommandManager.cs). */
function expectOwnOutputs(text: string): void {
  const lines = text.split("\n");
  const names: string[] = [];
  for (let at = 0; at < lines.length - 1; ) {
    const [name = "", delimiter = ""] = (lines[at] ?? "").split("<<", 2);
    const end = lines.indexOf(delimiter, at + 1);
    expect(end).toBeGreaterThan(at);
    names.push(name);
    at = end + 1;
  }
  expect(names.sort()).toEqual(OUTPUTS);
}

function expectOwnMarkup(summary: string): void {
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
