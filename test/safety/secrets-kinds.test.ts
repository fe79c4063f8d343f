import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { GITHUB_TOKEN, type GitHost } from "../e2e/example.ts";
import { runStep, type StepResult } from "../e2e/runner.ts";
import {
  type RecordedRequest,
  refuse,
  type ServedRequest,
  type ServerFault,
  type TestServer,
} from "../servers/http-server.ts";
import { basicAuth, type Guard, TokenService } from "../servers/oci/auth.ts";
import { serveOci } from "../servers/oci/server.ts";
import { RegistryStore } from "../servers/oci/store.ts";
import { fillScenario, NOW, openScenario, serveScenarioGitHost } from "./scenario.ts";

/** With what URLs, JSON and Markdown write otherwise. */
const PASSWORD = 'pa"ss/w+rd =%played';
const USER = "jane";
const REFRESH = "refresh/played+token==";
const DOP = "dop_v1_played";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A registry behind a login, as a step meets it. */
interface Behind {
  readonly inputs: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly servers: readonly Pick<TestServer, "requests" | "inject">[];
  /** What a user gave for it, in the forms in which it travels. */
  readonly given: readonly string[];
}

const LOGINS = {
  "DigitalOcean, by its API token": () => behindScenario("digitalocean", [DOP, base64(`${DOP}:${DOP}`)]),
  "GHCR, by github-token": () => behindScenario("ghcr", []),
  "Distribution, by user and password": () => behindGuard(basicAuth({ user: USER, password: PASSWORD }), INPUTS, BASIC),
  "Distribution, by user and password at a token server": () => behindGuard(tokenService().guard(), INPUTS, BASIC),
  "Distribution, by docker login": () =>
    behindGuard(basicAuth({ user: USER, password: PASSWORD }), { auth: base64(`${USER}:${PASSWORD}`) }, BASIC),
  "Distribution, by docker login at a token server": () =>
    behindGuard(tokenService().guard(), { username: USER, password: PASSWORD }, BASIC),
  "Distribution, by docker login's identity token": () =>
    behindGuard(takingRefreshTokens(tokenService()), { identitytoken: REFRESH }, [REFRESH]),
} satisfies Readonly<Record<string, () => Promise<Behind>>>;

const INPUTS = "inputs";
const BASIC = [PASSWORD, base64(`${USER}:${PASSWORD}`)];

function tokenService(): TokenService {
  return new TokenService({ accepts: (login) => login?.user === USER && login.password === PASSWORD });
}

function takingRefreshTokens(service: TokenService): Guard {
  const guard = service.guard();
  return (request) => {
    if (request.method !== "POST" || request.url.pathname !== "/token") return guard(request);
    const form = new URLSearchParams(request.body.toString());
    if (form.get("refresh_token") !== REFRESH) return { status: 401 };
    const url = new URL(`?scope=${form.get("scope")}`, request.url);
    return service.issue({ ...request, url, headers: { authorization: `Basic ${base64(`${USER}:${PASSWORD}`)}` } });
  };
}

async function behindScenario(kind: "digitalocean" | "ghcr", given: readonly string[]): Promise<Behind> {
  const scenario = await openScenario(kind);
  onTestFinished(() => scenario.close());
  return {
    inputs: scenario.inputs,
    environment: scenario.environment,
    servers: Object.values(scenario.servers),
    given,
  };
}

/** @param login the inputs `username` and `token`, or what docker keeps for the registry */
async function behindGuard(guard: Guard, login: typeof INPUTS | object, given: readonly string[]): Promise<Behind> {
  const store = new RegistryStore({ now: () => NOW });
  fillScenario(store);
  const server = await serveOci(store, { guard, referrersApi: "no", tagDeletes: "refused", paging: "ignore-n" });
  const folder = mkdtempSync(join(tmpdir(), "refsweep-docker-"));
  onTestFinished(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server.close();
  });
  const registry = server.url.host;
  const environment = { DOCKER_CONFIG: folder };
  if (login === INPUTS) {
    return { inputs: { registry, username: USER, token: PASSWORD }, environment, servers: [server], given };
  }
  writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [registry]: login } }));
  return { inputs: { registry }, environment, servers: [server], given };
}

let gitHost: GitHost;

beforeAll(async () => {
  gitHost = await serveScenarioGitHost();
});

afterAll(() => gitHost.close());

const OF_GITHUB = [GITHUB_TOKEN, base64(`x-access-token:${GITHUB_TOKEN}`)];

/** Everything that proved to a server who asks, and the run-time tokens that it gave. */
function sentTo({ servers }: Behind, from: number): readonly string[] {
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

/** A secret as texts may hold it. */
function formsOf(secret: string): readonly string[] {
  return [secret, encodeURIComponent(secret), encodeURI(secret), JSON.stringify(secret).slice(1, -1)];
}

function expectHidden(result: StepResult, secrets: readonly string[]): void {
  const shown = {
    log: result.log.replaceAll(/^::add-mask::.*$/gm, ""),
    summary: result.summary,
    plain: result.summary.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code))),
    outputs: Object.values(result.outputs).join("\n"),
    // Once as it is written, and once as a reader of JSON gets it.
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

