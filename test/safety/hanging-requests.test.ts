import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { annotations } from "../e2e/fixture.ts";
import type { StepResult } from "../e2e/runner.ts";
import type { FaultScript, ServedRequest } from "../servers/http-server.ts";
import { assertPullable, sweepScenario } from "./harness.ts";
import { assertStepReport, outcomesOf, runInterruptedStep, type Send, storedManifests } from "./interrupted-step.ts";
import { openScenario, type Scenario, type ScenarioKind, type StoreView, serveScenarioGitHost } from "./scenario.ts";

let gitHost: GitHost;

beforeAll(async () => {
  gitHost = await serveScenarioGitHost();
});

afterAll(async () => {
  await gitHost.close();
});

type Silence = "silent before" | "silent after";
type More = NonNullable<Parameters<typeof runInterruptedStep>[3]>;

/** A request that never gets an answer, and SIGTERM while it hangs. */
interface Hang {
  readonly kind: ScenarioKind;
  readonly server: string;
  readonly silence: Silence;
  readonly hangs: (request: ServedRequest) => boolean;
  readonly more?: More;
}

interface Hung {
  readonly step: StepResult;
  readonly scenario: Scenario<StoreView>;
  readonly before: ReadonlySet<string>;
  readonly tookMs: number;
}

/** Hangs every request that `hang` is about, and sends SIGTERM with the first of them. */
async function hang({ kind, server, silence, hangs, more = {} }: Hang): Promise<Hung> {
  const scenario = await openScenario(kind);
  const target = { ...scenario.servers, git: gitHost.git, github: gitHost.github }[server];
  onTestFinished(async () => {
    target?.inject([]);
    await scenario.close();
  });
  const before = storedManifests(scenario);
  let signalledAt = 0;
  const script =
    (send: Send): FaultScript =>
    (request) => {
      if (!hangs(request)) return null;
      if (signalledAt === 0) {
        signalledAt = performance.now();
        // Once what goes with it is under way too.
        setTimeout(() => send("SIGTERM"), 100);
      }
      return { kind: silence };
    };
  const step = await runInterruptedStep(scenario, gitHost, (send) => target?.inject(script(send)), more);
  expect(signalledAt, "a request hung").toBeGreaterThan(0);
  return { step, scenario, before, tookMs: performance.now() - signalledAt };
}

/** What every cancelled step owes its user. */
function assertWoundDown({ step, scenario, before, tookMs }: Hung): void {
  expect(tookMs).toBeLessThan(5_000);
  expect(step.exitCode, step.log).toBe(1);
  expect(step.summary).toContain("The job was cancelled");
  expect(annotations(step.log).join("\n")).toContain("cancelled");
  assertPullable(scenario);
  assertStepReport(step, before, scenario);
}

/** Whether it deletes what is there: Distribution is asked first, by what is not, whether it deletes at all. */
const isDeletion = ({ method, path }: ServedRequest): boolean => method === "DELETE" && !path.endsWith("0".repeat(64));
const isManifest = ({ method, path }: ServedRequest): boolean => method === "GET" && path.includes("/manifests/");

describe("a deletion that hangs is told as one that may have been done", () => {
  const stages = [
    ["digitalocean", "api"],
    ["distribution", "registry"],
    ["ghcr", "api"],
  ] as const;
  test.each(stages)("%s", async (kind, server) => {
    const silences = ["silent before", "silent after"] as const;
    await Promise.all(silences.map((silence) => hangDeletion(kind, server, silence)));
  });

  async function hangDeletion(kind: ScenarioKind, server: string, silence: Silence): Promise<void> {
    const hung = await hang({ kind, server, silence, hangs: isDeletion });
    assertWoundDown(hung);
    const failed = [...outcomesOf(hung.step).values()].filter(({ outcome }) => outcome === "failed");
    expect(failed.length).toBeGreaterThan(0);
    for (const { error } of failed) expect(error).toMatch(/^DELETE .* was cut off.*the server may have acted on it/);
    expect(hung.step.outputs["failed-count"]).toBe(String(failed.length));
    expect(hung.step.summary).toContain("the server may have acted on it");
    hung.scenario.servers[server]?.inject([]);
    expect((await sweepScenario(hung.scenario, gitHost)).errors).toEqual([]);
  }
});

