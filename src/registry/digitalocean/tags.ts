import * as v from "valibot";
import { readEntries } from "../pages.ts";
import type { TagPushes } from "../registry.ts";
import type { RetryOptions } from "../stable-list.ts";
import { parseTime } from "../time.ts";
import type { DigitalOceanApi } from "./api.ts";
import { Digest } from "./manifests.ts";
import { incompleteList, Links, Meta, pageReader } from "./pages.ts";

const MAX_MIB = 128;

const TagEntry = v.object({
  tag: v.string(),
  manifest_digest: Digest,
  updated_at: v.fallback(v.nullish(v.string()), null),
});
type TagEntry = v.InferOutput<typeof TagEntry>;
const TagPage = v.object({ ...Meta.entries, ...Links.entries, tags: v.nullish(v.array(TagEntry), []) });

/** Lists when tags were pushed. The list can be minutes or hours older than the list of manifests. */
export async function listTagPushes(api: DigitalOceanApi, retry: RetryOptions, repository: string): Promise<TagPushes> {
  const list = `the tags of ${api.registry}/${repository}`;
  const entries = await readEntries<TagEntry>(list, retry, () => ({
    fetch: pageReader(
      TagPage,
      ({ tags }) => tags ?? [],
      (query) => api.get(["repositories", repository, "tags"], query),
    ),
    keysOf: ({ tag }) => [tag],
    maxMiB: MAX_MIB,
    endless: (reason) => incompleteList(list, reason),
  }));
  return new Map(
    (entries ?? []).map(({ tag, manifest_digest: digest, updated_at }) => [
      tag,
      { digest, pushedAt: parseTime(updated_at) },
    ]),
  );
}
