import type { Log } from "../../log.ts";
import type { Credential, Settings } from "../../settings.ts";
import { readDockerLogin } from "../oci/auth/docker-config.ts";
import { createOciClient } from "../oci/client.ts";
import type { Services } from "../provider.ts";
import type { Registry } from "../registry.ts";
import { type DistributionOptions, DistributionRegistry } from "./registry.ts";

/** Opens the registry of the input `registry`. Sends no request. Throws Fault `input` if the Docker login is invalid. */
export function openDistribution(settings: Settings, services: Services): Registry {
  const { registry } = settings;
  const oci = createOciClient({
    ...services,
    origin: registry.origin,
    ...loginOf(settings, services.log),
    // The token server of a registry is often another host. The OCI client logs its name and requires TLS.
    mayReceiveCredential: () => true,
    remedy: "Check `username` and `token`, or the Docker login: they must permit pull and delete.",
  });
  const runGcCommand = gcCommandRunner(settings, services);
  return new DistributionRegistry({ address: registry, oci, log: services.log, runGcCommand });
}

function gcCommandRunner(
  { gcCommand, gcTimeoutMs }: Settings,
  services: Services,
): DistributionOptions["runGcCommand"] {
  const [program, ...args] = gcCommand;
  if (program === undefined) return null;
  return async (context) => {
    const { collectByCommand } = await import("./gc-command.ts");
    const options = { ...services, command: [program, ...args] as const, timeoutMs: gcTimeoutMs };
    return collectByCommand({ ...options, environment: process.env }, context);
  };
}

/** Returns the credential of the inputs, or else the Docker login. */
function loginOf(
  { registry, credential, dockerConfigPath }: Settings,
  log: Log,
): { readonly credential: Credential | null; readonly identityToken?: string } {
  const login = credential === null ? readDockerLogin(dockerConfigPath, registry.origin) : null;
  if (login === null) return { credential };
  log.info(`Using the Docker login in ${dockerConfigPath} for ${registry.name}`);
  if (login.kind === "identity-token") {
    log.mask(login.token);
    return { credential: null, identityToken: login.token };
  }
  const { username, secret } = login.credential;
  log.mask(secret);
  log.mask(Buffer.from(`${username}:${secret}`).toString("base64"));
  return { credential: login.credential };
}
