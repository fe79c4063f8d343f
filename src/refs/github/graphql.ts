import * as v from "valibot";
import { Fault } from "../../fault.ts";
import { HttpError } from "../../http/errors.ts";
import type { HttpClient } from "../../http/http.ts";
import { bodyBytes, openOctokit } from "../../http/octokit.ts";
import { excerpt } from "../../http/redact.ts";
import type { Settings } from "../../settings.ts";

/** What `repository` of a query holds, still to be parsed. */
export interface RepositoryAnswer {
  readonly fields: Readonly<Record<string, unknown>>;
  /** The fields that GitHub says do not exist (NOT_FOUND), as against those that it could not read. */
  readonly missing: ReadonlySet<string>;
  /** The length of the answer, in bytes. */
  readonly sizeBytes: number;
}

/** Asks GitHub's GraphQL about the one Git repository: `$owner` and `$name` are given to every document. */
export type AskRepository = (
  document: string,
  variables?: Readonly<Record<string, unknown>>,
) => Promise<RepositoryAnswer>;

/** How often a query is sent that is refused as the hour's budget is spent; between them the HTTP stack waits for the reset. */
const ATTEMPTS_RATE_LIMITED = 3;

const NOTHING_TOUCHED = "Nothing that depends on the pull requests was touched; run it again once GitHub answers.";

const Answer = v.object({
  data: v.nullish(v.object({ repository: v.nullish(v.record(v.string(), v.unknown())) })),
  errors: v.optional(
    v.array(
      v.object({
        type: v.nullish(v.string()),
        message: v.string(),
        path: v.nullish(v.array(v.union([v.string(), v.number()]))),
      }),
    ),
  ),
});

type Answer = v.InferOutput<typeof Answer>;
type AnswerError = NonNullable<Answer["errors"]>[number];

/**
 * Opens GitHub's GraphQL for `github.repository`.
 *
 * What it returns throws Fault `permission` (401, 403, FORBIDDEN) or `listing` (anything else that is not a whole answer); an
 * HttpError `interrupted` comes through as it is.
 */
export async function openGraphql(http: HttpClient, github: Settings["github"]): Promise<AskRepository> {
  const octokit = await openOctokit(http, github);
  const [owner, name] = github.repository.split("/");
  // Not octokit.graphql: it finds the address by `baseUrl`, and the runner tells it (on GHES they differ).
  const url = github.graphqlUrl.href;

  return async (query, variables = {}) => {
    const body = { query, variables: { owner, name, ...variables } };
    for (let attempt = 1; ; attempt += 1) {
      const response = await octokit
        .request({ method: "POST", url, ...body })
        .catch((error: unknown) => failedRequest(github, error));
      const { headers, data } = response;
      const parsed = v.safeParse(Answer, data);
      if (!parsed.success) throw listingFault(github, "the answer is not one of GraphQL", parsed.issues);
      const limited = parsed.output.errors?.find(isRateLimit);
      if (limited === undefined) return repositoryOf(github, parsed.output, bodyBytes(response));
      // Without these the HTTP stack would not wait, and the same question at once is the wrong one.
      const waits = headers["x-ratelimit-remaining"] === "0" && headers["x-ratelimit-reset"] !== undefined;
      if (!waits || attempt >= ATTEMPTS_RATE_LIMITED) throw listingFault(github, limited.message, limited);
    }
  };
}

/** Why the pull requests of a repository could not be read whole. */
export function listingFault(github: Settings["github"], why: string, cause?: unknown): Fault {
  return new Fault("listing", sentence(github, why), NOTHING_TOUCHED, cause === undefined ? {} : { cause });
}

/** GraphQL answers in parts: whatever part is wanting decides whether the rest can be used. */
function repositoryOf(github: Settings["github"], { data, errors = [] }: Answer, sizeBytes: number): RepositoryAnswer {
  const missing = new Set<string>();
  for (const error of errors) {
    const [root, field, ...below] = error.path ?? [];
    const notFound = error.type === "NOT_FOUND" && root === "repository";
    if (notFound && field === undefined) throw noRepository(github, error);
    if (notFound && typeof field === "string" && below.length === 0) missing.add(field);
    // A fork that the token may not see: it is null then, which says as much as is needed.
    else if (error.path?.at(-1) !== "headRepository") throw faultOf(github, error);
  }
  if (data?.repository == null) throw noRepository(github, errors);
  return { fields: data.repository, missing, sizeBytes };
}

function faultOf(github: Settings["github"], error: AnswerError): Fault {
  const { type, message } = error;
  if (type === "FORBIDDEN" || type === "INSUFFICIENT_SCOPES") return permissionFault(github, message, error);
  return listingFault(github, message, error);
}

function isRateLimit({ type }: AnswerError): boolean {
  // Both RATE_LIMITED and RATE_LIMIT have been seen.
  return type?.startsWith("RATE_LIMIT") === true;
}

/** A request without a usable answer, as Octokit throws it. */
function failedRequest(github: Settings["github"], error: unknown): never {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof HttpError) {
    if (cause.code === "interrupted") throw cause;
    throw listingFault(github, cause.message, cause);
  }
  const refusal = v.safeParse(Refusal, error);
  if (!refusal.success) throw listingFault(github, error instanceof Error ? error.message : String(error), error);
  const { status, message, response } = refusal.output;
  const why = `POST ${github.graphqlUrl.href} answered ${status}: ${message}`;
  if (status === 401) throw permissionFault(github, why, error);
  if (status === 403 && !isAboutRate(response?.headers ?? {}, message)) throw permissionFault(github, why, error);
  throw listingFault(github, why, error);
}

const Refusal = v.object({
  status: v.number(),
  message: v.string(),
  response: v.optional(v.object({ headers: v.record(v.string(), v.unknown()) })),
});

function isAboutRate(headers: Readonly<Record<string, unknown>>, message: string): boolean {
  if ("retry-after" in headers || headers["x-ratelimit-remaining"] === "0") return true;
  return /rate limit|abuse detection/i.test(message);
}

function permissionFault(github: Settings["github"], why: string, cause: unknown): Fault {
  const lacking = github.token === "" ? "`github-token` is empty" : "`github-token` is refused";
  const remedy = `${lacking}: it needs the permission \`pull-requests: read\` on ${github.repository}.`;
  return new Fault("permission", sentence(github, why), remedy, { cause });
}

function noRepository(github: Settings["github"], cause: unknown): Fault {
  return new Fault(
    "listing",
    sentence(github, "GitHub knows no such repository, or not for this token"),
    "Check the name in `git-repository`, and that `github-token` has `pull-requests: read` on it.",
    { cause },
  );
}

function sentence({ repository, token }: Settings["github"], why: string): string {
  return `the pull requests of ${repository} could not be read: ${excerpt(why, token === "" ? [] : [token], 500)}`;
}
