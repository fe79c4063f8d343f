import { spawn } from "node:child_process";
import { type Reply, type ServedRequest, type ServeOptions, serve, type TestServer } from "../http-server.ts";
import { GIT_ENVIRONMENT, gather, type Output } from "./repository.ts";

export { type GitContents, git, makeRepository, type TestRepository } from "./repository.ts";

export type GitResponses = "fresh" | "cached" | (() => string);

export interface ServeGitOptions extends ServeOptions {
  /** The folder with the repositories: `OWNER/NAME.git` in it is served at `/OWNER/NAME.git`. */
  readonly root: string;
  /** If given, every request needs it as the password of the user `x-access-token`. */
  readonly token?: string;
  /** `v0`: the server ignores the Git-Protocol header. Default: `v2`. */
  readonly protocol?: "v0" | "v2";
  /**
   * `cached`: equal requests get equal responses, without a new process. For repositories that do not change. A function
   * returns the state of a repository that changes: equal requests in equal states get equal responses.
   */
  readonly responses?: GitResponses;
}

/** Starts Git's own HTTP server (`git http-backend`, a CGI program) for the repositories in a folder, on 127.0.0.1. */
export function serveGit(options: ServeGitOptions): Promise<TestServer> {
  const expected =
    options.token === undefined ? null : `Basic ${Buffer.from(`x-access-token:${options.token}`).toString("base64")}`;
  const cache = new Map<string, Reply>();
  return serve(async (request) => {
    if (expected !== null && request.headers.authorization !== expected) {
      return { status: 401, headers: { "www-authenticate": 'Basic realm="GitHub"' }, body: "Repository not found." };
    }
    const { responses = "fresh" } = options;
    if (responses === "fresh") return reply(await backend(request, options));
    const state = responses === "cached" ? "" : responses();
    const { method, path, headers, body } = request;
    const key = [state, method, path, headers["git-protocol"], body.toString("latin1")].join("\n");
    const response = cache.get(key) ?? reply(await backend(request, options));
    cache.set(key, response);
    return response;
  }, options);
}

/** Runs the CGI program for one request: https://www.rfc-editor.org/rfc/rfc3875#section-4.1 */
async function backend(request: ServedRequest, { root, protocol }: ServeGitOptions): Promise<Output> {
  const { headers, body } = request;
  const gitProtocol = headers["git-protocol"];
  const child = spawn("git", ["http-backend"], {
    env: {
      ...GIT_ENVIRONMENT,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(request.url.pathname),
      QUERY_STRING: request.url.search.slice(1),
      CONTENT_TYPE: headers["content-type"] ?? "",
      CONTENT_LENGTH: String(body.length),
      HTTP_CONTENT_ENCODING: headers["content-encoding"] ?? "",
      ...(protocol !== "v0" && typeof gitProtocol === "string" ? { GIT_PROTOCOL: gitProtocol } : {}),
    },
  });
  return gather(child, body);
}

/** Returns the output of the CGI program as a response. Like Apache, it ignores the exit code. */
function reply({ stdout }: Output): Reply {
  const end = stdout.indexOf("\r\n\r\n");
  if (end < 0) return { status: 500, body: "git http-backend sent no headers" };
  const lines = stdout.toString("latin1", 0, end).split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const { status = "200", ...others } = headers;
  return { status: Number.parseInt(status, 10), headers: others, body: stdout.subarray(end + 4) };
}
