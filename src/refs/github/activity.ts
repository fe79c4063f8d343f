import * as v from "valibot";
import { Fault } from "../../fault.ts";
import { describeError, HttpError } from "../../http/errors.ts";
import { createGitHubApi } from "../../http/github.ts";
import type { HttpClient, HttpResponse } from "../../http/http.ts";
import { parseJson } from "../../http/json.ts";
import { parseLinks } from "../../http/link.ts";
import type { Settings } from "../../settings.ts";
import { type DeletedBranch, RENAME_MS } from "../refs.ts";

const PAGE_SIZE = 100;
/** Enough for 3,000 branches. Images of branches that were deleted before are kept. */
const MAX_PAGES = 30;

// `activity` in GitHub's OpenAPI document.
const Entry = v.object({
  before: v.string(),
  after: v.string(),
  ref: v.string(),
  timestamp: v.pipe(v.string(), v.isoTimestamp()),
});
type Entry = v.InferOutput<typeof Entry>;

/**
 * Returns the branches that were deleted or renamed since `since` (milliseconds since the epoch), as far as the activity of the Git
 * repository shows it, the last one first. GitHub Enterprise Server has the activity since 3.17.
 *
 * Throws Fault `listing` or `permission`, and HttpError `interrupted`.
 */
export async function listDeletedBranches(
  http: HttpClient,
  github: Settings["github"],
  since: number,
): Promise<readonly DeletedBranch[]> {
  const { entries: deletions } = await listActivity(http, github, "branch_deletion", since);
  const last = deletions.at(-1);
  if (last === undefined) return [];
  const creations = await listActivity(http, github, "branch_creation", Date.parse(last.timestamp) - RENAME_MS);
  return deletions
    .filter(({ timestamp }) => Date.parse(timestamp) - RENAME_MS >= creations.since)
    .map((deletion) => ({
      name: deletion.ref.slice("refs/heads/".length),
      commit: deletion.before,
      deletedAt: Date.parse(deletion.timestamp),
      ...(creations.entries.some((creation) => isRename(deletion, creation)) ? { isRenamed: true } : {}),
    }));
}

function isRename(deletion: Entry, creation: Entry): boolean {
  const distance = Math.abs(Date.parse(deletion.timestamp) - Date.parse(creation.timestamp));
  return creation.after === deletion.before && distance <= RENAME_MS;
}

interface Activity {
  /** The last one first. */
  readonly entries: readonly Entry[];
  /** Entries before this time may be missing, in milliseconds since the epoch. */
  readonly since: number;
}

/** Lists the entries of one type, back to `since` at most. */
async function listActivity(
  http: HttpClient,
  github: Settings["github"],
  type: "branch_deletion" | "branch_creation",
  since: number,
): Promise<Activity> {
  const api = createGitHubApi(http, github);
  const path = `/repos/${github.repository}/activity`;
  const entries: Entry[] = [];
  let after: string | null = null;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const query = { activity_type: type, direction: "desc", per_page: PAGE_SIZE, ...(after === null ? {} : { after }) };
    const response = await api
      .send({ method: "GET", path, query, expected: [200] })
      .catch((error: unknown) => Promise.reject(faultOf(github, error)));
    const page = parsePage(response);
    entries.push(
      ...page.filter(({ ref, timestamp }) => ref.startsWith("refs/heads/") && Date.parse(timestamp) >= since),
    );
    after = nextCursor(response);
    if (after === null || page.some(({ timestamp }) => Date.parse(timestamp) < since)) return { entries, since };
  }
  return { entries, since: Date.parse(entries.at(-1)?.timestamp ?? "") };
}

function parsePage(response: HttpResponse): readonly Entry[] {
  return parseJson(response.body, v.array(Entry), {
    request: `GET ${response.url.origin}${response.url.pathname}`,
    remedy: "Run again. If the error persists, check any proxy between the runner and GitHub.",
  });
}

/** Takes only the cursor from the link, because the token must not be sent to a host that a response names. */
function nextCursor({ headers, url }: HttpResponse): string | null {
  const next = parseLinks(headers["link"] ?? "")?.find(({ relations }) => relations.includes("next"));
  return URL.parse(next?.target ?? "", url.href)?.searchParams.get("after") ?? null;
}

function faultOf({ repository }: Settings["github"], error: unknown): unknown {
  if (!(error instanceof HttpError) || error.code === "interrupted") return error;
  const isRefusal = error.status === 401 || error.status === 403 || error.status === 404;
  return new Fault(
    isRefusal ? "permission" : "listing",
    `Could not read the deleted branches of ${repository}: ${describeError(error)}`,
    isRefusal
      ? "Give `github-token` the permission `contents: read`. GitHub Enterprise Server needs version 3.17 or newer."
      : "Run again when GitHub responds.",
    { cause: error },
  );
}
