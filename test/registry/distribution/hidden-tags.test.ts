import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type GitHost, serveGitHost } from "../../e2e/example.ts";
import { pushImage } from "../../servers/content.ts";
import { pullRequest } from "../../servers/github/server.ts";
import type { TestServer } from "../../servers/http-server.ts";
import { serveOci } from "../../servers/oci/server.ts";
import { RegistryStore } from "../../servers/oci/store.ts";
import { sweepRegistry } from "./sweep.ts";

const DAY = 86_400_000;

let gitHost: GitHost;
let registry: TestServer | null = null;

beforeAll(async () => {
  const merged = { state: "merged", closedAt: Date.now() - 9 * DAY } as const;
  gitHost = await serveGitHost({
    branches: ["main", "main-2"],
    lightTags: ["v1.0.0", "v10.0.0"],
    pullRequests: [pullRequest(1, merged), pullRequest(7, merged), pullRequest(10), pullRequest(70, merged)],
  });
});

afterEach(async () => {
  await registry?.close();
  registry = null;
});

afterAll(() => gitHost.close());

async function serveImages(images: readonly (readonly string[])[]): Promise<RegistryStore> {
  const store = new RegistryStore();
  for (const tags of images) pushImage(store, { repository: "web", seed: tags.join(), tags });
  registry = await serveOci(store, { hiddenTags: "that begin with another" });
  return store;
}

const sweep = (inputs: Readonly<Record<string, string>> = {}) =>
  sweepRegistry(registry?.url ?? new URL("http://127.0.0.1:1"), gitHost, { inputs });

const isHead = ({ method }: { readonly method: string }): boolean => method === "HEAD";

test.each([
  { hides: "v1", images: [["v1"], ["pr-70", "v10", "v10.0.0"]], named: "v10" },
  { hides: "a branch", images: [["main"], ["pr-7", "main-2"]], named: "main-2" },
  { hides: "a number", images: [["pr-1"], ["pr-7", "pr-10"]], named: "pr-10" },
  { hides: "a protected tag", images: [["late"], ["pr-7", "latest"]], named: "latest" },
])("an image is kept if $hides hides its live tag", async ({ images, named }) => {
  const store = await serveImages(images);
  const before = store.manifests("web").length;
  const { errors } = await sweep();
  expect(errors).toMatchObject([{ kind: "listing", message: expect.stringContaining(`does not show ${named}`) }]);
  expect(store.manifests("web")).toHaveLength(before);
});

test("an image is kept if its hidden tag was pushed after the plan was made", async () => {
  const store = await serveImages([["v1"], ["pr-70"]]);
  const digest = store.resolve("web", "pr-70")?.digest;
  registry?.inject(({ method }) => {
    // The check whether deletes are enabled comes after the plan, and before the recheck.
    if (method === "DELETE" && digest !== undefined) store.tag("web", "v10", digest);
    return null;
  });
  const { errors } = await sweep();
  expect(errors).toMatchObject([{ message: expect.stringContaining("does not show v10, which exists") }]);
  expect(store.resolve("web", "v10")).not.toBeNull();
});

test("nothing is requested by name if nothing is deleted", async () => {
  await serveImages([["v1"], ["main"]]);
  expect((await sweep()).errors).toEqual([]);
  expect(registry?.requests.filter(isHead)).toEqual([]);
});

test("hidden tags of gone refs do not matter", async () => {
  const store = await serveImages([["pr-7"], ["pr-70"], ["main"]]);
  expect((await sweep()).errors).toEqual([]);
  expect(store.tags("web")).toEqual(["main", "pr-70"]);
  expect((await sweep()).errors).toEqual([]);
  expect(store.tags("web")).toEqual(["main"]);
});
