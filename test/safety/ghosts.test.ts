import { afterEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { digestOfNothing, pushImage, pushIndex } from "../servers/content.ts";
import { refuse } from "../servers/http-server.ts";
import { assertPullable, sweepScenario } from "./harness.ts";
import { contentsOf, NOW, openScenario, type Scenario, type ScenarioOptions } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const AT = { repository: "web", pushedAt: NOW - 10 * 86_400_000 } as const;
const NOT_FOUND = refuse(404, {}, { errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] });

let gitHost: GitHost;
let scenario: Scenario;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

/** Pushes a live index, its signature, and a signature of a missing image. */
const fillSignatures: ScenarioOptions["fill"] = (store) => {
  const main = pushIndex(store, { ...AT, children: [pushImage(store, { ...AT, seed: "child" })], tags: ["main"] });
  for (const subject of [main, digestOfNothing("missing image")])
    pushImage(store, { ...AT, seed: `signature of ${subject}`, tags: [`${subject.replace(":", "-")}.sig`] });
};

describe("if every manifest answers 404, none is a ghost: nothing is deleted, and the step fails", () => {
  test.each<[string, ScenarioOptions, Readonly<Record<string, string>>]>([
    ["in the example", {}, {}],
    ["if the first request is for the missing subject of a signature", { fill: fillSignatures }, { untagged: "keep" }],
  ])("%s", async (_title, options, inputs) => {
    scenario = await openScenario("digitalocean", options);
    const before = contentsOf(scenario.store);
    scenario.servers["oci"]?.inject(({ path, headers }) =>
      headers.authorization !== undefined && path.includes("/manifests/") ? NOT_FOUND : null,
    );
    const result = await sweepScenario(scenario, gitHost, inputs);
    expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("404") }]);
    expect(contentsOf(scenario.store)).toEqual(before);
  });
});

test.each(["digitalocean", "distribution", "oci"] as const)(
  "%s: keeps signatures in a separate repository whose images are in another one",
  async (kind) => {
    scenario = await openScenario(kind, {
      fill: (store) => {
        const image = pushImage(store, { ...AT, seed: "main", tags: ["main"] });
        const tags = [`${image.replace(":", "-")}.sig`];
        pushImage(store, { ...AT, repository: "web/signatures", seed: "signature", tags });
      },
    });
    const before = contentsOf(scenario.store);
    expect((await sweepScenario(scenario, gitHost)).errors).toEqual([]);
    expect(contentsOf(scenario.store)).toEqual(before);
  },
);

test("if other manifests can be read, one that answers 404 is reported as a ghost and does not stop the sweep", async () => {
  scenario = await openScenario("digitalocean");
  const ghost = scenario.store.resolve("web", "jane")?.digest ?? "";
  scenario.servers["oci"]?.inject(({ path }) => (path.endsWith(ghost) ? NOT_FOUND : null));
  const result = await sweepScenario(scenario, gitHost);
  expect(result.errors).toEqual([]);
  expect(result.repositories[0]?.plan?.ghosts).toEqual([ghost]);
  expect(scenario.store.tags("web")).not.toContain("pr-3");
  assertPullable(scenario);
});
