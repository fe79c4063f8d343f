import { describe, expect, test } from "vitest";
import { explain, remedyFor, webPageText } from "../../src/http/explanation.ts";

const API = new URL("https://api.github.com/graphql");
const GITHUB = { "x-github-request-id": "1" };

function explained(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}, url = API) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return explain({ status, headers, body: Buffer.from(text) }, url, ["s3cret"]);
}

describe("the message of", () => {
  test.each([
    ["DigitalOcean and GitHub", { id: "x", message: "no access" }, "no access"],
    ["a registry", { errors: [{ code: "DENIED", message: "access denied", detail: null }] }, "access denied"],
    ["a registry with details", { errors: [{ message: "denied", detail: "quota" }] }, "denied: quota"],
    ["a registry with a code only", { errors: [{ code: "DENIED", message: "" }] }, "DENIED"],
    ["a registry with two errors", { errors: [{ message: "a" }, { message: "b" }, { message: "a" }] }, "a; b"],
    ["a token server", { error: "invalid_grant", error_description: "expired" }, "expired"],
    ["Docker Hub's token server", { details: "incorrect username or password" }, "incorrect username or password"],
    [
      "a blocked repository",
      { message: "blocked", block: { html_url: "https://g.example/1" } },
      "blocked; https://g.example/1",
    ],
    ["plain text", "no  route\n", "no route"],
    ["unknown JSON", { a: 1 }, '{"a":1}'],
    ["a secret", { message: "token s3cret" }, "token ***"],
    ["nothing", "", ""],
  ])("%s", (_from, body, detail) => {
    expect(explained(403, body).detail).toBe(detail);
  });

  test.each([
    [{ "x-accepted-github-permissions": "packages=write" }, "no (needed permission: packages=write)"],
    [
      { "x-accepted-oauth-scopes": "delete:packages", "x-oauth-scopes": "read:packages" },
      "no (needed scope: delete:packages; scopes of the token: read:packages)",
    ],
    [{ "x-accepted-oauth-scopes": "repo", "x-oauth-scopes": "" }, "no (needed scope: repo; scopes of the token: none)"],
  ])("a 403 with %o", (headers, detail) => {
    expect(explained(403, { message: "no" }, headers).detail).toBe(detail);
    expect(explained(404, { message: "no" }, headers).detail).toBe("no");
  });
});

describe("a web page", () => {
  test.each([
    ["<!doctype html><title>Access\nDenied</title><h1>x</h1>", 'web page "Access Denied"'],
    ["<html><body><h1>Web page &amp; blocked</h1><p>Ask IT</p>", 'web page "Web page & blocked Ask IT"'],
    ["<html>", "web page"],
    ["<HTML><TITLE lang=en>No</TITLE>", 'web page "No"'],
  ])("%s", (body, detail) => {
    expect(explained(403, body)).toEqual({ detail, remedy: expect.stringContaining("firewall or proxy") });
    expect(explained(503, body)).toEqual({ detail, remedy: undefined });
  });

  test("is recognized by its type, and large ones are read fast", () => {
    expect(webPageText("blocked", "text/html; charset=utf-8")).toBe('web page "blocked"');
    expect(webPageText("{}", "application/json")).toBeNull();
    const start = performance.now();
    for (const text of ["<", "<title", "<title>", "<script", "&amp"]) webPageText(`<html>${text.repeat(20_000)}`, "");
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

describe("the fix for", () => {
  test.each([
    [
      403,
      "Although you appear to have the correct authorization credentials, the `o` organization has an IP allow list enabled",
      "IP allow list of",
    ],
    [403, "Sorry. Your account was suspended. Please contact GitHub Support.", "account that is not suspended"],
    [451, "Repository access blocked", "Contact GitHub Support"],
    [403, "Access to this repository has been disabled by GitHub Staff", "Contact GitHub Support"],
    [404, "Repository unavailable due to DMCA takedown.", "Contact GitHub Support"],
    [403, "Resource protected by organization SAML enforcement.", "single sign-on"],
    [403, "`o` forbids access via a personal access token (classic).", "another kind of token"],
  ])("%i %s", (status, message, remedy) => {
    expect(explained(status, { message }, GITHUB).remedy).toContain(remedy);
    expect(explained(status, { message }, GITHUB).remedy).not.toMatch(/permission|`\w+: (?:read|write)`/);
    expect(explained(status, { message }).remedy, "another server's message").toBeUndefined();
    expect(explained(500, { message }, GITHUB).remedy).toBeUndefined();
  });

  test.each(["Resource not accessible by integration", "Bad credentials", "Must have admin rights", ""])(
    "%s is the caller's",
    (message) => {
      expect(explained(403, { message }, GITHUB).remedy).toBeUndefined();
    },
  );
});

describe("the address for single sign-on", () => {
  const open = "Authorize the token for the organization's single sign-on: open ";
  test.each([
    ["https://api.github.com/x", "https://github.com/orgs/o/sso?authorization_request=A1"],
    ["https://github.com/o/w.git", "https://github.com/orgs/o/sso?authorization_request=A1"],
    ["https://api.octo.ghe.com/x", "https://octo.ghe.com/enterprises/o/sso"],
    ["https://ghes.example/api/v3", "https://ghes.example/orgs/o/sso"],
  ])("of %s is shown: %s", (url, sso) => {
    expect(remedyFor("SAML", { "x-github-sso": `required; url=${sso}` }, new URL(url))).toBe(open + sso);
  });

  test.each([
    "https://evil.example/sso",
    "http://github.com/sso",
    "https://github.com.evil.example/",
    "https://me@github.com/sso",
    "https://github.com:444/",
    "javascript:alert(1)",
    `https://github.com/${"x".repeat(300)}`,
    "x",
  ])("%s is not shown", (sso) => {
    const remedy = remedyFor("SAML", { "x-github-sso": `required; url=${sso}` }, API);
    expect(remedy).toContain("Configure SSO");
    expect(remedy).not.toMatch(/github\.com|evil|javascript/);
  });
});
