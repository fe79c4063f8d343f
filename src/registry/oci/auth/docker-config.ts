import { readFileSync } from "node:fs";
import * as v from "valibot";
import { Fault } from "../../../fault.ts";
import type { Credential } from "../../../settings.ts";

/** A login as Docker stores it: a password, or a refresh token for a token server. */
export type DockerLogin =
  | { readonly credential: Credential; readonly identityToken?: never }
  | { readonly credential: null; readonly identityToken: string };

const Entry = v.object({
  auth: v.nullish(v.string()),
  username: v.nullish(v.string()),
  password: v.nullish(v.string()),
  identitytoken: v.nullish(v.string()),
});
const Config = v.object({
  auths: v.nullish(v.record(v.string(), v.nullish(Entry))),
  credHelpers: v.nullish(v.record(v.string(), v.string())),
  credsStore: v.nullish(v.string()),
});

/**
 * Reads the login of `docker login` or docker/login-action for a registry; null if there is none. Throws Fault `input` if
 * the file is invalid, or if a credential helper stores the login.
 *
 * @param path of Docker's `config.json`; the file need not exist
 */
export function readDockerLogin(path: string, origin: URL): DockerLogin | null {
  const config = readConfig(path);
  if (config === null) return null;
  const helper = findByHost(config.credHelpers ?? {}, origin);
  if (helper) throw storedByHelper(path, origin, helper);
  const entry = findByHost(config.auths ?? {}, origin);
  if (!entry) return null;
  const login = parseEntry(entry, path, origin);
  // Docker writes an empty entry if its credential store has the login.
  if (login === null && config.credsStore) throw storedByHelper(path, origin, config.credsStore);
  return login;
}

function readConfig(path: string): v.InferOutput<typeof Config> | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && ["ENOENT", "ENOTDIR"].includes(String(error.code))) return null;
    throw invalid(path, "cannot be read", error);
  }
  let json: unknown;
  try {
    // Docker accepts an empty file.
    json = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    // The error of JSON.parse quotes the text, which may contain a password.
    throw invalid(path, "is not JSON");
  }
  const parsed = v.safeParse(Config, json);
  if (!parsed.success) throw invalid(path, "does not have the structure of a Docker configuration");
  return parsed.output;
}

/** Names of Docker Hub: `docker login` writes the second, the registry's host is the third. */
const DOCKER_HUB: readonly string[] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/** Returns the value whose key is the registry's host, or else one of the forms that Docker has written for it. */
function findByHost<T>(byKey: Readonly<Record<string, T>>, origin: URL): T | undefined {
  const entries = Object.entries(byKey);
  const names = DOCKER_HUB.includes(origin.host) ? DOCKER_HUB : [origin.host];
  const other = entries.find(([key]) => names.includes(hostOf(key, origin) ?? ""));
  return (entries.find(([key]) => key === origin.host) ?? other)?.[1];
}

/** `host`, `host:443` and `https://host/v1/` are the same registry. `URL` removes the scheme's default port. */
function hostOf(key: string, { protocol }: URL): string | undefined {
  const bare = key.replace(/^https?:\/\//i, "").replace(/\/.*$/, "");
  return URL.parse(`${protocol}//${bare}`)?.host;
}

function parseEntry(entry: v.InferOutput<typeof Entry>, path: string, origin: URL): DockerLogin | null {
  if (entry.identitytoken) return { credential: null, identityToken: entry.identitytoken };
  if (entry.auth) {
    const text = Buffer.from(entry.auth, "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon < 1) throw invalid(path, `has an \`auth\` for ${origin.host} that is not the base64 of USER:PASSWORD`);
    // Docker sometimes pads it with zero bytes, and removes them when it reads the file.
    const secret = text.slice(colon + 1).replace(/\0+$/, "");
    return { credential: { username: text.slice(0, colon), secret } };
  }
  if (!entry.username || !entry.password) return null;
  return { credential: { username: entry.username, secret: entry.password } };
}

function storedByHelper(path: string, origin: URL, helper: string): Fault {
  return new Fault(
    "input",
    `docker-credential-${helper} stores the login for ${origin.host} (${path}), and Refsweep runs no credential helpers`,
    "Set `username` and `token`, or use docker/login-action on a runner without that helper.",
  );
}

function invalid(path: string, problem: string, cause?: unknown): Fault {
  return new Fault("input", `${path} ${problem}`, "Run `docker login` again, or set `username` and `token`.", {
    cause,
  });
}
