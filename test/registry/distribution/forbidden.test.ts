import { expect, test } from "vitest";
import { pushImage } from "../../servers/content.ts";
import { refuse } from "../../servers/http-server.ts";
import { DISTRIBUTION_3 } from "../../servers/oci/behaviour.ts";
import { RegistryStore } from "../../servers/oci/store.ts";
import { deletedTags, sweepRegistry } from "./sweep.ts";
import { useServed } from "./use-served.ts";

const served = useServed();

/** Sweeps the repositories `a` and `b`. Answers 403 to each DELETE whose path ends with `ending`. */
async function sweepTwo(ending: RegExp, message: string) {
  const store = new RegistryStore();
  for (const repository of ["a", "b"]) {
    pushImage(store, { repository, seed: "orphaned", tags: ["pr-10"] });
    pushImage(store, { repository, seed: "kept", tags: ["main", "pr-11"] });
  }
  const server = await served.serve(store, DISTRIBUTION_3);
  server.inject(({ method, path }) =>
    method === "DELETE" && ending.test(path) ? refuse(403, {}, { errors: [{ code: "DENIED", message }] }) : null,
  );
  const inputs = { "repository-pattern": "*", "remove-stale-tags": "true" };
  const result = await sweepRegistry(server.url, served.gitHost, { inputs });
  const stale = result.repositories.map(({ staleTags }) => staleTags[0]?.outcome);
  return { deleted: deletedTags(result), stale, errors: result.errors };
}

test.each([
  ["the check before the first deletion", /\/a\/manifests\/sha256:0+$/, ["b: pr-10"], ["reported", "deleted"]],
  ["a stale tag", /\/a\/manifests\/pr-11$/, ["a: pr-10", "b: pr-10"], ["failed", "deleted"]],
] as const)(
  "a token that may delete in one repository only deletes there, after 403 to %s of another",
  async (...args) => {
    const [, ending, expected, outcomes] = args;
    const { deleted, stale, errors } = await sweepTwo(ending, "requested access is denied");
    expect([deleted, stale]).toEqual([expected, outcomes]);
    expect(errors).toMatchObject([{ kind: "permission", message: expect.stringMatching(/^a: .*denied/) }]);
  },
);

test("a stale tag that the registry's policy protects is unsupported, and the step succeeds", async () => {
  const { deleted, stale, errors } = await sweepTwo(/\/a\/manifests\/pr-11$/, "the tag is immutable");
  expect(errors).toEqual([]);
  expect([deleted, stale]).toEqual([
    ["a: pr-10", "b: pr-10"],
    ["unsupported", "deleted"],
  ]);
});
