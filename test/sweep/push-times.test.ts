import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createHttpClient } from "../../src/http/client.ts";
import { run } from "../../src/run.ts";
import { type GitHost, serveGitHost } from "../e2e/example.ts";
import { settingsOf, silentLog } from "../run.ts";
import { openScenario } from "../safety/scenario.ts";
import { type ImagePush, pushImage } from "../servers/content.ts";
import { serveDigitalOceanRegistry } from "../servers/digitalocean/registry.ts";
import { pullRequest } from "../servers/github/server.ts";
import { RegistryStore } from "../servers/oci/store.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 21, 12);
const CLOCK = { now: () => NOW, random: () => 0.5, sleep: async () => undefined };
const BRANCHES = ["staging", "prod-1970", "prod-none", "prod-epoch", "feature/login", "feature/early"];

let gitHost: GitHost;

beforeAll(async () => {
  const ended = { createdAt: NOW - 40 * DAY, closedAt: NOW - 30 * DAY, updatedAt: NOW - 30 * DAY };
  const pullRequests = BRANCHES.map((headBranch, index) =>
    pullRequest(index + 1, { state: "merged", headBranch, ...ended, firstCommitAt: NOW - 42 * DAY }),
  );
  gitHost = await serveGitHost({ branches: ["main"], pullRequests });
});

afterAll(() => gitHost.close());

/** Images of branches whose pull requests were opened 40 days ago and merged 30 days ago. */
function fill(store: RegistryStore): void {
  const push = (tag: string, days: number, created: number | null): void => {
    const at = created === null ? {} : { created: new Date(created).toISOString() };
    const image: ImagePush = { repository: "web", seed: tag, tags: [tag], pushedAt: NOW - days * DAY, ...at };
    pushImage(store, image);
  };
  push("main", 1, NOW - DAY);
  // The tag was pushed yesterday.
  push("staging", 60, NOW - 60 * DAY);
  // These were pushed today.
  push("prod-1970", 0.1, 0);
  push("prod-none", 0.1, null);
  push("prod-epoch", 0.1, NOW - 50 * DAY);
  push("feature-login", 35, NOW - 35 * DAY);
  // Built after the first commit, before the pull request was opened.
  push("feature-early", 41, NOW - 41 * DAY);
}

async function openInputs(kind: string): Promise<[Readonly<Record<string, string>>, Readonly<Record<string, string>>]> {
  if (kind !== "digitalocean") {
    const scenario = await openScenario(kind as "ghcr", { fill });
    onTestFinished(() => scenario.close());
    return [scenario.inputs, scenario.environment];
  }
  const store = new RegistryStore({ now: () => NOW });
  fill(store);
  const tagPushedAt = (tag: string): number | null => (tag === "staging" ? NOW - DAY : null);
  const served = await serveDigitalOceanRegistry(store, { registry: "acme", token: "dop", behaviour: { tagPushedAt } });
  onTestFinished(() => served.close());
  const apiUrl = served.api.apiUrl.href;
  return [{ registry: served.address, provider: "digitalocean", "api-url": apiUrl, token: "dop" }, {}];
}

test.each(["digitalocean", "ghcr", "distribution", "oci"])(
  "%s: deletes images of the branch's pull request, and keeps those whose tags may be newer",
  async (kind) => {
    const [inputs, environment] = await openInputs(kind);
    const all = { "repository-pattern": "web", "dry-run": "true", ...inputs };
    const settings = settingsOf(all, { ...gitHost.environment, ...environment });
    const http = createHttpClient({ clock: CLOCK, concurrency: 4 });
    onTestFinished(() => http.close());
    const services = { http, clock: CLOCK, log: silentLog, signal: new AbortController().signal };
    const result = await run(settings, services);
    expect(result.errors).toEqual([]);
    const manifests = result.repositories.flatMap((repository) => repository.manifests);
    const deleted = manifests.filter(({ decision }) => decision === "delete").flatMap(({ tags }) => tags);
    expect(deleted.toSorted()).toEqual(["feature-early", "feature-login"]);
  },
);
