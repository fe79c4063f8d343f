import * as v from "valibot";
import type { Digest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import { HttpError } from "../../http/errors.ts";
import type { HttpResponse } from "../../http/http.ts";
import { isIndexType } from "../manifest.ts";
import { bareType, DigestShape } from "./manifest.ts";
import { type AskPage, parseBody, readPages } from "./pages.ts";

const Index = v.object({
  mediaType: v.optional(v.string()),
  manifests: v.nullable(v.array(v.object({ digest: DigestShape }))),
});

/**
 * Whoever sends for referrers elsewhere has none itself: ghcr.io leads to a page of github.com, which answers 404, or 429 for
 * hours (artifacthub/hub#4785).
 */
const ELSEWHERE: readonly number[] = [301, 302, 303, 307, 308];
/** What registries that refuse the path as such answer to it: as good as the 404 of those that do not know it. */
const REFUSED_AS_UNKNOWN: readonly number[] = [400, 405, 406, 501];

/** All entries of the referrers list at `first`; `missing`: the registry has no such API. Sends nothing elsewhere. */
export async function readReferrers(first: URL, send: AskPage): Promise<readonly Digest[] | "missing"> {
  const ask: AskPage = async (url, expected) => {
    const response = await send(url, [...expected, ...ELSEWHERE]);
    return ELSEWHERE.includes(response.status) ? { ...response, status: 404 } : response;
  };
  return orMissing(() => readPages(first, ask, readIndex));
}

/** Asks for what not every registry has; `missing`: it refuses the path as such. */
export async function orMissing<T>(ask: () => Promise<T | "missing">): Promise<T | "missing"> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof HttpError && REFUSED_AS_UNKNOWN.includes(error.status ?? 0)) return "missing";
    throw error;
  }
}

function readIndex(response: HttpResponse): readonly Digest[] {
  const { mediaType, manifests } = parseBody(Index, response);
  const type = mediaType ?? bareType(response.headers["content-type"]);
  if (isIndexType(type)) return (manifests ?? []).map(({ digest }) => digest);
  throw new Fault(
    "listing",
    `GET ${response.url.origin}${response.url.pathname} answered ${JSON.stringify(type.slice(0, 100))}, and not an OCI index`,
    "Check the registry's address: its referrers must be known whole before anything is deleted.",
  );
}
