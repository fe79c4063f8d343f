import { expect, test } from "vitest";
import { publishResult } from "../../src/report/publish.ts";
import type { RunResult } from "../../src/report/result.ts";
import { asReport } from "../e2e/report-schema.ts";
import { type CapturedLog, captureLog } from "./capture-log.ts";
import { digestOf, manifest, repository, run } from "./results.ts";
import { REPORT, useRunnerFiles } from "./runner-files.ts";

const { read } = useRunnerFiles();

function publish(result: RunResult, secret = "no secret"): Promise<CapturedLog> {
  return captureLog((log) => {
    log.mask(secret);
    publishResult(result, process.env, log);
  });
}

const annotationsOf = ({ lines }: CapturedLog): readonly string[] =>
  lines.filter((line) => /^::(?:error|warning|notice) /.test(line));

test("writes errors with their fix, warnings and notices as annotations, and fails the step", async () => {
  const step = await publish(
    run({
      repositories: [
        repository("web", [
          manifest("a", { outcome: "refused", error: "locked" }),
          manifest("b", { outcome: "deferred", error: "API rate limit" }),
        ]),
      ],
      errors: [{ kind: "input", message: "2 invalid inputs:\n- `a`\n- `b`", remedy: "Fix them under `with:`." }],
      warnings: ["the collection is running", "web: 2 kept manifests are broken"],
      notices: ["`protect-apps` is off"],
    }),
  );
  expect(annotationsOf(step)).toEqual([
    "::notice title=Refsweep::`protect-apps` is off.",
    "::notice title=Refsweep::The registry refused 1 deletion:%0A- web: locked (1 manifest)",
    "::warning title=Refsweep::the collection is running.",
    "::warning title=Refsweep::web: 2 kept manifests are broken.",
    "::warning title=Refsweep::1 deletion is deferred to the next run:%0A- web: API rate limit (1 manifest)",
    "::error title=Refsweep%3A Invalid input::2 invalid inputs:%0A- `a`%0A- `b`%0AFix them under `with:`.",
  ]);
  expect(step.failed).toBe(true);
});

test("does not fail the step because of refused or deferred deletions", async () => {
  const outcomes = ["refused", "deferred", "changed", "gone"] as const;
  const manifests = outcomes.map((outcome) => manifest(outcome, { outcome, error: "why" }));
  const step = await publish(run({ repositories: [repository("web", manifests)] }));
  expect(step.failed).toBe(false);
});

test("groups refused deletions by repository and reason, the most frequent first", async () => {
  const refused = (name: string, error: string) => manifest(name, { outcome: "refused", error });
  const repositories = [
    repository("api", [refused("a", "immutable")]),
    repository("web", [refused("b", "locked"), refused("c", "locked\n- by admin"), refused("d", "locked")]),
    repository(
      "many",
      Array.from({ length: 12 }, (_, n) => refused(`m${n}`, `reason ${n}`)),
    ),
  ];
  const [notice = ""] = annotationsOf(await publish(run({ repositories })));
  const lines = notice.split("%0A");
  expect(lines.slice(0, 4)).toEqual([
    "::notice title=Refsweep::The registry refused 16 deletions:",
    "- web: locked (2 manifests)",
    "- api: immutable (1 manifest)",
    "- web: locked - by admin (1 manifest)",
  ]);
  expect(lines).toHaveLength(12);
  expect(lines[11]).toBe("- … and 5 manifests for other reasons");
});

test("hides secrets in every file", async () => {
  const secret = "dop_v1_0123456789";
  const step = await publish(
    run({
      settings: { "gc-command": `registry ${secret}`, "protect-tags": [secret], "keep-count": 1 },
      repositories: [
        repository(
          "web",
          [manifest("a", { outcome: "failed", error: `token ${secret}` })],
          { error: `sent ${secret}` },
          { unreadable: [{ digest: digestOf("b"), reason: secret }] },
        ),
      ],
      garbageCollection: { status: "failed", freedBytes: null, blobsDeleted: null, note: secret },
      errors: [{ kind: "deletion", message: secret, remedy: secret }],
      notices: [secret],
    }),
    secret,
  );
  const files = [REPORT, "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"].map(read);
  const lines = step.lines.filter((line) => !line.startsWith("::add-mask::"));
  expect([...files, ...lines].join("\n")).not.toContain(secret);
  const report = asReport(JSON.parse(read(REPORT)));
  expect(report.repositories[0]).toMatchObject({ error: "sent ***", manifests: [{ error: "token ***" }] });
});
