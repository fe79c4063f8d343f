import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHttpClient } from "../../src/http/client.ts";
import { CommitGraph } from "../../src/refs/git/commit-graph.ts";
import { fetchCommits } from "../../src/refs/git/fetch-commits.ts";
import { listPullRequestHeads, listRefs } from "../../src/refs/git/ls-refs.ts";
import { commitFinder } from "../../src/tags/commits.ts";
import { events, makeHistory, type RandomHistory } from "../refs/git/random-history.ts";
import { createFakeClock } from "../servers/fake-clock.ts";
import { git, serveGit } from "../servers/git/server.ts";
import type { TestServer } from "../servers/http-server.ts";
import { pullRequestOf } from "./fixtures.ts";

/** `npm run prove` sets it. */
const HISTORIES = process.env["REFSWEEP_PROVE"] === undefined ? 15 : 2_000;

const http = createHttpClient({ clock: createFakeClock(), concurrency: 4 });
let root = "";
let server: TestServer;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "refsweep-histories-"));
  server = await serveGit({ root });
});

afterAll(async () => {
  await Promise.all([server.close(), http.close()]);
  await rm(root, { recursive: true, force: true });
});

/** Returns the commits of `git rev-list`, in its order. */
async function revList(path: string, ...args: readonly string[]): Promise<readonly string[]> {
  return (await git(["-C", path, "rev-list", ...args])).split("\n").filter((line) => line !== "");
}

test(
  "commits have the status that git rev-list gives them",
  async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(events, async (played) => {
        count += 1;
        const history = await makeHistory(root, `octo/h${count}`, played);
        const url = new URL(`octo/h${count}.git`, server.url);
        expect(await statusesFound(url, history)).toEqual(await statusesExpected(history));
        await rm(history.path, { recursive: true });
      }),
      { numRuns: HISTORIES, seed: process.env["REFSWEEP_PROVE"] === undefined ? 11 : Date.now() },
    );
  },
  HISTORIES * 4_000,
);

/** Returns the status of every commit that a branch, Git tag or pull request reaches. */
async function statusesFound(url: URL, { topics }: RandomHistory): Promise<Record<string, string>> {
  const repository = { url, token: "t" };
  const refs = await listRefs(http, repository);
  const pullRequestHeads = await listPullRequestHeads(http, repository);
  const tips = [...refs.branches, ...refs.tags].map(({ commit }) => commit);
  const live = await fetchCommits(http, repository, [...new Set(tips)]);
  const known = new CommitGraph(live);
  const heads = [...new Set(pullRequestHeads.values())].filter((head) => !known.has(head));
  const graph = known.with(await fetchCommits(http, repository, heads, tips));
  const pullRequests = topics.map(({ number, state, head, commitCount }) =>
    pullRequestOf({ number, state, headCommit: head, commitCount }),
  );
  const find = commitFinder({ graph, pullRequestHeads, others: new Map(), unread: null }, refs, pullRequests);
  return Object.fromEntries(
    graph.startingWith("").map((id) => {
      const found = find(id);
      return [id, typeof found === "string" ? found : shortened(found.status, found.reason)];
    }),
  );
}

/** The reason of a superseded commit, without its id; else the status. */
function shortened(status: string, reason: string): string {
  return status === "superseded" ? reason.replace(/^commit \S+ /, "") : status;
}

async function statusesExpected({ path, topics }: RandomHistory): Promise<Record<string, string>> {
  const names = (await git(["-C", path, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags"])).trim();
  const refs = names.split("\n").sort((a, b) => rank(a) - rank(b));
  const statuses: Record<string, string> = {};
  const set = (ids: readonly string[], statusAt: (index: number) => string): void => {
    for (const [index, id] of ids.entries()) statuses[id] ??= statusAt(index);
  };
  for (const { number, state } of topics) {
    if (state !== "open") continue;
    const ofMain = new Set(await revList(path, "--first-parent", "refs/heads/main"));
    const chain = await revList(path, "--first-parent", `refs/pull/${number}/head`);
    const base = chain.findIndex((id) => ofMain.has(id));
    set(base === -1 ? chain : chain.slice(0, base), () => "live");
  }
  for (const ref of refs) {
    const name = ref.replace(/^refs\/\w+\//, "");
    set(await revList(path, "--first-parent", ref), (behind) => {
      if (behind === 0) return `is the tip of ${name}`;
      return `is ${behind} ${behind === 1 ? "commit" : "commits"} behind ${name}`;
    });
  }
  for (const { number, commitCount } of topics) {
    const chain = await revList(path, "--first-parent", `refs/pull/${number}/head`);
    set(chain.slice(0, commitCount), () => "orphaned");
  }
  set(await revList(path, "--branches", "--tags", "--glob=refs/pull"), () => "unexplained");
  return statuses;
}

function rank(ref: string): number {
  return ["refs/heads/main", "refs/heads/", "refs/tags/"].findIndex((prefix) => ref.startsWith(prefix));
}
