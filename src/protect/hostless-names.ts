// `key: value`, also with YAML's `!!type` and `&anchor` before the value, and a Makefile's `:=` and `?=`.
// Time is linear: the lookbehind lets a key start in one place only, and the value is bounded.
const ENTRIES =
  /(?<![\w.-])([\w.-]+)["']?[ \t]*(?:[:?+]?=|:{1,3})[ \t]*(?:[!&][^\s"',{}[\]#]{1,200}[ \t]{1,99}){0,2}(?=["']?([^\s"',{}[\]#]{1,512}))/g;
const IMAGE_KEY = /(?:image|repository|repo|newname|(?:image|repository|repo)[._-]?name)$/;
/** A path after the variable of a template, a shell or a Makefile. The end of an XML tag is not one. */
const PATH_AFTER_VARIABLE = /(?:\$\w{1,200}|[)}\]%]|%>)["']?(?::\d{1,5})?\/[\w.-]/;
/** `team/web:v1`, but not `example.com/web:v1`. */
const NAME_WITH_TAG = /(?<![^\s"'=,])[\w-]{1,255}\/[\w./-]{0,255}\w:\w/;

/**
 * Returns whether `text`, in lower case, names an image without a host, or with a variable as its host. A single word that
 * could be a name is not enough: a file that names no image is a mistake of the user.
 */
export function namesImageWithoutHost(text: string): boolean {
  if (PATH_AFTER_VARIABLE.test(text) || NAME_WITH_TAG.test(text)) return true;
  for (const [, key = "", value = ""] of text.matchAll(ENTRIES)) {
    if (IMAGE_KEY.test(key) && /^[\w./-]/.test(value) && !hasHost(value)) return true;
  }
  return false;
}

/** As Docker reads names: a host has a dot or a port, or is `localhost` (distribution/reference, "domain"). */
function hasHost(image: string): boolean {
  const [first = "", ...path] = image.split("/");
  return path.length > 0 && (/[.:]/.test(first) || first === "localhost");
}
