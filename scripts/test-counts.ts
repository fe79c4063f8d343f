// node scripts/test-counts.ts FILE: says in one line what vitest's JSON report in FILE counts, as `12 passed, 0 failed`

import { readFileSync } from "node:fs";
import * as v from "valibot";

/** What is read of vitest's JSON report (its `json` reporter, in the shape of Jest's). */
const Report = v.object({
  numPassedTests: v.number(),
  numFailedTests: v.number(),
  testResults: v.array(v.object({ status: v.string(), assertionResults: v.array(v.object({ status: v.string() })) })),
});

const [file = ""] = process.argv.slice(2);
const text = readFileSync(file, "utf8");
if (text === "") {
  console.error("vitest ended before it could report.");
  process.exitCode = 1;
} else {
  console.log(countsOf(v.parse(Report, JSON.parse(text))));
}

/** A file that fails as a whole, such as one that cannot be loaded, counts as a test that failed: it may hold any number of them. */
function countsOf({ numPassedTests, numFailedTests, testResults }: v.InferOutput<typeof Report>): string {
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.every((test) => test.status !== "failed"),
  );
  return `${numPassedTests} passed, ${numFailedTests + broken.length} failed`;
}
