import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Fault } from "../../../src/fault.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import { fetchCommits } from "../../../src/refs/git/fetch-commits.ts";
import type { Commit } from "../../../src/refs/git/pack.ts";
import { createFakeClock } from "../../servers/fake-clock.ts";
import { git, makeRepository, type ServeGitOptions, serveGit } from "../../servers/git/server.ts";
import { type Reply, refuse, type TestServer } from "../../servers/http-server.ts";
import { RESULT, TOKEN } from "./fixture.ts";

const http = createHttpClient({ clock: createFakeClock(), concurrency: 4 });
let root = "";
let path = "";
let main = "";
let server: TestServer | undefined;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "refsweep-commits-"));
  const repository = await makeRepository(root, "octo/web", { branches: ["main", "old"] });
  path = repository.path;
  for (let count = 0; count < 20; count += 1) main = await repository.commit("main");
});

afterEach(async () => {
  await server?.close();
  server = undefined;
});

afterAll(async () => {
  await http.close();
  await rm(root, { recursive: true, force: true });
});

async function start(options: Omit<ServeGitOptions, "root"> = {}, repository = "octo/web"): Promise<URL> {
  server = await serveGit({ root, ...options });
  return new URL(`${repository}.git`, server.url);
}

async function fetchFrom(url: URL, wants: readonly string[], haves?: readonly string[]): Promise<readonly string[]> {
  return linesOf(await fetchCommits(http, { url, token: TOKEN }, wants, haves));
}

function linesOf(commits: readonly Commit[]): readonly string[] {
  return commits.map(({ id, parents }) => [id, ...parents].join(" ")).sort();
}

async function revList(...args: readonly string[]): Promise<readonly string[]> {
  return (await git(["-C", path, "rev-list", "--parents", ...args])).trim().split("\n").sort();
}

async function faultOf(url: URL, wants: readonly string[]): Promise<Fault> {
  const error: unknown = await fetchCommits(http, { url, token: TOKEN }, wants).catch((reason: unknown) => reason);
  if (error instanceof Fault) return error;
  throw new Error("no fault", { cause: error });
}

describe("commits", () => {
  it("are read with their parents in one request, with the token", async () => {
    const url = await start({ token: TOKEN });
    expect(await fetchFrom(url, [main])).toEqual(await revList("main"));
    expect(server?.requests).toHaveLength(1);
  });

  it("are those that the wanted ones reach and the others do not", async () => {
    const old = (await git(["-C", path, "rev-parse", "main~5"])).trim();
    expect(await fetchFrom(await start(), [main], [old])).toEqual(await revList("main", `^${old}`));
  });

  it("are none, without a request, if none is wanted", async () => {
    expect(await fetchFrom(await start(), [])).toEqual([]);
    expect(server?.requests).toEqual([]);
  });

  it("have ids of 64 digits in a SHA-256 repository", async () => {
    const repository = await makeRepository(root, "octo/sha256", { branches: ["main"], objectFormat: "sha256" });
    const [first, second] = [await repository.commitOf("main"), await repository.commit("main")];
    const url = await start({}, "octo/sha256");
    expect(await fetchFrom(url, [second])).toEqual([first, `${second} ${first}`].sort());
  });

  it("are read along with other objects that Git tags name", async () => {
    const blob = (await git(["-C", path, "hash-object", "-w", "--stdin"], "a key")).trim();
    const tree = (await git(["-C", path, "mktree"], `100644 blob ${blob}\tkey\n`)).trim();
    await git(["-C", path, "update-ref", "refs/tags/key", blob]);
    await git(["-C", path, "update-ref", "refs/tags/tree", tree]);
    expect(await fetchFrom(await start(), [main, blob, tree])).toEqual(await revList("main"));
  });

  it("may be deltas of other commits", async () => {
    const repository = await makeRepository(root, "octo/deltas");
    const text = Array.from({ length: 200 }, (_, index) => createHash("md5").update(String(index)).digest("hex"));
    let last = await repository.commitOf("main");
    const tree = (await git(["-C", repository.path, "rev-parse", "main^{tree}"])).trim();
    for (let count = 0; count < 6; count += 1) {
      const message = text.toSpliced(count * 20, 1).join("\n");
      last = (await git(["-C", repository.path, "commit-tree", tree, "-p", last], message)).trim();
    }
    await repository.createBranch("main", last);
    await git(["-C", repository.path, "repack", "-adfq"]);
    const packed = await git(["-C", repository.path, "verify-pack", "-v", ...(await packsOf(repository.path))]);
    // `ID commit SIZE PACKED OFFSET DEPTH BASE`
    expect(packed).toMatch(/ commit +\d+ \d+ \d+ \d+ [0-9a-f]{40}/);
    const expected = (await git(["-C", repository.path, "rev-list", "--parents", "main"])).trim().split("\n").sort();
    expect(await fetchFrom(await start({}, "octo/deltas"), [last])).toEqual(expected);
  });
});

async function packsOf(repository: string): Promise<readonly string[]> {
  const { readdir } = await import("node:fs/promises");
  const folder = join(repository, "objects/pack");
  return (await readdir(folder)).filter((name) => name.endsWith(".idx")).map((name) => join(folder, name));
}

describe("an answer without all commits is an error", () => {
  it("if a wanted commit does not exist", async () => {
    const fault = await faultOf(await start(), [main, "a".repeat(40)]);
    expect([fault.kind, fault.message]).toEqual(["listing", expect.stringContaining("not our ref aaaa")]);
  });

  it("if the server does not filter objects", async () => {
    const repository = await makeRepository(root, "octo/unfiltered");
    await git(["-C", repository.path, "config", "uploadpack.allowFilter", "false"]);
    const fault = await faultOf(await start({}, "octo/unfiltered"), [await repository.commitOf("main")]);
    expect([fault.kind, fault.message]).toEqual(["listing", expect.stringContaining("filter `tree:0`")]);
  });

  it("if the server knows only protocol v0", async () => {
    expect((await faultOf(await start({ protocol: "v0" }), [main])).kind).toBe("listing");
  });

  it.each([401, 403])("if the token is refused (%i)", async (status) => {
    const url = await start({ faults: () => refuse(status) });
    expect((await faultOf(url, [main])).kind).toBe("permission");
  });

  it("if it is cut or damaged anywhere", async () => {
    const complete = await answerTo([main]);
    const broken: Buffer[] = [];
    for (let at = 0; at < complete.length; at += 7) {
      broken.push(complete.subarray(0, at));
      const damaged = Buffer.from(complete);
      damaged[at] = (damaged[at] ?? 0) ^ 0x55;
      broken.push(damaged);
    }
    let reply: Reply = { status: 200, headers: RESULT, body: "" };
    const url = await start({ faults: () => ({ kind: "reply", reply }) });
    for (const body of broken) {
      reply = { status: 200, headers: RESULT, body };
      expect((await faultOf(url, [main])).kind).toBe("listing");
    }
  });
});

/** Returns the body of the server's answer to a fetch. */
async function answerTo(wants: readonly string[]): Promise<Buffer> {
  const url = await start();
  await fetchFrom(url, wants);
  const [request] = server?.requests ?? [];
  const response = await fetch(new URL("octo/web.git/git-upload-pack", server?.url), {
    method: "POST",
    headers: { "content-type": "application/x-git-upload-pack-request", "git-protocol": "version=2" },
    body: request?.body ?? "",
  });
  const body = Buffer.from(await response.arrayBuffer());
  await server?.close();
  return body;
}
