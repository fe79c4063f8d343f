import { describe, expect, onTestFinished, test } from "vitest";
import { GITHUB_TOKEN, type GitHost } from "../e2e/example.ts";
import { runStep, runStepInProcess, type StepResult } from "../e2e/runner.ts";
import { type RecordedRequest, refuse, type ServedRequest, type ServerFault } from "../servers/http-server.ts";
import { base64, type GuardedRegistry, LOGINS } from "./guarded-registries.ts";
import { useGitHost } from "./use-git-host.ts";

let gitHost: GitHost;

useGitHost((served) => {
  gitHost = served;
});

const OF_GITHUB = [GITHUB_TOKEN, base64(`x-access-token:${GITHUB_TOKEN}`)];

/** Returns the credentials in all requests since `from`, including run-time tokens. */
function sentTo({ servers }: GuardedRegistry, from: number): readonly string[] {
  const recent = [
    ...servers.flatMap(({ requests }) => requests),
    ...gitHost.git.requests,
    ...gitHost.github.requests.slice(from),
  ];
  return [...new Set(recent.flatMap(proofsIn))];
}

function proofsIn({ headers, body }: Pick<RecordedRequest, "headers" | "body">): readonly string[] {
  const refresh = new URLSearchParams(body.toString("latin1")).get("refresh_token");
  const [, proof = ""] = /^\S+ (.+)$/.exec(headers.authorization ?? "") ?? [];
  return [proof, refresh ?? ""].filter((text) => text !== "");
}

/** Returns a secret in the forms in which texts may contain it. */
function formsOf(secret: string): readonly string[] {
  return [secret, encodeURIComponent(secret), encodeURI(secret), JSON.stringify(secret).slice(1, -1)];
}

function expectHidden(result: StepResult, secrets: readonly string[]): void {
  const shown = {
    log: result.log.replaceAll(/^::add-mask::.*$/gm, ""),
    summary: result.summary,
    plain: result.summary.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code))),
    outputs: Object.values(result.outputs).join("\n"),
    report: JSON.stringify(result.report ?? ""),
    read: JSON.stringify(result.report ?? "").replaceAll('\\"', '"'),
  };
  const forms = secrets.flatMap(formsOf);
  for (const [where, text] of Object.entries(shown)) {
    expect(
      forms.filter((form) => text.includes(form)),
      where,
    ).toEqual([]);
  }
}

/** Returns the masked secrets, and those masked before any other line. */
function masksIn({ log }: StepResult): { readonly all: readonly string[]; readonly first: readonly string[] } {
  const lines = log.split("\n");
  const masks = (of: readonly string[]): readonly string[] =>
    of
      .filter((line) => line.startsWith("::add-mask::"))
      .map((line) => line.slice("::add-mask::".length).replaceAll("%25", "%"));
  const other = lines.findIndex((line) => !line.startsWith("::add-mask::"));
  return { all: masks(lines), first: masks(lines.slice(0, other)) };
}

function run(
  { inputs, environment }: GuardedRegistry,
  more: Readonly<Record<string, string>>,
  debug = {},
): Promise<StepResult> {
  // A real run in a process, and faster ones in this process.
  const runner = more["dry-run"] === "false" ? runStep : runStepInProcess;
  return runner({
    inputs: { ...inputs, "grace-period": "0", ...more },
    environment: { ...gitHost.environment, ...environment, ...debug },
  });
}

const DEBUG = { RUNNER_DEBUG: "1", ACTIONS_STEP_DEBUG: "true", NODE_DEBUG: "" };

describe.each(Object.entries(LOGINS))("%s", (title, open) => {
  test.each(["false", "true"])("each secret is masked and not shown (dry-run: %s, debug on)", async (dryRun) => {
    const from = gitHost.github.requests.length;
    const registry = await open();
    const result = await run(registry, { "dry-run": dryRun }, DEBUG);
    expect(result.exitCode, result.log).toBe(0);
    const masks = masksIn(result);
    const sent = sentTo(registry, from);
    const secrets = [...OF_GITHUB, ...registry.given, ...sent];
    expect(masks.all).toEqual(expect.arrayContaining(secrets));
    // They are masked before any line that could contain them.
    expect(masks.first).toEqual(
      expect.arrayContaining([...OF_GITHUB, ...(title.includes("docker") ? [] : registry.given)]),
    );
    expectHidden(result, secrets);
  });

  test("no secret is shown if responses to deletions contain it, each in another way", async () => {
    const registry = await open();
    let deletions = 0;
    for (const server of registry.servers) {
      server.inject((request) => (request.method === "DELETE" ? echoAt(deletions++, request) : null));
    }
    const result = await run(registry, {});
    expect(result.exitCode, result.log).toBe(1);
    expect(deletions).toBeGreaterThan(0);
    expectHidden(result, [...OF_GITHUB, ...registry.given, ...sentTo(registry, 0)]);
  });

  test("no secret is shown if responses to reads contain it, from the first one or a later one", async () => {
    for (const free of [0, 1, 3]) {
      const registry = await open();
      let proofs = 0;
      for (const server of registry.servers) {
        server.inject((request) => {
          if (proofsIn(request).length > 0) proofs += 1;
          return proofs > free ? echoAt(free, request) : null;
        });
      }
      const result = await run(registry, { "dry-run": "true" });
      expect(result.exitCode, result.log).toBe(1);
      expectHidden(result, [...OF_GITHUB, ...registry.given, ...sentTo(registry, 0)]);
    }
  });
});

describe.each(["git", "github"] as const)("a response of %s is shown without secrets", (name) => {
  test.each(Object.entries(ECHOES))("%s", async (_title, echo) => {
    onTestFinished(() => gitHost[name].inject([]));
    const registry = await LOGINS["GHCR, by github-token"]();
    gitHost[name].inject(echo);
    const result = await run(registry, { "dry-run": "true" });
    expect(result.exitCode, result.log).toBe(1);
    expectHidden(result, OF_GITHUB);
  });
});

function echoAt(index: number, request: ServedRequest): ServerFault | null {
  const echoes = Object.values(ECHOES);
  return echoes[index % echoes.length]?.(request) ?? null;
}

/** Returns the credentials of a request, as sent and as URLs and JSON contain them. */
function echoOf(request: ServedRequest): string {
  const proofs = proofsIn(request);
  const basic = proofs
    .map((proof) => Buffer.from(proof, "base64").toString("utf8"))
    .filter((text) => text.includes(":"));
  return [...proofs, ...basic, ...basic.map((text) => text.slice(text.indexOf(":") + 1))].flatMap(formsOf).join(" ");
}

/** The ones that end a run are last. */
const ECHOES: Readonly<Record<string, (request: ServedRequest) => ServerFault>> = {
  "400, its body and its request id": (request) =>
    refuse(400, { "x-request-id": encodeURI(echoOf(request)) }, echoOf(request)),
  "200, and a GraphQL error": (request) => refuse(200, {}, { errors: [{ message: echoOf(request) }] }),
  "a redirect": (request) => refuse(302, { location: `http://example.invalid/?token=${encodeURI(echoOf(request))}` }),
  "403, and its message": (request) => refuse(403, {}, { errors: [{ code: "DENIED", message: echoOf(request) }] }),
  "401, and its message": (request) => refuse(401, {}, { message: echoOf(request) }),
};
