import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";
import { branchSlugs } from "../../src/tags/slugs.ts";
import { type GitHost, serveGitHost } from "../e2e/example.ts";
import { pushImage } from "../servers/content.ts";
import { pullRequest } from "../servers/github/server.ts";
import { type FaultScript, type Reply, refuse } from "../servers/http-server.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { instantClock } from "./faults.ts";
import { sweepScenario } from "./harness.ts";
import { type CapturedOutput, captureOutput, expectNothingInjected, shapeOf } from "./injection-checks.ts";
import {
  fillScenario,
  NOW,
  openScenario,
  type Scenario,
  type ScenarioKind,
  type StoreView,
  serveScenarioGitHost,
} from "./scenario.ts";

const HOUR = 3_600_000;
/** Each an attempt on something that shows it, by the word that tells whether it was shown at all. */
const TEXTS: Readonly<Record<string, string>> = {
  "workflow commands":
    "owned\n::set-output name=owned::y\r::add-mask::o\u2028::error::o\u0085##[group]o %0A::stop-commands::t",
  Markdown: "owned | b \\| c\n| --- |\n# o\n> [o](//evil.example) ![o](//evil.example/x.png) `o` @octocat <!-- o -->",
  HTML: 'owned</code></td></details><h1>o</h1><img src=x onerror="o"><script>o</script>&lt;b&gt;',
  "what a terminal obeys": "owned\u001b[31m\u001b]0;o\u0007\u009b2J\u202egnp\u2066\u200b\u0000\ud800\u007f\b\b",
  "very long text": `owned ${"::x ".repeat(50_000)}owned`,
};
/** As little a name as the others, and nothing to obey. */
const PLAIN = "owned é";

interface TextSource {
  readonly title: string;
  readonly kind: ScenarioKind;
  /** Brings the text to where it is read. */
  readonly plant?: (scenario: Scenario<StoreView>, gitHost: GitHost, text: string) => void;
  readonly fill?: (store: RegistryStore, text: string) => void;
  readonly inputs?: (text: string) => Readonly<Record<string, string>>;
  /** Default: it is told somewhere. */
  readonly shown?: "nowhere";
}

let gitHost: GitHost;
let scenario: Scenario<StoreView>;

beforeEach(async () => {
  gitHost = await serveScenarioGitHost("kept");
});

afterEach(async () => {
  await Promise.all([gitHost.close(), scenario.close()]);
});

const answering =
  (path: string, reply: (text: string) => Reply) =>
  (server: (scenario: Scenario<StoreView>, gitHost: GitHost) => { inject(script: FaultScript): void } | undefined) =>
  (played: Scenario<StoreView>, home: GitHost, text: string): void =>
    server(played, home)?.inject((request) =>
      request.path.includes(path) ? { kind: "reply", reply: reply(text) } : null,
    );

const json = (status: number, body: (text: string) => unknown) => (text: string) => ({ status, body: body(text) });
/** What a header can hold of a text: Node sends no more. */
const inHeader = (text: string): string => text.slice(0, 8_000).replaceAll(/[^\x20-\x7e]/g, " ");

/** The answers' strings under these keys are the text. */
function saying(keys: readonly string[], text: string): FaultScript {
  const replace = (key: string, value: unknown): unknown => (keys.includes(key) && value !== null ? text : value);
  return () => ({
    kind: "altered",
    alter: (reply) => ({ ...reply, body: JSON.parse(JSON.stringify(reply.body), replace) }),
  });
}

/** Git's lines of refs: a server's own, whatever Git would allow. */
function refLines(names: readonly string[]): Buffer {
  const lines = names.map((name) => Buffer.from(`${"1".repeat(40)} ${name.replaceAll(/[\n ]/g, "\u00a0")}\n`));
  const packets = lines.map((line) =>
    Buffer.concat([Buffer.from((line.length + 4).toString(16).padStart(4, "0")), line]),
  );
  return Buffer.concat([...packets, Buffer.from("0000")]);
}

const gitSaying =
  (lines: (text: string) => Buffer) =>
  (_: unknown, { git }: GitHost, text: string) =>
    git.inject(() => refuse(200, { "content-type": "application/x-git-upload-pack-result" }, lines(text)));

