import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Log } from "../../src/log.ts";
import { writeReport } from "../../src/report/write.ts";
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

const log: Log = {
  info: () => {},
  warn: (_, text) => void warnings.push(text),
  error: (_, text) => void warnings.push(`error: ${text}`),
  group: (_, work) => work(),
  mask: () => {},
  progress: () => () => {},
};

const pathOf = (name: string): string => join(folder, name);
const summary = (): string => readFileSync(pathOf("GITHUB_STEP_SUMMARY"), "utf8");

/** The outputs as the runner reads them (actions/runner, FileCommandManager.cs). */
function outputs(): Record<string, string> {
  const lines = readFileSync(pathOf("GITHUB_OUTPUT"), "utf8").split("\n");
  const read: Record<string, string> = {};
  for (let at = 0; at < lines.length - 1; ) {
    const [name = "", delimiter = ""] = (lines[at] ?? "").split("<<", 2);
    const end = lines.indexOf(delimiter, at + 1);
    if (delimiter === "" || end === -1) throw new Error(`no output begins at line ${at}: ${lines[at]}`);
    read[name] = lines.slice(at + 1, end).join("\n");
    at = end + 1;
  }
  return read;
}

const swept = run({ repositories: [repository("web", [manifest("a")])] });

describe("the writer", () => {
  test("trap 25: outputs are really written to the file", () => {
    writeReport(swept, pathOf("report.json"), log);
    expect(outputs()).toEqual({
      "deleted-count": "1",
      "kept-count": "0",
      "failed-count": "0",
      "deleted-digests": `["web@${digestOf("a")}"]`,
      "deleted-bytes": "1000000",
      "gc-status": "not-started",
      "gc-freed-bytes": "",
      "gc-blobs-deleted": "",
      report: pathOf("report.json"),
    });
    expect(warnings).toEqual([]);
  });

  test("hostile names set no other output", () => {
    const repositories = HOSTILE.map((text) => repository(`${text}\nreport<<x\nowned\nx`, [manifest("a")]));
    writeReport(run({ repositories }), pathOf("report.json"), log);
    expect(Object.keys(outputs())).toHaveLength(9);
    expect(outputs()).toMatchObject({ report: pathOf("report.json") });
  });

  test("appends to the summary, and leaves what stands there", () => {
    writeFileSync(pathOf("GITHUB_STEP_SUMMARY"), "before\n");
    writeReport(swept, pathOf("report.json"), log);
    expect(summary()).toMatch(/^before\n### ✔️ 1 manifest deleted/);
  });

  test("writes the report file whole, for its user alone, in place of an older one", () => {
    writeFileSync(pathOf("report.json"), "older", { mode: 0o644 });
    writeFileSync(pathOf("report.json.partial"), "left by a run that was killed");
    writeReport(swept, pathOf("report.json"), log);
    expect(JSON.parse(readFileSync(pathOf("report.json"), "utf8"))).toMatchObject({ version: 1, dryRun: false });
    expect(statSync(pathOf("report.json")).mode & 0o777).toBe(0o600);
    expect(existsSync(pathOf("report.json.partial"))).toBe(false);
  });

  test("makes the folder of the report file", () => {
    writeReport(swept, pathOf("a/b/report.json"), log);
    expect(existsSync(pathOf("a/b/report.json"))).toBe(true);
  });

  test("is sound and quick for 100,000 manifests", () => {
    const repositories = [largeRepository("a", 60_000), largeRepository("b", 40_000)];
    writeReport(run({ repositories }), pathOf("report.json"), log);
    const read = JSON.parse(readFileSync(pathOf("report.json"), "utf8"));
    expect(read.repositories.map(({ manifests }: { manifests: unknown[] }) => manifests.length)).toEqual([
      60_000, 40_000,
    ]);
    expect(Buffer.byteLength(summary())).toBeLessThanOrEqual(900 * 1024);
    expect(outputs()["deleted-count"]).toBe("100000");
  });
});

describe("what cannot be written is told, and leaves the rest alone", () => {
  test("the report file", () => {
    mkdirSync(pathOf("taken.json"));
    writeReport(swept, pathOf("taken.json"), log);
    expect(warnings).toEqual([expect.stringMatching(/^The report file could not be written: .*taken\.json/)]);
    expect(outputs()).toMatchObject({ "deleted-count": "1", report: "" });
    expect(summary()).toContain("1 manifest deleted");
    expect(existsSync(pathOf("taken.json.partial"))).toBe(false);
  });

  test.each([
    ["missing", () => rmSync(pathOf("GITHUB_OUTPUT"))],
    ["not named", () => vi.stubEnv("GITHUB_OUTPUT", "")],
  ])("the outputs, where their file is %s", (_, lose) => {
    lose();
    writeReport(swept, pathOf("report.json"), log);
    expect(warnings).toEqual([expect.stringMatching(/^The outputs could not be written: /)]);
    expect(summary()).toContain("1 manifest deleted");
    expect(existsSync(pathOf("report.json"))).toBe(true);
  });

  test("the summary, on a full disk", () => {
    vi.stubEnv("GITHUB_STEP_SUMMARY", "/dev/full");
    writeReport(swept, pathOf("report.json"), log);
    expect(warnings).toEqual([expect.stringMatching(/^The summary could not be written: ENOSPC/)]);
    expect(outputs()["deleted-count"]).toBe("1");
  });

  test("no summary is wanted where none is named", () => {
    vi.stubEnv("GITHUB_STEP_SUMMARY", "");
    writeReport(swept, pathOf("report.json"), log);
    expect(warnings).toEqual([]);
  });
});
