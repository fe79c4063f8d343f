import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { makeRepository } from "../../servers/git/server.ts";
import { refuse } from "../../servers/http-server.ts";
import { ADVERTISEMENT, names, RESULT, TOKEN, useGit } from "./fixture.ts";
import { encodePackets, textPacket } from "./packets.ts";

const COMMIT = "a".repeat(40);

const fixture = useGit();

describe("if both protocols fail, the error", () => {
  it("names both reasons", async () => {
    const faults = [
      refuse(200, RESULT, encodePackets([textPacket("ERR first reason")])),
      refuse(200, ADVERTISEMENT, encodePackets([textPacket("ERR second reason")])),
    ];
    const fault = await fixture.fault(await fixture.start({ faults }));
    expect(fault).toMatchObject({ kind: "listing" });
    expect(fault.message).toMatch(/second reason.*first reason/);
    expect(fault.remedy).toContain("`git-repository`");
  });

  it("says if the server advertises v2 but refuses its command", async () => {
    const capabilities = encodePackets([
      textPacket("# service=git-upload-pack"),
      { type: "flush" },
      textPacket("version 2"),
      textPacket("ls-refs"),
      { type: "flush" },
    ]);
    const bare = encodePackets([textPacket("version 2"), textPacket("ls-refs"), { type: "flush" }]);
    for (const body of [capabilities, bare]) {
      const faults = [refuse(200, RESULT), refuse(200, ADVERTISEMENT, body)];
      const fault = await fixture.fault(await fixture.start({ faults }));
      expect(fault.kind).toBe("listing");
      expect(fault.message).toMatch(/advertises only protocol v2.*protocol v2 failed before: an empty response/);
    }
  });

  it("has the server's text on one line, without the token", async () => {
    const text = textPacket(`ERR first\n- second ${TOKEN}`);
    const faults = [refuse(200, RESULT, encodePackets([text])), refuse(200, ADVERTISEMENT, encodePackets([text]))];
    const { message } = await fixture.fault(await fixture.start({ faults }));
    expect(message).toContain("first - second ***");
    expect(message).not.toContain("\n");
    expect(message).not.toContain(TOKEN);
  });

  it("names the content type of a server with dumb HTTP", async () => {
    const faults = [refuse(405), refuse(200, { "content-type": "text/plain" }, `${COMMIT}\trefs/heads/main\n`)];
    const fault = await fixture.fault(await fixture.start({ faults }));
    expect(fault).toMatchObject({ kind: "listing", message: expect.stringContaining("a response of type text/plain") });
  });
});

describe("an incomplete list", () => {
  const ref = textPacket(`${COMMIT} refs/heads/main`);

  it.each(["v0", "v2"] as const)("without branches is an error (%s)", async (protocol) => {
    await makeRepository(fixture.root, `octo/empty-${protocol}`, {});
    const fault = await fixture.fault(await fixture.start({ protocol }, `octo/empty-${protocol}`));
    expect(fault).toMatchObject({ kind: "listing", message: expect.stringContaining("has no branches") });
    expect(fault.remedy).toContain("git-repository");
  });

  it("of tags only is an error", async () => {
    await makeRepository(fixture.root, "octo/tags", { lightTags: ["v1"] });
    expect(await fixture.fault(await fixture.start({}, "octo/tags"))).toMatchObject({ kind: "listing" });
  });

  it("without its end is an error, and no other protocol is tried", async () => {
    const url = await fixture.start({ faults: [refuse(200, RESULT, encodePackets([ref]))] });
    const fault = await fixture.fault(url);
    expect(fault).toMatchObject({ kind: "listing", cause: { name: "GitProtocolError", code: "truncated" } });
    expect(fixture.requestLines()).toHaveLength(1);
  });

  it("without its end in the older protocol is an error", async () => {
    const cut = encodePackets([textPacket("# service=git-upload-pack"), { type: "flush" }, ref]);
    const url = await fixture.start({ faults: [refuse(405), refuse(200, ADVERTISEMENT, cut)] });
    expect(await fixture.fault(url)).toMatchObject({ kind: "listing", cause: { code: "truncated" } });
  });

  it("of more than 64 MiB is an error that names the limit", async () => {
    const long = gzipSync(Buffer.alloc(65 * 1024 * 1024, encodePackets([ref])));
    const url = await fixture.start({ faults: [refuse(200, { ...RESULT, "content-encoding": "gzip" }, long)] });
    const fault = await fixture.fault(url);
    expect(fault).toMatchObject({ kind: "listing", cause: { code: "too-large" } });
    expect(fault.remedy).toContain("64 MiB");
  });

  it("does not include one of less than 64 MiB", async () => {
    const long = textPacket(`${COMMIT} refs/heads/${"x".repeat(60_000)}`);
    const body = gzipSync(encodePackets([...Array(400).fill(long), { type: "flush" }]));
    const url = await fixture.start({ faults: [refuse(200, { ...RESULT, "content-encoding": "gzip" }, body)] });
    expect((await fixture.list(url)).branches).toHaveLength(400);
  });

  it("is requested again after a network error", async () => {
    const url = await fixture.start({ faults: [{ kind: "truncated" }, { kind: "reset after" }] });
    expect(names((await fixture.list(url)).branches)).toContain("main");
    expect(fixture.requestLines()).toEqual(Array(3).fill("POST /octo/web.git/git-upload-pack"));
  });
});

describe("a refusal", () => {
  it.each([401, 403])("with %i names the token and its permission, without a retry", async (status) => {
    const fault = await fixture.fault(await fixture.start({ faults: () => refuse(status) }));
    expect(fault).toMatchObject({ kind: "permission", cause: { name: "HttpError", status } });
    expect(fault.remedy).toMatch(/`github-token` is valid.*`contents: read`/);
    expect(fixture.requestLines()).toHaveLength(1);
  });

  it("with a rate limit's 403 does not blame the token", async () => {
    const faults = () => refuse(403, { "retry-after": "1" }, "You have exceeded a secondary rate limit.");
    expect((await fixture.fault(await fixture.start({ faults }))).kind).toBe("listing");
  });

  it("of a real server says that the token is invalid, and never shows it", async () => {
    const url = await fixture.start({ token: TOKEN });
    const fault = await fixture.fault(url, "ghs_wrong");
    expect(fault.kind).toBe("permission");
    expect(`${fault.message} ${fault.remedy}`).not.toContain("ghs_wrong");
  });

  it("with 404 says that the repository may be missing, or the token's permission", async () => {
    const fault = await fixture.fault(await fixture.start({}, "octo/none"));
    expect(fault).toMatchObject({ kind: "listing", message: expect.stringContaining("/octo/none.git") });
    expect(fault.remedy).toMatch(/`git-repository`.*`github-token` has the permission `contents: read`/);
    expect(fixture.requestLines()).toHaveLength(1);
  });
});
