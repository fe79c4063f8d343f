import * as v from "valibot";
import type { Digest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import { HttpError } from "../../http/errors.ts";
import type { HttpResponse } from "../../http/http.ts";
import { isIndexType } from "../manifest.ts";
import { bareType, DigestShape } from "./manifest.ts";
import { type FetchPage, parseBody, readPages } from "./pages.ts";

const ReferrersIndex = v.object({
  mediaType: v.optional(v.string()),
  manifests: v.nullable(v.array(v.object({ digest: DigestShape }))),
});

/**
 * A registry that redirects here has no referrers API: ghcr.io redirects to a page of github.com, which returns 404, or 429
 * for hours (artifacthub/hub#4785).
 */
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** Statuses besides 404 of registries that do not know a path. */
const UNSUPPORTED: readonly number[] = [400, 405, 406, 501];

/** Reads all entries of the referrers list at `first`; `missing` if there is no such API. Follows no redirect. */
export async function readReferrers(first: URL, fetchPage: FetchPage): Promise<readonly Digest[] | "missing"> {
  const fetchWithoutRedirects: FetchPage = async (url, expected) => {
    const response = await fetchPage(url, [...expected, ...REDIRECTS]);
    return REDIRECTS.includes(response.status) ? { ...response, status: 404 } : response;
  };
  return missingIfUnsupported(() => readPages(first, fetchWithoutRedirects, readIndex));
}

/** Calls `read`; returns `missing` if the registry does not know the path. */
export async function missingIfUnsupported<T>(read: () => Promise<T | "missing">): Promise<T | "missing"> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof HttpError && UNSUPPORTED.includes(error.status ?? 0)) return "missing";
    throw error;
  }
}

function readIndex(response: HttpResponse): readonly Digest[] {
  const { mediaType, manifests } = parseBody(ReferrersIndex, response);
  const type = mediaType ?? bareType(response.headers["content-type"]);
  if (isIndexType(type)) return (manifests ?? []).map(({ digest }) => digest);
  const { origin, pathname } = response.url;
  throw new Fault(
    "listing",
    `GET ${origin}${pathname} returned ${JSON.stringify(type.slice(0, 100))} instead of an OCI index`,
    "Check the registry's address. Refsweep deletes nothing until it can read all referrers.",
  );
}