/** An image whose tag is what builds make of a branch of this name. */
function pushBranchImage(played: Scenario<StoreView>, text: string): void {
  const [tag = "owned"] = branchSlugs(text.slice(0, 100));
  played.others.push({ seed: "hostile", tags: [tag] });
}

const git = (_: Scenario<StoreView>, home: GitHost) => home.git;
const github = (_: Scenario<StoreView>, home: GitHost) => home.github;
const server = (name: string) => (played: Scenario<StoreView>) => played.servers[name];

const TEXT_SOURCES: readonly TextSource[] = [
  {
    title: "the name of a living branch",
    kind: "digitalocean",
    plant: (played, home, text) => {
      pushBranchImage(played, text);
      gitSaying((name) => refLines(["refs/heads/main", `refs/heads/${name.slice(0, 100)}`]))(played, home, text);
    },
    inputs: () => ({ "dry-run": "true" }),
  },
  {
    title: "the name of a Git tag",
    kind: "oci",
    plant: (played, home, text) => {
      pushBranchImage(played, text);
      gitSaying((name) => refLines(["refs/heads/main", `refs/tags/${name.slice(0, 100)}`]))(played, home, text);
    },
    inputs: () => ({ "dry-run": "true" }),
  },
  {
    title: "the branch of a closed pull request",
    kind: "digitalocean",
    plant: (played, home, text) => {
      const closed = { state: "closed", createdAt: NOW - 9e8, updatedAt: NOW - 1e6, closedAt: NOW - 1e6 } as const;
      const request = pullRequest(20, { headBranch: text.slice(0, 100), ...closed });
      home.github.state.repositories.get("octo/web")?.pullRequests.set(20, request);
      pushBranchImage(played, text);
    },
    inputs: () => ({ "grace-period": "0" }),
  },
  {
    title: "what GitHub's API says of people, forks and titles",
    kind: "digitalocean",
    plant: (_, home, text) =>
      home.github.inject(saying(["title", "login", "label", "full_name", "nameWithOwner", "ref", "url"], text)),
    shown: "nowhere",
  },
  { title: "Git's own error", kind: "oci", plant: gitSaying((text) => refErr(text)) },
  { title: "a line that is no ref", kind: "oci", plant: gitSaying((text) => packet(text.slice(0, 60_000))) },
  {
    title: "the Content-Type of a Git server",
    kind: "oci",
    plant: answering("git-upload-pack", (text) => ({ status: 200, headers: { "content-type": inHeader(text) } }))(git),
  },
  {
    title: "an error of GraphQL",
    kind: "oci",
    plant: answering(
      "graphql",
      json(200, (text) => ({ data: null, errors: [{ type: text, message: text }] })),
    )(github),
  },
  {
    title: "an error of GitHub's REST",
    kind: "ghcr",
    plant: answering(
      "/users/",
      json(422, (text) => ({ message: text, errors: [text] })),
    )(server("api")),
  },
  {
    title: "an error of DigitalOcean",
    kind: "digitalocean",
    plant: answering(
      "/digests",
      json(422, (text) => ({ id: text, message: text, request_id: text })),
    )(server("api")),
  },
  {
    title: "an error of an OCI registry",
    kind: "oci",
    plant: answering(
      "/tags/list",
      json(400, (text) => ({ errors: [{ code: text, message: text, detail: text }] })),
    )(server("registry")),
  },
  {
    title: "an error of an OCI registry at a DELETE",
    kind: "oci",
    plant: (played, _, text) =>
      played.servers["registry"]?.inject(({ method }) =>
        method === "DELETE" ? refuse(500, { "x-request-id": inHeader(text) }, { errors: [{ message: text }] }) : null,
      ),
  },
  {
    title: "the realm of a registry's tokens",
    kind: "oci",
    plant: answering("/v2/", (text) => ({
      status: 401,
      headers: { "www-authenticate": `Bearer realm="${inHeader(text).slice(0, 200).replaceAll('"', '\\"')}"` },
    }))(server("registry")),
  },
  {
    title: "the error of a token server",
    kind: "oci",
    plant: (played, _, text) =>
      played.servers["registry"]?.inject(({ path, headers }) =>
        path.startsWith("/token")
          ? refuse(503, {}, { errors: [{ message: text }] })
          : refuse(401, { "www-authenticate": `Bearer realm="http://${headers.host}/token"` }),
      ),
  },
  {
    title: "where a list continues",
    kind: "oci",
    plant: answering("/tags/list", (text) => ({
      status: 200,
      headers: { link: `<http://evil.example/${inHeader(text).replaceAll(/[<>]/g, "")}>; rel="next"` },
      body: { name: "web", tags: [] },
    }))(server("registry")),
  },
  {
    title: "where a redirect leads",
    kind: "oci",
    plant: answering("/tags/list", (text) => ({ status: 307, headers: { location: `//${inHeader(text)}` } }))(
      server("registry"),
    ),
    shown: "nowhere",
  },
  {
    title: "a tag in a list of an OCI registry",
    kind: "oci",
    plant: answering(
      "/tags/list",
      json(200, (text) => ({ name: "web", tags: ["main", text] })),
    )(server("registry")),
  },
  {
    title: "a name in a catalog",
    kind: "oci",
    plant: answering(
      "/_catalog",
      json(200, (text) => ({ repositories: [`web/${text}`] })),
    )(server("registry")),
    inputs: () => ({ "repository-pattern": "web/**" }),
  },
  {
    title: "a name in DigitalOcean's list",
    kind: "digitalocean",
    plant: answering(
      "repositoriesV2",
      json(200, (text) => ({ repositories: [{ name: text }], meta: { total: 1 } })),
    )(server("api")),
    shown: "nowhere",
  },
  {
    title: "a tag of a GHCR image that goes",
    kind: "ghcr",
    plant: (played, _, text) =>
      played.servers["api"]?.inject(({ path }) => (path.includes("/versions?") ? taggedToo(text) : null)),
    inputs: () => ({ "unmatched-tags": "delete", "grace-period": "0", "dry-run": "true" }),
  },
  {
    title: "the name of a GHCR package",
    kind: "ghcr",
    plant: answering(
      "package_type=container",
      json(200, (text) => [{ name: text }]),
    )(server("api")),
    inputs: () => ({ "repository-pattern": "absent" }),
  },
  {
    title: "the Content-Type of a manifest",
    kind: "oci",
    plant: answering("/manifests/main", (text) => ({
      status: 200,
      headers: { "content-type": inHeader(text) },
      body: "{}",
    }))(server("registry")),
  },
  {
    title: "the mediaType of a manifest",
    kind: "oci",
    plant: answering(
      "/manifests/main",
      json(200, (text) => ({ schemaVersion: 2, mediaType: text, manifests: [] })),
    )(server("registry")),
  },
  {
    title: "the digest of a manifest",
    kind: "oci",
    plant: answering("/manifests/main", (text) => ({
      status: 200,
      headers: {
        "content-type": "application/vnd.oci.image.index.v1+json",
        "docker-content-digest": `sha256:${inHeader(text)}`,
      },
      body: JSON.stringify({ schemaVersion: 2, manifests: [] }),
    }))(server("registry")),
  },
  {
    title: "the annotations of an image",
    kind: "oci",
    fill: (store, text) => {
      const annotations = { "org.opencontainers.image.created": text, [text]: text };
      pushImage(store, { repository: "web", seed: "annotated", tags: ["pr-1-x"], annotations });
    },
    shown: "nowhere",
  },
  {
    title: "the status of DigitalOcean's collection",
    kind: "digitalocean",
    plant: (played, _, text) =>
      played.servers["api"]?.inject(({ path, method }) =>
        path.includes("garbage-collection") && method === "POST"
          ? refuse(201, {}, { garbage_collection: { uuid: text, status: text, registry_name: text } })
          : null,
      ),
    inputs: () => ({ "run-gc": "true", "gc-timeout": "5m" }),
  },
  {
    title: "what a gc-command says",
    kind: "distribution",
    inputs: (text) => ({
      "run-gc": "always",
      "gc-command": `node -e "console.error(Buffer.from('${Buffer.from(text.slice(-1_000)).toString("base64")}','base64').toString());process.exit(3)"`,
    }),
  },
];

