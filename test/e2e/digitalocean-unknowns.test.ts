import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunResult } from "../../src/report/result.ts";
import { pushImage } from "../servers/content.ts";
import type { ApiBehaviour } from "../servers/digitalocean/behaviour.ts";
import { type GitHost, serveExampleGitHost } from "./example.ts";
import { broken, contents, deletionsOf, type Fixture, openFixture } from "./fixture.ts";

let gitHost: GitHost;
/** What a sweep leaves of the team's registry where the API behaves as it is documented. */
let expected: readonly string[];

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
  await swept({}, async (fixture) => {
    expected = contents(fixture.store);
  });
});
afterAll(() => gitHost.close());

/** Sweeps a registry that behaves so, and shows it to `then`. */
async function swept(
  behaviour: Partial<ApiBehaviour>,
  look: (fixture: Fixture, result: RunResult) => Promise<void>,
): Promise<void> {
  const fixture = await openFixture(gitHost, { behaviour });
  try {
    await look(fixture, await fixture.sweep());
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

describe("what DigitalOcean leaves open changes nothing in what goes", () => {
  test.each<[string, Partial<ApiBehaviour>]>([
    ["only the older paths are served", { paths: "registry" }],
    ["only the documented paths are served", { paths: "registries" }],
    ["an index is listed without blobs", { indexes: "no blobs" }],
    ["an index is listed with its children's blobs", { indexes: "blobs of children" }],
    ["an index is listed with its children as blobs", { indexes: "children as blobs" }],
    ["older paths, and children as blobs", { paths: "registry", indexes: "children as blobs" }],
    ["sizes are left out", { absent: ["size_bytes", "compressed_size_bytes", "blobs"] }],
    ["the registry's name is left out", { absent: ["registry_name", "repository"] }],
    ["the list of tags is hours late", { tagList: "frozen" }],
  ])("%s", async (_title, behaviour) => {
    await swept(behaviour, async (fixture, result) => {
      expect(result.errors).toEqual([]);
      expect(contents(fixture.store)).toEqual(expected);
      expect(broken(fixture.store)).toEqual([]);
      expect(outcomes(result)).toMatchObject({ deleted: 46 });
    });
  });

  test("times are left out: unknown is newest, so only what is proven dead goes", async () => {
    await swept({ absent: ["updated_at"] }, async (fixture, result) => {
      expect(result.errors).toEqual([]);
      expect(outcomes(result)).toMatchObject({ deleted: 2 * 11 });
      expect(broken(fixture.store)).toEqual([]);
    });
  });

  test("tags are left out: what looks untagged from end to end is not believed, and nothing goes", async () => {
    await swept({ absent: ["tags"] }, async (fixture, result) => {
      expect(new Set(result.errors.map(({ kind }) => kind))).toEqual(new Set(["listing"]));
      expect(deletionsOf(fixture)).toBe(0);
    });
  });

  test("a repository of leftovers alone is believed, and emptied", async () => {
    const fixture = await openFixture(gitHost, {
      fill: (store, now) => {
        for (const seed of ["a", "b"]) pushImage(store, { repository: "web", seed, pushedAt: now - 3 * 86_400_000 });
      },
    });
    expect((await fixture.sweep()).errors).toEqual([]);
    expect(contents(fixture.store)).toEqual([]);
    await fixture.close();
  });

  test("a push moves the list while it is read, then it stands still", async () => {
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

describe.each([409, 403, 400, 422])("the deletion of a child of an index that is there answers %i", (status) => {
  test("parents go first, so no child is refused; tags stay whole", async () => {
    await swept({ childRefusal: status }, async (fixture, result) => {
      expect(result.errors).toEqual([]);
      expect(contents(fixture.store)).toEqual(expected);
    });
  });
});

test.each([409, 422])(
  "an index that cannot be deleted (%i) keeps its children; the next run finishes",
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
    expect(broken(fixture.store)).toEqual([]);
    fixture.registry.api.inject([]);
    const second = await fixture.sweep();
    expect(second.errors).toEqual([]);
    expect(contents(fixture.store)).toEqual(expected);
    expect((await fixture.sweep()).errors).toEqual([]);
    await fixture.close();
  },
);

test("children that are refused after their parents went are told as failed, and the next run finishes", async () => {
  const fixture = await openFixture(gitHost);
  const index = fixture.store.resolve("web", "pr-10");
  if (index === null) throw new Error("the team has no pr-10");
  const refused: string[] = JSON.parse(index.bytes.toString()).manifests.map(
    ({ digest }: { digest: string }) => digest,
  );
  // A registry that still counts the index for a while, as one with a cache does.
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
  expect(broken(fixture.store)).toEqual([]);
  fixture.registry.api.inject([]);
  const before = deletionsOf(fixture);
  expect((await fixture.sweep()).errors).toEqual([]);
  expect(deletionsOf(fixture) - before).toBe(refused.length);
  expect(contents(fixture.store)).toEqual(expected);
  await fixture.close();
});
