import { HeaderReader } from "./header-reader.ts";

/** One link of a `Link` header (RFC 8288, section 3). */
export interface Link {
  readonly target: string;
  /** In lower case; a link can have several. */
  readonly relations: readonly string[];
}

const TARGET = /[\s,]*<([^>]*)>/y;
const PARAMETER = /\s*;\s*([^\s=;,"<>]+)/y;
const EQUALS = /\s*=\s*/y;
const PLAIN_VALUE = /[^\s;,"]*/y;
/** A link ends with a comma or with the header. Some servers add a `;` before it. */
const END = /[\s;]*(?:,|$)/y;

/**
 * Returns the links of a header; null if it cannot be parsed completely. The npm packages for this return the links up to
 * the first error, which would end a list too early.
 */
export function parseLinks(header: string): readonly Link[] | null {
  const reader = new HeaderReader(header);
  const links: Link[] = [];
  while (reader.read(/\s*$/y) === null) {
    const target = reader.read(TARGET);
    if (target === null) return null;
    let relations: readonly string[] | null = null;
    for (let name = reader.read(PARAMETER); name !== null; name = reader.read(PARAMETER)) {
      const value = reader.read(EQUALS) === null ? null : reader.readValue(PLAIN_VALUE);
      // Only the first `rel` counts (RFC 8288, section 3.3).
      if (name.toLowerCase() === "rel") relations ??= (value ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    }
    if (reader.read(END) === null) return null;
    links.push({ target, relations: relations ?? [] });
  }
  return links;
}
