import { afterEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { runStep, runStepInProcess, type Step, type StepResult } from "../e2e/runner.ts";
import { type RecordedRequest, refuse, type ServedRequest, type ServerFault } from "../servers/http-server.ts";
import { serversOf } from "./harness.ts";
import { openScenario, type Scenario } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

let gitHost: GitHost;
let scenario: Scenario;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

/** Returns the credentials in the requests, with their decoded parts. */
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

function sentSecrets(): ReadonlySet<string> {
  return secretsIn(Object.values(serversOf(scenario, gitHost)).flatMap(({ requests }) => requests));
}

/** Returns all text that readers of the run can see. The runner does not show `::add-mask::` lines. */
function shown({ log, summary, report, outputs }: StepResult): string {
  const lines = log.replaceAll(/^::add-mask::.*$/gm, "");
  const plain = summary.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
  return [lines, summary, plain, JSON.stringify(report ?? ""), JSON.stringify(outputs)].join("\n");
}

function expectNoSecret(result: StepResult, atLeast: number): void {
  const secrets = sentSecrets();
  expect(secrets.size).toBeGreaterThanOrEqual(atLeast);
  const text = shown(result);
  expect([...secrets].filter((secret) => text.includes(secret))).toEqual([]);
}

function stepWith(inputs: Readonly<Record<string, string>> = {}): Step {
  return { inputs: { ...scenario.inputs, ...inputs }, environment: gitHost.environment };
}

/** Responses that repeat the credential of the request in a place that errors quote. */
const ECHOES: Readonly<Record<string, (request: ServedRequest) => ServerFault>> = {
  "403 with the headers in its body": ({ headers }) => refuse(403, {}, { errors: [{ message: proof(headers) }] }),
  "404 with the headers in its body": ({ headers }) => refuse(404, {}, { errors: [{ message: proof(headers) }] }),
  "500 with the headers in its body": ({ headers }) => refuse(500, {}, proof(headers)),
  "200 with the headers in its type": ({ headers }) => refuse(200, { "content-type": proof(headers) }, "{}"),
  "200 with the headers in its digest": ({ headers }) =>
    refuse(200, { "content-type": INDEX, "docker-content-digest": `sha256:${proof(headers)}` }, "{}"),
  "a link that contains the headers": ({ headers }) =>
    refuse(200, { link: `<https://example.invalid/${proof(headers)}>; rel="next"` }, { tags: ["main"] }),
  "a redirect that contains the headers": ({ headers }) =>
    refuse(302, { location: `http://example.invalid/${proof(headers)}?${proof(headers)}` }),
  "a realm that contains the headers": ({ headers }) =>
    refuse(401, { "www-authenticate": `Bearer realm="http://example.invalid/${proof(headers)}",service="x"` }),
};

const INDEX = "application/vnd.oci.image.index.v1+json";
const proof = ({ authorization = "" }: ServedRequest["headers"]): string => authorization.replace(/^\S+ /, "");

describe("no secret is shown", () => {
  test("by a successful sweep", async () => {
    scenario = await openScenario("digitalocean");
    const result = await runStep(stepWith({ "grace-period": "0" }));
    expect(result.exitCode, result.log).toBe(0);
    // The API token, GitHub's token, their Basic forms, and a token that the registry issued.
    expectNoSecret(result, 7);
  });

  test.each(Object.entries(ECHOES))("if the registry answers %s", async (_title, echo) => {
    scenario = await openScenario("digitalocean");
    scenario.servers["oci"]?.inject((request) => (request.headers.authorization === undefined ? null : echo(request)));
    const result = await runStepInProcess(stepWith({ "grace-period": "0" }));
    expect(result.exitCode).toBe(1);
    expectNoSecret(result, 7);
  });

  test.each(Object.entries(ECHOES))("if every server answers %s", async (_title, echo) => {
    scenario = await openScenario("digitalocean");
    for (const server of Object.values(serversOf(scenario, gitHost))) server.inject(echo);
    const result = await runStepInProcess(stepWith());
    expect(result.exitCode).toBe(1);
    expectNoSecret(result, 1);
  });
});
