import { describe, expect, test } from "vitest";
import { type FaultScript, refuse } from "../servers/http-server.ts";
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

type Inject = (fixture: Fixture, script: FaultScript) => void;

const at = (method: string, path: RegExp, fault: ReturnType<typeof refuse>): FaultScript => {
  return (request) => (request.method === method && path.test(request.path) ? fault : null);
};
const api: Inject = ({ registry }, script) => registry.api.inject(script);
const oci: Inject = ({ registry }, script) => registry.oci.inject(script);
const git: Inject = (_fixture, script) => gitHost.git.inject(script);
const github: Inject = (_fixture, script) => gitHost.github.inject(script);

const READS: readonly (readonly [string, Inject, string, RegExp, string])[] = [
  ["DigitalOcean's list of repositories", api, "GET", /repositoriesV2/, "registry:read"],
  ["DigitalOcean's list of digests", api, "GET", /web%2Fworker\/digests/, "registry:read"],
  ["DigitalOcean's collections, read before the first deletion", api, "GET", /garbage-collection$/, "registry:read"],
  ["DigitalOcean's apps", api, "GET", /\/v2\/apps/, "app:read"],
  ["the realm of the OCI endpoint", api, "GET", /registry\/auth/, "registry:read"],
  ["the OCI endpoint", oci, "GET", /manifests/, "registry:read"],
  ["Git", git, "POST", /./, "contents: read"],
  ["GitHub's GraphQL", github, "POST", /graphql/, "pull-requests: read"],
];

describe.each([401, 403])("status %i fails the step at once, and nothing is deleted", (status) => {
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
    // Requests in flight at the first refusal may be refused too. None is repeated, and no new one is sent.
    expect(refusals).toBeLessThanOrEqual(4);
  });

  test("for a deletion: no further one starts", async () => {
    fixture.registry.api.inject(at("DELETE", /./, refuse(status)));
    const before = contents(fixture.store);
    const result = await fixture.sweep({ concurrency: "2" });
    expect(result.errors).toContainEqual(
      expect.objectContaining({ kind: "permission", remedy: expect.stringContaining("registry:delete") }),
    );
    expect(deletionsOf(fixture)).toBeLessThanOrEqual(4);
    expect(contents(fixture.store)).toEqual(before);
  });

  test("for a later deletion: earlier deletions are reported, and all tags can be pulled", async () => {
    fixture.registry.api.inject((request) =>
      request.method === "DELETE" && deletionsOf(fixture) > 12 ? refuse(status) : null,
    );
    const before = contents(fixture.store);
    const result = await fixture.sweep({ concurrency: "2" });
    expect(result.errors.map(({ kind }) => kind)).toContain("permission");
    const reported = result.repositories.flatMap(({ name, manifests }) =>
      manifests.filter(({ outcome }) => outcome === "deleted").map(({ digest }) => `${name}@${digest}`),
    );
    const after = new Set(contents(fixture.store));
    expect([...reported].sort()).toEqual(before.filter((line) => !after.has(line)).sort());
    expect(reported.length).toBeGreaterThan(0);
    expect(brokenTags(fixture.store)).toEqual([]);
  });

  test("for the start of a collection: the deletions are done, and the error names the scope", async () => {
    fixture.registry.api.inject(at("POST", /garbage-collection/, refuse(status)));
    const result = await fixture.sweep({ "run-gc": "true" });
    expect(result.errors).toMatchObject([{ kind: "permission", remedy: expect.stringContaining("registry:update") }]);
    expect(deletionsOf(fixture)).toBe(46);
    expect(result.garbageCollection.status).toBe("not-started");
  });
});

describe("a step prints one annotation that names the missing permission", () => {
  test.each<[string, Inject, number, string]>([
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
    expect(result.report).toBeDefined();
  });

  test("a deletion without the scope", async () => {
    fixture.registry.api.inject(at("DELETE", /./, refuse(403)));
    const result = await fixture.step({ concurrency: "1" });
    expect(result.exitCode).toBe(1);
    expect(annotations(result.log).join("\n")).toContain("registry:delete");
    expect(deletionsOf(fixture)).toBeLessThanOrEqual(2);
  });
});
