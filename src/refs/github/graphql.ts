import * as v from "valibot";
import { Fault } from "../../fault.ts";
import { describeError, HttpError } from "../../http/errors.ts";
import { remedyFor } from "../../http/explanation.ts";
import { createGitHubApi, type GitHubApi } from "../../http/github.ts";
import type { Classify, HttpClient, HttpResponse } from "../../http/http.ts";
import { type AnswerSource, parseJson } from "../../http/json.ts";
import { excerpt } from "../../http/redact.ts";
import type { Settings } from "../../settings.ts";

type GitHub = Settings["github"];

/** The fields of `repository` in a response, not validated yet. */
export interface RepositoryResponse {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Fields that do not exist according to GitHub (NOT_FOUND). Other fields that are null could not be read. */
  readonly missing: ReadonlySet<string>;
  /** Why GitHub did not complete the query, so that fields may be missing or null; null: it did. */
  readonly failure: Fault | null;
  readonly sizeBytes: number;
}

/** GitHub's GraphQL API for one Git repository. */
export interface RepositoryApi {
  readonly github: GitHub;
  /**
   * Sends a document with the variables `$owner` and `$name`. Throws Fault `permission` (401, 403, FORBIDDEN), Fault `listing`
   * (any other error that a smaller query would have, too), and HttpError `interrupted`.
   */
  query(document: string, variables?: Readonly<Record<string, unknown>>): Promise<RepositoryResponse>;
}

const RUN_AGAIN = "Run it again when GitHub responds.";

const ResponseError = v.object({
  type: v.nullish(v.string()),
  message: v.string(),
  path: v.nullish(v.array(v.union([v.string(), v.number()]))),
  /** Validation errors have one. */
  extensions: v.nullish(v.object({ code: v.optional(v.unknown()) })),
});
type ResponseError = v.InferOutput<typeof ResponseError>;

const Response = v.object({
  data: v.nullish(v.object({ repository: v.nullish(v.record(v.string(), v.unknown())) })),
  errors: v.optional(v.array(ResponseError), []),
});
type Response = v.InferOutput<typeof Response>;

/** Opens GitHub's GraphQL API for `github.repository`. */
export function createRepositoryApi(http: HttpClient, github: GitHub): RepositoryApi {
  const api = createGitHubApi(http, github);
  const [owner, name] = github.repository.split("/");
  return {
    github,
    async query(query, variables = {}) {
      const response = await send(api, github, { query, variables: { owner, name, ...variables } });
      if ("failure" in response) return response;
      const parsed = parseJson(response.body, Response, responseOf(github));
      const [error] = parsed.errors;
      if (response.status === 400 && error === undefined) throw listingFault(github, "GitHub returned 400");
      return repositoryOf(github, parsed, response);
    },
  };
}

/** Describes a response, or one part of it, for `parseJson` and `parseValue`. */
export function responseOf(github: GitHub, part = ""): AnswerSource {
  return { request: messageOf(github, `POST ${github.graphqlUrl.href}${part}`), remedy: RUN_AGAIN };
}

/** Returns the error for a list of pull requests that cannot be read completely. */
export function listingFault(github: GitHub, why: string, cause?: unknown): Fault {
  return new Fault("listing", messageOf(github, why), RUN_AGAIN, { cause });
}

/** Returns the response; if GitHub's servers fail, a response without fields. */
async function send(
  api: GitHubApi,
  github: GitHub,
  body: Readonly<Record<string, unknown>>,
): Promise<HttpResponse | RepositoryResponse> {
  const request = { method: "POST", url: github.graphqlUrl, body, idempotent: true, classify } as const;
  try {
    return await api.send({ ...request, expected: [200, 400] });
  } catch (error) {
    if (!(error instanceof HttpError) || error.code === "interrupted") throw error;
    const isRefusal = error.status === 401 || (error.status === 403 && !error.retryable);
    const why = describeError(error);
    const fault = isRefusal ? permissionFault(github, why, error, error.remedy) : listingFault(github, why, error);
    // A query that takes GitHub more than 10 s can end with 502.
    if (error.code !== "status" || !error.retryable || (error.status ?? 0) < 500) throw fault;
    return { fields: {}, missing: new Set(), failure: fault, sizeBytes: 0 };
  }
}

