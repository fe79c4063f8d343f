import { afterEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { silentLog } from "../run.ts";
import { type FaultScript, type RecordedRequest, refuse, serve, type TestServer } from "../servers/http-server.ts";
import { assertPullable, serversOf, sweepScenario } from "./harness.ts";
import { REQUEST_KINDS, type RequestKind } from "./request-kinds.ts";
import { openScenario, type Scenario, type StoreView } from "./scenario.ts";
import { isDeletion } from "./slow-deletions.ts";
import { useGitHost } from "./use-git-host.ts";

/** Responses with links, so that a client that follows them does not do so for thousands of pages. */
const LINKED_RESPONSES = 3;

let gitHost: GitHost;
let scenario: Scenario<StoreView>;
let foreign: TestServer;

useGitHost((served) => {
  gitHost = served;
});

afterEach(async () => {
  await Promise.all([scenario.close(), foreign.close()]);
});

const SECRET = "s3cret-of-the-registry";
const LOGIN = { username: "robot", token: SECRET };
/** Like a registry that requires a login. */
const REQUIRE_LOGIN: FaultScript = ({ headers }) =>
  headers.authorization === undefined ? refuse(401, { "www-authenticate": 'Basic realm="registry"' }) : null;

/** Sweeps a scenario in which `respond` answers one kind of request. Returns the number of these requests. */
async function sweepWith(
  { scenario: kind, server, matches, inputs, precondition }: RequestKind,
  respond: FaultScript,
): Promise<number> {
  scenario = await openScenario(kind);
  const login = kind === "oci" ? LOGIN : {};
  if (kind === "oci") scenario.servers["registry"]?.inject(REQUIRE_LOGIN);
  let count = 0;
  serversOf(scenario, gitHost)[server]?.inject((request, ordinal) => {
    const refusal = kind === "oci" && server === "registry" ? REQUIRE_LOGIN(request, ordinal) : null;
    if (refusal !== null) return refusal;
    if (matches(request)) count += 1;
    return precondition?.(request, ordinal) ?? (matches(request) ? respond(request, count) : null);
  });
  await sweepScenario(scenario, gitHost, { ...login, ...inputs });
  return count;
}

/** Returns the credentials that were sent to their own servers, in every form. */
function secrets(): ReadonlySet<string> {
  const sent = Object.values(serversOf(scenario, gitHost)).flatMap(({ requests }) => requests);
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

function expectNoCredentialIn(requests: readonly RecordedRequest[]): void {
  const known = secrets();
  expect(known.size).toBeGreaterThan(3);
  for (const { path, headers, body } of requests) {
    expect(headers).not.toHaveProperty("authorization");
    expect(headers).not.toHaveProperty("cookie");
    const request = `${decodeURIComponent(path)}\n${JSON.stringify(headers)}\n${body.toString()}`;
    for (const secret of known) expect(request).not.toContain(secret);
  }
}

/** Only this request is redirected to storage: the digest of its response is checked. */
const BLOB = "the config of an image";

describe.each(REQUEST_KINDS)("a response for $title", (kind) => {
  test.each([302, 308])("that redirects to another host (%i): that host is not asked", async (status) => {
    foreign = await serve(({ url }) => ({
      status: 401,
      headers: { "www-authenticate": `Bearer realm="${new URL("/token", url).href}", Basic realm="x"` },
    }));
    const redirect: FaultScript = ({ path }) => refuse(status, { location: new URL(path, foreign.url).href });
    expect(await sweepWith(kind, redirect)).toBeGreaterThan(0);
    expectNoCredentialIn(foreign.requests);
    expect(foreign.requests.length > 0).toBe(kind.title === BLOB);
    expect(foreign.requests.map(({ method }) => method).filter((method) => method !== "GET")).toEqual([]);
    assertPullable(scenario);
  });

  test("with links to another host: they are not followed", async () => {
    foreign = await serve(() => ({ status: 200, body: {} }));
    const target = new URL("next?page=2&page_token=x&n=1&last=a", foreign.url).href;
    const link: FaultScript = (_request, count) => ({
      kind: "altered",
      alter: (reply) => ({
        ...reply,
        headers: {
          ...reply.headers,
          ...(count <= LINKED_RESPONSES ? { link: `<${target}>; rel="next"` } : {}),
          location: target,
          refresh: `0;url=${target}`,
        },
      }),
    });
    expect(await sweepWith(kind, link)).toBeGreaterThan(0);
    expect(foreign.requests).toEqual([]);
    assertPullable(scenario);
  });
});

test.each([
  ["digitalocean", "api", /\/digests\?/],
  ["ghcr", "api", /\/versions\?/],
  ["oci", "registry", /\/manifests\//],
  ["oci", "registry", /\/tags\/list/],
] as const)("%s: an empty list from another host is not believed", async (kind, server, path) => {
  scenario = await openScenario(kind);
  foreign = await serve(() => ({
    status: 200,
    body: kind === "ghcr" ? [] : { tags: [], manifests: [], meta: { total: 0 } },
  }));
  scenario.servers[server]?.inject((request) =>
    path.test(request.path) ? refuse(302, { location: new URL(request.path, foreign.url).href }) : null,
  );
  const result = await sweepScenario(scenario, gitHost);
  expect(foreign.requests).toEqual([]);
  const message = expect.stringContaining(`redirects to ${foreign.url.origin}, but only http://127.0.0.1:`);
  expect(result.errors[0]).toMatchObject({ message });
  expect(Object.values(scenario.servers).flatMap(({ requests }) => requests.filter(isDeletion))).toEqual([]);
});

// A self-hosted registry may name any token server over TLS, and the log names it (`bearer.ts`).
describe.each(REQUEST_KINDS.filter(({ server }) => server !== "registry"))("a response for $title", (kind) => {
  test("that names a token server on another host: no credential is sent there", async () => {
    foreign = await serve(() => ({ status: 200, body: { token: "t0ken-of-another-host", expires_in: 300 } }));
    const realm = new URL("token", foreign.url).href;
    const challenge: FaultScript = () => refuse(401, { "www-authenticate": `Bearer realm="${realm}",service="x"` });
    expect(await sweepWith(kind, challenge)).toBeGreaterThan(0);
    expectNoCredentialIn(foreign.requests);
    assertPullable(scenario);
  });
});

test("a self-hosted registry with a token server on another host: one line of the log names that host", async () => {
  foreign = await serve(() => ({ status: 200, body: { token: "t0ken-of-another-host" } }));
  scenario = await openScenario("oci");
  const realm = new URL("token", foreign.url).href;
  scenario.servers["registry"]?.inject(() => refuse(401, { "www-authenticate": `Bearer realm="${realm}"` }));
  const lines: string[] = [];
  const log = { ...silentLog, info: (line: string) => void lines.push(line) };
  await sweepScenario(scenario, gitHost, LOGIN, { log });
  expect(lines.filter((line) => line.includes(foreign.url.host))).toHaveLength(1);
  assertPullable(scenario);
});
