import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { runStep, type StepResult } from "../e2e/runner.ts";
import { type RecordedRequest, refuse, type ServedRequest, type ServerFault } from "../servers/http-server.ts";
import { openScenario, type Scenario, serveScenarioGitHost } from "./scenario.ts";

let gitHost: GitHost;
let scenario: Scenario;

beforeEach(async () => {
  gitHost = await serveScenarioGitHost();
});

afterEach(async () => {
  await Promise.all([gitHost.close(), scenario.close()]);
});

/** What goes out in headers as proof of who asks: body, and its parts where they can be told. */
function secretsIn(requests: readonly RecordedRequest[]): ReadonlySet<string> {
  const secrets = new Set<string>();
  for (const { headers } of requests) {
    const [scheme = "", value = ""] = (headers.authorization ?? "").split(" ");
    if (value === "") continue;
    secrets.add(value);
    if (scheme.toLowerCase() !== "basic") continue;
    const login = Buffer.from(value, "base64").toString("utf8");
    secrets.add(login).add(login.slice(login.indexOf(":") + 1));
  }
  return secrets;
}

function sent(): ReadonlySet<string> {
  const servers = [...Object.values(scenario.servers), gitHost.git, gitHost.github];
  return secretsIn(servers.flatMap(({ requests }) => requests));
}

/** All that a step leaves where somebody may read it; the runner itself takes the lines that tell it what to hide. */
function shown({ log, summary, report, outputs }: StepResult): string {
  const lines = log.replaceAll(/^::add-mask::.*$/gm, "");
  const plain = summary.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
  return [lines, summary, plain, JSON.stringify(report ?? ""), JSON.stringify(outputs)].join("\n");
}

function expectNoSecret(result: StepResult, atLeast: number): void {
  const secrets = sent();
  expect(secrets.size).toBeGreaterThanOrEqual(atLeast);
  const all = shown(result);
  expect([...secrets].filter((secret) => all.includes(secret))).toEqual([]);
}

function run(inputs: Readonly<Record<string, string>> = {}): Promise<StepResult> {
  return runStep({ inputs: { ...scenario.inputs, ...inputs }, environment: gitHost.environment });
}

/** Sends what came back, where errors quote what a server sent. */
const ECHOES: Readonly<Record<string, (request: ServedRequest) => ServerFault>> = {
  "403 with the headers in its body": ({ headers }) => refuse(403, {}, { errors: [{ message: proof(headers) }] }),
  "404 with the headers in its body": ({ headers }) => refuse(404, {}, { errors: [{ message: proof(headers) }] }),
  "500 with the headers in its body": ({ headers }) => refuse(500, {}, proof(headers)),
  "200 with the headers in its type": ({ headers }) => refuse(200, { "content-type": proof(headers) }, "{}"),
  "200 with the headers in its digest": ({ headers }) =>
    refuse(200, { "content-type": INDEX, "docker-content-digest": `sha256:${proof(headers)}` }, "{}"),
  "a link that holds the headers": ({ headers }) =>
    refuse(200, { link: `<https://example.invalid/${proof(headers)}>; rel="next"` }, { tags: ["main"] }),
  "a redirect that holds the headers": ({ headers }) =>
    refuse(302, { location: `http://example.invalid/${proof(headers)}?${proof(headers)}` }),
  "a realm that holds the headers": ({ headers }) =>
    refuse(401, { "www-authenticate": `Bearer realm="http://example.invalid/${proof(headers)}",service="x"` }),
};

const INDEX = "application/vnd.oci.image.index.v1+json";
const proof = ({ authorization = "" }: ServedRequest["headers"]): string => authorization.replace(/^\S+ /, "");

describe("no secret is shown", () => {
  test("by a sweep that goes well", async () => {
    scenario = await openScenario("digitalocean");
    const result = await run({ "grace-period": "0" });
    expect(result.exitCode, result.log).toBe(0);
    // The API's token, GitHub's, their Basic forms, and a token that the registry gave.
    expectNoSecret(result, 7);
  });

  test.each(Object.entries(ECHOES))("where the registry answers %s", async (_title, echo) => {
    scenario = await openScenario("digitalocean");
    for (const server of ["oci", "api"]) {
      scenario.servers[server]?.inject((request) =>
        request.path.includes("/auth") ? null : answerOf(server, request),
      );
    }
    const answerOf = (server: string, request: ServedRequest): ServerFault | null =>
      server === "oci" && request.headers.authorization !== undefined ? echo(request) : null;
    const result = await run({ "grace-period": "0" });
    expect(result.exitCode).toBe(1);
    expectNoSecret(result, 7);
  });

  test.each(Object.entries(ECHOES))("where every server answers %s", async (_title, echo) => {
    scenario = await openScenario("digitalocean");
    for (const server of [...Object.values(scenario.servers), gitHost.git, gitHost.github]) server.inject(echo);
    const result = await run();
    expect(result.exitCode).toBe(1);
    expectNoSecret(result, 1);
  });
});
