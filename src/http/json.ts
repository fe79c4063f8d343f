import { type GenericSchema, getDotPath, safeParse } from "valibot";
import { Fault, type FaultKind } from "../fault.ts";
import { webPageText } from "./explanation.ts";
import { excerpt } from "./redact.ts";

/** Describes an answer for its error. */
export interface AnswerSource {
  /** The request, such as `GET https://registry.example/v2/_catalog`, without secrets. The message starts with it. */
  readonly request: string;
  /** Default `listing`. */
  readonly kind?: FaultKind;
  readonly remedy: string;
}

/** Returns the value of a JSON body. Throws a Fault if the body is not JSON or does not match `schema`. */
export function parseJson<T>(body: Buffer, schema: GenericSchema<unknown, T>, source: AnswerSource): T {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch (cause) {
    const page = webPageText(body.toString("utf8", 0, 20_000), undefined);
    const actual = page === null ? "" : `, but a ${page}`;
    throw new Fault(source.kind ?? "listing", `${source.request} did not return JSON${actual}`, source.remedy, {
      cause,
    });
  }
  return parseValue(value, schema, source);
}

/** Returns `value`, parsed from JSON before. Throws a Fault if it does not match `schema`. */
export function parseValue<T>(value: unknown, schema: GenericSchema<unknown, T>, source: AnswerSource): T {
  const result = safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = getDotPath(issue) ?? "the body";
  const message = `${source.request} returned unexpected JSON at ${excerpt(path, [], 100)}: ${excerpt(issue.message, [], 200)}`;
  throw new Fault(source.kind ?? "listing", message, source.remedy, { cause: result.issues });
}
