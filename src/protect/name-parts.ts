import { invalidFiles } from "./fault.ts";
import { TAG_TEMPLATES, TemplateSet } from "./tag-templates.ts";

const MAX_PART_LENGTH = 255;
/** About 500 MB of memory. A cluster of 100,000 pods has fewer. */
const MAX_PARTS = 4_000_000;
const ESCAPE = "\\\\(?:[nrt]|u[0-9a-f]{4})";
/** The end of a variable and the rest of a host after it: `}`, `}:5000/`, `}.example.com/`, `$host:5000/`. */
const VARIABLE_HOST = "(?:(?:[)}\\]%]|%>)[\\w.-]{0,255}|\\$\\w{1,200}(?:\\.[\\w.-]{0,255})?|[\"'])(?::\\d{1,5})?/";
// Time is linear: a part takes all characters that it can, and the text before it is bounded.
const PARTS = new RegExp(`(?:${ESCAPE}|${VARIABLE_HOST})?(\\w[\\w./-]*)`, "g");
/** The tag after a name that ends in a variable: `${IMAGE}:v1`, `$IMAGE:v1`, `{{ .name }}-web:v1`. A port is not a tag. */
const TAGS_OF_VARIABLES = /(?:[)}\]%>]|\$\w{1,200}(?!\w))["']?(?:[\w.-][\w./-]{0,254})?:(\w[\w.-]{0,127})(?![\w./-])/g;

/**
 * The parts of image names in a text, in lower case. Templates, variables and tables separate a repository from its tag in
 * countless ways. What they share is that both are somewhere in the text.
 */
export class NameParts {
  readonly #prefix: string;
  readonly #parts = new Set<string>();
  readonly #repositories = new Set<string>();
  readonly #tagsOfAnyRepository = new Set<string>();
  readonly #templates = new TemplateSet();
  readonly #templatesOfAnyRepository = new TemplateSet();

  /** @param prefix the path of the registry, in lower case */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Adds the repositories and tags that `text`, in lower case, may contain. Throws Fault `input` if there are too many. */
  addParts(text: string): void {
    for (const [, part = ""] of text.matchAll(PARTS)) {
      if (part.length <= MAX_PART_LENGTH) addChecked(this.#parts, part);
    }
  }

  /** Adds the tags of images whose name is a variable, and the tags that contain a variable. Throws as `addParts`. */
  addTagsWithVariables(text: string): void {
    for (const [, tag = ""] of text.matchAll(TAGS_OF_VARIABLES)) addChecked(this.#tagsOfAnyRepository, tag);
    for (const [, afterVariable, prefix = "", suffix = ""] of text.matchAll(TAG_TEMPLATES)) {
      // A variable alone could be any tag.
      if (prefix === "" && suffix === "") continue;
      const templates = afterVariable === undefined ? this.#templates : this.#templatesOfAnyRepository;
      templates.add(prefix, suffix);
      checkCount(templates.size);
    }
  }

  /** Adds a repository whose tag is in another place. The name is relative to the registry's path. */
  addRepository(name: string): void {
    this.#repositories.add(name);
  }

  /** Whether the text may name this image. `repository` is relative to the registry's path; both are in lower case. */
  mayName(repository: string, tag: string): boolean {
    if (this.#tagsOfAnyRepository.has(tag) || this.#templatesOfAnyRepository.matches(tag)) return true;
    const hasTag = tag === "latest" || this.#parts.has(tag) || this.#templates.matches(tag);
    return hasTag && this.#hasRepository(repository);
  }

  /** Also finds the end of a name: `web` may be `shop/web`, if a variable contains `shop`. */
  #hasRepository(repository: string): boolean {
    if (this.#repositories.has(repository)) return true;
    const segments = (this.#prefix === "" ? repository : `${this.#prefix}/${repository}`).split("/");
    return segments.some((_, at) => this.#parts.has(segments.slice(at).join("/")));
  }
}

function addChecked(parts: Set<string>, part: string): void {
  addWithoutPunctuation(parts, part);
  checkCount(parts.size);
}

/** Adds `part` with and without the punctuation at its end, which may end a sentence. */
export function addWithoutPunctuation(parts: Set<string>, part: string): void {
  parts.add(part);
  parts.add(trimPunctuation(part));
}

function checkCount(count: number): void {
  if (count <= MAX_PARTS) return;
  throw invalidFiles(
    `the files contain more than ${MAX_PARTS.toLocaleString("en")} different words`,
    "Name only files that contain image names, such as `deploy/**/*.yaml`.",
  );
}

/** Removes punctuation from the end. A regular expression (`[./-]+$`) would take quadratic time. */
export function trimPunctuation(text: string): string {
  let end = text.length;
  while (end > 0 && "./-".includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
