import type { Digest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import type { HttpResponse } from "../../http/http.ts";
import { excerpt } from "../../http/redact.ts";
import type { ManifestContent } from "../manifest.ts";
import { bareType, MANIFEST_TYPES, parseManifest, requireDigest, verifyDigest } from "./manifest.ts";
import { isSchema1, parseSchema1 } from "./schema1.ts";

/** A manifest, and the digest by which the registry stores and deletes it. */
export interface OciManifest {
  readonly digest: Digest;
  readonly content: ManifestContent;
}

/**
 * Parses the response to a GET of a manifest; `missing` for 404. Checks the media type, then the digest. Throws Fault `listing`.
 *
 * @param requested null: the manifest was requested by tag
 */
export function parseManifestResponse(response: HttpResponse, requested: Digest | null): OciManifest | "missing" {
  const { body, headers, url, status } = response;
  const request = `GET ${url.origin}${url.pathname}`;
  if (status === 404) {
    requireUnknown(response, request);
    return "missing";
  }
  const contentType = headers["content-type"];
  const type = bareType(contentType);
  if (isSchema1(type)) {
    const manifest = parseSchema1(body, type, request);
    requireDigest(response, manifest.digest, requested);
    return manifest;
  }
  const parse = (): ManifestContent => parseManifest(body, contentType, request);
  // Another type is the cause of another digest.
  if (!MANIFEST_TYPES.includes(type)) return { content: parse(), digest: verifyDigest(response, requested) };
  return { digest: verifyDigest(response, requested), content: parse() };
}

/** Distribution also returns 404 for a manifest whose type the client does not accept. */
function requireUnknown({ body }: HttpResponse, request: string): void {
  const text = body.toString("utf8", 0, 10_000);
  if (!/accept header does not support/i.test(text)) return;
  throw new Fault(
    "listing",
    `${request} returned 404 for a manifest that exists: ${excerpt(text, [])}`,
    "Check for a proxy that removes the request header `Accept`.",
  );
}
