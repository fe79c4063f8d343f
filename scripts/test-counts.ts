// node scripts/test-counts.ts FILE   prints the counts of vitest's JSON report in FILE: `12 passed, 0 failed`

import { readFileSync } from "node:fs";
import * as v from "valibot";

/** The parts of a report of vitest's `json` reporter that are read here. */
const Report = v.object({
  numPassedTests: v.number(),
  numFailedTests: v.number(),
  testResults: v.array(v.object({ status: v.string(), assertionResults: v.array(v.object({ status: v.string() })) })),
});

const [file = ""] = process.argv.slice(2);
const text = readFileSync(file, "utf8");
if (text === "") {
  console.error("vitest ended before it wrote its report. See its messages above.");
  process.exitCode = 1;
} else {
  console.log(countsOf(v.parse(Report, JSON.parse(text))));
}

/** A file that cannot be loaded counts as one failed test, because the number of its tests is unknown. */
function countsOf({ numPassedTests, numFailedTests, testResults }: v.InferOutput<typeof Report>): string {
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.every((test) => test.status !== "failed"),
  );
  return `${numPassedTests} passed, ${numFailedTests + unloaded.length} failed`;
}
