import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { LiveRefs } from "../../../src/refs/refs.ts";
import { type GitContents, git, makeRepository } from "../../servers/git/server.ts";
import { refuse, type ServerFault } from "../../servers/http-server.ts";
import { names, RESULT, sorted, TOKEN, useGit } from "./fixture.ts";
import { encodePackets, textPacket } from "./packets.ts";

const COMMIT = "a".repeat(40);

const fixture = useGit();

describe("branches and tags", () => {
  it("are read with one request, with tags peeled to their commits", async () => {
    const refs = await fixture.list(await fixture.start());
    const main = (await git(["-C", join(fixture.root, "octo/web.git"), "rev-parse", "main"])).trim();
    expect(names(refs.branches)).toEqual(["feature/login", "größe", "main"]);
    expect(names(refs.tags)).toEqual(["light", "v1.0.0", "web/v2"]);
    expect(refs.branches.find(({ name }) => name === "main")?.commit).toBe(main);
    // The first annotated tag is on the first branch.
    expect(refs.tags.find(({ name }) => name === "v1.0.0")?.commit).toBe(main);
    expect(fixture.requestLines()).toEqual(["POST /octo/web.git/git-upload-pack"]);
  });

  it("are read again after they changed", async () => {
    const repository = await makeRepository(fixture.root, "octo/changing");
    const url = await fixture.start({}, "octo/changing");
    const first = await repository.commitOf("main");
    const second = await repository.commit("main");
    await repository.createBranch("old", first);
    await repository.createTag("light", first);
    await repository.createAnnotatedTag("v1", second);
    // A tag of a tag is peeled to the commit, too.
    await repository.createAnnotatedTag("v1-signed", "v1");
    await repository.setRef("refs/pull/7/head", second);
    expect(await fixture.list(url)).toEqual({
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
    const later = await fixture.list(url);
    expect([names(later.branches), names(later.tags)]).toEqual([["main"], ["light", "v1-signed"]]);
  });

  it("are read with the token as Basic credentials", async () => {
    const url = await fixture.start({ token: TOKEN });
    expect(names((await fixture.list(url)).branches)).toContain("main");
    const basic = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString("base64")}`;
    expect(fixture.requests.map(({ headers }) => headers.authorization)).toEqual([basic]);
  });

  it("are read without capabilities that the server has not advertised", async () => {
    await fixture.list(await fixture.start());
    expect(fixture.requests[0]?.headers["git-protocol"]).toBe("version=2");
    expect(fixture.requests[0]?.body.toString()).toBe(
      "0014command=ls-refs\n00010009peel\n001bref-prefix refs/heads/\n001aref-prefix refs/tags/\n0000",
    );
  });
});

describe("a server with an older protocol", () => {
  const both = ["POST /octo/web.git/git-upload-pack", "GET /octo/web.git/info/refs?service=git-upload-pack"];

  it("returns the same refs in its advertisement", async () => {
    const expected = await fixture.list(await fixture.start());
    const url = await fixture.start({ protocol: "v0", token: TOKEN });
    expect(sorted(await fixture.list(url))).toEqual(sorted(expected));
    expect(fixture.requestLines()).toEqual(both);
  });

  it("gets no Git-Protocol header", async () => {
    await fixture.list(await fixture.start({ protocol: "v0" }));
    expect(fixture.requests[1]?.headers["git-protocol"]).toBeUndefined();
  });

  it.each<[string, ServerFault]>([
    ["status 400", refuse(400)],
    ["status 405", refuse(405)],
    ["status 415", refuse(415)],
    ["an error packet", refuse(200, RESULT, encodePackets([textPacket("ERR expected want")]))],
    ["NAK", refuse(200, RESULT, "0008NAK\n")],
    ["a page of HTML", refuse(200, { "content-type": "text/html" }, "<!DOCTYPE html>")],
    [
      "refs with a wrong content type",
      refuse(200, { "content-type": "text/plain" }, `003d${COMMIT} refs/heads/x\n0000`),
    ],
    ["an empty body", refuse(200, RESULT)],
  ])("is recognized by %s", async (_response, fault) => {
    const url = await fixture.start({ faults: [fault] });
    expect(names((await fixture.list(url)).branches)).toContain("main");
    expect(fixture.requestLines()).toEqual(both);
  });
});

describe("a SHA-256 repository", () => {
  beforeAll(async () => {
    await makeRepository(fixture.root, "octo/wide", {
      branches: ["main"],
      lightTags: ["light"],
      annotatedTags: ["v1"],
      objectFormat: "sha256",
    });
  });

  it.each(["v0", "v2"] as const)("is read from a %s server", async (protocol) => {
    const refs = await fixture.list(await fixture.start({ protocol }, "octo/wide"));
    const main = (await git(["-C", join(fixture.root, "octo/wide.git"), "rev-parse", "main"])).trim();
    expect(main).toHaveLength(64);
    expect(refs.branches).toEqual([{ name: "main", commit: main }]);
    expect(refs.tags.find(({ name }) => name === "v1")).toEqual({ name: "v1", commit: main });
  });
});

it("a renamed repository is read by its new name", async () => {
  const url = await fixture.start(
    {
      faults: ({ path }) =>
        path.startsWith("/octo/old.git/") ? refuse(301, { location: path.replace("old.git", "web.git") }) : null,
    },
    "octo/old",
  );
  expect(names((await fixture.list(url)).branches)).toContain("main");
  expect(fixture.requestLines()).toEqual([
    "POST /octo/old.git/git-upload-pack",
    "GET /octo/old.git/info/refs?service=git-upload-pack",
    "GET /octo/web.git/info/refs?service=git-upload-pack",
  ]);
});

describe("15,000 refs", () => {
  const many: GitContents = {
    branches: ["main", ...numbered("feature/b", 4_999)],
    lightTags: numbered("light-", 5_000),
    annotatedTags: numbered("v1.0.", 5_000),
  };

  beforeAll(async () => void (await makeRepository(fixture.root, "octo/many", many)));

  it.each(["v2", "v0"] as const)("are the same as git reads them from a %s server", async (protocol) => {
    const url = await fixture.start({ protocol, token: TOKEN }, "octo/many");
    const refs = await fixture.list(url);
    expect(fixture.requestLines()).toHaveLength(protocol === "v2" ? 1 : 2);
    expect([refs.branches.length, refs.tags.length]).toEqual([5_000, 10_000]);
    expect(sorted(refs)).toEqual(sorted(await lsRemote(url, TOKEN)));
  });
});

it("git reads the same refs from the test server, with credentials and without", async () => {
  for (const token of [undefined, TOKEN]) {
    const url = await fixture.start(token === undefined ? {} : { token });
    expect(sorted(await fixture.list(url))).toEqual(sorted(await lsRemote(url, token)));
  }
  await expect(lsRemote(await fixture.start({ token: TOKEN }))).rejects.toThrow(/ended with 128/);
});

/** Returns the refs that `git ls-remote` reads. */
async function lsRemote(url: URL, token?: string): Promise<LiveRefs> {
  const remote = new URL(url);
  if (token !== undefined) [remote.username, remote.password] = ["x-access-token", token];
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

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}
