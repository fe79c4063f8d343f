/** One link of a `Link` header (RFC 8288, 3). */
export interface Link {
  readonly target: string;
  /** In lower case; a link may have several. */
  readonly relations: readonly string[];
}

const TARGET = /[\s,]*<([^>]*)>/y;
const PARAMETER = /\s*;\s*([^\s=;,"<>]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/y;
/** A link ends with a comma, or with the header; a lone `;` before it is overlooked. */
const END = /[\s;]*(?:,|$)/y;

/** The links of a header; null: it cannot be read whole, and may hold any link. */
export function parseLinks(header: string): readonly Link[] | null {
  const links: Link[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  while (header.slice(at).trim() !== "") {
    const target = take(TARGET)?.[1];
    if (target === undefined) return null;
    let relations: readonly string[] | null = null;
    for (let found = take(PARAMETER); found !== null; found = take(PARAMETER)) {
      const [, name = "", quoted, plain = ""] = found;
      // The first `rel` counts, later ones do not (RFC 8288, 3.3).
      if (name.toLowerCase() === "rel") relations ??= wordsOf(quoted?.replaceAll(/\\(.)/g, "$1") ?? plain);
    }
    if (take(END) === null) return null;
    links.push({ target, relations: relations ?? [] });
  }
  return links;
}

function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
}
