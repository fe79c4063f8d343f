import { describe, expect, test } from "vitest";
import { renderSummary } from "../../src/report/summary.ts";
import { type FaultScript, refuse, type ServerFault } from "../servers/http-server.ts";
import { playEach } from "./each-play.ts";
import { annotations, broken, contents, deletionsOf, type Play } from "./play.ts";
import type { Forge } from "./team.ts";

let forge: Forge;
let play: Play;

playEach((own, shared) => {
  play = own;
  forge = shared;
});

const at = (path: RegExp, fault: ServerFault): FaultScript => {
  return (request) => (path.test(request.path) ? fault : null);
};
const JSON_TYPE = { "content-type": "application/json" };

/** What is there of `web`, which cannot be read, and of its neighbour. */
const partOf = (repository: string): readonly string[] =>
  contents(play.store).filter((line) => line.startsWith(`${repository}@`));

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
    play.registry.api.inject(at(/\/repositories\/web\/digests\?/, fault));
    const [web, worker] = [partOf("web"), partOf("web/worker")];
    const result = await play.sweep({ "run-gc": "true" });
    expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringMatching(/^web: /) }]);
    expect(partOf("web")).toEqual(web);
    expect(partOf("web/worker")).toHaveLength(worker.length - 23);
    expect(broken(play.store)).toEqual([]);
    expect(result.repositories).toMatchObject([
      { name: "web", error: expect.any(String), manifests: [] },
      { name: "web/worker", error: null },
    ]);
    expect(renderSummary(result)).toContain("Something could not be read whole");
    expect(result.garbageCollection.status).toBe("succeeded");
  });

  test("as the runner runs it: one annotation, and what was done stands in outputs, summary and report", async () => {
    play.registry.api.inject(at(/\/repositories\/web\/digests\?/, refuse(404)));
    const result = await play.step();
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
  const index = play.store.resolve("web", "main")?.digest ?? "";
  play.registry.oci.inject(at(new RegExp(index), refuse(500)));
  const web = partOf("web");
  const result = await play.sweep();
  expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining(index) }]);
  expect(partOf("web")).toEqual(web);
  expect(play.store.tags("web/worker")).not.toContain("pr-10");
});

describe("nothing at all is deleted where the refs or the repositories cannot be read whole", () => {
  test.each<[string, (script: FaultScript) => void, RegExp]>([
    ["Git's refs", (script) => forge.git.inject(script), /./],
    ["GitHub's pull requests", (script) => forge.github.inject(script), /graphql/],
    ["the list of repositories", (script) => play.registry.api.inject(script), /repositoriesV2/],
  ])("%s", async (_title, inject, path) => {
    for (const fault of [refuse(500), { kind: "truncated" } as const, refuse(200, JSON_TYPE, "{}")]) {
      inject(at(path, fault));
      const result = await play.sweep();
      expect(new Set(result.errors.map(({ kind }) => kind))).toEqual(new Set(["listing"]));
      expect(deletionsOf(play)).toBe(0);
    }
  });

  test("the refs, when they are looked at again right before a deletion", async () => {
    let looks = 0;
    forge.git.inject(() => {
      looks += 1;
      return looks > 1 ? refuse(500) : null;
    });
    const result = await play.sweep();
    expect(looks).toBeGreaterThan(1);
    expect(new Set(result.errors.map(({ kind }) => kind))).toEqual(new Set(["listing"]));
    expect(deletionsOf(play)).toBe(0);
  });
});
