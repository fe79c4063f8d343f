const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `{`, and `]` and `}`, are the same but for this bit. */
const CURLY = 0x20;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/**
 * Whether JSON nests deeper than `most` levels. `JSON.parse` reads any depth; what walks through its value afterwards
 * (`JSON.stringify` of an error's body, for one) overflows the stack. Bytes that are no JSON may get either answer.
 */
export function nestsDeeper(json: Uint8Array, most: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] ?? 0;
    if (quoted) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if ((byte & ~CURLY) === OPEN) {
      depth += 1;
      if (depth > most) return true;
    } else if ((byte & ~CURLY) === CLOSE) depth -= 1;
  }
  return false;
}
