import * as v from "valibot";
import { Fault } from "../../fault.ts";
import { readPages } from "../pages.ts";
import type { TagPushes } from "../registry.ts";
import { type RetryOptions, readUntilStable } from "../stable-list.ts";
import { parseTime } from "../time.ts";
import type { DigitalOceanApi } from "./api.ts";
import { Digest } from "./manifests.ts";
import { Links, Meta, pageReader } from "./pages.ts";

const MAX_MIB = 128;

const TagEntry = v.object({
  tag: v.string(),
  manifest_digest: Digest,
  updated_at: v.fallback(v.nullish(v.string()), null),
});
const TagPage = v.object({ ...Meta.entries, ...Links.entries, tags: v.nullish(v.array(TagEntry), []) });

/** Lists when tags were pushed. The list can be minutes or hours older than the list of manifests. */
export function listTagPushes(api: DigitalOceanApi, retry: RetryOptions, repository: string): Promise<TagPushes> {
  const name = `${api.registry}/${repository}`;
  return readUntilStable(`the tags of ${name}`, retry, async () => {
    const attempt = await readPages<v.InferOutput<typeof TagEntry>>({
      fetch: pageReader(
        TagPage,
        ({ tags }) => tags ?? [],
        (query) => api.get(["repositories", repository, "tags"], query),
      ),
      keysOf: ({ tag }) => [tag],
      maxMiB: MAX_MIB,
      endless: (reason) => endless(name, reason),
    });
    if ("changed" in attempt) return attempt;
    const rows = (attempt.value ?? []).flatMap((page) => page.rows);
    return {
      value: new Map(
        rows.map((row) => [row.tag, { digest: row.manifest_digest, pushedAt: parseTime(row.updated_at) }]),
      ),
    };
  });
}

function endless(name: string, reason: string): Fault {
  return new Fault(
    "listing",
    `DigitalOcean's list of the tags of ${name} cannot be read completely: ${reason}`,
    "Run again. If the error persists, report it to DigitalOcean.",
  );
}
