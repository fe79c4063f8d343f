import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DigitalOceanRegistry, serveDigitalOceanRegistry } from "../servers/digitalocean/registry.ts";
import { RegistryStore, referencesOf } from "../servers/oci/store.ts";
import { fillExampleRegistry, type GitHost, serveExampleGitHost } from "./example.ts";
import { runStep, type Step } from "./runner.ts";

const TOKEN = "dop_v1_played0123456789";

let gitHost: GitHost;
let store: RegistryStore;
let registry: DigitalOceanRegistry;

beforeEach(async () => {
  gitHost = await serveExampleGitHost(Date.now());
  store = new RegistryStore();
  fillExampleRegistry(store, Date.now());
  registry = await serveDigitalOceanRegistry(store, { registry: "acme", token: TOKEN });
});

afterEach(async () => {
  await Promise.all([gitHost.close(), registry.close()]);
});

function step(inputs: Readonly<Record<string, string>> = {}, more: Partial<Step> = {}): Step {
  return {
    inputs: {
      registry: `http://${registry.address}`,
      provider: "digitalocean",
      "api-url": registry.api.apiUrl.href,
      token: TOKEN,
      ...inputs,
    },
    environment: gitHost.environment,
    ...more,
  };
}

function tagsOf(repository: string): readonly string[] {
  return store.tags(repository);
}

/** Everything that a tag leads to is there. */
function expectWhole(): void {
  for (const repository of store.repositories()) {
    for (const tag of store.tags(repository)) {
      const open = [store.resolve(repository, tag)];
      for (let manifest = open.pop(); manifest !== undefined; manifest = open.pop()) {
        expect(manifest, `${repository}:${tag}`).not.toBeNull();
        if (manifest === null) continue;
        const { children, blobs } = referencesOf(manifest.bytes);
        for (const { digest } of blobs) expect(store.blob(digest), `${repository}:${tag} ${digest}`).not.toBeNull();
        open.push(...children.map((child) => store.resolve(repository, child)));
      }
    }
  }
}

const DELETES = (): number => registry.api.requests.filter(({ method }) => method === "DELETE").length;

describe("a scheduled sweep of a DigitalOcean registry", () => {
  test("a dry run tells what would go, and deletes nothing", async () => {
    const before = store.repositories().map((name) => store.manifests(name).length);
    const result = await runStep(step({ "dry-run": "true", "run-gc": "true" }));
    expect(result.log).toContain("would be deleted");
    expect(result.exitCode).toBe(0);
    expect(store.repositories().map((name) => store.manifests(name).length)).toEqual(before);
    expect(Number(result.outputs["deleted-count"])).toBeGreaterThan(0);
    expect(result.outputs["gc-status"]).toBe("skipped");
    expect(DELETES()).toBe(0);
    expect(result.summary).toContain("pull request");
  });

  test("what the refs say is gone goes, all else stays whole, and the collection frees its blobs", async () => {
    const result = await runStep(step({ "run-gc": "true", "gc-timeout": "0" }));
    expect(result.log).toContain("deleted");
    expect(result.exitCode).toBe(0);
    for (const repository of ["web", "web/worker"]) {
      expect(tagsOf(repository).filter((tag) => !tag.startsWith("sha256-"))).toEqual([
        "1",
        "1.0",
        "1.0.0",
        "1.1",
        "1.1.0",
        "2",
        "2.0",
        "2.0.0",
        "feature-kept",
        "feature-search",
        "jane-test",
        "latest",
        "main",
        "pr-12",
        "pr-14",
        "v1.0.0",
        "v1.1.0",
        "v2.0.0",
      ]);
      expect(tagsOf(repository).filter((tag) => tag.startsWith("sha256-"))).toHaveLength(1);
    }
    expect(tagsOf("base")).toEqual(["main", "pr-10"]);
    expectWhole();
    expect(result.outputs["gc-status"]).toBe("started");
    expect(result.outputs["failed-count"]).toBe("0");
  });

  test("a second run finds nothing left to do", async () => {
    await runStep(step());
    const deletes = DELETES();
    const second = await runStep(step());
    expect(second.exitCode).toBe(0);
    expect(second.outputs["deleted-count"]).toBe("0");
    expect(DELETES()).toBe(deletes);
  });
});
