import { describe, expect, test } from "vitest";
import type { Digest } from "../../../src/digest.ts";
import type { RunResult } from "../../../src/report/result.ts";
import { pushImage, pushIndex, pushMultiArch, pushReferrer } from "../../servers/content.ts";
import type { Reply, TestServer } from "../../servers/http-server.ts";
import { ociError } from "../../servers/oci/answers.ts";
import type { OciBehaviour } from "../../servers/oci/behaviour.ts";
import { RegistryStore } from "../../servers/oci/store.ts";
import { sweepRegistry } from "./sweep.ts";
import { useServed } from "./use-served.ts";

const ZOT: OciBehaviour = { referencedDeletes: "refused" };

const served = useServed();

const sweep = (server: TestServer): Promise<RunResult> =>
  sweepRegistry(server.url, served.gitHost, { inputs: { "repository-pattern": "web" } });

function outcomesIn({ repositories }: RunResult): Readonly<Record<string, string>> {
  return Object.fromEntries(
    repositories.flatMap(({ manifests }) => manifests.map((each) => [each.digest, each.outcome])),
  );
}

describe("zot refuses to delete the platforms of any index", () => {
  test("those that untagged indexes of other builders list are refused, and the step succeeds", async () => {
    const store = new RegistryStore();
    const { index, children } = pushMultiArch(store, { repository: "web", seed: "orphaned", tags: ["pr-10"] });
    // The list does not show it: it lost its tag to `index`.
    pushIndex(store, { repository: "web", children: children.toReversed() });
    const server = await served.serve(store, ZOT);
    for (const expected of ["deleted", undefined]) {
      const result = await sweep(server);
      expect(result.errors).toEqual([]);
      const outcomes = outcomesIn(result);
      expect(outcomes[index]).toBe(expected);
      for (const child of children) expect(outcomes[child]).toBe(expected && "refused");
    }
    expect(children.map((child) => store.resolve("web", child))).not.toContain(null);
  });

  test("those that a kept index lists too are kept, and no DELETE is sent for them", async () => {
    const store = new RegistryStore();
    const { children } = pushMultiArch(store, { repository: "web", seed: "shared", tags: ["pr-10"] });
    for (const tag of ["pr-11", "main"]) {
      const own = pushImage(store, { repository: "web", seed: tag });
      pushIndex(store, { repository: "web", tags: [tag], children: [...children, own] });
    }
    const server = await served.serve(store, ZOT);
    const result = await sweep(server);
    expect(result.errors).toEqual([]);
    expect(store.tags("web")).toEqual(["main"]);
    const sent = server.requests.filter(({ method }) => method === "DELETE").map(({ path }) => path.split("/").at(-1));
    for (const child of children) expect(sent).not.toContain(child);
  });
});

describe("a root that the registry refuses to delete", () => {
  const immutable = ociError(412, "PRECONDITION", "the tag pr-10 is configured as immutable");

  /** Answers each DELETE of `digest` with `reply`. */
  function refuseDelete(server: TestServer, digest: Digest, reply: Reply): void {
    server.inject(({ method, path }) =>
      method === "DELETE" && path.endsWith(digest) ? { kind: "reply", reply } : null,
    );
  }

  test("is kept with its platforms and signatures, and others are deleted", async () => {
    const store = new RegistryStore();
    const { index, children } = pushMultiArch(store, { repository: "web", seed: "immutable", tags: ["pr-10"] });
    const signature = pushReferrer(store, { repository: "web", subject: index, artifactType: "a/b", by: "subject" });
    pushMultiArch(store, { repository: "web", seed: "orphaned", tags: ["pr-11"] });
    const server = await served.serve(store, {});
    refuseDelete(server, index, immutable);
    const result = await sweep(server);
    expect(result.errors).toEqual([]);
    expect(outcomesIn(result)[index]).toBe("refused");
    expect(store.manifests("web").map(({ digest }) => digest)).toEqual([...children, index, signature]);
    expect(result.repositories[0]?.manifests.find(({ digest }) => digest === index)?.error).toBe(
      "the tag pr-10 is configured as immutable",
    );
  });

  test("by a 403 about the image alone does not stop the run, although it is the first deletion", async () => {
    const store = new RegistryStore();
    const digest = pushImage(store, { repository: "web", seed: "protected", tags: ["pr-10"] });
    pushImage(store, { repository: "web", seed: "orphaned", tags: ["pr-11"] });
    const server = await served.serve(store, {});
    refuseDelete(server, digest, ociError(403, "DENIED", "tag pr-10 is protected"));
    const result = await sweep(server);
    expect(result.errors).toEqual([]);
    expect(store.tags("web")).toEqual(["pr-10"]);
  });
});

test("deletes that are disabled are one error, and not refusals", async () => {
  const store = new RegistryStore();
  for (const tag of ["pr-10", "pr-11"]) pushImage(store, { repository: "web", seed: tag, tags: [tag] });
  const server = await served.serve(store, {});
  // The check finds deletes enabled, because the registry looks for the manifest first.
  server.inject(({ method, path }) =>
    method === "DELETE" && !path.endsWith("0".repeat(64))
      ? { kind: "reply", reply: ociError(405, "UNSUPPORTED", "The operation is unsupported.") }
      : null,
  );
  const { errors } = await sweep(server);
  expect(errors.map(({ kind }) => kind)).toContain("registry");
  expect(store.tags("web")).toEqual(["pr-10", "pr-11"]);
});
