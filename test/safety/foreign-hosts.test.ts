import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { silentLog } from "../run.ts";
import { type FaultScript, type RecordedRequest, refuse, serve, type TestServer } from "../servers/http-server.ts";
import { assertPullable, sweepScenario } from "./harness.ts";
import { REQUEST_KINDS, type RequestKind } from "./request-kinds.ts";
import { openScenario, type Scenario, type StoreView, serveScenarioGitHost } from "./scenario.ts";

let gitHost: GitHost;
let scenario: Scenario<StoreView>;
let foreign: TestServer;

beforeEach(async () => {
  gitHost = await serveScenarioGitHost("kept");
});

afterEach(async () => {
  await Promise.all([gitHost.close(), scenario.close(), foreign.close()]);
});

const SECRET = "s3cret-of-the-registry";
const LOGIN = { username: "robot", token: SECRET };
/** As a registry that lets nobody in without the credential. */
const ASK_LOGIN: FaultScript = ({ headers }) =>
  headers.authorization === undefined ? refuse(401, { "www-authenticate": 'Basic realm="registry"' }) : null;

type Served = Pick<TestServer, "requests" | "inject">;

function servers(): Readonly<Record<string, Served>> {
  return { ...scenario.servers, git: gitHost.git, github: gitHost.github };
}

/** Sweeps a scenario on which `meant` is what the servers answer to one kind of request; tells how often they did. */
async function sweepWith(
  { scenario: kind, server, meets, inputs, besides }: RequestKind,
  meant: FaultScript,
): Promise<number> {
  scenario = await openScenario(kind);
  const login = kind === "oci" ? LOGIN : {};
  if (kind === "oci") scenario.servers["registry"]?.inject(ASK_LOGIN);
  let played = 0;
  servers()[server]?.inject((request, ordinal) => {
    const first = kind === "oci" && server === "registry" ? ASK_LOGIN(request, ordinal) : null;
    const fault = first ?? besides?.(request, ordinal) ?? (meets(request) ? meant(request, ordinal) : null);
    if (first === null && meets(request)) played += 1;
    return fault;
  });
  await sweepScenario(scenario, gitHost, { ...login, ...inputs });
  return played;
}

/** What proves who asks, in any form in which it was sent to where it belongs. */
function secrets(): ReadonlySet<string> {
  const sent = Object.values(servers()).flatMap(({ requests }) => requests);
  const found = new Set([SECRET, `robot:${SECRET}`]);
  for (const { headers } of sent) {
    const [scheme = "", value = ""] = (headers.authorization ?? "").split(" ");
    if (value === "") continue;
    found.add(value);
    if (/^basic$/i.test(scheme))
      found.add(
        Buffer.from(value, "base64")
          .toString()
          .replace(/^[^:]*:/, ""),
      );
  }
  return found;
}

function expectNoCredentialAt(requests: readonly RecordedRequest[]): void {
  const known = secrets();
  expect(known.size).toBeGreaterThan(3);
  for (const { path, headers, body } of requests) {
    expect(headers).not.toHaveProperty("authorization");
    expect(headers).not.toHaveProperty("cookie");
    const whole = `${decodeURIComponent(path)}\n${JSON.stringify(headers)}\n${body.toString()}`;
    for (const secret of known) expect(whole).not.toContain(secret);
  }
}

describe.each(REQUEST_KINDS)("$title", (kind) => {
  test.each([302, 308])("redirected elsewhere (%i): no credential follows, though it is asked for", async (status) => {
    foreign = await serve(({ url }) => ({
      status: 401,
      headers: { "www-authenticate": `Bearer realm="${new URL("/token", url).href}", Basic realm="x"` },
    }));
    const redirect: FaultScript = ({ path }) => refuse(status, { location: new URL(path, foreign.url).href });
    expect(await sweepWith(kind, redirect)).toBeGreaterThan(0);
    expectNoCredentialAt(foreign.requests);
    expect(foreign.requests.map(({ method }) => method).filter((method) => method !== "GET")).toEqual([]);
    assertPullable(scenario);
  });

  test("answered with links elsewhere: nobody follows them with a credential", async () => {
    foreign = await serve(() => ({ status: 200, body: {} }));
    const there = new URL("next?page=2&page_token=x&n=1&last=a", foreign.url).href;
    const link: FaultScript = () => ({
      kind: "altered",
      alter: (reply) => ({
        ...reply,
        headers: { ...reply.headers, link: `<${there}>; rel="next"`, location: there, refresh: `0;url=${there}` },
      }),
    });
    expect(await sweepWith(kind, link)).toBeGreaterThan(0);
    expect(foreign.requests).toEqual([]);
    assertPullable(scenario);
  });
});

// A registry of one's own is asked by its own word where its tokens are (`bearer.ts`), and the log names the host.
describe.each(REQUEST_KINDS.filter(({ server }) => server !== "registry"))("$title", (kind) => {
  test("that asks for a token from elsewhere: none is fetched there with a credential", async () => {
    foreign = await serve(() => ({ status: 200, body: { token: "t0ken-of-the-foreigner", expires_in: 300 } }));
    const realm = new URL("token", foreign.url).href;
    const ask: FaultScript = () => refuse(401, { "www-authenticate": `Bearer realm="${realm}",service="x"` });
    expect(await sweepWith(kind, ask)).toBeGreaterThan(0);
    expectNoCredentialAt(foreign.requests);
    assertPullable(scenario);
  });
});

test("a registry of one's own that sends for tokens to another host: the log names that host, in a line of its own", async () => {
  foreign = await serve(() => ({ status: 200, body: { token: "t0ken-of-the-foreigner" } }));
  scenario = await openScenario("oci");
  const realm = new URL("token", foreign.url).href;
  scenario.servers["registry"]?.inject(() => refuse(401, { "www-authenticate": `Bearer realm="${realm}"` }));
  const lines: string[] = [];
  const log = { ...silentLog, info: (line: string) => void lines.push(line) };
  await sweepScenario(scenario, gitHost, LOGIN, undefined, { log });
  expect(lines.filter((line) => line.includes(foreign.url.host))).toHaveLength(1);
  assertPullable(scenario);
});
