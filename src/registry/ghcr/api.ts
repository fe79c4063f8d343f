import * as v from "valibot";
import { Fault } from "../../fault.ts";
import type { GitHubApi } from "../../http/github.ts";
import type { HttpRequest, HttpResponse } from "../../http/http.ts";
import { parseJson } from "../../http/json.ts";
import { requirePermission } from "../token.ts";

/** One request to the owner's packages API. */
export interface PackagesRequest extends Pick<HttpRequest, "expected" | "sendBy"> {
  readonly method: "GET" | "DELETE";
  /** Unencoded path segments after `/orgs/ORG/packages` or `/users/USER/packages`. A `/` in a name is sent as `%2F`. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | number>>;
}

/** GitHub's packages API for one owner. Throws HttpError, and Fault `permission` for 401 and for 403 without a rate limit. */
export interface PackagesApi {
  /** As in the input `registry`. */
  readonly owner: string;
  /** Finds out whether the owner is an organization, which \`send\` does before its first request. */
  open(): Promise<void>;
  send(request: PackagesRequest): Promise<HttpResponse>;
  /** Throws Fault `permission` if the last response showed the scopes of a classic token, and `scope` is not one of them. */
  requireScope(scope: string): void;
  /** Returns whether a path exists and the token may read it. */
  exists(path: readonly string[]): Promise<boolean>;
}

/** The remedy for a missing permission. */
export const GRANT_ADMIN =
  "Give the job `permissions: packages: write`, and give its repository the role Admin in the package's settings under " +
  '"Manage Actions access". Or set `token` to a classic personal access token with read:packages and delete:packages of ' +
  "an admin of the package.";

const REMEDIES = {
  // A job's token needs the role Admin on the package (GitHub's docs, "About permissions for GitHub Packages").
  lacking: GRANT_ADMIN,
  rejected:
    "Set `token` (or `github-token`) to the job's own token, or to a classic personal access token that has not expired.",
};

/** Opens the API. Its first request is preceded by one that finds out whether the owner is an organization. */
export function createPackagesApi(github: GitHubApi, owner: string): PackagesApi {
  let base: Promise<string> | null = null;
  let scopes: readonly string[] | null = null;

  function open(): Promise<string> {
    base ??= findBase(github, owner).catch((error: unknown) => {
      base = null;
      throw error;
    });
    return base;
  }

  async function send({ path, ...request }: PackagesRequest): Promise<HttpResponse> {
    const root = await open();
    const url = [root, ...path.map(encodeSegment)].join("/");
    const response = await requirePermission("GitHub", REMEDIES, github.send({ ...request, path: url }));
    scopes = response.headers["x-oauth-scopes"]?.split(",").map((scope) => scope.trim()) ?? null;
    return response;
  }
  return {
    owner,
    async open() {
      await open();
    },
    requireScope(scope) {
      // Only classic tokens have scopes.
      if (scopes === null || scopes.includes("") || scopes.includes(scope)) return;
      const message = `The token has no scope ${scope}; its scopes are ${scopes.join(", ")}`;
      throw new Fault("permission", message, GRANT_ADMIN);
    },
    send,
    exists: async (path) => (await send({ method: "GET", path, expected: [200, 404] })).status === 200,
  };
}

/** An unpaired surrogate cannot be encoded, and URL parsers resolve `.` and `..`. */
function encodeSegment(text: string): string {
  if (!/^\.{0,2}$|\p{Cs}/u.test(text)) return encodeURIComponent(text);
  throw new Fault(
    "listing",
    `${JSON.stringify(text.slice(0, 200))} cannot be a name on GitHub`,
    "Correct `repository-pattern`. If it is correct, check the owner's list of packages on GitHub.",
  );
}

const Account = v.object({ type: v.string() });

/** Organizations and users have different paths. A job's token may read the type of any account, but not `/user`. */
async function findBase(github: GitHubApi, owner: string): Promise<string> {
  const segment = encodeSegment(owner);
  const request = { method: "GET", path: `/users/${segment}`, expected: [200, 404] } as const;
  const response = await requirePermission("GitHub", REMEDIES, github.send(request));
  if (response.status === 404) {
    throw new Fault(
      "registry",
      `GitHub has no user or organization ${JSON.stringify(owner)}: ${response.url} returned 404`,
      "Correct the owner in `registry` (ghcr.io/OWNER).",
    );
  }
  const { type } = parseBody(response, Account);
  return `/${type === "Organization" ? "orgs" : "users"}/${segment}/packages`;
}

/** Returns the JSON body of a response. Throws Fault `listing` if it does not match `schema`. */
export function parseBody<T>(response: HttpResponse, schema: v.GenericSchema<unknown, T>): T {
  return parseJson(response.body, schema, {
    request: `GET ${response.url.origin}${response.url.pathname}`,
    remedy: "Run again. If the error persists, check any proxy between the runner and GitHub.",
  });
}
