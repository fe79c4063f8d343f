import type { Octokit } from "@octokit/rest";
import * as v from "valibot";
import { Fault } from "../../fault.ts";
import { HttpError } from "../../http/errors.ts";
import type { HttpClient } from "../../http/http.ts";
import { openOctokit } from "../../http/octokit.ts";
import { throttleOf } from "../../http/rate-limit.ts";
import { excerpt, redactUrl } from "../../http/redact.ts";

/** One request to the packages API of the owner. */
export interface PackagesRequest {
  readonly method: "GET" | "DELETE";
  /** What follows `/orgs/ORG/packages` or `/users/USER/packages`: segments as they are, `/` in a name travels as `%2F`. */
  readonly path: readonly (string | number)[];
  readonly query?: Readonly<Record<string, string | number>>;
  readonly expected: readonly number[];
}

/** An answer of GitHub's API, still to be parsed. Header names in lower case. */
export interface GitHubAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
  /** As it may be shown. */
  readonly url: string;
}

/** The packages API for one owner. Throws HttpError, and a Fault of kind `permission` on 401 and on a 403 that is not about rate. */
export interface PackagesApi {
  /** As the input names it. */
  readonly owner: string;
  /** The API's host with its port, as requests are counted by it. */
  readonly host: string;
  ask(request: PackagesRequest): Promise<GitHubAnswer>;
}

export interface PackagesApiOptions {
  readonly http: HttpClient;
  /** `https://api.github.com`, or `https://HOST/api/v3`. */
  readonly apiUrl: URL;
  readonly token: string;
  readonly owner: string;
}

/** The owner's kind is asked for once, with the first request; nothing is requested before. */
export function createPackagesApi(options: PackagesApiOptions): PackagesApi {
  let opened: Promise<{ readonly octokit: Octokit; readonly base: string }> | null = null;

  async function open(): Promise<{ readonly octokit: Octokit; readonly base: string }> {
    const octokit = await openOctokit(options.http, options);
    return { octokit, base: await baseOf(octokit, options) };
  }

  return {
    owner: options.owner,
    host: options.apiUrl.host,
    async ask(request) {
      opened ??= open();
      const { octokit, base } = await opened.catch((error: unknown) => {
        opened = null;
        throw error;
      });
      const path = request.path.map((segment) => encodeSegment(String(segment))).join("/");
      const url = `${base}${path === "" ? "" : `/${path}`}`;
      return send(octokit, options, { ...request, url });
    },
  };
}

/** A segment of a path. What a list names may be anything: half a character cannot be sent, and dots would lead elsewhere. */
function encodeSegment(text: string): string {
  if (!/^\.{0,2}$|\p{Cs}/u.test(text)) return encodeURIComponent(text);
  throw new Fault(
    "listing",
    `${JSON.stringify(text.slice(0, 200))} cannot be a name on GitHub`,
    "Check the input repository-pattern, and what the owner's list of packages names.",
  );
}

const Account = v.object({ type: v.string() });

/** Organisations and users have paths of their own. An app's token may not ask for `/user`, but may for any account's type. */
async function baseOf(octokit: Octokit, options: PackagesApiOptions): Promise<string> {
  const owner = encodeSegment(options.owner);
  const answer = await send(octokit, options, { method: "GET", url: `/users/${owner}`, expected: [200, 404] });
  if (answer.status === 404) {
    throw new Fault(
      "registry",
      `GitHub knows no user and no organization ${JSON.stringify(options.owner)}: ${answer.url} answered 404`,
      "Check the owner in the input registry (ghcr.io/OWNER)",
    );
  }
  const { type } = parseAnswer(answer, Account);
  return type === "Organization" ? `/orgs/${owner}/packages` : `/users/${owner}/packages`;
}

interface Sent extends Omit<PackagesRequest, "path"> {
  readonly url: string;
}

