/** One link of a `Link` header (RFC 8288, section 3). */
export interface Link {
  readonly target: string;
  /** In lower case; a link can have several. */
  readonly relations: readonly string[];
}

const TARGET = /[\s,]*<([^>]*)>/y;
const PARAMETER = /\s*;\s*([^\s=;,"<>]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/y;
/** A link ends with a comma or with the header. Some servers add a `;` before it. */
const END = /[\s;]*(?:,|$)/y;

/**
 * Returns the links of a header; null if it cannot be parsed completely. The npm packages for this return the links up to
 * the first error, which would end a list too early.
 */
export function parseLinks(header: string): readonly Link[] | null {
  const links: Link[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  while (header.slice(at).trim() !== "") {
    const target = match(TARGET)?.[1];
    if (target === undefined) return null;
    let relations: readonly string[] | null = null;
    for (let parameter = match(PARAMETER); parameter !== null; parameter = match(PARAMETER)) {
      const [, name = "", quoted, plain = ""] = parameter;
      // Only the first `rel` counts (RFC 8288, section 3.3).
      if (name.toLowerCase() === "rel") relations ??= splitRelations(quoted?.replaceAll(/\\(.)/g, "$1") ?? plain);
    }
    if (match(END) === null) return null;
    links.push({ target, relations: relations ?? [] });
  }
  return links;
}

function splitRelations(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((relation) => relation !== "");
}
