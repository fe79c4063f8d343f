import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Fault } from "../../../src/fault.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import type { HttpClient } from "../../../src/http/http.ts";
import { listRefs } from "../../../src/refs/git/ls-refs.ts";
import { encodePackets, textPacket } from "../../../src/refs/git/pkt-line.ts";
import type { LiveRefs } from "../../../src/refs/refs.ts";
import { createFakeClock } from "../../servers/fake-clock.ts";
import { type GitContents, git, makeRepository, type ServeGitOptions, serveGit } from "../../servers/git/server.ts";
import { refuse, type ServerFault, type TestServer } from "../../servers/http-server.ts";

const TOKEN = "ghs_secret";
const RESULT = { "content-type": "application/x-git-upload-pack-result" };
const ADVERTISEMENT = { "content-type": "application/x-git-upload-pack-advertisement" };
const COMMIT = "a".repeat(40);

let root: string;
let http: HttpClient;
let server: TestServer | undefined;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "refsweep-git-"));
  http = createHttpClient({ clock: createFakeClock(), concurrency: 4 });
  await makeRepository(root, "octo/web", {
    branches: ["main", "feature/login", "größe"],
    lightTags: ["light"],
    annotatedTags: ["v1.0.0", "web/v2"],
  });
  await makeRepository(root, "octo/empty", {});
  await makeRepository(root, "octo/wide", {
    branches: ["main"],
    lightTags: ["light"],
    annotatedTags: ["v1"],
    objectFormat: "sha256",
  });
});

afterEach(async () => {
  await server?.close();
  server = undefined;
});

afterAll(async () => {
  await http.close();
  await rm(root, { recursive: true, force: true });
});

