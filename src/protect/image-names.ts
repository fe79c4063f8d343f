// `key: value`, also with YAML's `!!type` and `&anchor` before the value, and a Makefile's `:=` and `?=`.
// The lookbehind lets a key begin in one place only, and the value is bounded: the time stays linear.
const ENTRIES =
  /(?<![\w.-])([\w.-]+)["']?[ \t]*(?:[:?+]?=|:{1,3})[ \t]*(?:[!&][^\s"',{}[\]#]{1,200}[ \t]{1,99}){0,2}(?=["']?([^\s"',{}[\]#]{1,512}))/g;
const IMAGE_KEY = /(?:image|repository|repo|newname|(?:image|repository|repo)[._-]?name)$/;
/** A path behind what a template, a shell or a Makefile puts in the place of a registry; the end of an XML tag is none. */
const BEHIND_VARIABLE = /(?:\$\w{1,200}|[)}\]%]|%>)["']?(?::\d{1,5})?\/[\w.-]/;
/** `team/web:v1`, and no `example.com/web:v1`. */
const NAME_WITH_TAG = /(?<![^\s"'=,])[\w-]{1,255}\/[\w./-]{0,255}\w:\w/;

/**
 * Whether `text`, in lower case, names an image without any host, or with a variable for it. Files that name none are a mistake
 * that has to be told, so it asks for more than one word that could be a name.
 */
export function namesImageWithoutHost(text: string): boolean {
  if (BEHIND_VARIABLE.test(text) || NAME_WITH_TAG.test(text)) return true;
  for (const [, key = "", value = ""] of text.matchAll(ENTRIES)) {
    if (IMAGE_KEY.test(key) && /^[\w./-]/.test(value) && !hasHost(value)) return true;
  }
  return false;
}

/** As Docker tells them apart: a host has a dot or a port, or is `localhost` (distribution/reference, "domain"). */
function hasHost(image: string): boolean {
  const slash = image.indexOf("/");
  if (slash < 0) return false;
  const first = image.slice(0, slash);
  return first.includes(".") || first.includes(":") || first === "localhost";
}
