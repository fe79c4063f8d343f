import * as v from "valibot";
import type { HttpClient } from "../../http/http.ts";
import { parseValue } from "../../http/json.ts";
import type { Settings } from "../../settings.ts";
import type { Commit } from "../git/pack.ts";
import { createRepositoryApi, responseOf } from "./graphql.ts";

/** Lookups in one request. */
const BATCH_SIZE = 100;

const CommitObject = v.object({
  oid: v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)),
  parents: v.object({ nodes: v.array(v.object({ oid: v.string() })) }),
});
/** Another type of object has no fields here. */
const GitObject = v.nullable(v.union([CommitObject, v.object({})]));

/**
 * Finds commits by their first 7 or more hex digits, in lower case, 100 in a request. `missing`: GitHub knows no such commit, or
 * more than one. Finds commits that no ref reaches too, such as former test merges. Throws Fault and HttpError.
 */
export async function findCommits(
  http: HttpClient,
  github: Settings["github"],
  digits: readonly string[],
): Promise<ReadonlyMap<string, Commit | "missing">> {
  const api = createRepositoryApi(http, github);
  const found = new Map<string, Commit | "missing">();
  for (let start = 0; start < digits.length; start += BATCH_SIZE) {
    const batch = digits.slice(start, start + BATCH_SIZE);
    const { fields, failure } = await api.query(queryFor(batch));
    // Null would mean that there is no such commit.
    if (failure !== null) throw failure;
    for (const each of batch) {
      const object = parseValue(fields[`c${each}`], GitObject, responseOf(github, ` (commit ${each})`));
      found.set(each, commitOf(object, each));
    }
  }
  return found;
}

function queryFor(digits: readonly string[]): string {
  const fields = digits.map((each) => `c${each}: object(expression: "${each}") { ...commit }`);
  return `query Commits($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    ${fields.join("\n    ")}
  }
}
fragment commit on Commit { oid parents(first: 2) { nodes { oid } } }`;
}

/** An expression can also name a branch or a tag, such as `abcdef1`. */
function commitOf(object: v.InferOutput<typeof GitObject>, digits: string): Commit | "missing" {
  if (object === null || !("oid" in object) || !object.oid.startsWith(digits)) return "missing";
  return { id: object.oid, parents: object.parents.nodes.map(({ oid }) => oid) };
}
