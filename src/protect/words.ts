import { Fault } from "../fault.ts";
import { composedTags, Fitting } from "./variables.ts";

const LONGEST_WORD = 255;
/** Some 500 MB of memory; a cluster of 100,000 pods has fewer. */
const MOST_WORDS = 4_000_000;
const ESCAPED = "\\\\(?:[nrt]|u[0-9a-f]{4})";
/** The end of a variable, and what is left of a host behind it: `}`, `}:5000/`, `}.example.com/`, `$host:5000/`. */
const VARIABLE_HOST = "(?:(?:[)}\\]%]|%>)[\\w.-]{0,255}|\\$\\w{1,200}(?:\\.[\\w.-]{0,255})?|[\"'])(?::\\d{1,5})?/";
// A word takes all that it can, and what stands before it is bounded: the time stays linear.
const WORDS = new RegExp(`(?:${ESCAPED}|${VARIABLE_HOST})?(\\w[\\w./-]*)`, "g");
/** A tag behind a name that ends in a variable: `${IMAGE}:v1`, `$IMAGE:v1`, `{{ .name }}-web:v1`; no port of a host. */
const TAGS_OF_VARIABLES = /(?:[)}\]%>]|\$\w{1,200}(?!\w))["']?(?:[\w.-][\w./-]{0,254})?:(\w[\w.-]{0,127})(?![\w./-])/g;

/**
 * What a text says of images in words that stand apart, in lower case. Templates, variables and tables give a repository and
 * its tag in ways without number; what they have in common is that both stand somewhere in the text.
 */
export class Words {
  readonly #prefix: string;
  readonly #words = new Set<string>();
  readonly #repositories = new Set<string>();
  readonly #tagsOfAny = new Set<string>();
  readonly #fitting = new Fitting();
  readonly #fittingAny = new Fitting();

  /** @param prefix what repositories of this registry stand below, in lower case */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /**
   * @param text in lower case
   * @throws Fault `input` where there are too many words to be kept
   */
  read(text: string): void {
    for (const [, word = ""] of text.matchAll(WORDS)) {
      if (word.length > LONGEST_WORD) continue;
      keep(this.#words, word);
    }
  }

  /** Of the whole text: tags of images whose name is a variable's, and tags that a variable is a part of. */
  readVariables(text: string): void {
    for (const [, tag = ""] of text.matchAll(TAGS_OF_VARIABLES)) {
      keep(this.#tagsOfAny, tag);
    }
    for (const { begin, end, repository } of composedTags(text)) {
      const fitting = repository === "any" ? this.#fittingAny : this.#fitting;
      fitting.add(begin, end);
      checkCount(fitting.size);
    }
  }

  /** A repository, relative to the registry's prefix, whose tag stands elsewhere. */
  repository(name: string): void {
    this.#repositories.add(name);
  }

  /** Whether the text may mean this image: in lower case, the repository relative to the registry's prefix. */
  mayName(repository: string, tag: string): boolean {
    if (this.#tagsOfAny.has(tag) || this.#fittingAny.has(tag)) return true;
    const isTag = tag === "latest" || this.#words.has(tag) || this.#fitting.has(tag);
    return isTag && this.#hasRepository(repository);
  }

  /** By its whole name or the end of it: `web` may be `shop/web`, whose first part is a variable. */
  #hasRepository(repository: string): boolean {
    if (this.#repositories.has(repository)) return true;
    let name = this.#prefix === "" ? repository : `${this.#prefix}/${repository}`;
    for (;;) {
      if (this.#words.has(name)) return true;
      const slash = name.indexOf("/");
      if (slash < 0) return false;
      name = name.slice(slash + 1);
    }
  }
}

function keep(words: Set<string>, word: string): void {
  addWord(words, word);
  checkCount(words.size);
}

/** A full stop at the end may end a sentence or be the word's own. */
export function addWord(words: Set<string>, word: string): void {
  words.add(word);
  words.add(withoutEnd(word));
}

function checkCount(words: number): void {
  if (words <= MOST_WORDS) return;
  throw new Fault(
    "input",
    `\`protect-digests\`: its files hold more than ${MOST_WORDS.toLocaleString("en")} different words`,
    "No description of what runs is that long: name only files in which images stand, such as deploy/**/*.yaml.",
  );
}

/** Without punctuation at the end. No regular expression: `[./-]+$` takes quadratic time. */
export function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && "./-".includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