/** What the log tells the runner to hide, and the lines that come before anything else. */
function masksIn({ log }: StepResult): { readonly all: readonly string[]; readonly first: readonly string[] } {
  const lines = log.split("\n");
  const masks = (of: readonly string[]): readonly string[] =>
    of
      .filter((line) => line.startsWith("::add-mask::"))
      .map((line) => line.slice("::add-mask::".length).replaceAll("%25", "%"));
  const other = lines.findIndex((line) => !line.startsWith("::add-mask::"));
  return { all: masks(lines), first: masks(lines.slice(0, other)) };
}

function run({ inputs, environment }: Behind, more: Readonly<Record<string, string>>, debug = {}): Promise<StepResult> {
  return runStep({
    inputs: { ...inputs, "grace-period": "0", ...more },
    environment: { ...gitHost.environment, ...environment, ...debug },
  });
}

const DEBUG = { RUNNER_DEBUG: "1", ACTIONS_STEP_DEBUG: "true", NODE_DEBUG: "" };

describe.each(Object.entries(LOGINS))("%s", (title, open) => {
  test.each(["false", "true"])(
    "each secret is masked, and shown nowhere else (dry-run: %s, debug on)",
    async (dryRun) => {
      const from = gitHost.github.requests.length;
      const behind = await open();
      const result = await run(behind, { "dry-run": dryRun }, DEBUG);
      expect(result.exitCode, result.log).toBe(0);
      const masks = masksIn(result);
      const sent = sentTo(behind, from);
      const secrets = [...OF_GITHUB, ...behind.given, ...sent];
      expect(masks.all).toEqual(expect.arrayContaining(secrets));
      // Before a word is said that could hold it.
      expect(masks.first).toEqual(
        expect.arrayContaining([...OF_GITHUB, ...(title.includes("docker") ? [] : behind.given)]),
      );
      expectHidden(result, secrets);
    },
  );

  test("no secret is shown where deletions are answered with it, each in another way", async () => {
    const behind = await open();
    let deletions = 0;
    for (const server of behind.servers) {
      server.inject((request) => (request.method === "DELETE" ? echoAt(deletions++, request) : null));
    }
    const result = await run(behind, {});
    expect(result.exitCode, result.log).toBe(1);
    expect(deletions).toBeGreaterThan(0);
    expectHidden(result, [...OF_GITHUB, ...behind.given, ...sentTo(behind, 0)]);
  });

  test("no secret is shown where reads are answered with it, from the first that has it or a later one", async () => {
    for (const free of [0, 1, 3]) {
      const behind = await open();
      let proofs = 0;
      for (const server of behind.servers) {
        server.inject((request) => {
          if (proofsIn(request).length > 0) proofs += 1;
          return proofs > free ? echoAt(free, request) : null;
        });
      }
      const result = await run(behind, { "dry-run": "true" });
      expect(result.exitCode, result.log).toBe(1);
      expectHidden(result, [...OF_GITHUB, ...behind.given, ...sentTo(behind, 0)]);
    }
  });
});

describe.each(["git", "github"] as const)("what %s sends back is shown without secrets", (name) => {
  test.each(Object.entries(ECHOES))("%s", async (_title, echo) => {
    onTestFinished(() => gitHost[name].inject([]));
    const behind = await LOGINS["GHCR, by github-token"]();
    gitHost[name].inject(echo);
    const result = await run(behind, { "dry-run": "true" });
    expect(result.exitCode, result.log).toBe(1);
    expectHidden(result, OF_GITHUB);
  });
});

function echoAt(index: number, request: ServedRequest): ServerFault | null {
  const echoes = Object.values(ECHOES);
  return echoes[index % echoes.length]?.(request) ?? null;
}

/** All that a server knows of who asks, as it came and as a URL or JSON holds it. */
function echoOf(request: ServedRequest): string {
  const proofs = proofsIn(request);
  const basic = proofs
    .map((proof) => Buffer.from(proof, "base64").toString("utf8"))
    .filter((text) => text.includes(":"));
  return [...proofs, ...basic, ...basic.map((text) => text.slice(text.indexOf(":") + 1))].flatMap(formsOf).join(" ");
}

/** Those that end a run come last. No 500, which is sent again for seconds; its body is told as that of a 400 is. */
const ECHOES: Readonly<Record<string, (request: ServedRequest) => ServerFault>> = {
  "400, its body and its request id": (request) =>
    refuse(400, { "x-request-id": encodeURI(echoOf(request)) }, echoOf(request)),
  "200, and a GraphQL error": (request) => refuse(200, {}, { errors: [{ message: echoOf(request) }] }),
  "a redirect": (request) => refuse(302, { location: `http://example.invalid/?token=${encodeURI(echoOf(request))}` }),
  "403, and its message": (request) => refuse(403, {}, { errors: [{ code: "DENIED", message: echoOf(request) }] }),
  "401, and its message": (request) => refuse(401, {}, { message: echoOf(request) }),
};
