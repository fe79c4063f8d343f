/** A set of words, each with its meaning, that can be found inside a text. */
export interface Words<Meaning> {
  readonly meanings: ReadonlyMap<string, Meaning>;
  /** The words in the order of their code units. */
  readonly sorted: readonly string[];
}

/** Collects words; of several meanings of one word the first counts. */
export function wordsOf<Meaning>(entries: Iterable<readonly [word: string, meaning: Meaning]>): Words<Meaning> {
  const meanings = new Map<string, Meaning>();
  for (const [word, meaning] of entries) if (!meanings.has(word)) meanings.set(word, meaning);
  return { meanings, sorted: [...meanings.keys()].sort() };
}

/** Lower case of A to Z alone: positions in the text stay what they are, whatever else it holds. */
export function foldCase(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}

/**
 * Where the words end that stand in `text` at `start`, in ascending order. It narrows the range of words that share the
 * characters read so far, so that it costs no more than the longest common beginning.
 */
export function endsAt(words: Words<unknown>, text: string, start: number): number[] {
  const ends: number[] = [];
  let low = 0;
  let high = words.sorted.length;
  for (let at = start; low < high; at += 1) {
    const depth = at - start;
    if (words.sorted[low]?.length === depth) {
      if (depth > 0) ends.push(at);
      low += 1;
    }
    if (at >= text.length) break;
    const code = text.charCodeAt(at);
    low = firstFrom(words.sorted, low, high, depth, code);
    high = firstFrom(words.sorted, low, high, depth, code + 1);
  }
  return ends;
}

/** The first word of `sorted[low..high)` whose character at `depth` is `code` or comes after it; `high`: none. */
function firstFrom(sorted: readonly string[], low: number, high: number, depth: number, code: number): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle]?.charCodeAt(depth) ?? 0) < code) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The meaning of the first word that begins with `prefix`; null: none does. */
export function firstWithPrefix<Meaning>(words: Words<Meaning>, prefix: string): Meaning | null {
  const word = words.sorted[indexFrom(words.sorted, prefix)];
  return word?.startsWith(prefix) ? (words.meanings.get(word) ?? null) : null;
}

/** The index of the first text of `sorted` that is not before `text`. */
export function indexFrom(sorted: readonly string[], text: string): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle] ?? "") < text) from = middle + 1;
    else to = middle;
  }
  return from;
}
