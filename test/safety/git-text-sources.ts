import { branchSlugs } from "../../src/tags/slugs.ts";
import type { GitHost } from "../e2e/example.ts";
import { pullRequest } from "../servers/github/server.ts";
import { type FaultScript, refuse } from "../servers/http-server.ts";
import { NOW, type Scenario, type StoreView } from "./scenario.ts";
import { answering, inHeader, json, type TextSource } from "./text-sources.ts";

/** Replaces the values under these keys of a response by the text. */
function withValues(keys: readonly string[], text: string): FaultScript {
  const replace = (key: string, value: unknown): unknown => (keys.includes(key) && value !== null ? text : value);
  return () => ({
    kind: "altered",
    alter: (reply) => ({ ...reply, body: JSON.parse(JSON.stringify(reply.body), replace) }),
  });
}

/** A response of a Git server with these refs, also with names that Git rejects. */
function refLines(names: readonly string[]): Buffer {
  const lines = names.map((name) => Buffer.from(`${"1".repeat(40)} ${name.replaceAll(/[\n ]/g, "\u00a0")}\n`));
  const packets = lines.map((line) =>
    Buffer.concat([Buffer.from((line.length + 4).toString(16).padStart(4, "0")), line]),
  );
  return Buffer.concat([...packets, Buffer.from("0000")]);
}

const gitResponse =
  (lines: (text: string) => Buffer) =>
  (_: unknown, { git }: GitHost, text: string) =>
    git.inject(() => refuse(200, { "content-type": "application/x-git-upload-pack-result" }, lines(text)));

/** Pushes an image with the tag that builds derive from a branch of this name. */
function pushBranchImage(scenario: Scenario<StoreView>, text: string): void {
  const [tag = "owned"] = branchSlugs(text.slice(0, 100));
  scenario.others.push({ seed: "hostile", tags: [tag] });
}

const git = (_: Scenario<StoreView>, gitHost: GitHost) => gitHost.git;
const github = (_: Scenario<StoreView>, gitHost: GitHost) => gitHost.github;

const packet = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, "0")), bytes, Buffer.from("0000")]);
};
const refError = (text: string): Buffer => packet(`ERR ${text.slice(0, 60_000)}`);

/** Text from Git servers and GitHub's API about refs. */
export const GIT_TEXT_SOURCES: readonly TextSource[] = [
  {
    title: "the name of a branch",
    kind: "digitalocean",
    inject: (scenario, gitHost, text) => {
      pushBranchImage(scenario, text);
      gitResponse((name) => refLines(["refs/heads/main", `refs/heads/${name.slice(0, 100)}`]))(scenario, gitHost, text);
    },
    inputs: () => ({ "dry-run": "true" }),
  },
  {
    title: "the name of a Git tag",
    kind: "oci",
    inject: (scenario, gitHost, text) => {
      pushBranchImage(scenario, text);
      gitResponse((name) => refLines(["refs/heads/main", `refs/tags/${name.slice(0, 100)}`]))(scenario, gitHost, text);
    },
    inputs: () => ({ "dry-run": "true" }),
  },
  {
    title: "the branch of a closed pull request",
    kind: "digitalocean",
    inject: (scenario, gitHost, text) => {
      const closed = { state: "closed", createdAt: NOW - 9e8, updatedAt: NOW - 1e6, closedAt: NOW - 1e6 } as const;
      const request = pullRequest(20, { headBranch: text.slice(0, 100), ...closed });
      gitHost.github.state.repositories.get("octo/web")?.pullRequests.set(20, request);
      pushBranchImage(scenario, text);
    },
    inputs: () => ({ "grace-period": "0" }),
  },
  {
    title: "users, forks and titles in GitHub's API",
    kind: "digitalocean",
    inject: (_, gitHost, text) =>
      gitHost.github.inject(withValues(["title", "login", "label", "full_name", "nameWithOwner", "ref", "url"], text)),
    shown: "nowhere",
  },
  { title: "an error of the Git server", kind: "oci", inject: gitResponse((text) => refError(text)) },
  { title: "an invalid line of refs", kind: "oci", inject: gitResponse((text) => packet(text.slice(0, 60_000))) },
  {
    title: "the Content-Type of a Git server",
    kind: "oci",
    inject: answering("git-upload-pack", (text) => ({ status: 200, headers: { "content-type": inHeader(text) } }))(git),
  },
  {
    title: "an error of GraphQL",
    kind: "oci",
    inject: answering(
      "graphql",
      json(200, (text) => ({ data: null, errors: [{ type: text, message: text }] })),
    )(github),
  },
];
