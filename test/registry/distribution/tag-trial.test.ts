import { expect, test } from "vitest";
import type { Digest } from "../../../src/digest.ts";
import type { RunResult } from "../../../src/report/result.ts";
import { pushImage, pushMultiArch } from "../../servers/content.ts";
import { refuse, type TestServer } from "../../servers/http-server.ts";
import { DISTRIBUTION_2_8, DISTRIBUTION_3, type OciBehaviour } from "../../servers/oci/behaviour.ts";
import { RegistryStore } from "../../servers/oci/store.ts";
import { sweepRegistry } from "./sweep.ts";
import { useServed } from "./use-served.ts";

/** The tag `pr-10` is stale: its image is kept as `main`. The image `pr-11` is deleted. */
interface Fixture {
  readonly store: RegistryStore;
  readonly server: TestServer;
  readonly kept: Digest;
  readonly orphaned: Digest;
}

const served = useServed();

async function start(behaviour: OciBehaviour): Promise<Fixture> {
  const store = new RegistryStore();
  const kept = pushImage(store, { repository: "web", seed: "kept", tags: ["main", "pr-10"] });
  const orphaned = pushMultiArch(store, { repository: "web", seed: "orphaned", tags: ["pr-11"] }).index;
  const server = await served.serve(store, behaviour);
  return { store, server, kept, orphaned };
}

const sweep = ({ server }: Fixture): Promise<RunResult> =>
  sweepRegistry(server.url, served.gitHost, { inputs: { "remove-stale-tags": "true", "repository-pattern": "web" } });

const staleIn = ({ repositories }: RunResult) =>
  repositories[0]?.staleTags.map(({ tag, outcome }) => `${tag} ${outcome}`);
const deletedIn = ({ repositories }: RunResult) =>
  repositories[0]?.manifests.filter(({ outcome }) => outcome === "deleted").length;
const deletes = ({ server }: Fixture) =>
  server.requests.filter(({ method }) => method === "DELETE").map(({ path }) => path.split("/").at(-1) ?? "");

test("a tag is tried on an image that is deleted anyway, right before it, and then stale tags are deleted", async () => {
  const fixture = await start(DISTRIBUTION_3);
  const result = await sweep(fixture);
  expect(result.errors).toEqual([]);
  expect([staleIn(result), deletedIn(result)]).toEqual([["pr-10 deleted"], 3]);
  const [, first, second] = deletes(fixture);
  expect([first, second, deletes(fixture).at(-1)]).toEqual(["pr-11", fixture.orphaned, "pr-10"]);
  expect(fixture.store.tags("web")).toEqual(["main"]);
});

test.each<[string, OciBehaviour]>([
  ["deletes the manifest with its tag", { tagDeletes: "with the manifest" }],
  ["refuses tags", DISTRIBUTION_2_8],
  ["returns 202 and keeps the tag", { tagDeletes: "ignored" }],
])("if the registry %s, the image is deleted and stale tags are unsupported", async (_what, behaviour) => {
  const fixture = await start(behaviour);
  const result = await sweep(fixture);
  expect(result.errors).toEqual([]);
  expect([staleIn(result), deletedIn(result)]).toEqual([["pr-10 unsupported"], 3]);
  expect(fixture.store.tags("web")).toEqual(["main", "pr-10"]);
  expect(fixture.store.manifests("web").map(({ digest }) => digest)).toEqual([fixture.kept]);
  expect(deletes(fixture)).not.toContain("pr-10");
});

test("an image that answers 404 once after its tag was deleted is deleted too", async () => {
  const fixture = await start(DISTRIBUTION_3);
  let isLost = false;
  fixture.server.inject(({ method, path }) => {
    const isCheck = method === "GET" && path.endsWith(fixture.orphaned) && deletes(fixture).includes("pr-11");
    if (!isCheck || isLost) return null;
    isLost = true;
    return refuse(404, {}, { errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] });
  });
  const result = await sweep(fixture);
  expect([isLost, staleIn(result), deletedIn(result)]).toEqual([true, ["pr-10 unsupported"], 3]);
  expect(fixture.store.manifests("web").map(({ digest }) => digest)).toEqual([fixture.kept]);
});

