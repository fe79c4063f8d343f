/** Query parameters whose values are worth reading in a log and can hold no secret. */
const HARMLESS = new Set([
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

/** A URL as it may be shown: no user, no password, no fragment, and no value of a query parameter that is not known as harmless. */
export function redactUrl(url: URL): string {
  const query = [...url.searchParams]
    .map(([name, value]) => `${encodeURIComponent(name)}=${HARMLESS.has(name) ? encodeURIComponent(value) : "***"}`)
    .join("&");
  return `${url.origin}${url.pathname}${query === "" ? "" : `?${query}`}`;
}

/** The parts of an `Authorization` header that must not be shown, should a server send them back. */
export function secretsOf(authorization: string | undefined): readonly string[] {
  if (authorization === undefined) return [];
  const credential = authorization.replace(/^\S+\s+/, "");
  const decoded = /^basic /i.test(authorization) ? Buffer.from(credential, "base64").toString("utf8") : "";
  const password = decoded.slice(decoded.indexOf(":") + 1);
  // Shorter ones are no secrets, and would blot out half the text.
  return [credential, password].filter((secret) => secret.length >= 4);
}

/** Text from a server, for an error: one line, without `secrets`, cut to `longest` characters, and not within what may be a secret. */
export function excerpt(text: string, secrets: readonly string[], longest = 300): string {
  let shown = text;
  for (const secret of secrets) shown = shown.replaceAll(secret, "***");
  shown = shown.replace(/\s+/g, " ").trim();
  return shown.length > longest ? `${shown.slice(0, longest - 1).replace(/[\w+/=.~-]+$/, "")}…` : shown;
}
