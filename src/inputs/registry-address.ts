import { isLoopback } from "../http/loopback.ts";
import type { Provider } from "../registry/provider.ts";
import { GENERIC_PROVIDER, otherRegistryAt, PROVIDERS, providerOfHost } from "../registry/providers.ts";
import type { RegistryAddress } from "../settings.ts";
import type { Invalid, Parsed } from "./parse.ts";

const HOST = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const FORMS = PROVIDERS.map(({ address }) => `\`${address.form}\``);
const FIX = `Use ${FORMS.slice(0, -1).join(", ")} or ${FORMS.at(-1)}`;

/**
 * Parses the input `registry`. Without a scheme it is http for loopback hosts, else https.
 *
 * @param given the input `provider`; null: `auto`, the host decides
 * @param githubServerUrl the value of `GITHUB_SERVER_URL`
 */
export function parseRegistry(text: string, given: Provider | null, githubServerUrl: string): Parsed<RegistryAddress> {
  const [, scheme, rest = ""] = /^(?:(https?):\/\/)?(.*)$/i.exec(text) ?? [];
  if (/[@?#\\\s%]/.test(rest)) return { problem: "it contains a user, a password, a query or a blank", fix: FIX };
  const [first = "", ...segments] = rest.replace(/(?<!\/)\/$/, "").split("/");
  const authority = first.toLowerCase();
  const host = hostOf(authority);
  // Docker takes a name without a dot or port for a part of the path (distribution/reference, "domain").
  const isPath = scheme === undefined && !/[.:]/.test(authority) && authority !== "localhost";
  const protocol = scheme?.toLowerCase() ?? (host !== null && isLoopback(host) ? "http" : "https");
  const origin = URL.parse(`${protocol}://${authority}`);
  if (host === null || isPath || origin === null) return { problem: "it does not start with a valid host", fix: FIX };
  const provider = chooseProvider(given, providerOfHost(host, githubServerUrl), host);
  if ("fix" in provider) return provider;
  const path = segments.join("/");
  const problem = provider.address.invalidPath(path);
  if (problem !== null) {
    const selecting = segments.length > 1 ? ", and name the repositories in `repository-pattern`" : "";
    return { problem: `it ${problem}`, fix: `Use \`${provider.address.form}\`${selecting}` };
  }
  return { value: { provider: provider.name, origin, path, name: path === "" ? authority : `${authority}/${path}` } };
}

/** A provider's credential must not be sent to a host of another provider. The generic provider takes any host. */
function chooseProvider(given: Provider | null, ofHost: Provider, host: string): Provider | Invalid {
  const other = given === null && ofHost === GENERIC_PROVIDER ? otherRegistryAt(host) : undefined;
  if (other !== undefined) {
    const fix = other.deletesByOci
      ? "Set `provider: distribution` to use its OCI API, which lists only tags, and list the repositories in `repository-pattern` without wildcards"
      : "Use a supported registry, because its OCI API alone cannot delete these images";
    return { problem: `it is ${other.name}, for which Refsweep has no provider yet`, fix };
  }
  if (given === null || given === ofHost || given === GENERIC_PROVIDER) return given ?? ofHost;
  if (ofHost === GENERIC_PROVIDER) return given;
  return { problem: `its host belongs to \`provider: ${ofHost.name}\``, fix: `Remove \`provider: ${given.name}\`` };
}

/** Returns the host of `HOST[:PORT]`. Null: it is not one, or a URL would change it, such as `0x7f.1`. */
function hostOf(authority: string): string | null {
  const [, host = "", port] = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return null;
  const parsed = URL.parse(`http://${host}`)?.hostname ?? null;
  if (host.startsWith("[")) return parsed;
  return host.length <= 253 && HOST.test(host) && parsed === host ? host : null;
}
