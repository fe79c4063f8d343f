import { afterEach, expect, test } from "vitest";
import { renderSummary } from "../../src/report/summary.ts";
import type { GitHost } from "../e2e/example.ts";
import { createFakeClock } from "../servers/fake-clock.ts";
import { refuse, type ServerFault } from "../servers/http-server.ts";
import { sweepScenario } from "./harness.ts";
import { contentsOf, NOW, openScenario, type Scenario, type ScenarioKind, type StoreView } from "./scenario.ts";
import { deletionServer, isDeletion } from "./slow-deletions.ts";
import { useGitHost } from "./use-git-host.ts";

const DRY_RUN = { "dry-run": "true" };
const UNSUPPORTED = { errors: [{ code: "UNSUPPORTED", message: "The operation is unsupported." }] };
const DENIED = { errors: [{ code: "DENIED", message: "requested access to the resource is denied" }] };
const RUNNING = { garbage_collection: { uuid: "eff0feee", registry_name: "acme", status: "requested" } };

let gitHost: GitHost;
let scenario: Scenario<StoreView>;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

test.each<[string, ScenarioKind, ServerFault, RegExp]>([
  [
    "deletes are disabled",
    "distribution",
    refuse(405, {}, UNSUPPORTED),
    /would fail: Deletes are disabled .*DELETE_ENABLED/,
  ],
  [
    "the registry is read-only",
    "distribution",
    refuse(405, {}, "not allowed"),
    /would fail: .* is read-only.*readonly/,
  ],
  ["the token may not delete", "distribution", refuse(403, {}, DENIED), /would fail: .*403.*delete/],
  ["it cannot be checked", "distribution", refuse(503), /could not be checked: .*503/],
  ["a garbage collection is running", "digitalocean", refuse(200, {}, RUNNING), /would fail: .*read-only.*eff0feee/],
])("a dry run warns, deletes nothing and shows the plan if %s", async (_title, kind, fault, expected) => {
  scenario = await openScenario(kind);
  const before = contentsOf(scenario.store);
  const server = deletionServer(scenario);
  server?.inject(({ method, path }) => (method === "DELETE" || path.endsWith("/garbage-collection") ? fault : null));
  const clock = createFakeClock({ startAt: NOW });
  const result = await sweepScenario(scenario, gitHost, DRY_RUN, { clock });
  expect(result.errors).toEqual([]);
  expect(result.warnings).toEqual([expect.stringMatching(expected)]);
  const outcomes = result.repositories.flatMap(({ manifests }) => manifests.map(({ outcome }) => outcome));
  expect(new Set(outcomes)).toEqual(new Set(["kept", "planned"]));
  expect(contentsOf(scenario.store)).toEqual(before);
  expect(server?.requests.filter(isDeletion)).toEqual([]);
  const summary = renderSummary(result);
  expect(summary).toContain("### ⚠️ Dry run: would delete ");
  expect(summary).toContain("> [!WARNING]\n");
});

test.each<ScenarioKind>(["digitalocean", "distribution", "oci", "ghcr"])(
  "%s: a dry run that could be carried out has no warning",
  async (kind) => {
    scenario = await openScenario(kind);
    const before = contentsOf(scenario.store);
    const result = await sweepScenario(scenario, gitHost, DRY_RUN);
    expect(result).toMatchObject({ errors: [], warnings: [] });
    expect(contentsOf(scenario.store)).toEqual(before);
    expect(deletionServer(scenario)?.requests.filter(isDeletion)).toEqual([]);
  },
);

test("a dry run without planned deletions sends no DELETE", async () => {
  scenario = await openScenario("distribution");
  await sweepScenario(scenario, gitHost, { ...DRY_RUN, "keep-count": "1000" });
  expect(deletionServer(scenario)?.requests.filter(({ method }) => method === "DELETE")).toEqual([]);
});
