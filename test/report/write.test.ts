import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import { writeReport } from "../../src/report/write.ts";
import { asReport } from "../e2e/report-schema.ts";
import { HOSTILE } from "./hostile.ts";
import { digestOf, largeRepository, manifest, repository, run } from "./results.ts";
import { REPORT, useRunnerFiles } from "./runner-files.ts";

const { pathOf, read } = useRunnerFiles();
let warnings: string[];
beforeEach(() => {
  warnings = [];
});

/** Writes the files of a run, and collects its warnings. */
function write(result: RunResult): void {
  const add = (_kind: string, text: string): void => void warnings.push(text);
  writeReport(result, process.env, { warn: add, error: add });
}

const readReport = () => asReport(JSON.parse(read(REPORT)));
const summary = (): string => read("GITHUB_STEP_SUMMARY");

/** Returns the outputs as the runner reads them (actions/runner, FileCommandManager.cs). */
function outputs(): Record<string, string> {
  const lines = read("GITHUB_OUTPUT").split("\n");
  const found: Record<string, string> = {};
  for (let at = 0; at < lines.length - 1; ) {
    const [name = "", delimiter = ""] = (lines[at] ?? "").split("<<", 2);
    const end = lines.indexOf(delimiter, at + 1);
    if (delimiter === "" || end === -1) throw new Error(`no output starts at line ${at}: ${lines[at]}`);
    found[name] = lines.slice(at + 1, end).join("\n");
    at = end + 1;
  }
  return found;
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
      report: pathOf(REPORT),
    });
    expect(warnings).toEqual([]);
  });

  test("writes no other outputs, for any name of a repository", () => {
    const repositories = HOSTILE.map((text) => repository(`${text}\nreport<<x\nowned\nx`, [manifest("a")]));
    write(run({ repositories }));
    expect(Object.keys(outputs())).toHaveLength(13);
    expect(outputs()).toMatchObject({ report: pathOf(REPORT) });
  });

  test("appends to the summary", () => {
    writeFileSync(pathOf("GITHUB_STEP_SUMMARY"), "before\n");
    write(result);
    expect(summary()).toMatch(/^before\n### ✔️ Deleted 1 image/);
  });

  test("replaces an older report file with one that only its owner can read", () => {
    writeFileSync(pathOf(REPORT), "older", { mode: 0o644 });
    writeFileSync(pathOf(`${REPORT}.partial`), "of a run that was killed");
    write(result);
    expect(readReport()).toMatchObject({ version: 2, dryRun: false });
    expect(statSync(pathOf(REPORT)).mode & 0o777).toBe(0o600);
    expect(existsSync(pathOf(`${REPORT}.partial`))).toBe(false);
  });

  test("creates the folder of the report file", () => {
    vi.stubEnv("RUNNER_TEMP", pathOf("a/b"));
    write(result);
    expect(existsSync(pathOf(`a/b/${REPORT}`))).toBe(true);
  });

  test("writes the report file to the system's folder for temporary files if RUNNER_TEMP is empty", () => {
    for (const name of ["TMPDIR", "TEMP", "RUNNER_TEMP"])
      vi.stubEnv(name, name === "RUNNER_TEMP" ? "" : pathOf("temp"));
    write(result);
    expect(outputs()).toMatchObject({ report: pathOf(`temp/${REPORT}`) });
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
    mkdirSync(pathOf(REPORT));
    write(result);
    expect(warnings).toEqual([expect.stringMatching(/^The report file could not be written: .*refsweep-report\.json/)]);
    expect(outputs()).toMatchObject({ "deleted-count": "1", report: "" });
    expect(summary()).toContain("Deleted 1 image");
    expect(existsSync(pathOf(`${REPORT}.partial`))).toBe(false);
  });

  test.each([
    ["missing", () => rmSync(pathOf("GITHUB_OUTPUT"))],
    ["not set", () => vi.stubEnv("GITHUB_OUTPUT", "")],
  ])("the outputs, if their file is %s", (_, lose) => {
    lose();
    write(result);
    expect(warnings).toEqual([expect.stringMatching(/^The outputs could not be written: /)]);
    expect(summary()).toContain("Deleted 1 image");
    expect(existsSync(pathOf(REPORT))).toBe(true);
  });

  test("the summary, on a full disk", () => {
    vi.stubEnv("GITHUB_STEP_SUMMARY", "/dev/full");
    write(result);
    expect(warnings).toEqual([expect.stringMatching(/^The summary could not be written: ENOSPC/)]);
    expect(outputs()["deleted-count"]).toBe("1");
  });

  test("and a bug in one is an error", () => {
    const repositories = {
      map: () => {
        throw new TypeError("a bug");
      },
      *[Symbol.iterator]() {},
    };
    write(Object.assign({}, result, { repositories }));
    expect(warnings.join("\n")).toMatch(
      /^The \w+ could not be written: Unexpected error: TypeError: a bug .*\nThis is a bug/m,
    );
    expect(existsSync(pathOf(REPORT))).toBe(true);
  });

  test("writes no summary if GITHUB_STEP_SUMMARY is empty", () => {
    vi.stubEnv("GITHUB_STEP_SUMMARY", "");
    write(result);
    expect(warnings).toEqual([]);
  });
});
