export const id = 993;
export const ids = [993];
export const modules = {

/***/ 993:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  findImagesInFiles: () => (/* binding */ findImagesInFiles)
});

// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: ./build/fault.js
var fault = __webpack_require__(4900);
;// CONCATENATED MODULE: ./build/protect/fault.js

/** Returns an error of the files of `protect-digests`. */
function invalidFiles(problem, remedy, cause) {
    return new fault/* Fault */.v("input", `\`protect-digests\`: ${problem}`, remedy, { cause });
}

// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: ./build/glob.js
var glob = __webpack_require__(2896);
;// CONCATENATED MODULE: ./build/protect/files.js




const MiB = 1024 * 1024;
/** The files become one string, which Node.js limits to 512 MiB. The kubectl output of a large cluster is far below this. */
const MAX_MIB = 256;
/** The path does not exist, or it is a link to nothing. */
const ABSENT = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);
/**
 * Finds the files of `patterns`: globs relative to `workspace`, of which those that start with `!` exclude. Names that start
 * with a dot match too, and links are followed. Only `.git` folders are skipped.
 *
 * @returns the absolute paths by pattern
 * @throws Fault `input` if a pattern matches no file, or a folder cannot be read
 */
async function findFiles(patterns, workspace) {
    const exclusions = patterns
        .filter((pattern) => pattern.startsWith("!"))
        .map((pattern) => `!${fromWorkspace(pattern.slice(1), workspace)}`);
    const isIncluded = (0,glob/* compileGlobs */.tI)(["**", ...exclusions], "case-sensitive");
    const found = new Map();
    for (const pattern of patterns.filter((each) => !each.startsWith("!"))) {
        const files = (await filesOf(fromWorkspace(pattern, workspace), workspace)).filter(isIncluded);
        if (files.length === 0) {
            throw invalidFiles(`${JSON.stringify(pattern)} matches no file in ${workspace}`, "Check out the repository before this step. For all files of a folder, write `folder/**`; a digest is `sha256:` and 64 hex digits.");
        }
        const paths = files.map((file) => (0,external_node_path_.join)(workspace, file));
        found.set(pattern, paths);
    }
    return found;
}
/** @throws Fault `input` if the files together are too large for one string */
async function checkSize(paths) {
    let bytes = 0;
    let largest = { path: "", size: 0 };
    for (const path of new Set(paths)) {
        const { size } = await orFault(path, () => (0,promises_.stat)(path));
        bytes += size;
        if (size > largest.size)
            largest = { path, size };
    }
    if (bytes <= MAX_MIB * MiB)
        return;
    throw invalidFiles(`the files have ${Math.ceil(bytes / MiB)} MiB in total, more than the limit of ${MAX_MIB} MiB`, `Name only files that contain image names, such as \`deploy/**/*.yaml\`. The largest file is ${largest.path}: exclude it with \`!\` if it contains none.`);
}
/** Returns the text of a file in UTF-8, or in UTF-16 with a byte order mark, as PowerShell's `>` writes it. */
async function readText(path) {
    const bytes = await orFault(path, () => (0,promises_.readFile)(path));
    const [first, second] = bytes;
    const utf16 = first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : null;
    return new TextDecoder(utf16 ?? "utf-8").decode(bytes);
}
/** Returns a pattern or path relative to the workspace, with `/` as its separator. */
function fromWorkspace(pattern, workspace) {
    const path = toSlashes(pattern);
    const isAbsolute = external_node_path_.posix.isAbsolute(path) || /^[A-Za-z]:\//.test(path);
    return external_node_path_.posix.normalize(toSlashes(isAbsolute ? (0,external_node_path_.relative)(workspace, path) : path));
}
function toSlashes(path) {
    return external_node_path_.sep === "/" ? path : path.replaceAll(external_node_path_.sep, "/");
}
async function filesOf(pattern, workspace) {
    const segments = pattern.split("/");
    const firstWildcard = segments.findIndex(glob/* hasWildcard */.rl);
    if (firstWildcard < 0)
        return (await statOf((0,external_node_path_.join)(workspace, pattern)))?.isFile() ? [pattern] : [];
    const matches = (0,glob/* compileGlobs */.tI)([pattern], "case-sensitive");
    const files = [];
    for await (const file of filesBelow(segments.slice(0, firstWildcard).join("/"), workspace, [])) {
        if (matches(file))
            files.push(file);
    }
    return files;
}
/** Yields each file below `folder`. `parents`: the real paths of its parents, to end loops of links. */
async function* filesBelow(folder, workspace, parents) {
    const path = (0,external_node_path_.join)(workspace, folder);
    const real = await ifPresent(path, () => (0,promises_.realpath)(path));
    if (real === null || parents.includes(real) || !(await statOf(real))?.isDirectory())
        return;
    for (const entry of await orFault(path, () => (0,promises_.readdir)(real, { withFileTypes: true }))) {
        const child = folder === "" ? entry.name : external_node_path_.posix.join(folder, entry.name);
        const isLink = entry.isSymbolicLink();
        if (entry.isFile() || (isLink && (await statOf((0,external_node_path_.join)(workspace, child)))?.isFile()))
            yield child;
        else if (entry.name !== ".git" && (entry.isDirectory() || isLink)) {
            yield* filesBelow(child, workspace, [...parents, real]);
        }
    }
}
function statOf(path) {
    return ifPresent(path, () => (0,promises_.stat)(path));
}
/** Returns null if nothing exists at `path`. Any other error is a Fault, because the file may name an image in use. */
async function ifPresent(path, work) {
    return orFault(path, () => work().catch((error) => {
        if (error instanceof Error && "code" in error && ABSENT.has(error.code))
            return null;
        throw error;
    }));
}
async function orFault(path, work) {
    try {
        return await work();
    }
    catch (cause) {
        throw invalidFiles(`${path} could not be read: ${cause instanceof Error ? cause.message : String(cause)}`, "Make it readable, or exclude it with `!`. Nothing was deleted, because it may name images in use.", cause);
    }
}

