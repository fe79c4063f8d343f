import type { Octokit } from "@octokit/rest";
import type { HttpClient } from "./http.ts";

/**
 * GitHub's own client over the one HTTP stack: paced, repeated and counted there, so Octokit's plugins for that stay out.
 * It is loaded here, at the first use: a run that asks GitHub nothing does not pay for it.
 *
 * @param github `apiUrl`: as the runner gives it in `GITHUB_API_URL`
 */
export async function openOctokit(
  http: HttpClient,
  github: { readonly token: string; readonly apiUrl: URL },
): Promise<Octokit> {
  const [{ Octokit }, { getOctokitOptions }] = await Promise.all([
    import("@octokit/rest"),
    import("@actions/github/lib/utils"),
  ]);
  const silent = (): void => undefined;
  // The toolkit's options name the job in the User-Agent, by which GitHub's support finds its requests.
  return new Octokit({
    ...getOctokitOptions(github.token, { userAgent: "refsweep" }),
    baseUrl: github.apiUrl.href.replace(/\/+$/, ""),
    request: { fetch: http.fetch },
    // Its own log would write text from outside to the console, where it counts as workflow commands.
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
}

/** The length of an answer's body in bytes, decoded: the stack's `fetch` always says it. */
export function bodyBytes({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): number {
  return Number(headers["content-length"] ?? 0);
}
