import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { annotations } from "../e2e/fixture.ts";
import type { StepResult } from "../e2e/runner.ts";
import type { FaultScript, ServedRequest } from "../servers/http-server.ts";
import { type GitHostPool, openGitHostPool } from "./git-host-pool.ts";
import { assertPullable, serversOf, sweepScenario } from "./harness.ts";
import {
  assertStepReport,
  type InterruptedStepOptions,
  outcomesOf,
  runInterruptedStep,
  type Send,
  storedManifests,
} from "./interrupted-step.ts";
import { openScenario, type Scenario, type ScenarioKind, type StoreView } from "./scenario.ts";

/** Each case waits for up to 5 s, so several run concurrently. */
const CONCURRENCY = 6;

let pool: GitHostPool;

beforeAll(async () => {
  pool = await openGitHostPool(CONCURRENCY);
});

afterAll(() => pool.close());

type Silence = "silent before" | "silent after";

/** Requests that get no response, and a SIGTERM during the first one. */
interface Hang {
  readonly kind: ScenarioKind;
  readonly server: string;
  readonly silence: Silence;
  readonly hangs: (request: ServedRequest) => boolean;
  readonly options?: InterruptedStepOptions;
}

interface HungStep {
  readonly step: StepResult;
  readonly scenario: Scenario<StoreView>;
  readonly before: ReadonlySet<string>;
  /** Milliseconds from the signal to the end. */
  readonly tookMs: number;
}

/** Runs a step with a hang and passes its result to `check`. */
async function withHang(
  { kind, server, silence, hangs, options = {} }: Hang,
  check: (hung: HungStep, gitHost: GitHost) => Promise<void> | void,
): Promise<void> {
  await pool.use(async (gitHost) => {
    const scenario = await openScenario(kind);
    const target = serversOf(scenario, gitHost)[server];
    try {
      const before = storedManifests(scenario);
      let signalledAt = 0;
      const script =
        (send: Send): FaultScript =>
        (request) => {
          if (!hangs(request)) return null;
          if (signalledAt === 0) {
            signalledAt = performance.now();
            // Wait until concurrent requests are in flight too.
            setTimeout(() => send("SIGTERM"), 100);
          }
          return { kind: silence };
        };
      const step = await runInterruptedStep(scenario, gitHost, (send) => target?.inject(script(send)), options);
      const tookMs = performance.now() - signalledAt;
      expect(signalledAt, "a request hung").toBeGreaterThan(0);
      target?.inject([]);
      await check({ step, scenario, before, tookMs }, gitHost);
    } finally {
      target?.inject([]);
      await scenario.close();
    }
  });
}

/** Checks what every cancelled step must do. */
function assertCancelled({ step, scenario, before, tookMs }: HungStep): void {
  expect(tookMs).toBeLessThan(5_000);
  expect(step.exitCode, step.log).toBe(1);
  expect(step.summary).toMatch(/cancelled/i);
  expect(annotations(step.log).join("\n")).toContain("cancelled");
  assertPullable(scenario);
  assertStepReport(step, before, scenario);
}

/** The digest of zeros checks whether the registry allows deletions. */
const isDeletion = ({ method, path }: ServedRequest): boolean => method === "DELETE" && !path.endsWith("0".repeat(64));
const isManifest = ({ method, path }: ServedRequest): boolean => method === "GET" && path.includes("/manifests/");
const SILENCES = ["silent before", "silent after"] as const;

describe.concurrent("a hanging deletion is reported as failed and possibly done", () => {
  const servers = [
    ["digitalocean", "api"],
    ["distribution", "registry"],
    ["ghcr", "api"],
  ] as const;
  const cases = servers.flatMap(([kind, server]) => SILENCES.map((silence) => ({ kind, server, silence })));
  test.each(cases)("$kind, $silence", async ({ kind, server, silence }) => {
    await withHang({ kind, server, silence, hangs: isDeletion }, async (hung, gitHost) => {
      assertCancelled(hung);
      const failed = [...outcomesOf(hung.step).values()].filter(({ outcome }) => outcome === "failed");
      expect(failed.length).toBeGreaterThan(0);
      for (const { error } of failed) expect(error).toMatch(/^DELETE .*may have/);
      expect(hung.step.outputs["failed-count"]).toBe(String(failed.length));
      expect((await sweepScenario(hung.scenario, gitHost)).errors).toEqual([]);
    });
  });
});

describe.concurrent("a hanging read is cancelled at once, and nothing is deleted", () => {
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
    await withHang({ silence: "silent before", ...each }, (hung) => {
      assertCancelled(hung);
      expect(storedManifests(hung.scenario)).toEqual(hung.before);
      expect(hung.step.outputs["deleted-count"]).toBe("0");
    });
  });
});

describe.concurrent("DigitalOcean's garbage collection hangs", () => {
  const at = { kind: "digitalocean", server: "api", options: { inputs: { "run-gc": "true" } } } as const;
  const path = "/garbage-collection";
  const isStart = (request: ServedRequest): boolean => request.method === "POST" && request.path.includes(path);

  test.each(SILENCES)("at its start (%s): the error says that it may have started", async (silence) => {
    await withHang({ ...at, silence, hangs: isStart }, (hung) => {
      assertCancelled(hung);
      expect(hung.step.summary).toMatch(/POST .*garbage-collection.*may have/);
    });
  });

  test("at a status request: it is reported as started, with its uuid", async () => {
    let hasStarted = false;
    const hangs = (request: ServedRequest): boolean => {
      const isPoll = hasStarted && request.method === "GET" && request.path.includes(path);
      hasStarted ||= isStart(request);
      return isPoll;
    };
    await withHang({ ...at, silence: "silent before", hangs }, (hung) => {
      assertCancelled(hung);
      expect(hung.step.outputs["gc-status"]).toBe("started");
      expect(hung.step.summary).toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]+/);
    });
  });
});

test("a gc-command that ignores SIGTERM is killed with its children, and the report says so", async () => {
  const folder = mkdtempSync(join(tmpdir(), "refsweep-gc-"));
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
  const sendOnceStarted = (send: Send): void => {
    const poll = setInterval(() => {
      if (!existsSync(pids)) return;
      clearInterval(poll);
      signalledAt = performance.now();
      send("SIGTERM");
    }, 10);
    onTestFinished(() => clearInterval(poll));
  };
  const options = { inputs: { "run-gc": "true", "gc-command": `sh ${script}` } };
  const step = await pool.use((gitHost) => runInterruptedStep(scenario, gitHost, sendOnceStarted, options));
  assertCancelled({ step, scenario, before, tookMs: performance.now() - signalledAt });
  expect(step.summary).toContain("gc-command");
  for (const pid of readFileSync(pids, "utf8").trim().split(" ")) expect(isRunning(Number(pid)), pid).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    // A zombie process has ended.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
