import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import { pushImage } from "../servers/content.ts";
import type { ApiBehaviour } from "../servers/digitalocean/behaviour.ts";
import { brokenTags } from "../servers/pull.ts";
import { type GitHost, serveExampleGitHost } from "./example.ts";
import { contents, deletionsOf, type Fixture, openFixture } from "./fixture.ts";

let gitHost: GitHost;
/** The contents after a sweep if the API behaves as documented. */
let expected: readonly string[];

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
  await withSwept({}, async (fixture) => {
    expected = contents(fixture.store);
  });
});
afterAll(() => gitHost.close());

/** Sweeps a registry with this behaviour, then runs `check`. */
async function withSwept(
  behaviour: Partial<ApiBehaviour>,
  check: (fixture: Fixture, result: RunResult) => Promise<void>,
): Promise<void> {
  const fixture = await openFixture(gitHost, { behaviour });
  try {
    await check(fixture, await fixture.sweep());
  } finally {
    await fixture.close();
  }
}

const outcomes = ({ repositories }: RunResult) => {
  const counts: Record<string, number> = {};
  for (const { outcome } of repositories.flatMap(({ manifests }) => manifests)) {
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
};

describe("undocumented behaviour of DigitalOcean does not change the deletions", () => {
  test.each<[string, Partial<ApiBehaviour>]>([
    ["only the older paths are served", { paths: "registry" }],
    ["only the documented paths are served", { paths: "registries" }],
    ["an index is listed without blobs", { indexes: "no blobs" }],
    ["an index is listed with its children's blobs", { indexes: "blobs of children" }],
    ["an index is listed with its children as blobs", { indexes: "children as blobs" }],
    ["older paths, and children as blobs", { paths: "registry", indexes: "children as blobs" }],
    ["sizes are missing", { absent: ["size_bytes", "compressed_size_bytes", "blobs"] }],
    ["the registry's name is missing", { absent: ["registry_name", "repository"] }],
    ["the list of tags is hours old", { tagList: "frozen" }],
  ])("%s", async (_title, behaviour) => {
    await withSwept(behaviour, async (fixture, result) => {
      expect(result.errors).toEqual([]);
      expect(contents(fixture.store)).toEqual(expected);
      expect(brokenTags(fixture.store)).toEqual([]);
      expect(outcomes(result)).toMatchObject({ deleted: 46 });
    });
  });

  test("missing times: only images whose tags all name the number of a closed pull request are deleted", async () => {
    await withSwept({ absent: ["updated_at"] }, async (fixture, result) => {
      expect(result.errors).toEqual([]);
      expect(outcomes(result)).toMatchObject({ deleted: 2 });
      expect(brokenTags(fixture.store)).toEqual([]);
    });
  });

  test("missing tags: a repository that looks completely untagged is an error, and nothing is deleted", async () => {
    await withSwept({ absent: ["tags"] }, async (fixture, result) => {
      expect(new Set(result.errors.map(({ kind }) => kind))).toEqual(new Set(["listing"]));
      expect(deletionsOf(fixture)).toBe(0);
    });
  });

  test("a repository of untagged images only is emptied", async () => {
    const fixture = await openFixture(gitHost, {
      fill: (store, now) => {
        for (const seed of ["a", "b"]) pushImage(store, { repository: "web", seed, pushedAt: now - 3 * 86_400_000 });
      },
    });
    expect((await fixture.sweep()).errors).toEqual([]);
    expect(contents(fixture.store)).toEqual([]);
    await fixture.close();
  });

  test("a push changes the list while it is read", async () => {
    let moves = 0;
    const fixture = await openFixture(gitHost);
    fixture.registry.api.state.behaviour.beforePage = (repository) => {
      if (repository !== "web" || moves >= 2) return;
      moves += 1;
      const [first] = fixture.store.manifests("web");
      if (first !== undefined) fixture.store.tag("web", `moved-${moves}`, first.digest);
    };
    const result = await fixture.sweep();
    expect(result.errors).toEqual([]);
    expect(contents(fixture.store)).toEqual(expected);
    await fixture.close();
  });
});

describe.each([409, 403, 400, 422])("the registry answers %i to deleting a child of an existing index", (status) => {
  test("parents are deleted first, so no child is refused", async () => {
    await withSwept({ childRefusal: status }, async (fixture, result) => {
      expect(result.errors).toEqual([]);
      expect(contents(fixture.store)).toEqual(expected);
    });
  });
});

test.each([409, 422])(
  "an index that cannot be deleted (%i) keeps its children; the next run deletes it",
  async (status) => {
    const fixture = await openFixture(gitHost);
    const index = fixture.store.resolve("web", "pr-10")?.digest ?? "";
    fixture.registry.api.inject((request) =>
      request.method === "DELETE" && request.path.includes(index)
        ? { kind: "reply", reply: { status, body: { id: "conflict", message: "the manifest is in use" } } }
        : null,
    );
    const first = await fixture.sweep();
    expect(first.errors).toMatchObject([
      {
        kind: "deletion",
        message: expect.stringContaining("the manifest is in use"),
        remedy: expect.stringMatching(/./),
      },
    ]);
    const failed = first.repositories[0]?.manifests.filter(({ outcome }) => outcome === "failed");
    expect(failed).toMatchObject([{ digest: index, error: expect.stringContaining(String(status)) }]);
    expect(fixture.store.tags("web")).toContain("pr-10");
    expect(brokenTags(fixture.store)).toEqual([]);
    fixture.registry.api.inject([]);
    const second = await fixture.sweep();
    expect(second.errors).toEqual([]);
    expect(contents(fixture.store)).toEqual(expected);
    expect((await fixture.sweep()).errors).toEqual([]);
    await fixture.close();
  },
);

test("children that are refused after their parent was deleted are reported as failed; the next run deletes them", async () => {
  const fixture = await openFixture(gitHost);
  const index = fixture.store.resolve("web", "pr-10");
  if (index === null) throw new Error("the example has no pr-10");
  const refused: string[] = JSON.parse(index.bytes.toString()).manifests.map(
    ({ digest }: { digest: string }) => digest,
  );
  // Like a registry with a cache, which counts the deleted index for a while.
  fixture.registry.api.inject((request) =>
    request.method === "DELETE" && refused.some((digest) => request.path.endsWith(digest))
      ? { kind: "reply", reply: { status: 409, body: { id: "conflict", message: "referenced by another" } } }
      : null,
  );
  const first = await fixture.sweep();
  expect(first.errors).toMatchObject([{ kind: "deletion" }]);
  const failed = first.repositories[0]?.manifests.filter(({ outcome }) => outcome === "failed") ?? [];
  expect(failed.map(({ digest }) => String(digest)).sort()).toEqual([...refused].sort());
  expect(fixture.store.resolve("web", index.digest)).toBeNull();
  expect(fixture.store.tags("web")).not.toContain("pr-10");
  expect(brokenTags(fixture.store)).toEqual([]);
  fixture.registry.api.inject([]);
  const before = deletionsOf(fixture);
  expect((await fixture.sweep()).errors).toEqual([]);
  expect(deletionsOf(fixture) - before).toBe(refused.length);
  expect(contents(fixture.store)).toEqual(expected);
  await fixture.close();
});
