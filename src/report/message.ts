/** Lines of one message that are shown; a list of errors can have hundreds. */
const MAX_LINES = 60;

/** Returns the lines of a message, such as an introduction and its list. */
export function linesOf(message: string): readonly string[] {
  const lines = message.split(/\r\n|[\r\n]/);
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES - 1), `- … and ${lines.length - MAX_LINES + 1} more`];
}

/** Returns a message as a complete sentence. A list needs no full stop. */
export function withFullStop(message: string): string {
  return /(?:^|[\r\n])- [^\r\n]*$|[.!?:…]$|^$/.test(message) ? message : `${message}.`;
}
