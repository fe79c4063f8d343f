import { setTimeout } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { Fault } from "../../src/fault.ts";
import type { GitHost } from "../e2e/example.ts";
import { refuse, type ServerFault } from "../servers/http-server.ts";
import { type Baseline, baselineOf, serversOf, sweepScenario } from "./harness.ts";
import { openScenario, type ScenarioKind } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

const IS_COMPLETE = process.env["REFSWEEP_PROVE"] !== undefined;
/** Every sixth request of a run is interrupted in npm test. With REFSWEEP_PROVE=1 (npm run prove) each one is. */
const STEP = IS_COMPLETE ? 1 : 6;
const CONCURRENCY = 4;
const KINDS: readonly ScenarioKind[] = ["digitalocean", "ghcr", "distribution", "oci"];
/** What happens at one request. Null: it is answered. */
const ENDINGS: readonly [string, "cancelled" | "not cancelled", ServerFault | null][] = [
  ["cancelled", "cancelled", null],
  ["cancelled, and the answer is lost", "cancelled", { kind: "reset after" }],
  ["cancelled before the answer", "cancelled", { kind: "delay", ms: 20 }],
  ["refused", "not cancelled", refuse(403, {}, { message: "no" })],
  ["answered with 500", "not cancelled", refuse(500)],
  ["limited", "not cancelled", refuse(429, { "retry-after": "1" })],
];

let gitHost: GitHost;
const baselines = new Map<ScenarioKind, Baseline>();

useGitHost((served) => {
  gitHost = served;
});

beforeAll(async () => {
  for (const kind of KINDS) baselines.set(kind, await baselineOf(await openScenario(kind), gitHost));
});

/** Runs with `onRequest` at the `ordinal`th request to a server. Returns the number of requests by servers and report. */
async function countRequests(
  kind: ScenarioKind,
  { name, ordinal }: { readonly name: string; readonly ordinal: number },
  onRequest: (cancel: () => void) => ServerFault | null,
) {
  const scenario = await openScenario(kind);
  const servers = serversOf(scenario, gitHost);
  const before = new Map(Object.values(servers).map((server) => [server, server.requests.length]));
  const cancelled = new AbortController();
  let wasSent = false;
  servers[name]?.inject((_request, number) => {
    if (number !== ordinal) return null;
    wasSent = true;
    return onRequest(() => cancelled.abort(new Fault("interrupted", "The job was cancelled", "Run it again.")));
  });
  try {
    const result = await sweepScenario(scenario, gitHost, {}, { signal: cancelled.signal });
    const reported = Object.values(result.requests).reduce((sum, count) => sum + count, 0);
    const seen = () => [...before].reduce((sum, [server, count]) => sum + server.requests.length - count, 0);
    // A request in flight can arrive after the end of the run, or never.
    for (let waits = 0; waits < 20 && seen() < reported; waits += 1) await setTimeout(10);
    return { seen: seen(), reported, wasSent };
  } finally {
    servers[name]?.inject([]);
    await scenario.close();
  }
}

describe.each(KINDS)("%s: the report has each request that a server received", (kind) => {
  test.each(ENDINGS)("if one is %s", async (_title, isCancelled, fault) => {
    const requests = Object.entries(baselines.get(kind)?.requests ?? {});
    const positions = requests.flatMap(([name, all]) => all.map((_, index) => ({ name, ordinal: index + 1 })));
    for (const position of positions.filter((_, index) => index % STEP === 0)) {
      const title = `request ${position.ordinal} to ${position.name}`;
      const { seen, reported, wasSent } = await countRequests(kind, position, (cancel) => {
        if (isCancelled === "cancelled") cancel();
        return fault;
      });
      expect(wasSent, `${title} was sent`).toBe(true);
      expect(reported, title).toBeGreaterThanOrEqual(seen);
      // Requests in flight may not arrive.
      expect(reported - seen, title).toBeLessThanOrEqual(2 * CONCURRENCY);
    }
  });
});
