import type { Settings } from "../settings.ts";
import type { InputReader } from "./input-reader.ts";
import { type Parsed, parseUrl } from "./parse.ts";

/** Settings in which an invalid value is null. The reader has recorded its error. */
export type Unchecked<T> = { readonly [Key in keyof T]: Key extends "github" ? Unchecked<T[Key]> : T[Key] | null };

/** Reads the Git repository, the GitHub token, and the addresses of the GitHub server. */
export function readGitHub(reader: InputReader, environment: NodeJS.ProcessEnv): Unchecked<Settings["github"]> {
  const token = reader.text("github-token");
  if (token === "") reader.reject("github-token", "is required, but empty", "Remove it to use the job's token");
  else if (!/^[\x21-\x7e]+$/.test(token)) reader.reject("github-token", "contains a character that no token has");
  const server = environment["GITHUB_SERVER_URL"] || serverOf(environment["GITHUB_API_URL"]);
  const api = environment["GITHUB_API_URL"] || apiOf(server);
  return {
    token,
    repository: reader.read("git-repository", (text) =>
      parseRepository(text || environment["GITHUB_REPOSITORY"] || ""),
    ),
    apiUrl: reader.readVariable("GITHUB_API_URL", parseUrl, api),
    graphqlUrl: reader.readVariable("GITHUB_GRAPHQL_URL", parseUrl, graphqlOf(api)),
    // Without the slash, a relative URL would replace the last segment.
    serverUrl: reader.readVariable("GITHUB_SERVER_URL", (text) => parseUrl(text.replace(/\/?$/, "/")), server),
  };
}

// A runner can leave addresses empty (Gitea's has no GraphQL). They are derived from those it sets, so that a token is only
// sent to its own server. Layouts: GitHub's docs, "Quickstart for GitHub REST API" of GitHub Enterprise Server and ghe.com.
const GITHUB_HOST = /^(?:github\.com|[^.]+\.ghe\.com)$/;

function serverOf(api: string | undefined): string {
  const url = URL.parse(api ?? "");
  if (url === null) return "https://github.com";
  const host = url.host.replace(/^api\./, "");
  return GITHUB_HOST.test(host) ? `${url.protocol}//${host}` : url.href.replace(/\/api\/v3\/?$/, "");
}

function apiOf(server: string): string {
  const url = URL.parse(server);
  if (url === null || GITHUB_HOST.test(url.host)) return `https://api.${url?.host ?? "github.com"}`;
  return `${url.href.replace(/\/$/, "")}/api/v3`;
}

function graphqlOf(api: string): string {
  const base = URL.canParse(api) ? api : "https://api.github.com";
  return `${base.replace(/\/$/, "").replace(/\/api\/v3$/, "/api")}/graphql`;
}

function parseRepository(text: string): Parsed<string> {
  const isRepository = /^[A-Za-z0-9_][A-Za-z0-9_-]*\/(?!\.{1,2}$)[A-Za-z0-9._-]+$/.test(text) && !/\.git$/i.test(text);
  return isRepository ? { value: text } : { fix: "Use `OWNER/NAME`" };
}