// EXTERNAL MODULE: ./build/digest.js
var build_digest = __webpack_require__(4974);
// EXTERNAL MODULE: ./build/http/loopback.js
var loopback = __webpack_require__(356);
;// CONCATENATED MODULE: ./build/protect/hostless-names.js
// `key: value`, also with YAML's `!!type` and `&anchor` before the value, and a Makefile's `:=` and `?=`.
// Time is linear: the lookbehind lets a key start in one place only, and the value is bounded.
const ENTRIES = /(?<![\w.-])([\w.-]+)["']?[ \t]*(?:[:?+]?=|:{1,3})[ \t]*(?:[!&][^\s"',{}[\]#]{1,200}[ \t]{1,99}){0,2}(?=["']?([^\s"',{}[\]#]{1,512}))/g;
const IMAGE_KEY = /(?:image|repository|repo|newname|(?:image|repository|repo)[._-]?name)$/;
/** A path after the variable of a template, a shell or a Makefile. The end of an XML tag is not one. */
const PATH_AFTER_VARIABLE = /(?:\$\w{1,200}|[)}\]%]|%>)["']?(?::\d{1,5})?\/[\w.-]/;
/** `team/web:v1`, but not `example.com/web:v1`. */
const NAME_WITH_TAG = /(?<![^\s"'=,])[\w-]{1,255}\/[\w./-]{0,255}\w:\w/;
/**
 * Returns whether `text`, in lower case, names an image without a host, or with a variable as its host. A single word that
 * could be a name is not enough: a file that names no image is a mistake of the user.
 */
function namesImageWithoutHost(text) {
    if (PATH_AFTER_VARIABLE.test(text) || NAME_WITH_TAG.test(text))
        return true;
    for (const [, key = "", value = ""] of text.matchAll(ENTRIES)) {
        if (IMAGE_KEY.test(key) && /^[\w./-]/.test(value) && !hasHost(value))
            return true;
    }
    return false;
}
/** As Docker reads names: a host has a dot or a port, or is `localhost` (distribution/reference, "domain"). */
function hasHost(image) {
    const [first = "", ...path] = image.split("/");
    return path.length > 0 && (/[.:]/.test(first) || first === "localhost");
}

;// CONCATENATED MODULE: ./build/protect/tag-templates.js
/** A variable or an expression of a template, a shell or a Makefile. Braces may be nested, as in `${A:-${B}}`. */
const VARIABLE = [
    "\\$?\\{\\{?[^{}\\n]{0,200}(?:\\{[^{}\\n]{0,200}\\}[^{}\\n]{0,200}){0,3}\\}\\}?",
    "\\$\\([^()\\n]{1,200}\\)",
    "\\$\\w{1,200}",
    "<%[^%\\n]{1,200}%>",
    "\\[\\[[^[\\]\\n]{1,200}\\]\\]",
    "%\\w{1,200}%",
].join("|");
/** The `:` after an image name that ends in a variable, or has one in its last path segment. */
const AFTER_VARIABLE = "(:)(?<=(?:[)}\\]%>]|\\$\\w{1,200})[\"']?(?:[\\w.-][\\w./-]{0,254})?:)";
/**
 * A tag that contains a variable, such as `pr-${N}`: the `:` if its repository is unknown, and the text before and after it.
 * Time is linear: every part is bounded, and a variable starts with a character that no literal part contains.
 */
const TAG_TEMPLATES = new RegExp(`(?:${AFTER_VARIABLE}|[:=,\\s"'])([\\w.-]{0,128})(?:(?:${VARIABLE})([\\w.-]{0,128})){1,8}`, "g");
/** A set of prefixes and suffixes that finds the tags which have both. */
class TemplateSet {
    #suffixes = new Map();
    #size = 0;
    get size() {
        return this.#size;
    }
    add(prefix, suffix) {
        const suffixes = this.#suffixes.get(prefix) ?? new Set();
        this.#suffixes.set(prefix, suffixes);
        this.#size += suffixes.has(suffix) ? 0 : 1;
        suffixes.add(suffix);
    }
    /** Tries all prefixes and suffixes of `tag`: a tag has at most 128 characters, and there can be millions of templates. */
    matches(tag) {
        for (let at = 0; at <= tag.length; at += 1) {
            const suffixes = this.#suffixes.get(tag.slice(0, at));
            if (suffixes === undefined)
                continue;
            for (let rest = at; rest <= tag.length; rest += 1)
                if (suffixes.has(tag.slice(rest)))
                    return true;
        }
        return false;
    }
}

;// CONCATENATED MODULE: ./build/protect/name-parts.js


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
class NameParts {
    #prefix;
    #parts = new Set();
    #repositories = new Set();
    #tagsOfAnyRepository = new Set();
    #templates = new TemplateSet();
    #templatesOfAnyRepository = new TemplateSet();
    /** @param prefix the path of the registry, in lower case */
    constructor(prefix) {
        this.#prefix = prefix;
    }
    /** Adds the repositories and tags that `text`, in lower case, may contain. Throws Fault `input` if there are too many. */
    addParts(text) {
        for (const [, part = ""] of text.matchAll(PARTS)) {
            if (part.length <= MAX_PART_LENGTH)
                addChecked(this.#parts, part);
        }
    }
    /** Adds the tags of images whose name is a variable, and the tags that contain a variable. Throws as `addParts`. */
    addTagsWithVariables(text) {
        for (const [, tag = ""] of text.matchAll(TAGS_OF_VARIABLES))
            addChecked(this.#tagsOfAnyRepository, tag);
        for (const [, afterVariable, prefix = "", suffix = ""] of text.matchAll(TAG_TEMPLATES)) {
            // A variable alone could be any tag.
            if (prefix === "" && suffix === "")
                continue;
            const templates = afterVariable === undefined ? this.#templates : this.#templatesOfAnyRepository;
            templates.add(prefix, suffix);
            checkCount(templates.size);
        }
    }
    /** Adds a repository whose tag is in another place. The name is relative to the registry's path. */
    addRepository(name) {
        this.#repositories.add(name);
    }
    /** Whether the text may name this image. `repository` is relative to the registry's path; both are in lower case. */
    mayName(repository, tag) {
        if (this.#tagsOfAnyRepository.has(tag) || this.#templatesOfAnyRepository.matches(tag))
            return true;
        const hasTag = tag === "latest" || this.#parts.has(tag) || this.#templates.matches(tag);
        return hasTag && this.#hasRepository(repository);
    }
    /** Also finds the end of a name: `web` may be `shop/web`, if a variable contains `shop`. */
    #hasRepository(repository) {
        if (this.#repositories.has(repository))
            return true;
        const segments = (this.#prefix === "" ? repository : `${this.#prefix}/${repository}`).split("/");
        return segments.some((_, at) => this.#parts.has(segments.slice(at).join("/")));
    }
}
function addChecked(parts, part) {
    addWithoutPunctuation(parts, part);
    checkCount(parts.size);
}
/** Adds `part` with and without the punctuation at its end, which may end a sentence. */
function addWithoutPunctuation(parts, part) {
    parts.add(part);
    parts.add(trimPunctuation(part));
}
function checkCount(count) {
    if (count <= MAX_PARTS)
        return;
    throw invalidFiles(`the files contain more than ${MAX_PARTS.toLocaleString("en")} different words`, "Name only files that contain image names, such as `deploy/**/*.yaml`.");
}
/** Removes punctuation from the end. A regular expression (`[./-]+$`) would take quadratic time. */
function trimPunctuation(text) {
    let end = text.length;
    while (end > 0 && "./-".includes(text.charAt(end - 1)))
        end -= 1;
    return text.slice(0, end);
}

;// CONCATENATED MODULE: ./build/protect/find-images.js




const MAX_NAME_LENGTH = 255;
const DIGESTS = /sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}/g;
/**
 * Finds every digest in `text`, and every image tag of this registry that it may name. The text can be anything that names
 * images: Kubernetes and Compose files, Dockerfiles, Helm values, JSON, the output of kubectl and docker.
 *
 * A complete name (`HOST/web:v1`) protects that tag. Hosts, repositories and tags can also be in variables or columns. So a
 * tag is protected if both it and its repository are words of the text. A tag with a variable (`pr-${N}`) protects all tags
 * that match, and a tag after a variable (`${IMAGE}:v1`) that tag in every repository. Case is ignored.
 * If in doubt, the image is protected: deleting an image in use is worse than keeping one. Time is linear in the text.
 *
 * @throws Fault `input` if the text contains too many words to keep in memory
 */
function findImages(text, registry) {
    const plain = removeEscapes(text.toLowerCase());
    const prefix = registry.path.toLowerCase();
    const tags = new Map();
    const parts = new NameParts(prefix);
    let namesImage = false;
    let end = 0;
    for (const match of plain.matchAll(referencesTo(registry.origin))) {
        const [reference, path = "", tag, variable] = match;
        parts.addParts(plain.slice(end, match.index));
        end = match.index + reference.length;
        const name = relativeName(path, prefix);
        if (name === null)
            continue;
        namesImage = true;
        if (name === "")
            continue;
        if (tag !== undefined) {
            const known = tags.get(name) ?? new Set();
            tags.set(name, known);
            addWithoutPunctuation(known, tag);
        }
        // In `v1-${SUFFIX}` the text before the variable is not the complete tag.
        if (tag === undefined || variable !== undefined)
            parts.addRepository(name);
    }
    parts.addParts(plain.slice(end));
    parts.addTagsWithVariables(plain);
    return {
        digests: findDigests(plain),
        tags,
        mayName: (repository, tag) => parts.mayName(repository, tag),
        namesImage: namesImage || namesImageWithoutHost(plain),
    };
}
/** Removes the escapes of JSON in JSON (Kubernetes keeps the last applied manifest so), of slashes and of colons. */
function removeEscapes(text) {
    let plain = text.replaceAll("\\/", "/");
    for (let depth = 0; depth < 3; depth += 1)
        plain = plain.replaceAll('\\"', '"');
    return plain.replaceAll(/%2f|\\u002f/g, "/").replaceAll(/%3a|\\u003a/g, ":");
}
function findDigests(text) {
    const digests = new Set();
    for (const [digest] of text.matchAll(DIGESTS))
        if ((0,build_digest/* isDigest */.B)(digest))
            digests.add(digest);
    return digests;
}
/** Returns a pattern for `HOST/path:tag` at any port, because the files may use another port than the input `registry`. */
function referencesTo(origin) {
    const own = origin.hostname.replaceAll(/[.[\]]/g, "\\$&");
    const host = (0,loopback/* isLoopback */.U)(origin.hostname) ? `(?:${own}|${loopback/* LOOPBACK */.W})` : own;
    // OCI distribution-spec, "Pulling manifests": <reference> as a tag.
    return new RegExp(`${host}(?::\\d{1,5})?/([\\w./-]+)(?::(\\w[\\w.-]{0,127})([$<{%([])?)?`, "g");
}
/** Returns the repository of `path`, relative to the registry's path. Empty: that path itself; null: outside of it. */
function relativeName(path, prefix) {
    const name = trimPunctuation(path.replace(/^[./-]+/, ""));
    if (name.length > MAX_NAME_LENGTH)
        return null;
    if (prefix === "")
        return name === "" ? null : name;
    if (name === prefix)
        return "";
    return name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : null;
}

;// CONCATENATED MODULE: ./build/protect/images-in-files.js




/** Returns the images of `registry`, and all digests, that the files of `patterns` name. Throws Fault `input`. */
async function findImagesInFiles(patterns, workspace, registry) {
    const texts = new Map();
    const found = await findFiles(patterns, (0,external_node_path_.resolve)(workspace));
    await checkSize([...found.values()].flat());
    for (const [pattern, paths] of found) {
        for (const path of paths)
            texts.set(path, texts.get(path) ?? (await readText(path)));
        if (paths.some((path) => texts.get(path)?.trim() !== ""))
            continue;
        throw invalidFiles(`${JSON.stringify(pattern)} matches only empty files`, "A failed command can leave its output file empty. Make the step that writes it fail (`set -o pipefail`).");
    }
    // One text, because an image and its tag can be in two files: values and chart, or Compose file and `.env`.
    const images = findImages([...texts.values()].join("\n"), registry);
    if (images.digests.size > 0 || images.namesImage)
        return images;
    throw invalidFiles(`the files contain no digest and no image of ${registry.name}`, "Check that they are the right files. If they use another host for this registry, name images by digest.");
}


/***/ })

};