describe("the living refs", () => {
  it("come in one request, tags peeled to their commits", async () => {
    const url = await start({});
    const refs = await listRefs(http, { url, token: null });
    const main = (await git(["-C", join(root, "octo/web.git"), "rev-parse", "main"])).trim();
    expect(names(refs.branches)).toEqual(["feature/login", "größe", "main"]);
    expect(names(refs.tags)).toEqual(["light", "v1.0.0", "web/v2"]);
    expect(refs.branches.find(({ name }) => name === "main")?.commit).toBe(main);
    // The first annotated tag was made on the first branch.
    expect(refs.tags.find(({ name }) => name === "v1.0.0")?.commit).toBe(main);
    expect(asked()).toEqual(["POST /octo/web.git/git-upload-pack"]);
  });

  it("follow what happens to the repository", async () => {
    const repository = await makeRepository(root, "octo/moving");
    const url = await start({}, "octo/moving");
    const first = await repository.commitOf("main");
    const second = await repository.commit("main");
    await repository.createBranch("old", first);
    await repository.createTag("light", first);
    await repository.createAnnotatedTag("v1", second);
    // A tag of a tag peels to the commit all the same.
    await repository.createAnnotatedTag("v1-signed", "v1");
    await repository.setRef("refs/pull/7/head", second);
    expect(await listRefs(http, { url, token: null })).toEqual({
      branches: [
        { name: "main", commit: second },
        { name: "old", commit: first },
      ],
      tags: [
        { name: "light", commit: first },
        { name: "v1", commit: second },
        { name: "v1-signed", commit: second },
      ],
    });
    await repository.deleteBranch("old");
    await repository.deleteTag("v1");
    const later = await listRefs(http, { url, token: null });
    expect([names(later.branches), names(later.tags)]).toEqual([["main"], ["light", "v1-signed"]]);
  });

  it("are read with the token as Basic credentials", async () => {
    const url = await start({ token: TOKEN });
    expect(names((await listRefs(http, { url, token: TOKEN })).branches)).toContain("main");
    const basic = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString("base64")}`;
    expect(server?.requests.map(({ headers }) => headers.authorization)).toEqual([basic]);
  });

  it("are read without credentials where there is no token", async () => {
    const url = await start({});
    await listRefs(http, { url, token: null });
    expect(server?.requests[0]?.headers.authorization).toBeUndefined();
  });

  it("send nothing that the server would have had to advertise first", async () => {
    const url = await start({});
    await listRefs(http, { url, token: null });
    expect(server?.requests[0]?.headers["git-protocol"]).toBe("version=2");
    expect(server?.requests[0]?.body.toString()).toBe(
      "0014command=ls-refs\n00010009peel\n001bref-prefix refs/heads/\n001aref-prefix refs/tags/\n0000",
    );
  });
});

describe("a server of an older protocol", () => {
  const both = ["POST /octo/web.git/git-upload-pack", "GET /octo/web.git/info/refs?service=git-upload-pack"];

  it("is asked for its advertisement, and tells the same", async () => {
    const modern = await listRefs(http, { url: await start({}), token: null });
    await server?.close();
    const url = await start({ protocol: "v0", token: TOKEN });
    expect(sorted(await listRefs(http, { url, token: TOKEN }))).toEqual(sorted(modern));
    expect(asked()).toEqual(both);
  });

  it("is asked without the header that asks for v2", async () => {
    await listRefs(http, { url: await start({ protocol: "v0" }), token: null });
    expect(server?.requests[1]?.headers["git-protocol"]).toBeUndefined();
  });

  it.each<[string, ServerFault]>([
    ["status 400", refuse(400)],
    ["status 405", refuse(405)],
    ["status 415", refuse(415)],
    ["an error packet", refuse(200, RESULT, encodePackets([textPacket("ERR expected want")]))],
    ["NAK", refuse(200, RESULT, "0008NAK\n")],
    ["a page of HTML", refuse(200, { "content-type": "text/html" }, "<!DOCTYPE html>")],
    ["good lines of a wrong type", refuse(200, { "content-type": "text/plain" }, `003d${COMMIT} refs/heads/x\n0000`)],
    ["no body", refuse(200, RESULT)],
  ])("may show itself by %s", async (_what, fault) => {
    const url = await start({ faults: [fault] });
    expect(names((await listRefs(http, { url, token: null })).branches)).toContain("main");
    expect(asked()).toEqual(both);
  });

  it("that fails both ways is told with both reasons", async () => {
    const faults = [
      refuse(200, RESULT, encodePackets([textPacket("ERR first word")])),
      refuse(200, ADVERTISEMENT, encodePackets([textPacket("ERR second word")])),
    ];
    const fault = await faultOf(await start({ faults }));
    expect(fault).toMatchObject({ kind: "listing" });
    expect(fault.message).toMatch(/second word.*first word/);
  });

  it("that advertises v2 but refuses its command is told so", async () => {
    const capabilities = encodePackets([
      textPacket("# service=git-upload-pack"),
      { type: "flush" },
      textPacket("version 2"),
      textPacket("ls-refs"),
      { type: "flush" },
    ]);
    const bare = encodePackets([textPacket("version 2"), textPacket("ls-refs"), { type: "flush" }]);
    for (const body of [capabilities, bare]) {
      const url = await start({ faults: [refuse(200, RESULT), refuse(200, ADVERTISEMENT, body)] });
      const fault = await faultOf(url);
      expect(fault.kind).toBe("listing");
      expect(fault.message).toMatch(/advertises protocol v2 only.*protocol v2 had failed: an empty answer/);
      await server?.close();
    }
  });

  it("with dumb HTTP only is refused", async () => {
    const faults = [refuse(405), refuse(200, { "content-type": "text/plain" }, `${COMMIT}\trefs/heads/main\n`)];
    const fault = await faultOf(await start({ faults }));
    expect(fault).toMatchObject({ kind: "listing", message: expect.stringContaining("an answer of type text/plain") });
  });
});

describe("a SHA-256 repository", () => {
  it.each(["v0", "v2"] as const)("is read from a %s server", async (protocol) => {
    const url = await start({ protocol }, "octo/wide");
    const refs = await listRefs(http, { url, token: null });
    const main = (await git(["-C", join(root, "octo/wide.git"), "rev-parse", "main"])).trim();
    expect(main).toHaveLength(64);
    expect(refs.branches).toEqual([{ name: "main", commit: main }]);
    expect(refs.tags.find(({ name }) => name === "v1")).toEqual({ name: "v1", commit: main });
  });
});

it("a renamed repository is read under its new name", async () => {
  const url = await start(
    {
      faults: ({ path }) =>
        path.startsWith("/octo/old.git/") ? refuse(301, { location: path.replace("old.git", "web.git") }) : null,
    },
    "octo/old",
  );
  expect(names((await listRefs(http, { url, token: TOKEN })).branches)).toContain("main");
  expect(asked()).toEqual([
    "POST /octo/old.git/git-upload-pack",
    "GET /octo/old.git/info/refs?service=git-upload-pack",
    "GET /octo/web.git/info/refs?service=git-upload-pack",
  ]);
});

describe("a list in doubt", () => {
  const ref = textPacket(`${COMMIT} refs/heads/main`);

  it.each(["v0", "v2"] as const)("without a single branch stops the work (%s)", async (protocol) => {
    const fault = await faultOf(await start({ protocol }, "octo/empty"));
    expect(fault).toMatchObject({ kind: "listing", message: expect.stringContaining("has no branches") });
    expect(fault.remedy).toContain("git-repository");
  });

  it("of tags alone stops the work", async () => {
    await makeRepository(root, "octo/tags", { lightTags: ["v1"] });
    expect(await faultOf(await start({}, "octo/tags"))).toMatchObject({ kind: "listing" });
  });

  it("that lacks its end stops the work, and no other protocol is tried", async () => {
    const fault = await faultOf(await start({ faults: [refuse(200, RESULT, encodePackets([ref]))] }));
    expect(fault).toMatchObject({ kind: "listing", cause: { name: "GitProtocolError", code: "truncated" } });
    expect(asked()).toHaveLength(1);
  });

  it("above 64 MiB stops the work, and says so", async () => {
    const line = encodePackets([ref]);
    const long = gzipSync(Buffer.alloc(65 * 1024 * 1024, line));
    const fault = await faultOf(
      await start({ faults: [refuse(200, { ...RESULT, "content-encoding": "gzip" }, long)] }),
    );
    expect(fault).toMatchObject({ kind: "listing", cause: { code: "too-large" } });
    expect(fault.remedy).toContain("64 MiB");
  });

  it("below 64 MiB is read", async () => {
    const long = textPacket(`${COMMIT} refs/heads/${"x".repeat(60_000)}`);
    const body = gzipSync(encodePackets([...Array(400).fill(long), { type: "flush" }]));
    const url = await start({ faults: [refuse(200, { ...RESULT, "content-encoding": "gzip" }, body)] });
    expect((await listRefs(http, { url, token: null })).branches).toHaveLength(400);
  });

  it("that the network cut is asked for again", async () => {
    const url = await start({ faults: [{ kind: "truncated" }, { kind: "reset after" }] });
    expect(names((await listRefs(http, { url, token: null })).branches)).toContain("main");
    expect(asked()).toEqual(Array(3).fill("POST /octo/web.git/git-upload-pack"));
  });

  it("that lacks its end in the older protocol stops the work", async () => {
    const cut = encodePackets([textPacket("# service=git-upload-pack"), { type: "flush" }, ref]);
    const faults = [refuse(405), refuse(200, ADVERTISEMENT, cut)];
    expect(await faultOf(await start({ faults }))).toMatchObject({ kind: "listing", cause: { code: "truncated" } });
  });
});

describe("a refusal", () => {
  it.each([401, 403])("by %i names the token and what it needs, at once", async (status) => {
    const fault = await faultOf(await start({ faults: () => refuse(status) }), TOKEN);
    expect(fault).toMatchObject({ kind: "permission", cause: { name: "HttpError", status } });
    expect(fault.remedy).toMatch(/`github-token` is refused.*`contents: read`/);
    expect(asked()).toHaveLength(1);
  });

  it("by 403 for the rate, however often, does not blame the token", async () => {
    const faults = () => refuse(403, { "retry-after": "1" }, "You have exceeded a secondary rate limit.");
    expect((await faultOf(await start({ faults }), TOKEN)).kind).toBe("listing");
  });

  it("of the real server says that the token is missing, or wrong, and never shows it", async () => {
    const url = await start({ token: TOKEN });
    expect((await faultOf(url)).remedy).toMatch(/`github-token` is empty/);
    const fault = await faultOf(url, "ghs_wrong");
    expect(fault.kind).toBe("permission");
    expect(`${fault.message} ${fault.remedy}`).not.toContain("ghs_wrong");
  });

  it("by 404 says that the repository may be missing or out of the token's reach", async () => {
    const fault = await faultOf(await start({}, "octo/none"), TOKEN);
    expect(fault).toMatchObject({ kind: "listing", message: expect.stringContaining("/octo/none.git") });
    expect(fault.remedy).toMatch(/`git-repository` does not exist, or `github-token` cannot read it/);
    expect(asked()).toHaveLength(1);
  });
});

describe("15,000 refs", () => {
  const many: GitContents = {
    branches: ["main", ...numbered("feature/b", 4_999)],
    lightTags: numbered("light-", 5_000),
    annotatedTags: numbered("v1.0.", 5_000),
  };

  beforeAll(async () => void (await makeRepository(root, "octo/many", many)));

  it.each(["v2", "v0"] as const)("are the same that git itself reads from a %s server", async (protocol) => {
    const url = await start({ protocol, token: TOKEN }, "octo/many");
    const refs = await listRefs(http, { url, token: TOKEN });
    expect(asked()).toHaveLength(protocol === "v2" ? 1 : 2);
    expect([refs.branches.length, refs.tags.length]).toEqual([5_000, 10_000]);
    expect(sorted(refs)).toEqual(sorted(await gitReads(url, TOKEN)));
  });
});

it("git itself reads the same refs from the test server, with credentials and without", async () => {
  for (const token of [null, TOKEN]) {
    const url = await start(token === null ? {} : { token });
    expect(sorted(await listRefs(http, { url, token }))).toEqual(sorted(await gitReads(url, token)));
    await server?.close();
  }
  await expect(gitReads(await start({ token: TOKEN }), null)).rejects.toThrow(/ended with 128/);
});

/** Serves the repositories, and answers the URL of one. */
async function start(options: Omit<ServeGitOptions, "root">, repository = "octo/web"): Promise<URL> {
  server = await serveGit({ root, ...options });
  return new URL(`${repository}.git`, server.url);
}

function asked(): string[] {
  return server?.requests.map(({ method, path }) => `${method} ${path}`) ?? [];
}

async function faultOf(url: URL, token: string | null = null): Promise<Fault> {
  const error: unknown = await listRefs(http, { url, token }).catch((reason: unknown) => reason);
  if (error instanceof Fault) return error;
  throw new Error("no fault", { cause: error });
}

/** The same question, by `git ls-remote`. */
async function gitReads(url: URL, token: string | null): Promise<LiveRefs> {
  const remote = new URL(url);
  if (token !== null) [remote.username, remote.password] = ["x-access-token", token];
  const lines = (await git(["ls-remote", remote.href])).trim().split("\n");
  const ids = new Map(
    lines.map((line) => {
      const [id = "", name = ""] = line.split("\t");
      return [name, id];
    }),
  );
  const below = (prefix: string) =>
    [...ids]
      .filter(([name]) => name.startsWith(prefix) && !name.endsWith("^{}"))
      .map(([name, id]) => ({ name: name.slice(prefix.length), commit: ids.get(`${name}^{}`) ?? id }));
  return { branches: below("refs/heads/"), tags: below("refs/tags/") };
}

function sorted({ branches, tags }: LiveRefs): string[] {
  const text = (kind: string, refs: LiveRefs["tags"]) => refs.map(({ name, commit }) => `${kind} ${name} ${commit}`);
  return [...text("branch", branches), ...text("tag", tags)].sort();
}

function names(refs: LiveRefs["tags"]): string[] {
  return refs.map(({ name }) => name).sort();
}

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}
