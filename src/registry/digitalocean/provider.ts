import type { Provider } from "../provider.ts";
import { invalidToken } from "../token.ts";
import { capabilities } from "./capabilities.ts";

/** DigitalOcean's container registry. */
export const digitalOcean: Provider = {
  name: "digitalocean",
  hasHost: (host) => host === "registry.digitalocean.com",
  address: {
    form: "registry.digitalocean.com/NAME",
    // OpenAPI document, registry_base.yml.
    invalidPath: (path) => (/^[a-z0-9-]{1,63}$/.test(path) ? null : "must name one registry after the host"),
  },
  credential: ({ token }) => {
    if (token === "") return { input: "token", problem: "is required: set it to a DigitalOcean API token" };
    return invalidToken(token) ?? { username: token, secret: token };
  },
  apiUrl: "https://api.digitalocean.com",
  inputs: ["protect-apps", "gc-type", "api-url"],
  capabilities,
  restoreWindow: null,
  // The control panel's page of the registry lists its repositories.
  repositoryUrl: ({ registry }) => `https://cloud.digitalocean.com/registry/${registry.path}`,
  // Per token (API documentation, "Rate Limit").
  ratePolicy: (settings) => (host) => (host === settings.apiUrl.host ? { perMinute: 250, perHour: 5_000 } : {}),
  async open(settings, services) {
    const { openDigitalOcean } = await import("./registry.ts");
    return openDigitalOcean(settings, services);
  },
};
