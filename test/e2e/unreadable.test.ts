import { describe, expect, test } from "vitest";
import { renderSummary } from "../../src/report/summary.ts";
import { type FaultScript, refuse, type ServerFault } from "../servers/http-server.ts";
import type { GitHost } from "./example.ts";
import { annotations, broken, contents, deletionsOf, type Fixture } from "./fixture.ts";
import { useFixture } from "./use-fixture.ts";

let gitHost: GitHost;
let fixture: Fixture;

useFixture((own, shared) => {
  fixture = own;
  gitHost = shared;
});

const at = (path: RegExp, fault: ServerFault): FaultScript => {
  return (request) => (path.test(request.path) ? fault : null);
};
const JSON_TYPE = { "content-type": "application/json" };

/** What is there of `web`, which cannot be read, and of its neighbour. */
const partOf = (repository: string): readonly string[] =>
  contents(fixture.store).filter((line) => line.startsWith(`${repository}@`));

describe("a list of one repository that cannot be read leaves it untouched, and the others are swept", () => {
  test.each<[string, ServerFault]>([
    ["500 through all retries", refuse(500)],
    ["503 through all retries", refuse(503, { "retry-after": "1" })],
    ["404", refuse(404)],
    ["a cut answer through all retries", { kind: "truncated" }],
    ["a page of a proxy, with 200", refuse(200, { "content-type": "text/html" }, "<html>Sign in</html>")],
    ["an empty object", refuse(200, JSON_TYPE, {})],
    ["a total of one more than there are", refuse(200, JSON_TYPE, { manifests: [], meta: { total: 1 } })],
    ["a list of something else", refuse(200, JSON_TYPE, { manifests: [{ digest: "latest" }], meta: { total: 1 } })],
  ])("%s", async (_title, fault) => {
    fixture.registry.api.inject(at(/\/repositories\/web\/digests\?/, fault));
    const [web, worker] = [partOf("web"), partOf("web/worker")];
    const result = await fixture.sweep({ "run-gc": "true" });
    expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringMatching(/^web: /) }]);
    expect(partOf("web")).toEqual(web);
    expect(partOf("web/worker")).toHaveLength(worker.length - 23);
    expect(broken(fixture.store)).toEqual([]);
    expect(result.repositories).toMatchObject([
      { name: "web", error: expect.any(String), manifests: [] },
      { name: "web/worker", error: null },
    ]);
    expect(renderSummary(result)).toContain("Something could not be read whole");
    expect(result.garbageCollection.status).toBe("succeeded");
  });

  test("as the runner runs it: one annotation, and what was done stands in outputs, summary and report", async () => {
    fixture.registry.api.inject(at(/\/repositories\/web\/digests\?/, refuse(404)));
    const result = await fixture.step();
    expect(result.exitCode).toBe(1);
    expect(annotations(result.log)).toEqual([expect.stringContaining("could not be read whole")]);
    expect(annotations(result.log, "warning")).toEqual([]);
    expect(result.outputs["deleted-count"]).toBe("23");
    expect(result.summary).toContain("could not be read whole");
    expect(result.report).toMatchObject({
      repositories: [
        { name: "web", error: expect.any(String), manifests: [] },
        { name: "web/worker", error: null },
      ],
    });
  });
});

test("a kept index that cannot be read leaves its repository untouched, and the others are swept", async () => {
  const index = fixture.store.resolve("web", "main")?.digest ?? "";
  fixture.registry.oci.inject(at(new RegExp(index), refuse(500)));
  const web = partOf("web");
  const result = await fixture.sweep();
  expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining(index) }]);
  expect(partOf("web")).toEqual(web);
  expect(fixture.store.tags("web/worker")).not.toContain("pr-10");
});

describe("nothing at all is deleted where the refs or the repositories cannot be read whole", () => {
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

  test("the refs, when they are looked at again right before a deletion", async () => {
    let looks = 0;
    gitHost.git.inject(() => {
      looks += 1;
      return looks > 1 ? refuse(500) : null;
    });
    const result = await fixture.sweep();
    expect(looks).toBeGreaterThan(1);
    expect(new Set(result.errors.map(({ kind }) => kind))).toEqual(new Set(["listing"]));
    expect(deletionsOf(fixture)).toBe(0);
  });
});
