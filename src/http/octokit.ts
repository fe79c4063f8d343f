// Temporary, until refs/github/graphql.ts uses createGitHubApi.
import type { Octokit } from "@octokit/rest";
import type { HttpClient } from "./http.ts";

const ANY = Array.from({ length: 500 }, (_, i) => i + 100).filter(
  (status) => ![301, 302, 303, 307, 308].includes(status),
);

export async function openOctokit(
  http: HttpClient,
  github: { readonly token: string; readonly apiUrl: URL },
): Promise<Octokit> {
  const [{ Octokit }, { getOctokitOptions }] = await Promise.all([
    import("@octokit/rest"),
    import("@actions/github/lib/utils"),
  ]);
  const silent = (): void => undefined;
  const fetch = async (
    url: string,
    init: { method: "GET" | "POST"; body?: string; headers: Record<string, string> },
  ): Promise<unknown> => {
    const idempotent = init.method === "POST" ? ({ idempotent: true } as const) : {};
    const { status, headers, body } = await http.send({ ...init, ...idempotent, url: new URL(url), expected: ANY });
    const entries = new Map(Object.entries({ ...headers, "content-length": String(body.length) }));
    return { status, url, headers: entries, text: async () => body.toString("utf8") };
  };
  return new Octokit({
    ...getOctokitOptions(github.token, { userAgent: "refsweep" }),
    baseUrl: github.apiUrl.href.replace(/\/+$/, ""),
    request: { fetch },
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
}

export function bodyBytes({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): number {
  return Number(headers["content-length"] ?? 0);
}
