import * as v from "valibot";
import { type Digest, isDigest } from "../../digest.ts";
import { Fault } from "../../fault.ts";
import type { HttpResponse } from "../../http/http.ts";
import { parseTime } from "../time.ts";
import { digestOfBytes } from "./manifest.ts";

const ImageConfig = v.object({ created: v.optional(v.unknown()) });

/**
 * Returns the digest of a manifest's bytes. Throws Fault `listing` if it is not the requested one, or not the one of the
 * response's `Docker-Content-Digest`.
 *
 * @param requested null: the manifest was requested by tag
 */
export function verifyDigest({ body, headers, url }: HttpResponse, requested: Digest | null): Digest {
  const header = headers["docker-content-digest"];
  // By tag: use the algorithm of the header, because the registry deletes the manifest only by that digest.
  const digest = digestOfBytes(body, requested ?? (header !== undefined && isDigest(header) ? header : null));
  const contradictsHeader = header !== undefined && header !== digest && algorithmOf(header) === algorithmOf(digest);
  const contradictsRequest = requested !== null && requested !== digest;
  if (!contradictsRequest && !contradictsHeader) return digest;
  const expected = contradictsRequest ? requested : String(header).slice(0, 200);
  throw new Fault(
    "listing",
    `GET ${url.origin}${url.pathname} returned content with digest ${digest} instead of ${expected}`,
    "Check for a proxy that changes manifests, and for damaged registry storage.",
  );
}

function algorithmOf(digest: string): string | undefined {
  return digest.split(":")[0];
}

/** Returns `created` of an image config, in milliseconds since the epoch; null if the config has none or is not JSON. */
export function createdAtOf(config: Buffer): number | null {
  try {
    const parsed = v.safeParse(ImageConfig, JSON.parse(config.toString("utf8")));
    return parsed.success && typeof parsed.output.created === "string" ? parseTime(parsed.output.created) : null;
  } catch {
    return null;
  }
}
