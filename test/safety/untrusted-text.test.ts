import { afterEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";
import { branchSlugs } from "../../src/tags/slugs.ts";
import { type GitHost, serveGitHost } from "../e2e/example.ts";
import { asReport } from "../e2e/report-schema.ts";
import { createFakeClock } from "../servers/fake-clock.ts";
import { pullRequest } from "../servers/github/server.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { GIT_TEXT_SOURCES } from "./git-text-sources.ts";
import { sweepScenario } from "./harness.ts";
import { type CapturedOutput, captureOutput, expectNothingInjected, shapeOf } from "./injection-checks.ts";
import { REGISTRY_TEXT_SOURCES } from "./registry-text-sources.ts";
import { fillScenario, NOW, openScenario, type Scenario, type StoreView } from "./scenario.ts";
import type { TextSource } from "./text-sources.ts";
import { useGitHost } from "./use-git-host.ts";

const HOUR = 3_600_000;
/** Each text tries to have an effect where it is shown. Each contains "owned", by which the test finds it. */
const TEXTS: Readonly<Record<string, string>> = {
  "workflow commands":
    "owned\n::set-output name=owned::y\r::add-mask::o\u2028::error::o\u0085##[group]o %0A::stop-commands::t",
  Markdown: "owned | b \\| c\n| --- |\n# o\n> [o](//evil.example) ![o](//evil.example/x.png) `o` @octocat <!-- o -->",
  HTML: 'owned</code></td></details><h1>o</h1><img src=x onerror="o"><script>o</script>&lt;b&gt;',
  "terminal escapes": "owned\u001b[31m\u001b]0;o\u0007\u009b2J\u202egnp\u2066\u200b\u0000\ud800\u007f\b\b",
  "very long text": `owned ${"::x ".repeat(50_000)}owned`,
};
/** A harmless text that is as invalid as the others. */
const HARMLESS = "owned é";

let gitHost: GitHost;
let scenario: Scenario<StoreView>;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

/** Waits take no time, except the wait for the end of a command. */
function clock(): Clock {
  const fake = createFakeClock({ startAt: NOW });
  const sleep: Clock["sleep"] = (ms, signal) => (ms < HOUR ? fake.sleep(ms, signal) : new Promise(() => undefined));
  return { now: fake.now, random: fake.random, sleep };
}

async function outputWith(source: TextSource, text: string): Promise<CapturedOutput> {
  const fill = (store: RegistryStore): void => {
    fillScenario(store);
    source.fill?.(store, text);
  };
  scenario = await openScenario(source.kind, { fill });
  source.inject?.(scenario, gitHost, text);
  const run = (log: Log) => sweepScenario(scenario, gitHost, source.inputs?.(text), { clock: clock(), log });
  try {
    return await captureOutput(run);
  } finally {
    gitHost.github.state.repositories.get("octo/web")?.pullRequests.delete(20);
  }
}

describe.each([...GIT_TEXT_SOURCES, ...REGISTRY_TEXT_SOURCES])("$title", (source) => {
  let harmless: ReturnType<typeof shapeOf> | undefined;

  test.each(Object.entries(TEXTS))("%s: shown without effect", async (_, text) => {
    const output = await outputWith(source, text);
    const all = `${output.log}${output.summary}${output.report}`;
    if (source.shown === "nowhere") expect(all).not.toContain("owned");
    else expect(all).toContain("owned");
    expectNothingInjected(output);
    expect(output.log.length + output.summary.length).toBeLessThan(200_000);
    if (harmless === undefined) {
      await scenario.close();
      harmless = shapeOf(await outputWith(source, HARMLESS));
    }
    expect(shapeOf(output)).toEqual(harmless);
  });
});

describe("names that Git allows", () => {
  // All characters except blank, `~`, `^`, `:`, `?`, `*`, `[`, `\\` and control characters (git check-ref-format).
  const NAMES = [
    "owned|b|c",
    "owned<img/src=x/onerror=o>",
    "owned`code`",
    "owned\u202egnp\u2066",
    "owned\u2028##group]o\u0085",
    'owned"onmouseover="o',
    "owned@octocat-#1-<!--o-->",
    "owned%0A%0Dpull-request-#1",
  ];

  test.each(NAMES)("%j as a branch, a Git tag and a closed pull request's branch", async (name) => {
    const closed = { state: "closed", createdAt: NOW - 9e8, updatedAt: NOW - 1e6, closedAt: NOW - 1e6 } as const;
    const namedHost = await serveGitHost({
      branches: ["main", `a/${name}`],
      lightTags: [`b/${name}`],
      pullRequests: [pullRequest(1, { headBranch: `c/${name}`, ...closed })],
    });
    scenario = await openScenario("digitalocean");
    const refs = { branch: `a/${name}`, tag: `b/${name}`, gone: `c/${name}` };
    const tags = Object.entries(refs).map(([seed, ref]) => ({ seed, tag: branchSlugs(ref)[0] ?? seed }));
    for (const { seed, tag } of tags) scenario.others.push({ seed, tags: [tag] });
    const output = await captureOutput((log) =>
      sweepScenario(scenario, namedHost, { "grace-period": "0" }, { clock: clock(), log }),
    );
    await namedHost.close();
    expectNothingInjected(output);
    const manifests = asReport(JSON.parse(output.report)).repositories.flatMap((repository) => repository.manifests);
    const found = tags.map(({ tag }) => manifests.find((manifest) => manifest.tags.includes(tag)));
    expect(found.map((manifest) => manifest?.outcome)).toEqual(["kept", "kept", "deleted"]);
    for (const [index, ref] of Object.values(refs).entries()) expect(found[index]?.reason).toContain(ref);
  });
});
