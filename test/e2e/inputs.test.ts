import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GITHUB_TOKEN, type GitHost, serveExampleGitHost } from "./example.ts";
import { annotations, closed, type Fixture, openFixture, requestsOf, TOKEN } from "./fixture.ts";

let gitHost: GitHost;
let fixture: Fixture;

beforeAll(async () => {
  gitHost = await serveExampleGitHost(Date.now());
  fixture = await openFixture(gitHost);
});
afterAll(async () => {
  await Promise.all([gitHost.close(), fixture.close()]);
});

/** The two tokens, in every form in which they are sent. */
const SECRETS = [
  TOKEN,
  GITHUB_TOKEN,
  ...[`${TOKEN}:${TOKEN}`, `x-access-token:${GITHUB_TOKEN}`].map((pair) => Buffer.from(pair).toString("base64")),
];

/** Returns all text that readers of the run can see. The runner does not show `::add-mask::` lines. */
function shown({ log, summary, outputs, report }: Awaited<ReturnType<Fixture["step"]>>): string {
  const lines = log.split("\n").filter((line) => !line.startsWith("::add-mask::"));
  return [...lines, summary, JSON.stringify(outputs), JSON.stringify(report)].join("\n");
}

function expectNoSecret(result: Awaited<ReturnType<Fixture["step"]>>): void {
  for (const secret of SECRETS) expect(shown(result)).not.toContain(secret);
}

describe.concurrent("invalid inputs", () => {
  const schedule = { name: "schedule", payload: {} };
  const otherRepository = { base: { repo: { full_name: "octo/other" } } };
  test.each<[string, Record<string, string>, readonly string[], { name: string; payload: unknown }]>([
    [
      "one of each kind",
      {
        "repository-pattern": "web, !",
        "keep-count": "-1",
        "grace-period": "999999d",
        untagged: "maybe",
        "unmatched-tags": "drop",
        "dry-run": "yes",
        "run-gc": "sometimes",
        "gc-type": "all",
        "gc-timeout": "1h30m",
        "max-deletions": "ten",
        "protect-digests": "sha256:abc",
        "protect-tags": "{a,b",
        "tag-patterns": "{banch}",
        concurrency: "65",
        "api-url": "ftp://example.com",
        "git-repository": "octo",
      },
      [],
      schedule,
    ],
    ["no registry", { registry: "" }, [], schedule],
    ["no token", { token: "" }, [], schedule],
    ["a token in the registry", { registry: `https://me:${TOKEN}@registry.digitalocean.com/acme` }, [], schedule],
    [
      "a token in the wrong place",
      { "keep-count": TOKEN, "github-token": `${GITHUB_TOKEN} ` },
      ["keep-count"],
      schedule,
    ],
    [
      "DigitalOcean's host with another provider",
      { provider: "ghcr", registry: "registry.digitalocean.com/acme" },
      ["registry"],
      schedule,
    ],
    ["GitHub's host with another provider", { registry: "ghcr.io/acme" }, ["registry"], schedule],
    ["apps of another provider", { provider: "distribution", "protect-apps": "true" }, ["protect-apps"], schedule],
    ["gc-command for a provider without it", { "gc-command": "true" }, ["gc-command"], schedule],
    ["a scope without its event", { scope: "pull-request" }, ["scope"], schedule],
    ["an event of another repository", { scope: "pull-request" }, ["scope"], closed(10, otherRepository)],
    ["an incomplete event", {}, ["GITHUB_EVENT_PATH"], { name: "pull_request", payload: { action: "closed" } }],
  ])("%s: one error names them all, and no request is sent", async (_title, inputs, named, event) => {
    const result = await fixture.step(inputs, { event });
    expect(result.exitCode).toBe(1);
    const errors = annotations(result.log);
    expect(errors).toHaveLength(1);
    for (const name of named.length > 0 ? named : Object.keys(inputs)) expect(errors[0]).toContain(`\`${name}\``);
    expect(requestsOf(fixture)).toBe(0);
    expectNoSecret(result);
    expect(result.outputs).toMatchObject({ "deleted-count": "0", "deleted-digests": "[]", "gc-status": "not-started" });
    expect(result.report).toMatchObject({ repositories: [], requests: {} });
    expect(result.summary).toContain("input");
  });
});

test("an invalid proxy is an invalid input, and its password is not shown", async () => {
  const before = requestsOf(fixture);
  const environment = { ...gitHost.environment, HTTP_PROXY: "socks4://me:hush-hush@proxy" };
  const result = await fixture.step({}, { environment });
  expect([result.exitCode, annotations(result.log).length]).toEqual([1, 1]);
  expect(annotations(result.log)[0]).toContain("HTTP_PROXY");
  expect(shown(result)).not.toContain("hush-hush");
  expect(result.report).toMatchObject({ repositories: [] });
  expect(requestsOf(fixture)).toBe(before);
});

describe("tokens are not shown", () => {
  test("by a successful run", async () => {
    const result = await fixture.step({ "dry-run": "true" });
    expect(result.exitCode).toBe(0);
    expectNoSecret(result);
  });

  test("if a server repeats the request headers in its error", async () => {
    for (const server of [fixture.registry.oci, fixture.registry.api, gitHost.git, gitHost.github]) {
      server.inject(({ headers }) => ({
        kind: "reply",
        reply: { status: 403, headers: { "x-echo": String(headers.authorization) }, body: headers },
      }));
      const result = await fixture.step({ "dry-run": "true" });
      server.inject([]);
      expect(result.exitCode).toBe(1);
      expectNoSecret(result);
    }
  });
});
