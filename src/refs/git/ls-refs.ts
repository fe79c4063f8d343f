import { Fault } from "../../fault.ts";
import { describeError, HttpError } from "../../http/errors.ts";
import { remedyFor } from "../../http/explanation.ts";
import type { HttpClient, HttpRequest } from "../../http/http.ts";
import { excerpt } from "../../http/redact.ts";
import type { LiveRefs } from "../refs.ts";
import { DELIMITER, encodeLine, FLUSH, GitProtocolError } from "./pkt-line.ts";
import { liveRefs, parseAdvertisement, parseLsRefs, pullRequestHeads } from "./ref-lines.ts";

/** A Git repository with smart HTTP. */
export interface GitRepository {
  /** `https://github.com/OWNER/NAME.git`, without user and password. */
  readonly url: URL;
  readonly token: string;
}

/** Enough for a million refs: 15,000 take about 1 MiB. */
const MAX_MIB = 64;
const SERVICE = "git-upload-pack";

/**
 * A client may only send capabilities that the server advertised, so this has no `agent` and no `object-format`. A SHA-256
 * repository refuses it, and is then read by its advertisement.
 */
function lsRefsCommand(...prefixes: readonly string[]): string {
  const prefixLines = prefixes.map((prefix) => encodeLine(`ref-prefix ${prefix}`));
  return [encodeLine("command=ls-refs"), DELIMITER, encodeLine("peel"), ...prefixLines, FLUSH].join("");
}

/** Another protocol version would get the same response. A POST follows no redirect, but the advertisement does. */
const NOT_ABOUT_THE_PROTOCOL: ReadonlySet<number> = new Set([401, 403, 404, 408, 429, 502, 503, 504]);

/**
 * Returns all branches and tags of a repository.
 *
 * Sends an `ls-refs` command of protocol v2, without reading the server's capabilities first: over HTTP each command is
 * independent (https://git-scm.com/docs/gitprotocol-v2#_capabilities). If the server does not support it (protocol v0 or v1, or
 * a SHA-256 repository), reads the reference advertisement, which has all refs.
 *
 * Throws Fault `permission` (401, 403) or `listing` (the list is incomplete, or has no branches), and HttpError `interrupted`.
 */
export async function listRefs(http: HttpClient, repository: GitRepository): Promise<LiveRefs> {
  const refs = await readRefs(http, repository);
  // The repository may be empty or the wrong one, or the server may hide its refs from this token.
  if (refs.branches.length === 0) {
    throw new Fault(
      "listing",
      `${nameOf(repository)} has no branches, so it cannot be decided which images are live`,
      "Check that `git-repository` names the Git repository that your images are built from.",
    );
  }
  return refs;
}

async function readRefs(http: HttpClient, repository: GitRepository): Promise<LiveRefs> {
  try {
    return liveRefs(parseLsRefs(await sendLsRefs(http, repository, ["refs/heads/", "refs/tags/"])));
  } catch (refusal) {
    if (!mayBeOlderServer(refusal)) throw gitFault(repository, "branches and tags", refusal);
    try {
      return await readAdvertisement(http, repository);
    } catch (error) {
      throw gitFault(repository, "branches and tags", error, refusal);
    }
  }
}

/**
 * Returns the head commit of every pull request, from `refs/pull/N/head`, which GitHub keeps for closed ones too. Only by protocol
 * v2. Throws the same errors as `listRefs`.
 */
export async function listPullRequestHeads(
  http: HttpClient,
  repository: GitRepository,
): Promise<ReadonlyMap<number, string>> {
  try {
    return pullRequestHeads(parseLsRefs(await sendLsRefs(http, repository, ["refs/pull/"])));
  } catch (error) {
    throw gitFault(repository, "pull requests' commits", error);
  }
}

async function sendLsRefs(http: HttpClient, repository: GitRepository, prefixes: readonly string[]): Promise<Buffer> {
  const body = await sendToGit(http, repository, "result", {
    method: "POST",
    url: new URL(`${repository.url.href}/${SERVICE}`),
    headers: { "content-type": `application/x-${SERVICE}-request`, "git-protocol": "version=2" },
    body: lsRefsCommand(...prefixes),
    idempotent: true,
  });
  // Git's own server returns this for a command that it does not know.
  if (body.length === 0) throw new GitProtocolError("malformed", "an empty response to `ls-refs`");
  return body;
}

