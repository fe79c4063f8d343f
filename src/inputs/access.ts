import type { Credential, RegistryAddress, Settings } from "../settings.ts";
import type { InputReader } from "./reader.ts";
import { type Parsed, parseUrl } from "./values.ts";

/** Settings of which a part may be bad: null, and noted by the reader. */
export type Unchecked<T> = { readonly [Key in keyof T]: Key extends "github" ? Unchecked<T[Key]> : T[Key] | null };

/** Where GitHub is, and what it is read with. */
export function readGitHub(reader: InputReader, environment: NodeJS.ProcessEnv): Unchecked<Settings["github"]> {
  const token = reader.text("github-token");
  if (token === "") reader.bad("github-token", "is required, and empty; leave it out for the token of the job");
  else if (!isOneWord(token)) reader.bad("github-token", "got a value with blanks or the like; it takes one token");
  return {
    token,
    repository: reader.read("git-repository", (text) =>
      parseRepository(text || environment["GITHUB_REPOSITORY"] || ""),
    ),
    apiUrl: reader.environment("GITHUB_API_URL", parseUrl, "https://api.github.com"),
    graphqlUrl: reader.environment("GITHUB_GRAPHQL_URL", parseUrl, "https://api.github.com/graphql"),
    serverUrl: reader.environment("GITHUB_SERVER_URL", parseUrl, "https://github.com"),
  };
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
