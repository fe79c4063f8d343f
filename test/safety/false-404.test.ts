import { afterEach, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { refuse } from "../servers/http-server.ts";
import { sweepScenario } from "./harness.ts";
import { contentsOf, openScenario, type Scenario, type StoreView } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

let gitHost: GitHost;
let scenario: Scenario<StoreView>;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

test.each(["digitalocean", "ghcr", "distribution", "oci"] as const)(
  "%s: if every DELETE returns 404 while the images can be read, the step fails",
  async (kind) => {
    scenario = await openScenario(kind);
    const before = contentsOf(scenario.store);
    for (const server of Object.values(scenario.servers)) {
      server.inject(({ method }) => (method === "DELETE" ? refuse(404, {}, { message: "Not Found" }) : null));
    }
    const result = await sweepScenario(scenario, gitHost);
    expect(result.errors).not.toEqual([]);
    expect(result.errors[0]?.message).toMatch(/returned 404.*still exist/);
    expect(contentsOf(scenario.store)).toEqual(before);
    const outcomes = result.repositories.flatMap(({ manifests }) => manifests.map(({ outcome }) => outcome));
    expect(outcomes).not.toContain("gone");
    expect(outcomes).not.toContain("deleted");
  },
);

test("ghcr: if every version returns 404 too, while the manifests can be read, the step fails", async () => {
  scenario = await openScenario("ghcr");
  const before = contentsOf(scenario.store);
  scenario.servers["api"]?.inject(({ path }) => (/\/versions\/\d+$/.test(path) ? refuse(404) : null));
  const result = await sweepScenario(scenario, gitHost);
  expect(result.errors[0]?.message).toMatch(/returned 404.*still exist/);
  expect(contentsOf(scenario.store)).toEqual(before);
});
