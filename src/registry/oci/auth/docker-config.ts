import { readFileSync } from "node:fs";
import * as v from "valibot";
import { Fault } from "../../../fault.ts";
import type { Credential } from "../../../settings.ts";

/** What Docker keeps of a login: user and password, or a refresh token that only a token server takes. */
export type DockerLogin =
  | { readonly kind: "password"; readonly credential: Credential }
  | { readonly kind: "identity-token"; readonly token: string };

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
 * The login of `docker login` or docker/login-action for a registry; null: there is none.
 *
 * @param path of Docker's `config.json`, which need not exist
 * @throws Fault `input` where the file cannot be used, or a credential helper keeps the login
 */
export function readDockerLogin(path: string, origin: URL): DockerLogin | null {
  const config = readConfig(path);
  if (config === null) return null;
  const helper = lookUp(config.credHelpers ?? {}, origin);
  if (helper) throw keptByHelper(path, origin, helper);
  const entry = lookUp(config.auths ?? {}, origin);
  if (!entry) return null;
  const login = loginOf(entry, path, origin);
  // Docker leaves an empty entry where its store keeps the login.
  if (login === null && config.credsStore) throw keptByHelper(path, origin, config.credsStore);
  return login;
}

function readConfig(path: string): v.InferOutput<typeof Config> | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && ["ENOENT", "ENOTDIR"].includes(String(error.code))) return null;
    throw unusable(path, "cannot be read", error);
  }
  let json: unknown;
  try {
    // Docker takes an empty file for one without logins.
    json = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    // JSON.parse quotes the text in its error, which may hold a password.
    throw unusable(path, "is no JSON");
  }
  const parsed = v.safeParse(Config, json);
  if (!parsed.success) throw unusable(path, "has another shape than Docker's");
  return parsed.output;
}

/** Docker Hub's names: `docker login` writes the second, and its registry answers at the third. */
const DOCKER_HUB: readonly string[] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/** The value whose key names the registry's host: as it is first, then in any of the forms that Docker has written. */
function lookUp<T>(byKey: Readonly<Record<string, T>>, origin: URL): T | undefined {
  const own = Object.entries(byKey);
  const names = DOCKER_HUB.includes(origin.host) ? DOCKER_HUB : [origin.host];
  const other = own.find(([key]) => names.includes(hostOf(key, origin) ?? ""));
  return (own.find(([key]) => key === origin.host) ?? other)?.[1];
}

/** `host`, `host:443` and `https://host/v1/` are the same registry; ports that are the scheme's own are left out. */
function hostOf(key: string, { protocol }: URL): string | undefined {
  const bare = key.replace(/^https?:\/\//i, "").replace(/\/.*$/, "");
  return URL.parse(`${protocol}//${bare}`)?.host;
}

function loginOf(entry: v.InferOutput<typeof Entry>, path: string, origin: URL): DockerLogin | null {
  if (entry.identitytoken) return { kind: "identity-token", token: entry.identitytoken };
  if (entry.auth) {
    const text = Buffer.from(entry.auth, "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon < 1) throw unusable(path, `holds an \`auth\` for ${origin.host} that is not the base64 of USER:PASSWORD`);
    // Docker pads it with zero bytes at times, and drops them itself when it reads them.
    const secret = text.slice(colon + 1).replace(/\0+$/, "");
    return { kind: "password", credential: { username: text.slice(0, colon), secret } };
  }
  if (!entry.username || !entry.password) return null;
  return { kind: "password", credential: { username: entry.username, secret: entry.password } };
}

function keptByHelper(path: string, origin: URL, helper: string): Fault {
  return new Fault(
    "input",
    `The login for ${origin.host} is kept by docker-credential-${helper} (${path}), which is not asked`,
    "Give `username` and `token`, or log in by docker/login-action on a runner without that helper.",
  );
}

function unusable(path: string, what: string, cause?: unknown): Fault {
  return new Fault("input", `${path} ${what}`, "Mend it with `docker login`, or give `username` and `token`.", {
    cause,
  });
}
