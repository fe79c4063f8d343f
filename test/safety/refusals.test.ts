import { afterEach, describe, expect, test } from "vitest";
import type { GitHost } from "../e2e/example.ts";
import { refuse, type ServedRequest, type ServerFault } from "../servers/http-server.ts";
import { serversOf, sweepScenario } from "./harness.ts";
import { contentsOf, openScenario, type Scenario, type StoreView } from "./scenario.ts";
import { useGitHost } from "./use-git-host.ts";

let gitHost: GitHost;
let scenario: Scenario<StoreView>;

useGitHost((served) => {
  gitHost = served;
});

afterEach(() => scenario.close());

const GITHUB = { "x-github-request-id": "1" };
const IP = "the `octo` organization has an IP allow list enabled, and your IP address is not permitted";
const errPacket = (text: string) => `${(text.length + 8).toString(16).padStart(4, "0")}ERR ${text}`;
const page = (status: number) =>
  refuse(status, { "content-type": "text/html" }, "<html><head><title>Blocked by IT</title></head><b>No</b></html>");
const forbidden = (message: string, headers = {}): ServerFault =>
  refuse(200, { ...GITHUB, ...headers }, { data: { repository: null }, errors: [{ type: "FORBIDDEN", message }] });

/** The address for single sign-on of the server that answers. */
const sso = ({ headers }: Pick<ServedRequest, "headers">) =>
  `http://${headers.host}/orgs/octo/sso?authorization_request=A1`;
const withSso = (request: Pick<ServedRequest, "headers">): ServerFault =>
  refuse(403, { ...GITHUB, "x-github-sso": `required; url=${sso(request)}` }, { message: "SAML enforcement" });

type Answer = ServerFault | ((request: ServedRequest) => ServerFault);
const CASES: readonly (readonly [string, Parameters<typeof openScenario>[0], string, Answer, string, string])[] = [
  ["single sign-on", "oci", "github", withSso, "SAML enforcement", "/orgs/octo/sso?authorization_request=A1"],
  [
    "an IP allow list",
    "oci",
    "github",
    refuse(403, GITHUB, { message: IP }),
    "IP address is not permitted",
    "runner's IP",
  ],
  ["an IP allow list in a 200", "oci", "github", forbidden(IP), "IP address is not permitted", "runner's IP"],
  ["a firewall", "oci", "github", page(403), 'web page "Blocked by IT"', "firewall or proxy"],
  [
    "a blocked repository",
    "oci",
    "git",
    refuse(451, GITHUB, "Repository access blocked"),
    "access blocked",
    "GitHub Support",
  ],
  [
    "a suspended account",
    "oci",
    "git",
    refuse(403, GITHUB, "Your account is suspended."),
    "suspended",
    "not suspended",
  ],
  ["single sign-on of Git", "oci", "git", withSso, "SAML enforcement", "/orgs/octo/sso?authorization_request=A1"],
  [
    "an error packet of Git",
    "oci",
    "git",
    refuse(
      200,
      { "content-type": "application/x-git-upload-pack-result" },
      Buffer.from(errPacket("Repository is disabled.")),
    ),
    "Repository is disabled.",
    "GitHub Support",
  ],
  ["a firewall before Git", "oci", "git", page(403), 'web page "Blocked by IT"', "firewall or proxy"],
  [
    "a missing repository of Git",
    "oci",
    "git",
    refuse(404, GITHUB, "Repository not found."),
    "Repository not found.",
    "contents: read",
  ],
  ["single sign-on", "ghcr", "api", withSso, "SAML enforcement", "/orgs/octo/sso?authorization_request=A1"],
  [
    "an IP allow list",
    "ghcr",
    "api",
    refuse(403, GITHUB, { message: IP }),
    "IP address is not permitted",
    "runner's IP",
  ],
  [
    "a missing permission",
    "ghcr",
    "api",
    refuse(
      403,
      { ...GITHUB, "x-accepted-github-permissions": "packages=write" },
      { message: "Resource not accessible" },
    ),
    "Resource not accessible (needed permission: packages=write)",
    "packages: write",
  ],
  ["a firewall", "digitalocean", "api", page(403), 'web page "Blocked by IT"', "firewall or proxy"],
  ["a firewall", "oci", "registry", page(403), 'web page "Blocked by IT"', "firewall or proxy"],
  [
    "a registry's reason",
    "oci",
    "registry",
    refuse(403, {}, { errors: [{ code: "DENIED", message: "subscription has expired", detail: {} }] }),
    "subscription has expired",
    "`username` and `token`",
  ],
  [
    "a registry's reason",
    "oci",
    "registry",
    refuse(401, {}, { errors: [{ code: "UNAUTHORIZED", message: "robot account is disabled" }] }),
    "robot account is disabled",
    "`username` and `token`",
  ],
];

describe("the reason and the fix are shown for", () => {
  test.each(CASES)("%s (%s, %s)", async (_title, kind, name, answer, reason, remedy) => {
    scenario = await openScenario(kind);
    const before = contentsOf(scenario.store);
    serversOf(scenario, gitHost)[name]?.inject((request) => (typeof answer === "function" ? answer(request) : answer));
    const { errors } = await sweepScenario(scenario, gitHost);
    expect(errors[0]).toMatchObject({
      message: expect.stringContaining(reason),
      remedy: expect.stringContaining(remedy),
    });
    const advice = errors[0]?.remedy ?? "";
    if (!/: (?:read|write)$|token/.test(remedy)) expect(advice).not.toMatch(/`[\w-]+: (?:read|write)`|read:packages/);
    expect(contentsOf(scenario.store)).toEqual(before);
  });
});
