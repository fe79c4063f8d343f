import type { Clock } from "../clock.ts";
import { Fault } from "../fault.ts";
import type { HostPolicy, HttpClient } from "../http/http.ts";
import type { Log } from "../log.ts";
import type { Credential, Settings } from "../settings.ts";
import { openDigitalOcean } from "./digitalocean/registry.ts";
import type { Holdings } from "./distribution/gc-command.ts";
import { openDistribution } from "./distribution/registry.ts";
import { ratePolicy } from "./ghcr/limits.ts";
import { openGhcr } from "./ghcr/registry.ts";
import { readDockerLogin } from "./oci/auth/docker-config.ts";
import { createOciClient } from "./oci/client.ts";
import type { GarbageCollection, Registry } from "./registry.ts";

interface Tools {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** The right adapter for the input `registry`. Nothing is requested yet. */
export function openRegistry(settings: Settings, tools: Tools): Registry {
  const { provider } = settings.registry;
  switch (provider) {
    case "digitalocean":
      return digitalOcean(settings, tools);
    case "ghcr":
      return ghcr(settings, tools);
    case "distribution":
      return distribution(settings, tools);
  }
}

/** What is known beforehand of the hosts that a run talks to. */
export function policyFor(settings: Settings): (host: string) => HostPolicy {
  switch (settings.registry.provider) {
    case "digitalocean":
      // For each token (DigitalOcean's API documentation, "Rate Limit").
      return (host) => (host === settings.apiUrl.host ? { perMinute: 250, perHour: 5000 } : {});
    case "ghcr":
      return ratePolicy(settings);
    case "distribution":
      return () => ({});
  }
}

function digitalOcean(settings: Settings, tools: Tools): Registry {
  const { registry, apiUrl, gcType, gcTimeoutMs } = settings;
  const credential = required(settings.credential);
  const manifests = createOciClient({
    ...tools,
    origin: registry.origin,
    // The API token is both user and password at the OCI endpoint (DigitalOcean's docs; docker/login-action#895).
    credential: { username: credential.secret, secret: credential.secret },
    mayReceiveCredential: (realm) => realm.host === apiUrl.host,
    remedy: "Check the input `token`: it needs the scope registry:read.",
  });
  return openDigitalOcean({ ...tools, address: registry, credential, apiUrl, gcType, gcTimeoutMs, manifests });
}

function ghcr(settings: Settings, tools: Tools): Registry {
  const { registry, github } = settings;
  const credential = required(settings.credential);
  const manifests = createOciClient({
    ...tools,
    origin: registry.origin,
    credential,
    mayReceiveCredential: (realm) => realm.host === registry.origin.host,
    remedy: "Give the job `permissions: packages: write`, or a classic token with read:packages.",
  });
  return openGhcr({ ...tools, address: registry, credential, apiUrl: github.apiUrl, manifests });
}

function distribution(settings: Settings, tools: Tools): Registry {
  const { registry, runGc, gcCommand, gcTimeoutMs } = settings;
  const login = distributionLogin(settings, tools.log);
  const oci = createOciClient({
    ...tools,
    origin: registry.origin,
    ...login,
    // A registry's token server is often another host: it is named in the log, and reached over TLS.
    mayReceiveCredential: () => true,
    remedy: "Check the inputs `username` and `token`, or the login: they must be allowed to pull and delete.",
  });
  const [program, ...args] = gcCommand;
  const collectGarbage =
    program === undefined
      ? null
      : async (holdings: Holdings): Promise<GarbageCollection> => {
          // Starting a process is what most runs never need.
          const { collectByCommand } = await import("./distribution/gc-command.ts");
          const options = { ...tools, words: [program, ...args] as const, timeoutMs: gcTimeoutMs };
          return collectByCommand({ ...options, environment: process.env }, holdings);
        };
  const tellsBytes = collectGarbage !== null && runGc !== "false" && gcTimeoutMs > 0;
  return openDistribution({ ...tools, address: registry, oci, collectGarbage, sizes: tellsBytes ? "told" : "untold" });
}

/** The inputs' credential, else what `docker login` left. */
function distributionLogin(
  { registry, credential, dockerConfigPath }: Settings,
  log: Log,
): { readonly credential: Credential | null; readonly identityToken?: string } {
  const login = credential === null ? readDockerLogin(dockerConfigPath, registry.origin) : null;
  if (login === null) return { credential };
  log.info(`${registry.name}: the login of ${dockerConfigPath} is used`);
  if (login.kind === "identity-token") {
    log.mask(login.token);
    return { credential: null, identityToken: login.token };
  }
  const { username, secret } = login.credential;
  log.mask(secret);
  log.mask(Buffer.from(`${username}:${secret}`).toString("base64"));
  return { credential: login.credential };
}

function required(credential: Credential | null): Credential {
  if (credential === null) throw new Fault("input", "`token` is missing", "Give the registry's token.");
  return credential;
}