/** The API version that these shapes are of (GitHub's docs, "API Versions"). */
const HEADERS = { accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" };

async function send(octokit: Octokit, options: PackagesApiOptions, request: Sent): Promise<GitHubAnswer> {
  const { method, url, query = {}, expected } = request;
  try {
    const { status, headers, data } = await octokit.request({ method, url, ...query, headers: HEADERS });
    const answer = { status, headers, data, url: shownUrl(options, request) };
    if (expected.includes(status)) return answer;
    throw errorOf(answer, options, request);
  } catch (error) {
    // Octokit wraps what its fetch throws, and throws what is no success.
    if (error instanceof Error && error.cause instanceof HttpError) throw error.cause;
    const refusal = v.safeParse(Refusal, error);
    if (!refusal.success) throw error;
    const answer = { ...refusal.output.response, url: shownUrl(options, request) };
    if (expected.includes(answer.status) && !isAboutRate(answer)) return answer;
    throw errorOf(answer, options, request, error);
  }
}

const Refusal = v.object({
  name: v.literal("HttpError"),
  response: v.object({ status: v.number(), headers: v.record(v.string(), v.unknown()), data: v.unknown() }),
});

function shownUrl({ apiUrl }: PackagesApiOptions, { url, query = {} }: Sent): string {
  const shown = new URL(`${apiUrl.href.replace(/\/+$/, "")}${url}`);
  for (const [name, value] of Object.entries(query)) shown.searchParams.set(name, String(value));
  return redactUrl(shown);
}

/** A 403 that asks to wait must not pass for one about permission. The HTTP stack has waited and repeated before this. */
function isAboutRate({ status, headers, data }: GitHubAnswer): boolean {
  const texts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const body = Buffer.from(JSON.stringify(data) ?? "");
  return throttleOf({ status, headers: texts, body }, 0, 0, () => 0) !== null;
}

function errorOf(answer: GitHubAnswer, options: PackagesApiOptions, request: Sent, cause?: unknown): Fault | HttpError {
  const { status, url } = answer;
  const detail = messageOf(answer, options.token);
  const id = answer.headers["x-github-request-id"];
  const requestId = typeof id === "string" && id !== "" ? excerpt(id, [], 100) : undefined;
  const aboutRate = isAboutRate(answer);
  const message =
    `${request.method} ${url} answered ${status}` +
    (aboutRate && status === 403 ? ", a rate limit" : "") +
    (requestId === undefined ? "" : ` (request id ${requestId})`);
  const error = new HttpError(
    message,
    {
      code: "status",
      method: request.method,
      url,
      status,
      retryable: aboutRate || status >= 500,
      ...(requestId === undefined ? {} : { requestId }),
      ...(detail === "" ? {} : { detail }),
    },
    { cause },
  );
  if (aboutRate) return error;
  if (status === 401) return unauthorized(error);
  return status === 403 ? forbidden(error) : error;
}

/** GitHub's own sentence of an error's body, cut; empty: none. */
export function messageOf({ data }: GitHubAnswer, secret = ""): string {
  const parsed = v.safeParse(v.object({ message: v.string() }), data);
  return parsed.success ? excerpt(parsed.output.message, secret.length < 4 ? [] : [secret]) : "";
}

function unauthorized(error: HttpError): Fault {
  return new Fault(
    "permission",
    `GitHub refused the token: ${error.message}${said(error)}`,
    "Check the input `token` (or `github-token`): it must be the job's own token, or a classic personal access token that has not expired.",
    { cause: error },
  );
}

/** GitHub's docs, "About permissions for GitHub Packages": a job's token needs the Admin role on the package itself. */
function forbidden(error: HttpError): Fault {
  return new Fault(
    "permission",
    `The token may not do this: ${error.message}${said(error)}`,
    "Give the job `permissions: packages: write`, and its repository the role Admin in the package's settings under " +
      '"Manage Actions access"; or set `token` to a classic personal access token with read:packages and delete:packages ' +
      "of somebody who is an admin of the package.",
    { cause: error },
  );
}

function said({ detail }: HttpError): string {
  return detail === undefined ? "" : `: ${detail}`;
}

/** The data of an answer in the shape that `schema` says, or a Fault of kind `listing` that names the request. */
export function parseAnswer<T>({ data, url }: GitHubAnswer, schema: v.GenericSchema<unknown, T>): T {
  const result = v.safeParse(schema, data);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Fault(
    "listing",
    `GET ${url} answered something of an unknown shape: ${v.getDotPath(issue) ?? "the body"}: ${issue.message}`,
    "Run it again; if it persists, check that no proxy answers in GitHub's place.",
  );
}
