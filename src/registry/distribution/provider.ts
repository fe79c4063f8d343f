import { isOciName } from "../oci/reference.ts";
import type { Provider } from "../provider.ts";
import { capabilities } from "./capabilities.ts";

/** Any registry that implements the OCI distribution-spec. */
export const distribution: Provider = {
  name: "distribution",
  hasHost: () => false,
  address: {
    form: "HOST[:PORT][/PREFIX]",
    invalidPath: (path) =>
      path === "" || isOciName(path) ? null : "has a prefix that is not a repository name in lower case",
  },
  credential({ username, token }) {
    if (/\p{Cc}/u.test(token)) return { input: "token", problem: "contains a line break or another control character" };
    if (token !== "") return { username, secret: token };
    return username === "" ? null : { input: "token", problem: "is required with `username`" };
  },
  apiUrl: null,
  inputs: ["gc-command"],
  capabilities,
  restoreWindow: null,
  repositoryUrl: () => null,
  ratePolicy: () => () => ({}),
  async open(settings, services) {
    const { openDistribution } = await import("./registry.ts");
    return openDistribution(settings, services);
  },
};