const packet = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, "0")), bytes, Buffer.from("0000")]);
};
const refErr = (text: string): Buffer => packet(`ERR ${text.slice(0, 60_000)}`);

/** The text as a tag of each version that has tags. */
function taggedToo(text: string): ReturnType<FaultScript> {
  return {
    kind: "altered",
    alter: (reply) => ({
      ...reply,
      body: JSON.parse(JSON.stringify(reply.body), (key, value) =>
        key === "tags" && Array.isArray(value) && value.includes("jane") ? [text] : value,
      ),
    }),
  };
}

/** No wait takes time, but for that for a command's end: it is not to lose against a timer. */
function clock(): Clock {
  const quick = instantClock(NOW);
  const sleep: Clock["sleep"] = (ms, signal) => (ms < HOUR ? quick.sleep(ms, signal) : new Promise(() => undefined));
  return { now: quick.now, random: quick.random, sleep };
}

async function told(source: TextSource, text: string): Promise<CapturedOutput> {
  const fill = (store: RegistryStore): void => {
    fillScenario(store);
    source.fill?.(store, text);
  };
  scenario = await openScenario(source.kind, { fill });
  source.plant?.(scenario, gitHost, text);
  const run = (log: Log) => sweepScenario(scenario, gitHost, source.inputs?.(text), clock(), { log });
  return captureOutput(run);
}

