import { digitalOcean } from "./digitalocean/provider.ts";
import { distribution } from "./distribution/provider.ts";
import { ghcr } from "./ghcr/provider.ts";
import type { Provider } from "./provider.ts";

export { otherRegistryAt } from "./other-registries.ts";

/** All providers. */
export const PROVIDERS: readonly Provider[] = [digitalOcean, ghcr, distribution];

/** The provider of the hosts that no other provider has. A user can choose it for any host. */
export const GENERIC_PROVIDER: Provider = distribution;

/** Returns the provider with this name, the value of the input `provider` or `Settings.registry.provider`. */
export function providerFor(name: string): Provider {
  const provider = PROVIDERS.find((candidate) => candidate.name === name);
  if (provider === undefined) throw new TypeError(`There is no provider ${name}`);
  return provider;
}

/**
 * Returns the provider of a registry's host.
 *
 * @param host in lower case, without port
 * @param githubServerUrl the value of `GITHUB_SERVER_URL`
 */
export function providerOfHost(host: string, githubServerUrl: string): Provider {
  return PROVIDERS.find((provider) => provider.hasHost(host, githubServerUrl)) ?? GENERIC_PROVIDER;
}
