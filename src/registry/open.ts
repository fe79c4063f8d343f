import type { Clock } from "../clock.ts";
import { Fault } from "../fault.ts";
import type { HostPolicy, HttpClient } from "../http/http.ts";
import type { Log } from "../report/log.ts";
import type { Credential, Settings } from "../settings.ts";
import { openDigitalOcean } from "./digitalocean.ts";
import { createOciClient } from "./oci.ts";
import type { Registry } from "./registry.ts";

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
    default:
      throw new Fault("input", `provider: ${provider} is not supported yet`, "It takes digitalocean.");
  }
}

/** What is known beforehand of the hosts that a run talks to. */
export function policyFor(settings: Settings): (host: string) => HostPolicy {
  const isDigitalOcean = settings.registry.provider === "digitalocean";
  // 250 requests a minute and 5,000 an hour for each token (DigitalOcean's API documentation, "Rate Limit").
  return (host) => (isDigitalOcean && host === settings.apiUrl.host ? { perMinute: 250, perHour: 5000 } : {});
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

function required(credential: Credential | null): Credential {
  if (credential === null) throw new Fault("input", "`token` is missing", "Give the registry's API token.");
  return credential;
}