const classify: Classify = ({ status, body }) => {
  if ((status !== 200 && status !== 400) || !body.includes('"errors"')) return "status";
  const { errors } = errorsIn(body.toString("utf8"));
  if (errors.some(isRateLimit)) return "rate limit";
  return errors.some((error) => effectOf(error) === "failure") ? "failure" : "status";
};

function errorsIn(text: string): Pick<Response, "errors"> {
  try {
    return v.parse(v.pick(Response, ["errors"]), JSON.parse(text));
  } catch {
    return { errors: [] };
  }
}

/** A GraphQL response can have both data and errors. Only errors about fields that are not needed are ignored. */
function repositoryOf(github: GitHub, { data, errors }: Response, { headers, body }: HttpResponse): RepositoryResponse {
  const missing = new Set<string>();
  let failure: Fault | null = null;
  for (const error of errors) {
    const effect = effectOf(error);
    if (effect === "no repository") throw noRepository(github, error);
    if (effect === "refusal") {
      throw permissionFault(github, error.message, error, remedyFor(error.message, headers, github.graphqlUrl));
    }
    if (effect === "final" || isRateLimit(error)) throw listingFault(github, error.message, error);
    if (effect === "missing field") missing.add(String(error.path?.[1]));
    if (effect === "failure") failure ??= listingFault(github, error.message, error);
  }
  if (data?.repository == null && failure === null) throw noRepository(github, errors);
  return { fields: data?.repository ?? {}, missing, failure, sizeBytes: body.length };
}

/**
 * Returns what an error of a response means. Errors without a documented type are failures, such as "Something went wrong while
 * executing your query" and RESOURCE_LIMITS_EXCEEDED: GitHub did not complete the query, and may complete a smaller one.
 */
function effectOf({ type, path, extensions }: ResponseError) {
  const [root, field, ...below] = path ?? [];
  if (type === "NOT_FOUND" && root === "repository") {
    if (field === undefined) return "no repository";
    return below.length === 0 && typeof field === "string" ? "missing field" : "final";
  }
  // It is null if the token has no access to the fork. That is all the information needed.
  if (path?.at(-1) === "headRepository") return "none";
  if (type === "FORBIDDEN" || type === "INSUFFICIENT_SCOPES") return "refusal";
  // Only errors of an invalid query have a code.
  return extensions?.code === undefined ? "failure" : "final";
}

/** GitHub uses both RATE_LIMITED and RATE_LIMIT, and reports its secondary limit by the message only. */
function isRateLimit({ type, message }: ResponseError): boolean {
  return type?.startsWith("RATE_LIMIT") === true || /secondary rate limit/i.test(message);
}

/** @param reasonRemedy the fix for the reason that GitHub names; undefined: it is a missing permission */
function permissionFault(github: GitHub, why: string, cause: unknown, reasonRemedy: string | undefined): Fault {
  const remedy =
    reasonRemedy ??
    `Check that \`github-token\` is valid and has the permission \`pull-requests: read\` on ${github.repository}.`;
  return new Fault("permission", messageOf(github, why), remedy, { cause });
}

function noRepository(github: GitHub, cause: unknown): Fault {
  return new Fault(
    "listing",
    messageOf(github, "the Git repository does not exist, or the token has no access to it"),
    "Check the name in `git-repository`, and that `github-token` has the permission `pull-requests: read` on it.",
    { cause },
  );
}

function messageOf({ repository, token }: GitHub, why: string): string {
  return `Could not read the pull requests of ${repository}: ${excerpt(why, [token], 500)}`;
}
