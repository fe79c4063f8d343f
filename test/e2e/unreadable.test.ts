import { describe, expect, test } from "vitest";
import { renderSummary } from "../../src/report/summary.ts";
import { type FaultScript, refuse, type ServerFault } from "../servers/http-server.ts";
import { brokenTags } from "../servers/pull.ts";
import type { GitHost } from "./example.ts";
import { annotations, contents, deletionsOf, type Fixture } from "./fixture.ts";
import { useFixture } from "./use-fixture.ts";

let gitHost: GitHost;
let fixture: Fixture;

useFixture((opened, shared) => {
  fixture = opened;
  gitHost = shared;
});

const at = (path: RegExp, fault: ServerFault): FaultScript => {
  return (request) => (path.test(request.path) ? fault : null);
};
const JSON_TYPE = { "content-type": "application/json" };

/** Returns the manifests of one repository. */
const manifestsOf = (repository: string): readonly string[] =>
  contents(fixture.store).filter((line) => line.startsWith(`${repository}@`));

describe("if the list of one repository cannot be read, it is skipped and the others are swept", () => {
  test.each<[string, ServerFault]>([
    ["500 through all retries", refuse(500)],
    ["503 through all retries", refuse(503, { "retry-after": "1" })],
    ["404", refuse(404)],
    ["a truncated response through all retries", { kind: "truncated" }],
    ["a login page with status 200", refuse(200, { "content-type": "text/html" }, "<html>Sign in</html>")],
    ["an empty object", refuse(200, JSON_TYPE, {})],
    ["a total that is too high", refuse(200, JSON_TYPE, { manifests: [], meta: { total: 1 } })],
    ["invalid digests", refuse(200, JSON_TYPE, { manifests: [{ digest: "latest" }], meta: { total: 1 } })],
  ])("%s", async (_title, fault) => {
    fixture.registry.api.inject(at(/\/repositories\/web\/digests\?/, fault));
    const [web, worker] = [manifestsOf("web"), manifestsOf("web/worker")];
    const result = await fixture.sweep({ "run-gc": "true" });
    expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringMatching(/^web: /) }]);
    expect(manifestsOf("web")).toEqual(web);
    expect(manifestsOf("web/worker")).toHaveLength(worker.length - 23);
    expect(brokenTags(fixture.store)).toEqual([]);
    expect(result.repositories).toMatchObject([
      { name: "web", error: expect.any(String), manifests: [] },
      { name: "web/worker", error: null },
    ]);
    expect(renderSummary(result)).toContain("web: ");
    expect(result.garbageCollection.status).toBe("succeeded");
  });

  test("a step prints one annotation and reports the deletions in outputs, summary and report", async () => {
    fixture.registry.api.inject(at(/\/repositories\/web\/digests\?/, refuse(404)));
    const result = await fixture.step();
    expect(result.exitCode).toBe(1);
    expect(annotations(result.log)).toEqual([expect.stringContaining("web: ")]);
    expect(annotations(result.log, "warning")).toEqual([]);
    expect(result.outputs["deleted-count"]).toBe("23");
    expect(result.report).toMatchObject({
      repositories: [
        { name: "web", error: expect.any(String), manifests: [] },
        { name: "web/worker", error: null },
      ],
    });
  });
});

test("if a kept index cannot be read, its repository is skipped and the others are swept", async () => {
  const index = fixture.store.resolve("web", "main")?.digest ?? "";
  fixture.registry.oci.inject(at(new RegExp(index), refuse(500)));
  const web = manifestsOf("web");
  const result = await fixture.sweep();
  expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining(index) }]);
  expect(manifestsOf("web")).toEqual(web);
  expect(fixture.store.tags("web/worker")).not.toContain("pr-10");
});

describe("nothing is deleted if the refs or the repositories cannot be read completely", () => {
  test.each<[string, (script: FaultScript) => void, RegExp]>([
    ["Git's refs", (script) => gitHost.git.inject(script), /./],
    ["GitHub's pull requests", (script) => gitHost.github.inject(script), /graphql/],
    ["the list of repositories", (script) => fixture.registry.api.inject(script), /repositoriesV2/],
  ])("%s", async (_title, inject, path) => {
    for (const fault of [refuse(500), { kind: "truncated" } as const, refuse(200, JSON_TYPE, "{}")]) {
      inject(at(path, fault));
      const result = await fixture.sweep();
      expect(new Set(result.errors.map(({ kind }) => kind))).toEqual(new Set(["listing"]));
      expect(deletionsOf(fixture)).toBe(0);
    }
  });

  test("the refs, in the recheck right before a deletion", async () => {
    let reads = 0;
    gitHost.git.inject(() => {
      reads += 1;
      return reads > 1 ? refuse(500) : null;
    });
    const result = await fixture.sweep();
    expect(reads).toBeGreaterThan(1);
    expect(new Set(result.errors.map(({ kind }) => kind))).toEqual(new Set(["listing"]));
    expect(deletionsOf(fixture)).toBe(0);
  });
});
