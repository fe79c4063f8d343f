import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pushImage, pushMultiArch } from "../servers/content.ts";
import { type DigitalOceanRegistry, serveDigitalOceanRegistry } from "../servers/digitalocean-registry.ts";
import { type FaultScript, refuse } from "../servers/http-server.ts";
import { RegistryStore } from "../servers/store.ts";
import { runStep, type Step, type StepResult } from "./runner.ts";
import { type Forge, fillTeamRegistry, serveForge } from "./team.ts";

const TOKEN = "dop_v1_played0123456789";
const DAY = 86_400_000;

let forge: Forge;
let store: RegistryStore;
let registry: DigitalOceanRegistry;

beforeEach(async () => {
  forge = await serveForge(Date.now());
  store = new RegistryStore();
  fillTeamRegistry(store, Date.now());
  registry = await serveDigitalOceanRegistry(store, { registry: "acme", token: TOKEN });
});

afterEach(async () => {
  await Promise.all([forge.close(), registry.close()]);
});

function run(inputs: Readonly<Record<string, string>> = {}, more: Partial<Step> = {}): Promise<StepResult> {
  const own = { registry: `http://${registry.address}`, provider: "digitalocean", token: TOKEN };
  return runStep({
    inputs: { ...own, "api-url": registry.api.apiUrl.href, ...inputs },
    environment: forge.environment,
    ...more,
  });
}

const count = (): number => store.repositories().reduce((sum, name) => sum + store.manifests(name).length, 0);
const annotations = (log: string): readonly string[] => log.match(/^::error .*$/gm) ?? [];
const requests = (): number =>
  [registry.api, registry.oci, forge.git, forge.github].reduce((sum, server) => sum + server.requests.length, 0);

describe("the step fails, with one annotation a kind, and tells what to do", () => {
  test("bad inputs: one error with all of them, and nothing is requested", async () => {
    const result = await run({ "keep-count": "-1", "grace-period": "999999d", untagged: "maybe" });
    expect(result.exitCode).toBe(1);
    expect(annotations(result.log)).toHaveLength(1);
    for (const name of ["keep-count", "grace-period", "untagged"]) expect(annotations(result.log)[0]).toContain(name);
    expect(requests()).toBe(0);
  });

  test.each<[string, (script: FaultScript) => void, number, string]>([
    ["DigitalOcean's API refuses the token", (script) => registry.api.inject(script), 401, "token"],
    ["DigitalOcean's API misses a scope", (script) => registry.api.inject(script), 403, "registry:read"],
    ["the OCI endpoint refuses", (script) => registry.oci.inject(script), 403, "registry:read"],
    ["Git refuses", (script) => forge.git.inject(script), 401, "contents: read"],
    ["GitHub's GraphQL refuses", (script) => forge.github.inject(script), 403, "pull-requests: read"],
  ])("%s", async (_title, inject, status, remedy) => {
    inject(() => refuse(status, {}, { message: "no" }));
    const before = count();
    const result = await run();
    expect(result.exitCode).toBe(1);
    expect(annotations(result.log)).toHaveLength(1);
    expect(annotations(result.log)[0]).toContain(remedy);
    expect(count()).toBe(before);
    expect(result.outputs["deleted-count"]).toBe("0");
    expect(result.log).not.toContain(TOKEN.slice(4, -4).concat("x"));
  });

  test("a deletion without the scope stops the run at once", async () => {
    registry.api.inject((request) => (request.method === "DELETE" ? refuse(403) : null));
    const result = await run({ concurrency: "1" });
    expect(result.exitCode).toBe(1);
    expect(annotations(result.log).join()).toContain("registry:delete");
    expect(registry.api.requests.filter(({ method }) => method === "DELETE").length).toBeLessThanOrEqual(2);
  });

  test("max-deletions is passed: nothing is deleted", async () => {
    const before = count();
    const result = await run({ "max-deletions": "45" });
    expect(result.exitCode).toBe(1);
    expect(annotations(result.log)[0]).toContain("max-deletions");
    expect(count()).toBe(before);
    expect((await run({ "max-deletions": "46" })).exitCode).toBe(0);
  });

  test("a page of one repository that cannot be read leaves it untouched, and the others go on", async () => {
    registry.api.inject((request) => (request.path.includes("/repositories/web/digests?") ? refuse(404) : null));
    const before = store.manifests("web").length;
    const result = await run();
    expect(result.exitCode).toBe(1);
    expect(annotations(result.log)).toHaveLength(1);
    expect(store.manifests("web")).toHaveLength(before);
    expect(store.tags("web/worker")).not.toContain("pr-10");
    expect(result.summary).toContain("web");
    expect(result.report).toMatchObject({
      repositories: [
        { name: "web", manifests: [] },
        { name: "web/worker", error: null },
      ],
    });
  });
});

