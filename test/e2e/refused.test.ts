import { describe, expect, test } from "vitest";
import { type FaultScript, refuse } from "../servers/http-server.ts";
import type { GitHost } from "./example.ts";
import { annotations, broken, contents, deletionsOf, type Fixture } from "./fixture.ts";
import { useFixture } from "./use-fixture.ts";

let gitHost: GitHost;
let fixture: Fixture;

useFixture((own, shared) => {
  fixture = own;
  gitHost = shared;
});

type Where = (fixture: Fixture, script: FaultScript) => void;

const at = (method: string, path: RegExp, fault: ReturnType<typeof refuse>): FaultScript => {
  return (request) => (request.method === method && path.test(request.path) ? fault : null);
};
const api: Where = ({ registry }, script) => registry.api.inject(script);
const oci: Where = ({ registry }, script) => registry.oci.inject(script);
const git: Where = (_fixture, script) => gitHost.git.inject(script);
const github: Where = (_fixture, script) => gitHost.github.inject(script);

const READS: readonly (readonly [string, Where, string, RegExp, string])[] = [
  ["DigitalOcean's list of repositories", api, "GET", /repositoriesV2/, "registry:read"],
  ["DigitalOcean's list of digests", api, "GET", /web%2Fworker\/digests/, "registry:read"],
  [
    "DigitalOcean's collections, looked at before the first deletion",
    api,
    "GET",
    /garbage-collection$/,
    "registry:read",
  ],
  ["DigitalOcean's apps", api, "GET", /\/v2\/apps/, "app:read"],
  ["the realm of the OCI endpoint", api, "GET", /registry\/auth/, "registry:read"],
  ["the OCI endpoint", oci, "GET", /manifests/, "registry:read"],
  ["Git", git, "POST", /./, "contents: read"],
  ["GitHub's GraphQL", github, "POST", /graphql/, "pull-requests: read"],
];

describe.each([401, 403])("an answer of %i fails the step at once, and nothing is deleted", (status) => {
  test.each(READS)("from %s", async (_title, inject, method, path, scope) => {
    let refusals = 0;
    const script = at(method, path, refuse(status, {}, { id: "forbidden", message: "You may not" }));
    inject(fixture, (request, ordinal) => {
      const fault = script(request, ordinal);
      if (fault !== null) refusals += 1;
      return fault;
    });
    const before = contents(fixture.store);
    const result = await fixture.sweep({ "protect-apps": "true", concurrency: "1", "run-gc": "true" });
    expect(refusals).toBeGreaterThan(0);
    expect(result.errors).toMatchObject([{ kind: "permission" }]);
    expect(`${result.errors[0]?.message}\n${result.errors[0]?.remedy}`).toContain(scope);
    expect(result.errors[0]?.message).toContain(String(status));
    expect(contents(fixture.store)).toEqual(before);
    expect(result.garbageCollection.status).toBe("not-started");
    expect(deletionsOf(fixture)).toBe(0);
    // Requests that were under way when the first was refused may be refused as well; none is repeated, none is new.
    expect(refusals).toBeLessThanOrEqual(4);
  });

  test("to a deletion: no further one begins", async () => {
    fixture.registry.api.inject(at("DELETE", /./, refuse(status)));
    const before = contents(fixture.store);
    const result = await fixture.sweep({ concurrency: "2" });
    expect(result.errors).toContainEqual(
      expect.objectContaining({ kind: "permission", remedy: expect.stringContaining("registry:delete") }),
    );
    expect(deletionsOf(fixture)).toBeLessThanOrEqual(4);
    expect(contents(fixture.store)).toEqual(before);
  });

  test("to a deletion in the midst of others: what went before is told, and all tags stay whole", async () => {
    fixture.registry.api.inject((request) =>
      request.method === "DELETE" && deletionsOf(fixture) > 12 ? refuse(status) : null,
    );
    const before = contents(fixture.store);
    const result = await fixture.sweep({ concurrency: "2" });
    expect(result.errors.map(({ kind }) => kind)).toContain("permission");
    const told = result.repositories.flatMap(({ name, manifests }) =>
      manifests.filter(({ outcome }) => outcome === "deleted").map(({ digest }) => `${name}@${digest}`),
    );
    const there = new Set(contents(fixture.store));
    expect([...told].sort()).toEqual(before.filter((line) => !there.has(line)).sort());
    expect(told.length).toBeGreaterThan(0);
    expect(broken(fixture.store)).toEqual([]);
  });

  test("to the start of a collection: the deletions stand, and the scope is named", async () => {
    fixture.registry.api.inject(at("POST", /garbage-collection/, refuse(status)));
    const result = await fixture.sweep({ "run-gc": "true" });
    expect(result.errors).toMatchObject([{ kind: "permission", remedy: expect.stringContaining("registry:update") }]);
    expect(deletionsOf(fixture)).toBe(46);
    expect(result.garbageCollection.status).toBe("not-started");
  });
});

describe("as the runner runs it: one annotation, with what to do", () => {
  test.each<[string, Where, number, string]>([
    ["DigitalOcean's API refuses the token", api, 401, "token"],
    ["DigitalOcean's API misses a scope", api, 403, "registry:read"],
    ["the OCI endpoint refuses", oci, 403, "registry:read"],
    ["Git refuses", git, 401, "contents: read"],
    ["GitHub's GraphQL refuses", github, 403, "pull-requests: read"],
  ])("%s", async (_title, inject, status, remedy) => {
    inject(fixture, () => refuse(status, {}, { message: "no" }));
    const before = contents(fixture.store);
    const result = await fixture.step();
    expect(result.exitCode).toBe(1);
    expect(annotations(result.log)).toEqual([expect.stringContaining(remedy)]);
    expect(contents(fixture.store)).toEqual(before);
    expect([result.outputs["deleted-count"], result.outputs["gc-status"]]).toEqual(["0", "not-started"]);
    expect(result.summary).toContain(remedy);
    expect(result.report).toMatchObject({ version: 1 });
  });

  test("a deletion without the scope", async () => {
    fixture.registry.api.inject(at("DELETE", /./, refuse(403)));
    const result = await fixture.step({ concurrency: "1" });
    expect(result.exitCode).toBe(1);
    expect(annotations(result.log).join("\n")).toContain("registry:delete");
    expect(deletionsOf(fixture)).toBeLessThanOrEqual(2);
  });
});
