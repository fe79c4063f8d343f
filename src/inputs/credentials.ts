import type { Credential, RegistryAddress, Settings } from "../settings.ts";
import type { InputReader } from "./input-reader.ts";
import { type Parsed, parseUrl } from "./parse.ts";

/** Settings of which a part may be bad: null, and noted by the reader. */
export type Unchecked<T> = { readonly [Key in keyof T]: Key extends "github" ? Unchecked<T[Key]> : T[Key] | null };

/** Where GitHub is, and what it is read with. */
export function readGitHub(reader: InputReader, environment: NodeJS.ProcessEnv): Unchecked<Settings["github"]> {
  const token = reader.text("github-token");
  if (token === "") reader.bad("github-token", "is required, and empty; leave it out for the token of the job");
  else if (!isOneWord(token)) reader.bad("github-token", "got a value with blanks or the like; it takes one token");
  const server = environment["GITHUB_SERVER_URL"] || serverOf(environment["GITHUB_API_URL"]);
  const api = environment["GITHUB_API_URL"] || apiOf(server);
  return {
    token,
    repository: reader.read("git-repository", (text) =>
      parseRepository(text || environment["GITHUB_REPOSITORY"] || ""),
    ),
    apiUrl: reader.environment("GITHUB_API_URL", parseUrl, api),
    graphqlUrl: reader.environment("GITHUB_GRAPHQL_URL", parseUrl, graphqlOf(api)),
    serverUrl: reader.environment("GITHUB_SERVER_URL", parseFolder, server),
  };
}

// What a runner leaves empty (Gitea's has no GraphQL) is looked for beside what it tells: the token of one server is none of
// github.com's business. Layouts: GitHub's docs, "Quickstart for GitHub REST API" of GitHub Enterprise Server and of ghe.com.
const GITHUBS = /^(?:github\.com|[^.]+\.ghe\.com)$/;

function serverOf(api: string | undefined): string {
  const url = URL.parse(api ?? "");
  if (url === null) return "https://github.com";
  const host = url.host.replace(/^api\./, "");
  return GITHUBS.test(host) ? `${url.protocol}//${host}` : url.href.replace(/\/api\/v3\/?$/, "");
}

function apiOf(server: string): string {
  const url = URL.parse(server);
  if (url === null || GITHUBS.test(url.host)) return `https://api.${url?.host ?? "github.com"}`;
  return `${withoutSlash(url.href)}/api/v3`;
}

function graphqlOf(api: string): string {
  const known = URL.canParse(api) ? withoutSlash(api) : "https://api.github.com";
  return `${known.replace(/\/api\/v3$/, "/api")}/graphql`;
}

function withoutSlash(url: string): string {
  return url.endsWith("/") ? url.slice(0, -1) : url;
}

/** A URL that paths are looked up below: without a slash at its end its last segment would be lost. */
function parseFolder(text: string): Parsed<URL> {
  return parseUrl(text.endsWith("/") ? text : `${text}/`);
}

function parseRepository(text: string): Parsed<string> {
  const isRepository = /^[A-Za-z0-9_][A-Za-z0-9_-]*\/(?!\.{1,2}$)[A-Za-z0-9._-]+$/.test(text) && !/\.git$/i.test(text);
  return isRepository ? { value: text } : { takes: "`OWNER/NAME`" };
}

/** The registry's credential; null: none is given, or a bad one, which is noted. */
export function readCredential(
  reader: InputReader,
  registry: RegistryAddress,
  githubToken: string | null,
): Credential | null {
  const username = reader.text("username");
  const token = reader.text("token");
  // A colon ends the user's name (RFC 7617, section 2).
  if (/[:\p{Cc}]/u.test(username))
    reader.bad("username", "got a value with a colon or a line break; it takes one name");
  // What is a password may hold blanks.
  const isBad = registry.provider === "distribution" ? /\p{Cc}/u.test(token) : token !== "" && !isOneWord(token);
  if (isBad) reader.bad("token", "got a value with line breaks, blanks or the like; it takes one token");
  switch (registry.provider) {
    case "digitalocean":
      if (token === "") return reader.bad("token", "is required, and empty; it takes a DigitalOcean API token");
      return { username: token, secret: token };
    case "ghcr":
      return { username: username || "x-access-token", secret: token || (githubToken ?? "") };
    case "distribution":
      if (username !== "" && token === "") return reader.bad("token", "is required where `username` is given");
      return token === "" ? null : { username, secret: token };
  }
}

/** Whether it can be sent as it is in an `Authorization: Bearer` header. */
function isOneWord(token: string): boolean {
  return /^[\x21-\x7e]+$/.test(token);
}
