import { afterEach, beforeEach, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { digestOfNothing, pushImage, pushIndex } from "../servers/content.ts";
import { refuse } from "../servers/http-server.ts";
import { assertPullable, sweepScenario } from "./harness.ts";
import { contentsOf, NOW, openScenario, type Scenario, serveScenarioGitHost } from "./scenario.ts";

let gitHost: GitHost;
let scenario: Scenario;

beforeEach(async () => {
  gitHost = await serveScenarioGitHost();
  scenario = await openScenario("digitalocean");
});

afterEach(async () => {
  await Promise.all([gitHost.close(), scenario.close()]);
});

const digestOf = (tag: string): string => scenario.store.resolve("web", tag)?.digest ?? "";

const MISSING = refuse(404, {}, { errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] });

test("where every manifest answers 404, none is taken for a ghost: nothing is deleted, and the step fails", async () => {
  const before = contentsOf(scenario.store);
  scenario.servers["oci"]?.inject(({ path, headers }) =>
    headers.authorization !== undefined && path.includes("/manifests/") ? MISSING : null,
  );
  const result = await sweepScenario(scenario, gitHost);
  expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("answers 404") }]);
  expect(contentsOf(scenario.store)).toEqual(before);
});

test("the same where what is asked for first is the missing subject of a signature", async () => {
  await scenario.close();
  scenario = await openScenario("digitalocean", {
    fill: (store) => {
      const at = { repository: "web", pushedAt: NOW - 10 * 86_400_000 } as const;
      const main = pushIndex(store, { ...at, children: [pushImage(store, { ...at, seed: "child" })], tags: ["main"] });
      for (const subject of [main, digestOfNothing("long gone")])
        pushImage(store, { ...at, seed: `signature of ${subject}`, tags: [`${subject.replace(":", "-")}.sig`] });
    },
  });
  const before = contentsOf(scenario.store);
  scenario.servers["oci"]?.inject(({ path, headers }) =>
    headers.authorization !== undefined && path.includes("/manifests/") ? MISSING : null,
  );
  const result = await sweepScenario(scenario, gitHost, { untagged: "keep" });
  expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("answers 404") }]);
  expect(contentsOf(scenario.store)).toEqual(before);
});

test.each(["digitalocean", "distribution", "oci"] as const)(
  "%s: signatures in a repository of their own stay, as their images do in another one",
  async (kind) => {
    await scenario.close();
    scenario = await openScenario(kind, {
      fill: (store) => {
        const at = { pushedAt: NOW - 10 * 86_400_000 } as const;
        const image = pushImage(store, { ...at, repository: "web", seed: "main", tags: ["main"] });
        const tags = [`${image.replace(":", "-")}.sig`];
        pushImage(store, { ...at, repository: "web/signatures", seed: "signature", tags });
      },
    });
    const before = contentsOf(scenario.store);
    expect((await sweepScenario(scenario, gitHost)).errors).toEqual([]);
    expect(contentsOf(scenario.store)).toEqual(before);
  },
);

test("trap 23: where any manifest can be read, those that answer 404 are ghosts, and end nothing", async () => {
  const ghost = digestOf("jane");
  scenario.servers["oci"]?.inject(({ path }) => (path.endsWith(ghost) ? MISSING : null));
  const result = await sweepScenario(scenario, gitHost);
  expect(result.errors).toEqual([]);
  expect(result.repositories[0]?.plan?.ghosts).toEqual([ghost]);
  expect(scenario.store.tags("web")).not.toContain("pr-3");
  assertPullable(scenario);
});