describe.each(TEXT_SOURCES)("$title", (source) => {
  let plain: ReturnType<typeof shapeOf> | undefined;

  test.each(Object.entries(TEXTS))("%s: shown, and not obeyed", async (_, text) => {
    const result = await told(source, text);
    const all = `${result.log}${result.summary}${result.report}`;
    if (source.shown === "nowhere") expect(all).not.toContain("owned");
    else expect(all).toContain("owned");
    expectNothingInjected(result);
    expect(result.log.length + result.summary.length).toBeLessThan(200_000);
    if (plain === undefined) {
      await scenario.close();
      plain = shapeOf(await told(source, PLAIN));
    }
    expect(shapeOf(result)).toEqual(plain);
  });
});

describe("what Git itself allows in a name", () => {
  // No blank, `~`, `^`, `:`, `?`, `*`, `[`, `\\` nor control character (git check-ref-format): all else can be pushed.
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

  test.each(NAMES)("%j: a branch, a Git tag, a closed pull request's branch", async (name) => {
    await gitHost.close();
    const closed = { state: "closed", createdAt: NOW - 9e8, updatedAt: NOW - 1e6, closedAt: NOW - 1e6 } as const;
    gitHost = await serveGitHost({
      branches: ["main", `a/${name}`],
      lightTags: [`b/${name}`],
      pullRequests: [pullRequest(1, { headBranch: `c/${name}`, ...closed })],
    });
    scenario = await openScenario("digitalocean");
    for (const [seed, ref] of Object.entries({ living: `a/${name}`, tagged: `b/${name}`, dead: `c/${name}` })) {
      const [tag = seed] = branchSlugs(ref);
      scenario.others.push({ seed, tags: [tag] });
    }
    const result = await captureOutput((log) =>
      sweepScenario(scenario, gitHost, { "grace-period": "0" }, clock(), { log }),
    );
    expectNothingInjected(result);
    const reasons = manifestsIn(result.report).map(({ reason, outcome }) => `${outcome}: ${reason}`);
    expect(reasons).toEqual(
      expect.arrayContaining([
        `kept: branch a/${name}`,
        `kept: git tag b/${name}`,
        `deleted: branch c/${name} of closed pull request #1 is deleted`,
      ]),
    );
  });
});

const Report = v.object({
  repositories: v.array(
    v.object({ manifests: v.array(v.object({ reason: v.string(), outcome: v.string(), tags: v.array(v.string()) })) }),
  ),
});

function manifestsIn(report: string) {
  return v.parse(Report, JSON.parse(report)).repositories.flatMap(({ manifests }) => manifests);
}
