import * as v from "valibot";
import { Fault } from "../../fault.ts";
import type { HttpResponse } from "../../http/http.ts";
import { parseBody } from "./pages.ts";
import { isRepositoryName, isTag } from "./reference.ts";

/** A list without tags must at least name its repository. Otherwise the answer is not a list of tags. */
const Tags = v.union([
  v.object({ tags: v.array(v.string()) }),
  v.object({ name: v.string(), tags: v.nullish(v.array(v.string())) }),
]);
const Repositories = v.object({ repositories: v.nullable(v.array(v.string())) });

/** Parses a page of the catalog. Throws Fault `listing` if a name is invalid. */
export function parseRepositories(response: HttpResponse, origin: URL): readonly string[] {
  const names = parseBody(Repositories, response).repositories ?? [];
  const invalid = names.find((name) => !isRepositoryName(name));
  if (invalid !== undefined) throw invalidName(origin, "repository name", invalid);
  return names;
}

/** Parses a page of tags. Throws Fault `listing` if a tag is invalid. */
export function parseTags(response: HttpResponse, origin: URL): readonly string[] {
  const tags = parseBody(Tags, response).tags ?? [];
  const invalid = tags.find((tag) => !isTag(tag));
  if (invalid !== undefined) throw invalidName(origin, "tag", invalid);
  return tags;
}

export function invalidName(origin: URL, what: "repository name" | "tag", text: string): Fault {
  return new Fault(
    "listing",
    `${JSON.stringify(text.slice(0, 200))} at ${origin.host} is not a valid ${what}`,
    "Check `repository-pattern` and the repositories and tags that the registry lists.",
  );
}