describe("when a pull request is closed", () => {
  const closed = (number: number, more: object = {}): NonNullable<Step["event"]> => ({
    name: "pull_request",
    payload: {
      action: "closed",
      pull_request: {
        number,
        merged: true,
        closed_at: new Date(Date.now() - DAY).toISOString(),
        merge_commit_sha: "b".repeat(40),
        head: { ref: "feature/login", sha: "a".repeat(40), repo: { full_name: "octo/web" } },
        base: { repo: { full_name: "octo/web" } },
        ...more,
      },
    },
  });

  test("its images go with their children and referrers, and nothing else does", async () => {
    const young = pushMultiArch(store, { repository: "web", seed: "pushed today", tags: ["pr-10-debug"] });
    const before = new Set(store.manifests("web").map(({ digest }) => digest));
    const result = await run({ "repository-pattern": "web" }, { event: closed(10) });
    expect(annotations(result.log)).toEqual([]);
    expect(result.exitCode).toBe(0);
    const after = new Set(store.manifests("web").map(({ digest }) => digest));
    // The index with two platforms, two attestations, its referrer and that one's index; and today's index with two platforms.
    expect(before.size - after.size).toBe(7 + 3);
    expect(after.has(young.index)).toBe(false);
    expect(store.tags("web")).toEqual(expect.arrayContaining(["pr-11", "pr-12", "pr-13", "main", "v2.0.0"]));
    expect(forge.github.requests.filter(({ body }) => body.toString().includes("number: 10"))).toEqual([]);
  });

  test("a living branch of the same name protects", async () => {
    pushImage(store, { repository: "web", seed: "named as a branch is", tags: ["pr-10-x"] });
    await forge.repository.createBranch("pr-10-x", await forge.repository.commitOf("main"));
    await run({ "repository-pattern": "web" }, { event: closed(10) });
    expect(store.tags("web")).toContain("pr-10-x");
  });

  test("one from a fork frees no tag of a branch here", async () => {
    const fork = { head: { ref: "main", sha: "c".repeat(40), repo: { full_name: "eve/web" } } };
    await run({ "repository-pattern": "web" }, { event: closed(13, fork) });
    expect(store.tags("web")).toContain("main");
    expect(store.tags("web")).not.toContain("pr-13");
  });
});

describe("a cancelled job", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s: no new deletion begins, and the report is written within 5 s",
    async (signal) => {
      registry.api.inject((request) => (request.method === "DELETE" ? { kind: "delay", ms: 300 } : null));
      let signalled = 0;
      let kill: ((name: NodeJS.Signals) => void) | null = null;
      const poll = setInterval(() => {
        if (signalled > 0 || !registry.api.requests.some(({ method }) => method === "DELETE")) return;
        signalled = Date.now();
        kill?.(signal);
      }, 5);
      const onOutput: Step["onOutput"] = (_chunk, send) => {
        kill = send;
      };
      const result = await run({ concurrency: "2" }, { onOutput });
      clearInterval(poll);
      expect(result.exitCode).toBe(1);
      expect(Date.now() - signalled).toBeLessThan(5_000);
      expect(annotations(result.log)).toEqual([expect.stringContaining("cancelled")]);
      expect(registry.api.requests.filter(({ method }) => method === "DELETE").length).toBeLessThan(10);
      expect(result.report).toMatchObject({ version: 1 });
      expect(result.summary).toContain("cancelled");
      registry.api.inject([]);
      expect((await run()).outputs["failed-count"]).toBe("0");
      expect(store.tags("web")).not.toContain("pr-10");
    },
  );
});
