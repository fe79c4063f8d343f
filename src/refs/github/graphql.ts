import * as v from "valibot";
import { Fault } from "../../fault.ts";
import { describeError, HttpError } from "../../http/errors.ts";
import { createGitHubApi, type GitHubApi } from "../../http/github.ts";
import type { HttpClient, HttpResponse } from "../../http/http.ts";
import { type AnswerSource, parseJson } from "../../http/json.ts";
import { excerpt } from "../../http/redact.ts";
import type { Settings } from "../../settings.ts";

type GitHub = Settings["github"];

/** The fields of `repository` in a response, not validated yet. */
export interface RepositoryResponse {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Fields that do not exist according to GitHub (NOT_FOUND). Other fields that are null could not be read. */
  readonly missing: ReadonlySet<string>;
  readonly sizeBytes: number;
}

/** GitHub's GraphQL API for one Git repository. */
export interface RepositoryApi {
  readonly github: GitHub;
  /**
   * Sends a document with the variables `$owner` and `$name`. Throws Fault `permission` (401, 403, FORBIDDEN), Fault `listing`
   * (any other incomplete response), and HttpError `interrupted`.
   */
  query(document: string, variables?: Readonly<Record<string, unknown>>): Promise<RepositoryResponse>;
}

/** How often a query is sent if the rate limit refuses it. Before each retry, `HttpClient` waits for the limit's reset. */
const RATE_LIMIT_ATTEMPTS = 3;

const RUN_AGAIN = "Run it again when GitHub responds.";

const ResponseError = v.object({
  type: v.nullish(v.string()),
  message: v.string(),
  path: v.nullish(v.array(v.union([v.string(), v.number()]))),
});
type ResponseError = v.InferOutput<typeof ResponseError>;

const Response = v.object({
  data: v.nullish(v.object({ repository: v.nullish(v.record(v.string(), v.unknown())) })),
  errors: v.optional(v.array(ResponseError), []),
});

/** Opens GitHub's GraphQL API for `github.repository`. */
export function createRepositoryApi(http: HttpClient, github: GitHub): RepositoryApi {
  const api = createGitHubApi(http, github);
  const [owner, name] = github.repository.split("/");
  return {
    github,
    async query(query, variables = {}) {
      const body = { query, variables: { owner, name, ...variables } };
      for (let attempt = 1; ; attempt += 1) {
        const response = await send(api, github, body);
        const parsed = parseJson(response.body, Response, responseOf(github));
        const limit = parsed.errors.find(isRateLimit);
        if (limit === undefined) return repositoryOf(github, parsed, response.body.length);
        // Without these headers `HttpClient` does not know how long to wait.
        const waits = response.headers["x-ratelimit-remaining"] === "0" && "x-ratelimit-reset" in response.headers;
        if (!waits || attempt >= RATE_LIMIT_ATTEMPTS) throw listingFault(github, limit.message, limit);
      }
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

async function send(api: GitHubApi, github: GitHub, body: Readonly<Record<string, unknown>>): Promise<HttpResponse> {
  try {
    return await api.send({ method: "POST", url: github.graphqlUrl, body, idempotent: true, expected: [200] });
  } catch (error) {
    if (!(error instanceof HttpError) || error.code === "interrupted") throw error;
    const isRefusal = error.status === 401 || (error.status === 403 && !error.retryable);
    throw (isRefusal ? permissionFault : listingFault)(github, describeError(error), error);
  }
}

/** A GraphQL response can have both data and errors. Only errors about fields that are not needed are ignored. */
function repositoryOf(
  github: GitHub,
  { data, errors }: v.InferOutput<typeof Response>,
  sizeBytes: number,
): RepositoryResponse {
  const missing = new Set<string>();
  for (const error of errors) {
    const [root, field, ...below] = error.path ?? [];
    const isMissing = error.type === "NOT_FOUND" && root === "repository";
    if (isMissing && field === undefined) throw noRepository(github, error);
    if (isMissing && typeof field === "string" && below.length === 0) missing.add(field);
    // It is null if the token has no access to the fork. That is all the information needed.
    else if (error.path?.at(-1) !== "headRepository") {
      const isRefusal = error.type === "FORBIDDEN" || error.type === "INSUFFICIENT_SCOPES";
      throw (isRefusal ? permissionFault : listingFault)(github, error.message, error);
    }
  }
  if (data?.repository == null) throw noRepository(github, errors);
  return { fields: data.repository, missing, sizeBytes };
}

/** GitHub uses both RATE_LIMITED and RATE_LIMIT. */
function isRateLimit({ type }: ResponseError): boolean {
  return type?.startsWith("RATE_LIMIT") === true;
}

function permissionFault(github: GitHub, why: string, cause: unknown): Fault {
  const remedy = `Check that \`github-token\` is valid and has the permission \`pull-requests: read\` on ${github.repository}.`;
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
