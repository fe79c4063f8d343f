import type { Provider, RegistryAddress } from "../settings.ts";
import type { Parsed } from "./parse.ts";

const HOST = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
/** A path component of a repository's name (OCI distribution-spec, "Pulling manifests"). */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const FORMS = "`registry.digitalocean.com/NAME`, `ghcr.io/OWNER` or `HOST[:PORT][/PREFIX]`";

/**
 * Takes the input `registry` apart.
 * Without a scheme: http for loopback hosts, else https. The provider is that of the host, unless it is given.
 */
export function parseRegistry(text: string, provider: Provider | "auto"): Parsed<RegistryAddress> {
  const [, scheme, rest = ""] = /^(?:(https?):\/\/)?(.*)$/i.exec(text) ?? [];
  if (/[@?#\\\s%]/.test(rest)) return { takes: `${FORMS}, without user, password, query or blanks` };
  const [given = "", ...segments] = rest.replace(/(?<!\/)\/$/, "").split("/");
  const authority = given.toLowerCase();
  const host = hostOf(authority);
  const noHost = { takes: `${FORMS}, and ${JSON.stringify(given)} is no host` };
  // A name alone, such as DigitalOcean's of a registry, is no host to Docker either (distribution/reference, "domain").
  if (host === null || (scheme === undefined && !/[.:]/.test(authority) && authority !== "localhost")) return noHost;
  const protocol = scheme?.toLowerCase() ?? (isLoopback(host) ? "http" : "https");
  const origin = URL.parse(`${protocol}://${authority}`);
  if (origin === null) return noHost;
  const owner = providerOf(host);
  const is = provider === "auto" ? owner : provider;
  // Its credential would go to the other's host.
  if (is !== "distribution" && owner !== "distribution" && owner !== is) {
    return { takes: `a registry of \`provider: ${is}\`, and ${host} is one of \`provider: ${owner}\`` };
  }
  const path = segments.join("/");
  const wrong = wrongPath(is, path);
  if (wrong !== null) return { takes: wrong };
  return { value: { provider: is, origin, path, name: path === "" ? authority : `${authority}/${path}` } };
}

/** The host of `HOST[:PORT]`; null: it is none, or one that a URL would take for another, such as `0x7f.1`. */
function hostOf(authority: string): string | null {
  const [, host = "", port] = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return null;
  const read = URL.parse(`http://${host}`)?.hostname ?? null;
  if (host.startsWith("[")) return read;
  return host.length <= 253 && HOST.test(host) && read === host ? host : null;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || /^127\.\d+\.\d+\.\d+$/.test(host) || host === "[::1]";
}

function providerOf(host: string): Provider {
  if (host === "registry.digitalocean.com") return "digitalocean";
  return host === "ghcr.io" ? "ghcr" : "distribution";
}

/** What the provider takes as the path, where this is not it; null: it is. */
function wrongPath(provider: Provider, path: string): string | null {
  switch (provider) {
    case "digitalocean":
      // Names of registries: OpenAPI document, registry_base.yml.
      return /^[a-z0-9-]{1,63}$/.test(path)
        ? null
        : "`registry.digitalocean.com/NAME`, the name of one registry after the host";
    case "ghcr":
      return /^[a-z0-9][a-z0-9_-]{0,99}$/i.test(path)
        ? null
        : "`ghcr.io/OWNER`, one user or organisation after the host";
    case "distribution":
      return path === "" || path.split("/").every((part) => COMPONENT.test(part))
        ? null
        : "`HOST[:PORT][/PREFIX]`, the prefix in lower case, as in a repository's name";
  }
}
