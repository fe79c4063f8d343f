import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { parse } from "yaml";

/** DigitalOcean's own description of its registry API, where a copy lies beside the project. */
const DESCRIPTION = join(
  import.meta.dirname,
  "../../../shared/do-openapi/specification/DigitalOcean-registry.patched.v2.yaml",
);

export const hasDescription = existsSync(DESCRIPTION);

type Node = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One operation of the description, as far as a test wants it. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  /** Why `body` is not what the description says for `status`; empty: it is. */
  errors(status: number, body: unknown): readonly string[];
  /** The example of that answer, if there is one. */
  example(status: number): unknown;
}

/** Every operation of the description, its references to other files followed. */
export function loadOperations(): readonly Operation[] {
  const root = load(DESCRIPTION);
  return Object.entries(nodeAt(isNode(root) ? root : {}, "paths")).flatMap(([path, item]) =>
    Object.entries(isNode(item) ? item : {}).map(([method, operation]) =>
      operationOf(method.toUpperCase(), path, isNode(operation) ? operation : {}),
    ),
  );
}

function operationOf(method: string, path: string, operation: Node): Operation {
  const responses = nodeAt(operation, "responses");
  const media = (status: number): Node => {
    // `default` is what any other error answers.
    const response = nodeAt(responses, String(status), status < 400 ? String(status) : "default");
    return nodeAt(nodeAt(response, "content"), "application/json");
  };
  const compiled = new Map<number, ValidateFunction>();
  return {
    method,
    path,
    errors(status, body) {
      const schema = nodeAt(media(status), "schema");
      const known = responses[String(status)] !== undefined;
      if (Object.keys(schema).length === 0) return known && body === undefined ? [] : [`${status} is not described`];
      const validate = compiled.get(status) ?? createAjv().compile(schema);
      compiled.set(status, validate);
      return validate(body)
        ? []
        : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
    },
    example: (status) => {
      const { example, schema } = media(status);
      const { example: within } = isNode(schema) ? schema : {};
      return example ?? within;
    },
  };
}

function nodeAt(node: Node, key: string, otherwise = key): Node {
  const value = node[key] ?? node[otherwise];
  return isNode(value) ? value : {};
}

function createAjv(): Ajv {
  // OpenAPI 3.0 is not quite JSON Schema: `example` and `readOnly` are its own.
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return ajv;
}

/** The YAML of `file`, `#/pointer` applied, with every `$ref` replaced by what it names. */
function load(file: string, pointer = ""): unknown {
  let value: unknown = parse(readFileSync(file, "utf8"), { intAsBigInt: false });
  for (const step of pointer.split("/").filter((part) => part !== "")) value = isNode(value) ? value[step] : undefined;
  return resolve(value, file);
}

function resolve(value: unknown, file: string): unknown {
  if (Array.isArray(value)) return value.map((entry) => resolve(entry, file));
  if (value instanceof Date) return value.toISOString();
  if (!isNode(value)) return value;
  const { $ref: reference } = value;
  if (typeof reference === "string") {
    const [name = "", pointer = ""] = reference.split("#");
    return load(name === "" ? file : join(dirname(file), name), pointer);
  }
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, resolve(entry, file)]));
}
