import type { Provider } from "../provider.ts";
import { invalidToken } from "../token.ts";
import { capabilities } from "./capabilities.ts";
import { ratePolicy } from "./limits.ts";

/** GitHub's container registry. */
export const ghcr: Provider = {
  name: "ghcr",
  hasHost: (host, githubServerUrl) => host === "ghcr.io" || host === enterpriseHost(githubServerUrl),
  address: {
    form: "ghcr.io/OWNER",
    invalidPath: (path) =>
      /^[a-z0-9][a-z0-9_-]{0,99}$/i.test(path) ? null : "must name one user or organization after the host",
  },
  credential: ({ username, token, githubToken }) =>
    invalidToken(token) ?? { username: username || "x-access-token", secret: token || githubToken },
  // The address of GitHub's API comes from the runner.
  apiUrl: null,
  inputs: [],
  capabilities,
  restoreWindow: {
    days: 30,
    url: "https://docs.github.com/packages/learn-github-packages/deleting-and-restoring-a-package",
  },
  // A package's page is below /orgs or /users, and the address does not show which one.
  repositoryUrl: () => null,
  ratePolicy,
  async open(settings, services) {
    const { openGhcr } = await import("./registry.ts");
    return openGhcr(settings, services);
  },
};

/**
 * Returns the container registry's host of a GitHub server other than github.com: GitHub Enterprise Server with subdomain
 * isolation, or SUBDOMAIN.ghe.com (GitHub's docs, "Working with the Container registry" and "Feature overview for GitHub
 * Enterprise Cloud with data residency").
 */
function enterpriseHost(githubServerUrl: string): string | null {
  const host = URL.parse(githubServerUrl)?.hostname ?? "github.com";
  return host === "github.com" ? null : `containers.${host}`;
}
