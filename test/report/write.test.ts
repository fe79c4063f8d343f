import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import { writeReport } from "../../src/report/write.ts";
import { asReport } from "../e2e/report-schema.ts";
import { HOSTILE } from "./hostile.ts";
import { digestOf, largeRepository, manifest, repository, run } from "./results.ts";

let folder: string;
let warnings: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "refsweep-write-"));
  warnings = [];
  for (const name of ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"]) {
    writeFileSync(join(folder, name), "");
    vi.stubEnv(name, join(folder, name));
  }
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const pathOf = (name: string): string => join(folder, name);
/** Writes the files of a run, and collects its warnings. */
function write(result: RunResult, file = "report.json"): void {
  const log = { warn: (_: string, text: string) => void warnings.push(text) };
  writeReport(result, { reportPath: pathOf(file), environment: process.env }, log);
}

const readReport = (file = "report.json") => asReport(JSON.parse(readFileSync(pathOf(file), "utf8")));
const summary = (): string => readFileSync(pathOf("GITHUB_STEP_SUMMARY"), "utf8");

/** Returns the outputs as the runner reads them (actions/runner, FileCommandManager.cs). */
function outputs(): Record<string, string> {
  const lines = readFileSync(pathOf("GITHUB_OUTPUT"), "utf8").split("\n");
  const read: Record<string, string> = {};
  for (let at = 0; at < lines.length - 1; ) {
    const [name = "", delimiter = ""] = (lines[at] ?? "").split("<<", 2);
    const end = lines.indexOf(delimiter, at + 1);
    if (delimiter === "" || end === -1) throw new Error(`no output starts at line ${at}: ${lines[at]}`);
    read[name] = lines.slice(at + 1, end).join("\n");
    at = end + 1;
  }
  return read;
}

const result = run({ repositories: [repository("web", [manifest("a")])] });

describe("writeReport", () => {
  test("writes the outputs to the file of the runner", () => {
    write(result);
    expect(outputs()).toEqual({
      "deleted-images": "1",
      "kept-images": "0",
      "deleted-count": "1",
      "kept-count": "0",
      "failed-count": "0",
      "deferred-count": "0",
      "deleted-digests": `["web@${digestOf("a")}"]`,
      "deleted-bytes": "1000000",
      "storage-bytes": "",
      "gc-status": "not-started",
      "gc-freed-bytes": "",
      "gc-blobs-deleted": "",
      report: pathOf("report.json"),
    });
    expect(warnings).toEqual([]);
  });

  test("writes no other outputs, for any name of a repository", () => {
    const repositories = HOSTILE.map((text) => repository(`${text}\nreport<<x\nowned\nx`, [manifest("a")]));
    write(run({ repositories }));
    expect(Object.keys(outputs())).toHaveLength(13);
    expect(outputs()).toMatchObject({ report: pathOf("report.json") });
  });

  test("appends to the summary", () => {
    writeFileSync(pathOf("GITHUB_STEP_SUMMARY"), "before\n");
    write(result);
    expect(summary()).toMatch(/^before\n### ✔️ Deleted 1 image/);
  });

  test("replaces an older report file with one that only its owner can read", () => {
    writeFileSync(pathOf("report.json"), "older", { mode: 0o644 });
    writeFileSync(pathOf("report.json.partial"), "of a run that was killed");
    write(result);
    expect(readReport()).toMatchObject({ version: 2, dryRun: false });
    expect(statSync(pathOf("report.json")).mode & 0o777).toBe(0o600);
    expect(existsSync(pathOf("report.json.partial"))).toBe(false);
  });

  test("creates the folder of the report file", () => {
    write(result, "a/b/report.json");
    expect(existsSync(pathOf("a/b/report.json"))).toBe(true);
  });

  test("writes complete files for 100,000 manifests", () => {
    const repositories = [largeRepository("a", 60_000), largeRepository("b", 40_000)];
    write(run({ repositories }));
    expect(readReport().repositories.map(({ manifests }) => manifests.length)).toEqual([60_000, 40_000]);
    expect(Buffer.byteLength(summary())).toBeLessThanOrEqual(900 * 1024);
    expect(outputs()["deleted-count"]).toBe("100000");
  });
});

describe("a file that cannot be written is a warning, and the others are written:", () => {
  test("the report file", () => {
    mkdirSync(pathOf("taken.json"));
    write(result, "taken.json");
    expect(warnings).toEqual([expect.stringMatching(/^The report file could not be written: .*taken\.json/)]);
    expect(outputs()).toMatchObject({ "deleted-count": "1", report: "" });
    expect(summary()).toContain("Deleted 1 image");
    expect(existsSync(pathOf("taken.json.partial"))).toBe(false);
  });

  test.each([
    ["missing", () => rmSync(pathOf("GITHUB_OUTPUT"))],
    ["not set", () => vi.stubEnv("GITHUB_OUTPUT", "")],
  ])("the outputs, if their file is %s", (_, lose) => {
    lose();
    write(result);
    expect(warnings).toEqual([expect.stringMatching(/^The outputs could not be written: /)]);
    expect(summary()).toContain("Deleted 1 image");
    expect(existsSync(pathOf("report.json"))).toBe(true);
  });

  test("the summary, on a full disk", () => {
    vi.stubEnv("GITHUB_STEP_SUMMARY", "/dev/full");
    write(result);
    expect(warnings).toEqual([expect.stringMatching(/^The summary could not be written: ENOSPC/)]);
    expect(outputs()["deleted-count"]).toBe("1");
  });

  test("writes no summary if GITHUB_STEP_SUMMARY is empty", () => {
    vi.stubEnv("GITHUB_STEP_SUMMARY", "");
    write(result);
    expect(warnings).toEqual([]);
  });
});
