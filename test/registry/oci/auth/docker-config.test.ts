import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDockerLogin } from "../../../../src/registry/oci/auth/docker-config.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const ENTRY = { auth: base64("me:se:cret") };
const LOGIN = { credential: { username: "me", secret: "se:cret" } };

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "refsweep-docker-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

function loginOf(config: unknown, origin = "https://registry.example"): ReturnType<typeof readDockerLogin> {
  const path = join(folder, "config.json");
  writeFileSync(path, typeof config === "string" ? config : JSON.stringify(config));
  return readDockerLogin(path, new URL(origin));
}

describe("an entry matches by its host", () => {
  test.each([
    ["registry.example", "https://registry.example"],
    ["https://registry.example/v1/", "https://registry.example"],
    ["https://registry.example/v2/", "https://registry.example"],
    ["http://registry.example", "https://registry.example"],
    ["registry.example:443", "https://registry.example"],
    ["Registry.Example", "https://registry.example"],
    ["registry.example:5000", "https://registry.example:5000"],
    ["localhost:5000", "http://localhost:5000"],
    ["[::1]:5000", "http://[::1]:5000"],
    ["https://index.docker.io/v1/", "https://registry-1.docker.io"],
    ["docker.io", "https://index.docker.io"],
  ])("%s matches %s", (key, origin) => {
    expect(loginOf({ auths: { "other.example": { auth: base64("a:b") }, [key]: ENTRY } }, origin)).toEqual(LOGIN);
  });

  test.each([
    ["registry.example.evil.example"],
    ["evil-registry.example"],
    ["registry.example:5000"],
    ["registry.example@evil.example"],
    ["evil.example/registry.example"],
    ["https://index.docker.io/v1/"],
    [""],
    ["%"],
  ])("%s does not match registry.example", (key) => {
    expect(loginOf({ auths: { [key]: ENTRY } })).toBeNull();
  });

  test("the plain host takes precedence over its other forms", () => {
    const auths = { "https://registry.example/v1/": { auth: base64("a:b") }, "registry.example": ENTRY };
    expect(loginOf({ auths })).toEqual(LOGIN);
  });
});

describe("an entry contains", () => {
  test.each([
    ["a user and a password", { username: "me", password: "se:cret" }, LOGIN],
    ["a password padded with zero bytes", { auth: base64("me:se:cret\0\0") }, LOGIN],
    [
      "a refresh token",
      { auth: base64("0000:"), identitytoken: "refresh" },
      { credential: null, identityToken: "refresh" },
    ],
    ["no login", {}, null],
    ["null", null, null],
  ])("%s", (_, entry, login) => {
    expect(loginOf({ auths: { "registry.example": entry } })).toEqual(login);
  });
});

describe("there is no login in", () => {
  test.each([
    [{}],
    [{ auths: {} }],
    [{ auths: null }],
    [{ credsStore: "desktop", auths: {} }],
    [{ credHelpers: { "other.example": "x" } }],
    [""],
    ["\n"],
  ])("%j", (config) => {
    expect(loginOf(config)).toBeNull();
  });

  test("a missing file", () => {
    expect(readDockerLogin(join(folder, "nothing/config.json"), new URL("https://registry.example"))).toBeNull();
  });
});

describe("a login that a credential helper stores is an error", () => {
  test.each([
    ["ecr-login", { credHelpers: { "registry.example": "ecr-login" }, auths: { "registry.example": ENTRY } }],
    ["desktop", { credsStore: "desktop", auths: { "registry.example": {} } }],
  ])("%s", (helper, config) => {
    expect(() => loginOf(config)).toThrow(
      expect.objectContaining({ kind: "input", message: expect.stringContaining(`docker-credential-${helper} `) }),
    );
  });

  test("a login in the file takes precedence over a credential store", () => {
    expect(loginOf({ credsStore: "desktop", auths: { "registry.example": ENTRY } })).toEqual(LOGIN);
  });
});

describe("an invalid file is an error that names the path, but shows no content", () => {
  test.each([
    ["not JSON", '{"auths": {"registry.example": {"auth": "c2VjcmV0"}'],
    ["another structure", { auths: { "registry.example": { auth: 12 } } }],
    ["an auth without a colon", { auths: { "registry.example": { auth: base64("secret") } } }],
    ["an auth without a user", { auths: { "registry.example": { auth: base64(":secret") } } }],
  ])("%s", (_, config) => {
    const path = join(folder, "config.json");
    expect(() => loginOf(config)).toThrow(
      expect.objectContaining({
        kind: "input",
        message: expect.stringMatching(new RegExp(`^${path}(?!.*(?:secret|c2Vj))`)),
      }),
    );
  });
});