async function readAdvertisement(http: HttpClient, repository: GitRepository): Promise<LiveRefs> {
  const url = new URL(`${repository.url.href}/info/refs?service=${SERVICE}`);
  // Without a Git-Protocol header, the server uses v0. A cached response would lack the newest branches.
  const request = { method: "GET", url, headers: { pragma: "no-cache" } } as const;
  return liveRefs(parseAdvertisement(await sendToGit(http, repository, "advertisement", request)));
}

/** Returns the body of a response of the `type`. Login pages, proxies and servers with the old dumb protocol also return 200. */
export async function sendToGit(
  http: HttpClient,
  { token }: GitRepository,
  type: "result" | "advertisement",
  request: Omit<HttpRequest, "expected">,
): Promise<Buffer> {
  const accept = `application/x-${SERVICE}-${type}`;
  const { headers, body } = await http.send({
    ...request,
    headers: { ...request.headers, accept },
    authorization: `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`,
    expected: [200],
    maxBytes: request.maxBytes ?? MAX_MIB * 1024 * 1024,
  });
  const actual = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() ?? "none";
  if (actual !== accept) throw new GitProtocolError("malformed", `a response of type ${actual} instead of ${accept}`);
  return body;
}

/** Whether the older protocol may succeed after `ls-refs` failed. A truncated response is an error of the transfer. */
function mayBeOlderServer(error: unknown): boolean {
  if (error instanceof GitProtocolError) return error.code !== "truncated";
  if (!(error instanceof HttpError) || error.code !== "status") return false;
  return error.status !== undefined && !NOT_ABOUT_THE_PROTOCOL.has(error.status);
}

/**
 * Returns the error for something that could not be read from a Git repository.
 *
 * @param what what could not be read: `branches and tags`
 * @param refusal why an older protocol was tried
 */
export function gitFault(repository: GitRepository, what: string, error: unknown, refusal?: unknown): unknown {
  if (error instanceof HttpError && error.code === "interrupted") return error;
  const before = refusal === undefined ? "" : ` (protocol v2 failed before: ${textOf(repository, refusal)})`;
  const why = textOf(repository, error) + before;
  const message = `Could not read the ${what} of ${nameOf(repository)}: ${why}`;
  const isRefusal = error instanceof HttpError && error.code === "status" && !error.retryable;
  const status = isRefusal ? error.status : undefined;
  const kind = status === 401 || status === 403 ? "permission" : "listing";
  const remedy = remedyOfReason(repository, error) ?? remedyOfReason(repository, refusal);
  return new Fault(kind, message, remedy ?? remedyOf(repository, error, status), { cause: error });
}

/** Returns the fix for the reason that the server names; undefined: it names none. */
function remedyOfReason(repository: GitRepository, error: unknown): string | undefined {
  return error instanceof HttpError ? error.remedy : remedyFor(textOf(repository, error), {}, repository.url);
}

function remedyOf(repository: GitRepository, error: unknown, status: number | undefined): string {
  if (status === 401 || status === 403) {
    return `Check that \`github-token\` is valid and has the permission \`contents: read\` on ${nameOf(repository)}.`;
  }
  if (status === 404 || (error instanceof GitProtocolError && error.code === "refused")) {
    return "Check the name in `git-repository`, and that `github-token` has the permission `contents: read` on it.";
  }
  if (error instanceof HttpError && error.code === "too-large") {
    return `The list of refs is larger than ${MAX_MIB} MiB. Delete branches and tags that are not needed.`;
  }
  if (error instanceof GitProtocolError) {
    return "Check that GITHUB_SERVER_URL is a Git server with smart HTTP, without a proxy or a login page in front of it.";
  }
  return "Run it again when the server responds.";
}

function nameOf({ url }: GitRepository): string {
  return url.origin + url.pathname;
}

/** The message may be untrusted: that of an error packet. */
function textOf({ token }: GitRepository, error: unknown): string {
  return excerpt(error instanceof Error ? describeError(error) : String(error), [token], 1_000);
}
