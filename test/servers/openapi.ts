import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { parse } from "yaml";
import { DESCRIPTION_FILE } from "./tools.ts";

export const hasDescription = existsSync(DESCRIPTION_FILE);

type Node = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One operation of DigitalOcean's OpenAPI description. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  /** Returns how `body` differs from the description's schema for `status`; empty: it does not. */
  errors(status: number, body: unknown): readonly string[];
  /** The example of that response, if the description has one. */
  example(status: number): unknown;
}

/** Returns every operation of the description, with references to other files resolved. */
export function loadOperations(): readonly Operation[] {
  const root = load(DESCRIPTION_FILE);
  return Object.entries(nodeAt(isNode(root) ? root : {}, "paths")).flatMap(([path, item]) =>
    Object.entries(isNode(item) ? item : {}).map(([method, operation]) =>
      operationOf(method.toUpperCase(), path, isNode(operation) ? operation : {}),
    ),
  );
}

function operationOf(method: string, path: string, operation: Node): Operation {
  const responses = nodeAt(operation, "responses");
  const media = (status: number): Node => {
    // `default` describes all other errors.
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
  // OpenAPI 3.0 has keywords that JSON Schema does not know: `example`, `readOnly`.
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return ajv;
}

/** Returns the YAML of `file` at `pointer`, with every `$ref` replaced by its target. */
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