test("no tag is tried on a kept image: without a deletion, stale tags are reported with a notice", async () => {
  const fixture = await start(DISTRIBUTION_3);
  fixture.store.deleteManifest("web", fixture.orphaned);
  const result = await sweep(fixture);
  expect(result.errors).toEqual([]);
  expect(staleIn(result)).toEqual(["pr-10 reported"]);
  expect(result.notices).toEqual([
    expect.stringContaining("it is not known whether this registry can delete a tag alone"),
  ]);
  expect(fixture.store.tags("web")).toEqual(["main", "pr-10"]);
});

test("no tag is tried if there is no stale tag", async () => {
  const fixture = await start(DISTRIBUTION_3);
  fixture.store.deleteTag("web", "pr-10");
  await sweep(fixture);
  expect(deletes(fixture)).not.toContain("pr-11");
});

test("an image whose tag was deleted is deleted, although the answer was lost", async () => {
  const fixture = await start(DISTRIBUTION_3);
  fixture.server.inject(({ method, path }) =>
    method === "DELETE" && path.endsWith("/pr-11") ? { kind: "reset after" } : null,
  );
  const result = await sweep(fixture);
  expect(result.errors).toEqual([]);
  expect(deletedIn(result)).toBe(3);
  expect(fixture.store.manifests("web").map(({ digest }) => digest)).toEqual([fixture.kept]);
});

test.each([1, 2])(
  "an image whose tag was deleted is deleted after a rate limit of %i DELETE requests",
  async (limited) => {
    const fixture = await start(DISTRIBUTION_3);
    let count = 0;
    fixture.server.inject(({ method, path }) => {
      if (method !== "DELETE" || !path.endsWith(fixture.orphaned)) return null;
      count += 1;
      return count <= limited ? refuse(429, { "retry-after": "1" }) : null;
    });
    const result = await sweep(fixture);
    expect(result.errors).toEqual([]);
    expect(deletedIn(result)).toBe(3);
    expect(fixture.store.manifests("web").map(({ digest }) => digest)).toEqual([fixture.kept]);
  },
);

test.each([
  ["because the host limits each DELETE", refuse(429, { "retry-after": "0" })],
  ["because the registry's policy keeps it", refuse(412, {}, { errors: [{ code: "DENIED", message: "locked" }] })],
  ["because the token may not delete it", refuse(403)],
])("an image whose tag was deleted and that was not deleted, %s, is reported", async (_why, fault) => {
  const fixture = await start(DISTRIBUTION_3);
  fixture.server.inject(({ method, path }) => (method === "DELETE" && path.endsWith(fixture.orphaned) ? fault : null));
  const { notices } = await sweep(fixture);
  expect(notices).toEqual(
    expect.arrayContaining([expect.stringContaining(`${fixture.orphaned} may have lost its tag pr-11`)]),
  );
});

test("an image that was not deleted and kept its tag is not reported as one that lost it", async () => {
  const fixture = await start(DISTRIBUTION_2_8);
  fixture.server.inject(({ method, path }) =>
    method === "DELETE" && path.endsWith(fixture.orphaned) ? refuse(412) : null,
  );
  const { notices } = await sweep(fixture);
  expect(notices).toEqual([]);
  expect(fixture.store.tags("web")).toContain("pr-11");
});

test("a tag that moved to a new image before the trial is not deleted, and neither is that image", async () => {
  const fixture = await start({ ...DISTRIBUTION_3, tagDeletes: "with the manifest" });
  let moved: Digest | null = null;
  fixture.server.inject(({ method, path }) => {
    if (method === "HEAD" && path.endsWith("/pr-11")) {
      moved ??= pushImage(fixture.store, { repository: "web", seed: "moved", tags: ["pr-11", "v9"] });
    }
    return null;
  });
  const result = await sweep(fixture);
  expect(result.errors).toEqual([]);
  expect(moved).not.toBeNull();
  expect(fixture.store.resolve("web", "pr-11")?.digest).toBe(moved);
  expect(fixture.store.resolve("web", fixture.orphaned)).toBeNull();
});
