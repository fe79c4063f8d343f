/** Query parameters that are useful in a log and cannot hold a secret. */
const PUBLIC_PARAMETERS = new Set([
  "page",
  "per_page",
  "page_size",
  "n",
  "last",
  "scope",
  "service",
  "state",
  "sort",
  "direction",
  "base",
  "head",
]);

/** Returns a URL without user, password, fragment, and the values of query parameters that may be secret. */
export function redactUrl(url: URL): string {
  const query = new URLSearchParams(url.search);
  for (const name of [...query.keys()]) if (!PUBLIC_PARAMETERS.has(name)) query.set(name, "***");
  return `${url.origin}${url.pathname}${query.size === 0 ? "" : `?${query}`}`;
}

/** Returns the secrets in an `Authorization` header, which a server may repeat in its response. */
export function secretsOf(authorization: string | undefined): readonly string[] {
  if (authorization === undefined) return [];
  const credential = authorization.replace(/^\S+\s+/, "");
  const decoded = /^basic /i.test(authorization) ? Buffer.from(credential, "base64").toString("utf8") : "";
  const password = decoded.slice(decoded.indexOf(":") + 1);
  // Shorter values are not secret, and replacing them would make texts unreadable.
  return [credential, password].filter((secret) => secret.length >= 4);
}

/**
 * Returns untrusted text for an error: on one line, without `secrets`, cut to `maxLength` characters. A word at the cut is
 * dropped, because it may be a part of a secret.
 */
export function excerpt(text: string, secrets: readonly string[], maxLength = 300): string {
  let shown = text;
  for (const secret of secrets) shown = shown.replaceAll(secret, "***");
  shown = shown.replace(/\s+/g, " ").trim();
  return shown.length > maxLength ? `${shown.slice(0, maxLength - 1).replace(/[\w+/=.~-]+$/, "")}…` : shown;
}
