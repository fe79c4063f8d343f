import { describe, expect, test } from "vitest";
import { commandIn, HOSTILE, UNSEEN } from "../report/hostile.ts";
import { refuse } from "../servers/http-server.ts";
import type { GitHost } from "./example.ts";
import { annotations, deletionsOf, type Fixture } from "./fixture.ts";
import type { StepResult } from "./runner.ts";
import { useFixture } from "./use-fixture.ts";

let gitHost: GitHost;
let fixture: Fixture;

useFixture((opened, shared) => {
  fixture = opened;
  gitHost = shared;
});

/** The workflow commands that the action prints. Any other one comes from untrusted text. */
const COMMANDS = new Set(["group", "endgroup", "add-mask", "error", "warning", "notice"]);

function commands({ log }: StepResult): readonly string[] {
  return log.split(/\r\n|[\r\n]/).flatMap((line) => commandIn(line) ?? []);
}

/** Checks that untrusted text was escaped in the log, the summary and the outputs. */
function expectEscaped(result: StepResult): void {
  expect(commands(result).filter((command) => !COMMANDS.has(command))).toEqual([]);
  const groups = commands(result).filter((command) => /group/.test(command));
  groups.forEach((command, index) => {
    expect(command).toBe(index % 2 === 0 ? "group" : "endgroup");
  });
  expect(result.log).not.toMatch(UNSEEN);
  expect(result.log).not.toContain("owned::");
  expect(result.summary).not.toMatch(UNSEEN);
  for (const tag of ["<script", "<img", "<h1", "](javascript", 'onmouseover="'])
    expect(result.summary).not.toContain(tag);
  expect(Object.keys(result.outputs)).toHaveLength(13);
}

describe("groups", () => {
  test("one group per repository, with its counts", async () => {
    const result = await fixture.processStep();
    const groups = result.log.split("\n").filter((line) => line.startsWith("::group::"));
    expect(new Set(groups)).toEqual(
      new Set([
        "::group::web (48 manifests): 23 deleted, 25 kept",
        "::group::web/worker (48 manifests): 23 deleted, 25 kept",
      ]),
    );
    expect(result.log.match(/^::endgroup::/gm)).toHaveLength(2);
    expectEscaped(result);
  });

  test("a dry run lists the planned deletions with their reasons", async () => {
    const { log } = await fixture.step({ "dry-run": "true", "repository-pattern": "web" });
    expect(log).toMatch(/^::group::web \(48 manifests\): 23 to delete, \d+ kept$/m);
    expect(log).toMatch(/^would be deleted: .*pr-10.*pull request #10 was merged/m);
  });
});

describe("untrusted text is escaped in log, summary and outputs", () => {
  test("invalid tags: their repository is skipped, and the others are swept", async () => {
    for (const tag of HOSTILE) {
      const manifests = fixture.store.manifests("web").map(({ digest }, index) => ({
        digest,
        tags: [...fixture.store.tagsOf("web", digest), ...(index === 0 ? [tag] : [])],
      }));
      const body = { manifests, meta: { total: manifests.length } };
      fixture.registry.api.inject((request) => (/\/web\/digests\?/.test(request.path) ? refuse(200, {}, body) : null));
      const result = await fixture.sweep({ "unmatched-tags": "delete" });
      expect(result.errors).toMatchObject([{ kind: "listing", message: expect.stringContaining("not a tag") }]);
    }
    expectEscaped(await fixture.step());
    expect(fixture.store.tags("web")).toContain("pr-10");
    expect(fixture.store.tags("web/worker")).not.toContain("pr-10");
  });

  test("invalid repository names: nothing is deleted", async () => {
    for (const name of [
      ...HOSTILE,
      "",
      ".",
      "..",
      "web/..",
      "../web",
      "web//worker",
      "/web",
      "web?x",
      "web#x",
      "w\\b",
    ]) {
      const repositories = [{ name }, { name: "web" }];
      fixture.registry.api.inject((request) =>
        request.path.includes("repositoriesV2") ? refuse(200, {}, { repositories, meta: { total: 2 } }) : null,
      );
      const result = await fixture.sweep({ "repository-pattern": "**" });
      expect(result.errors).toMatchObject([
        { kind: "listing", message: expect.stringContaining("not a repository name") },
      ]);
    }
    expectEscaped(await fixture.step({ "repository-pattern": "**" }));
    expect(deletionsOf(fixture)).toBe(0);
  });

  test.each([
    ["a deletion", (request: { method: string }) => request.method === "DELETE"],
    ["a list", (request: { path: string }) => request.path.includes("/digests?")],
    ["the list of repositories", (request: { path: string }) => request.path.includes("repositoriesV2")],
  ])("the API's error for %s", async (_title, isRefused) => {
    let next = 0;
    fixture.registry.api.inject((request) => {
      if (!isRefused(request)) return null;
      next += 1;
      const message = HOSTILE[next % HOSTILE.length];
      return refuse(409, {}, next % 2 === 0 ? { id: message, message, request_id: message } : message);
    });
    const result = await fixture.step();
    expect(result.exitCode).toBe(1);
    expectEscaped(result);
    expect(annotations(result.log)).toHaveLength(1);
  });

  test("the errors of Git and GitHub", async () => {
    for (const server of [gitHost.git, gitHost.github]) {
      const body = {
        message: HOSTILE.slice(0, 20).join(" "),
        errors: HOSTILE.slice(0, 10).map((message) => ({ message })),
      };
      server.inject(() => refuse(403, {}, body));
      const result = await fixture.step();
      server.inject([]);
      expect(result.exitCode).toBe(1);
      expectEscaped(result);
    }
    expect(deletionsOf(fixture)).toBe(0);
  });

  test("the status and the uuid of a collection", async () => {
    fixture.registry.api.inject((request) =>
      request.method === "POST"
        ? refuse(201, {}, { garbage_collection: { uuid: HOSTILE[1], status: HOSTILE[0] } })
        : null,
    );
    const result = await fixture.step({ "run-gc": "true", "gc-timeout": "0" });
    expect(result.outputs["gc-status"]).toBe("started");
    expectEscaped(result);
  });
});
