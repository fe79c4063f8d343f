import { describe, expect, test } from "vitest";
import {
  counted,
  describeManifest,
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatSetting,
  shortDigest,
} from "../src/format.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("formatBytes", () => {
  test.each([
    [0, "0 B"],
    [1, "1 B"],
    [1_023, "1,023 B"],
    [1_024, "1.0 KiB"],
    [1_536, "1.5 KiB"],
    [10_137, "9.9 KiB"],
    [10_200, "10 KiB"],
    [1_048_063, "1,023 KiB"],
    [1_048_064, "1.0 MiB"],
    [52_428_800, "50 MiB"],
    [3_650_722_201, "3.4 GiB"],
    [5 * 1_024 ** 4, "5.0 TiB"],
    [2_000 * 1_024 ** 5, "2,000 PiB"],
  ])("returns for %i bytes: %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe("formatDuration", () => {
  test.each([
    [-5, "0.0 s"],
    [0, "0.0 s"],
    [420, "0.4 s"],
    [949, "0.9 s"],
    [950, "1 s"],
    [41_300, "41 s"],
    [59_499, "59 s"],
    [59_500, "1 min"],
    [200 * SECOND, "3 min 20 s"],
    [HOUR - 1, "1 h"],
    [2 * HOUR + 5 * MINUTE, "2 h 5 min"],
    [DAY - 1, "1 d"],
    [27 * HOUR, "1 d 3 h"],
  ])("returns for %i ms: %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe("formatAge", () => {
  test.each([
    [-DAY, "0 min"],
    [5 * MINUTE + 59 * SECOND, "5 min"],
    [HOUR, "1 h"],
    [47.9 * HOUR, "47 h"],
    [2 * DAY, "2 days"],
    [59.9 * DAY, "59 days"],
    [61 * DAY, "2 months"],
    [729 * DAY, "23 months"],
    [731 * DAY, "2 years"],
  ])("returns for %i ms: %s", (ms, text) => {
    expect(formatAge(ms)).toBe(text);
  });
});

describe("formatSetting", () => {
  test.each([
    [0, "0"],
    [90 * MINUTE, "90m"],
    [HOUR, "1h"],
    [24 * HOUR, "24h"],
    [36 * HOUR, "36h"],
    [7 * DAY, "7d"],
  ])("returns for %i ms: %s", (ms, text) => {
    expect(formatSetting(ms)).toBe(text);
  });
});

test("separates thousands and uses the plural of the noun", () => {
  expect([0, 1, 2, 12_345].map((count) => counted(count, "manifest"))).toEqual([
    "0 manifests",
    "1 manifest",
    "2 manifests",
    "12,345 manifests",
  ]);
  expect(counted(2, "index", "indexes")).toBe("2 indexes");
  expect([999, 1_000, 999_999.5, 1_000_000].map(formatCount)).toEqual(["999", "1,000", "1,000,000", "1,000,000"]);
});

const digest = `sha256:${"0123456789abcdef".repeat(4)}` as const;

test("shortens a digest and keeps its algorithm", () => {
  expect(shortDigest(digest)).toBe("sha256:0123456789ab");
  expect(shortDigest(`sha512:${"0123456789abcdef".repeat(8)}`)).toBe("sha512:0123456789ab");
});

test.each([
  [[], "sha256:0123456789ab"],
  [["pr-12"], "sha256:0123456789ab (pr-12)"],
  [["a", "b", "c"], "sha256:0123456789ab (a, b, c)"],
  [["a", "b", "c", "d"], "sha256:0123456789ab (a, b, c, …)"],
])("describes a manifest with the tags %j", (tags, text) => {
  expect(describeManifest(digest, tags)).toBe(text);
});
