import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { pushImage } from "../servers/content.ts";
import type { GitHost } from "./example.ts";
import { closed, contents, type Fixture, openFixture, requestsOf } from "./fixture.ts";
import { asReport } from "./report-schema.ts";
import type { StepResult } from "./runner.ts";
import { useFixture } from "./use-fixture.ts";

const action: { readonly outputs: Readonly<Record<string, unknown>> } = parse(
  readFileSync(new URL("../../action.yml", import.meta.url), "utf8"),
);
const OUTPUTS = [
  "deleted-images",
  "kept-images",
  "deleted-count",
  "kept-count",
  "failed-count",
  "deferred-count",
  "deleted-digests",
  "deleted-bytes",
  "storage-bytes",
  "gc-status",
  "gc-freed-bytes",
  "gc-blobs-deleted",
  "report",
];
/** GitHub's limit is 1 MiB per step. */
const SUMMARY_BYTES = 900 * 1024;

let gitHost: GitHost;
let fixture: Fixture;

useFixture((opened, shared) => {
  fixture = opened;
  gitHost = shared;
});

/** Checks that outputs and report of a step agree. */
function expectConsistent({ outputs, report: written, summary, exitCode }: StepResult): void {
  expect(Object.keys(outputs).sort()).toEqual([...OUTPUTS].sort());
  const report = asReport(written);
  expect(outputs["report"]).toMatch(/\/refsweep-report\.json$/);
  const manifests = report.repositories.flatMap(({ name, manifests }) =>
    manifests.map((manifest) => ({ ...manifest, name })),
  );
  const count = (...wanted: readonly string[]): string =>
    String(manifests.filter(({ outcome }) => wanted.includes(outcome)).length);
  expect(outputs).toMatchObject({
    "deleted-count": count("deleted", "planned"),
    "kept-count": count("kept", "changed", "refused"),
    "failed-count": count("failed"),
    "deferred-count": count("deferred"),
  });
  const digests: unknown = JSON.parse(outputs["deleted-digests"] ?? "");
  const deleted = manifests.filter(({ outcome }) => outcome === "deleted" || outcome === "planned");
  expect(digests).toEqual(deleted.map(({ name, digest }) => `${name}@${digest}`).slice(0, 1_000));
  for (const { decision, outcome } of manifests) if (decision === "keep") expect(outcome).toBe("kept");
  expect(Buffer.byteLength(summary)).toBeLessThan(SUMMARY_BYTES);
  const hasFailed =
    manifests.some(({ outcome }) => outcome === "failed") || report.repositories.some((r) => r.error !== null);
  if (hasFailed) expect(exitCode).toBe(1);
}

test("action.yml declares exactly the outputs of the public interface", () => {
  expect(Object.keys(action.outputs).sort()).toEqual([...OUTPUTS].sort());
});

describe("outputs and report agree", () => {
  test.each<[string, Record<string, string>, Parameters<Fixture["step"]>[1]]>([
    ["of a sweep", {}, {}],
    ["of a dry run", { "dry-run": "true", "run-gc": "true" }, {}],
    ["of a closed pull request", {}, { event: closed(10) }],
    ["of a plan above max-deletions", { "max-deletions": "1" }, {}],
    ["of a missing repository", { "repository-pattern": "nothing" }, {}],
    ["of invalid inputs", { "keep-count": "-1" }, {}],
  ])("%s", async (_title, inputs, more) => {
    const before = requestsOf(fixture);
    const result = await fixture.step(inputs, more);
    expectConsistent(result);
    const report = asReport(result.report);
    const sum = Object.values(report.requests).reduce((all, count) => all + count, 0);
    expect(sum).toBe(requestsOf(fixture) - before);
    expect(report.dryRun).toBe(inputs["dry-run"] === "true");
    if (!("keep-count" in inputs)) expect(report.registry).toBe(fixture.registry.address);
  });

  test("of failed deletions and an unreadable page", async () => {
    let deletions = 0;
    fixture.registry.api.inject((request) => {
      if (request.path.includes("/repositories/web/digests?")) return { kind: "reply", reply: { status: 404 } };
      deletions += request.method === "DELETE" ? 1 : 0;
      return request.method === "DELETE" && deletions % 5 === 0
        ? { kind: "reply", reply: { status: 409, body: { message: "in use" } } }
        : null;
    });
    const before = contents(fixture.store);
    const result = await fixture.step();
    expectConsistent(result);
    expect(Number(result.outputs["failed-count"])).toBeGreaterThan(0);
    expect(before.length - contents(fixture.store).length).toBe(Number(result.outputs["deleted-count"]));
    // Some deletions failed, so the freed bytes are unknown.
    expect(result.outputs["deleted-bytes"]).toBe("");
  });
});

test("requests are counted per host, including retries", async () => {
  const failing = new Set([2, 4]);
  fixture.registry.api.inject((_request, ordinal) =>
    failing.has(ordinal) ? { kind: "reply", reply: { status: 429, headers: { "retry-after": "0" } } } : null,
  );
  const [git, github] = [gitHost.git.requests.length, gitHost.github.requests.length];
  const { requests } = asReport((await fixture.processStep()).report);
  const { api, oci } = fixture.registry;
  expect(requests).toEqual({
    [api.apiUrl.host]: api.requests.length,
    [oci.url.host]: oci.requests.length,
    [gitHost.git.url.host]: gitHost.git.requests.length - git,
    [gitHost.github.url.host]: gitHost.github.requests.length - github,
  });
});

test("of 5,999 deletions the output lists 1,000, and the summary is kept below its limit", async () => {
  await fixture.close();
  fixture = await openFixture(gitHost, {
    fill: (store, now) => {
      const pushedAt = now - 9 * 86_400_000;
      for (let build = 1; build <= 6_000; build += 1) {
        const tags = build === 1 ? ["main"] : build % 2 === 0 ? [`pr-11-${"x".repeat(100)}${build}`] : [];
        pushImage(store, { repository: "web", seed: `${build}`, tags, pushedAt, layerBytes: 100 });
      }
    },
  });
  const result = await fixture.step({ "dry-run": "true" });
  expectConsistent(result);
  expect(result.outputs["deleted-count"]).toBe("5999");
  expect(JSON.parse(result.outputs["deleted-digests"] ?? "")).toHaveLength(1_000);
});
