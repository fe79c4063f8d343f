import { Fault } from "../../fault.ts";
import { HttpError } from "../../http/errors.ts";
import type { HttpClient, HttpResponse } from "../../http/http.ts";
import type { LiveRefs } from "../refs.ts";
import { encodePackets, GitProtocolError, textPacket } from "./pkt-line.ts";
import { parseAdvertisement, parseLsRefs } from "./ref-lines.ts";

/** A Git repository behind smart HTTP. */
export interface GitRepository {
  /** `https://github.com/OWNER/NAME.git`, without user and password. */
  readonly url: URL;
  /** What reads it; null where anybody may. */
  readonly token: string | null;
}

/** 15,000 refs are about 1 MiB; this is room for a million. */
const MAX_BYTES = 64 * 1024 * 1024;
const SERVICE = "git-upload-pack";

/**
 * The command, and nothing about us: a client must not send an `agent` that the server did not advertise, and nobody asked
 * the server (the User-Agent header says who we are). Nor an `object-format`: its absence means SHA-1, servers before Git 2.28 refuse the word,
 * and a SHA-256 repository refuses the command and is then read the older way.
 */
const LS_REFS = encodePackets([
  textPacket("command=ls-refs"),
  { type: "delim" },
  textPacket("peel"),
  textPacket("ref-prefix refs/heads/"),
  textPacket("ref-prefix refs/tags/"),
  { type: "flush" },
]);

/**
 * Answers that say nothing of the protocol: asking in another version would ask the same gatekeeper.
 * A redirect is not among them: a POST is not redirected, but the advertisement of a renamed repository is.
 */
const NOT_ABOUT_THE_PROTOCOL: ReadonlySet<number> = new Set([401, 403, 404, 408, 429, 502, 503, 504]);

/**
 * Every branch and tag of a repository, in one request.
 *
 * It is an `ls-refs` command of protocol v2, sent without asking for the capabilities first: over HTTP each command stands for itself,
 * the server keeps no state between requests (https://git-scm.com/docs/gitprotocol-v2#_capabilities), and all arguments used are part of the
 * command's base. A server that does not take it (v0 or v1 only, or a SHA-256 repository) is asked for its older reference advertisement,
 * which is whole by itself and holds all refs.
 *
 * Throws Fault `permission` (401, 403) or `listing` (anything that leaves the list in doubt, and a list without branches);
 * an HttpError `interrupted` comes through as it is.
 */
export async function listRefs(http: HttpClient, repository: GitRepository): Promise<LiveRefs> {
  const refs = await readRefs(http, repository);
  // An empty repository, a wrong one, or a server that hides its refs from this token all look like this. Every image whose pull
  // request is closed would count as dead, and nothing could speak for the living: such a list decides nothing.
  if (refs.branches.length === 0) {
    throw new Fault(
      "listing",
      `${nameOf(repository)} has no branches, so it cannot decide what is alive`,
      "Check that `git-repository` names the repository whose branches and tags your images are built from.",
    );
  }
  return refs;
}

async function readRefs(http: HttpClient, repository: GitRepository): Promise<LiveRefs> {
  try {
    return await commandRefs(http, repository);
  } catch (refusal) {
    if (!mayBeOlderServer(refusal)) throw faultOf(repository, refusal);
    try {
      return await advertisedRefs(http, repository);
    } catch (error) {
      throw faultOf(repository, error, refusal);
    }
  }
}

async function commandRefs(http: HttpClient, repository: GitRepository): Promise<LiveRefs> {
  const response = await http.send({
    method: "POST",
    url: new URL(`${repository.url.href}/${SERVICE}`),
    headers: {
      accept: `application/x-${SERVICE}-result`,
      "content-type": `application/x-${SERVICE}-request`,
      "git-protocol": "version=2",
    },
    ...credentials(repository),
    body: LS_REFS,
    idempotent: true,
    expected: [200],
    maxBytes: MAX_BYTES,
  });
  requireType(response, `application/x-${SERVICE}-result`);
  // How Git's own server shows that it dies on a request that it does not understand: 200, and not one byte.
  if (response.body.length === 0) throw new GitProtocolError("malformed", "an empty answer to `ls-refs`");
  return parseLsRefs(response.body);
}

async function advertisedRefs(http: HttpClient, repository: GitRepository): Promise<LiveRefs> {
  const response = await http.send({
    method: "GET",
    url: new URL(`${repository.url.href}/info/refs?service=${SERVICE}`),
    // No Git-Protocol header: that is what asks for v0. A stored copy would lack the newest branch.
    headers: { accept: `application/x-${SERVICE}-advertisement`, "cache-control": "no-cache", pragma: "no-cache" },
    ...credentials(repository),
    expected: [200],
    maxBytes: MAX_BYTES,
  });
  requireType(response, `application/x-${SERVICE}-advertisement`);
  return parseAdvertisement(response.body);
}

function credentials({ token }: GitRepository): { readonly authorization?: string } {
  return token === null ? {} : { authorization: `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}` };
}

/** A login page, a proxy's notice or a dumb server's list of refs also come with 200. */
function requireType(response: HttpResponse, type: string): void {
  const got = response.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() ?? "none";
  if (got !== type) throw new GitProtocolError("malformed", `an answer of type ${got} instead of ${type}`);
}

/** Whether the older protocol may succeed where `ls-refs` failed. An answer that was cut is no sign of that: it is an error. */
function mayBeOlderServer(error: unknown): boolean {
  if (error instanceof GitProtocolError) return error.code !== "truncated";
  if (!(error instanceof HttpError) || error.code !== "status") return false;
  return error.status !== undefined && !NOT_ABOUT_THE_PROTOCOL.has(error.status);
}

/** `refusal`: what the server had answered to `ls-refs`, where `error` comes from the older way. */
function faultOf(repository: GitRepository, error: unknown, refusal?: unknown): unknown {
  if (error instanceof HttpError && error.code === "interrupted") return error;
  const where = nameOf(repository);
  const what = `the branches and tags of ${where} could not be read: ${textOf(error)}`;
  const before = refusal === undefined ? "" : ` (protocol v2 had failed: ${textOf(refusal)})`;
  const [kind, remedy] = adviceFor(repository, error);
  return new Fault(kind, what + before, remedy, { cause: error });
}

function adviceFor(repository: GitRepository, error: unknown): ["permission" | "listing", string] {
  // A 403 that may pass later is about the rate, and the token is good.
  const lasting = error instanceof HttpError && error.code === "status" && !error.retryable;
  const status = lasting ? error.status : undefined;
  if (status === 401 || status === 403) {
    const lacking = repository.token === null ? "`github-token` is empty" : "`github-token` is refused";
    return ["permission", `${lacking}: it needs the permission \`contents: read\` on ${nameOf(repository)}.`];
  }
  if (status === 404) {
    return [
      "listing",
      "Either `git-repository` does not exist, or `github-token` cannot read it: check its name, and that the token has `contents: read` on it.",
    ];
  }
  if (error instanceof HttpError && error.code === "too-large") {
    return [
      "listing",
      `Its list of refs is longer than the ${MAX_BYTES / 1024 / 1024} MiB that are read; delete refs that nobody needs.`,
    ];
  }
  if (error instanceof GitProtocolError && error.code !== "refused") {
    return [
      "listing",
      "Check that GITHUB_SERVER_URL names a Git server that speaks smart HTTP, without a proxy or a login page before it.",
    ];
  }
  return ["listing", "Nothing that depends on the refs was touched; run it again once the server answers."];
}

function nameOf({ url }: GitRepository): string {
  return url.origin + url.pathname;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