describe("a read that hangs is cut off at once, and nothing is deleted", () => {
  const cases: readonly (readonly [string, Pick<Hang, "kind" | "server" | "hangs">])[] = [
    ["DigitalOcean's list", { kind: "digitalocean", server: "api", hangs: ({ method }) => method === "GET" }],
    ["DigitalOcean's manifest", { kind: "digitalocean", server: "oci", hangs: isManifest }],
    ["DigitalOcean's token", { kind: "digitalocean", server: "api", hangs: ({ path }) => path.includes("/auth") }],
    [
      "Distribution's list",
      { kind: "distribution", server: "registry", hangs: ({ path }) => path.includes("/tags/list") },
    ],
    ["Distribution's manifest", { kind: "distribution", server: "registry", hangs: isManifest }],
    ["GHCR's list", { kind: "ghcr", server: "api", hangs: ({ path }) => path.includes("/versions") }],
    ["GHCR's manifest", { kind: "ghcr", server: "oci", hangs: isManifest }],
    ["Git's refs", { kind: "distribution", server: "git", hangs: () => true }],
    ["GitHub's pull requests", { kind: "distribution", server: "github", hangs: () => true }],
  ];
  test.each(cases)("%s", async (_title, each) => {
    const hung = await hang({ silence: "silent before", ...each });
    assertWoundDown(hung);
    expect(storedManifests(hung.scenario)).toEqual(hung.before);
    expect(hung.step.outputs["deleted-count"]).toBe("0");
  });
});

describe("DigitalOcean's garbage collection hangs", () => {
  const more = { inputs: { "run-gc": "true" } };
  const path = "/garbage-collection";
  const isStart = (request: ServedRequest): boolean => request.method === "POST" && request.path.includes(path);

  test("its start: it may run", async () => {
    const hangStart = async (silence: Silence): Promise<void> => {
      const hung = await hang({ kind: "digitalocean", server: "api", silence, hangs: isStart, more });
      assertWoundDown(hung);
      expect(hung.step.summary).toMatch(/POST .*garbage-collection was cut off.*the server may have acted on it/);
    };
    await Promise.all([hangStart("silent before"), hangStart("silent after")]);
  });

  test("its poll: it is told as started, and which", async () => {
    let isBegun = false;
    const hangs = (request: ServedRequest): boolean => {
      const isPoll = isBegun && request.method === "GET" && request.path.includes(path);
      isBegun ||= isStart(request);
      return isPoll;
    };
    const hung = await hang({ kind: "digitalocean", server: "api", silence: "silent before", hangs, more });
    assertWoundDown(hung);
    expect(hung.step.outputs["gc-status"]).toBe("started");
    expect(hung.step.summary).toMatch(/collection [0-9a-f]{8}-[0-9a-f-]+ was started/);
    expect(hung.step.summary).toContain("still running");
  });
});

test("a gc-command that ignores SIGTERM, and has children: all of them are ended, and it is told", async () => {
  const folder = mkdtempSync(join(tmpdir(), "refsweep-stubborn-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [script, pids] = [join(folder, "collect.sh"), join(folder, "pids")];
  writeFileSync(
    script,
    `trap '' TERM\nsleep 60 &\necho "$$ $!" > ${pids}.new\nmv ${pids}.new ${pids}\nwait\nsleep 60\n`,
  );
  const scenario = await openScenario("distribution");
  onTestFinished(() => scenario.close());
  const before = storedManifests(scenario);
  let signalledAt = 0;
  const more = { inputs: { "run-gc": "true", "gc-command": `sh ${script}` } };
  const step = await runInterruptedStep(
    scenario,
    gitHost,
    (send) => {
      const poll = setInterval(() => {
        if (!existsSync(pids)) return;
        clearInterval(poll);
        signalledAt = performance.now();
        send("SIGTERM");
      }, 10);
      onTestFinished(() => clearInterval(poll));
    },
    more,
  );
  assertWoundDown({ step, scenario, before, tookMs: performance.now() - signalledAt });
  expect(step.summary).toContain("cancelled during gc-command, which was ended");
  for (const pid of readFileSync(pids, "utf8").trim().split(" ")) expect(isAlive(Number(pid)), pid).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    // A zombie of nobody who waits for it is over too.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
