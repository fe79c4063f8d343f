import type { Digest } from "../digest.ts";
import { Fault } from "../fault.ts";
import type { Rules, SinceFirstLook } from "../plan/view.ts";
import type { Listing, Registry } from "../registry/registry.ts";
import { type Look, referrersLost, survey } from "./survey.ts";
import type { RefsJudge } from "./tag-statuses.ts";

/** What a look at a repository is taken with. */
export interface LookTools {
  readonly registry: Registry;
  readonly judge: RefsJudge;
  /** As the first look had them. */
  readonly rules: Rules;
  readonly concurrency: number;
}

/**
 * A new look at a repository, with the refs read anew, that can only keep more than the first.
 *
 * @param planned how far the first look's plan has come
 * @throws Fault `listing` where it cannot see as much as the first did
 */
export async function lookAgain(
  { registry, judge, rules, concurrency }: LookTools,
  repository: string,
  first: Look,
  planned: SinceFirstLook["planned"],
): Promise<Look> {
  const listing = await registry.list(repository);
  throwIfEmptied(listing, first);
  // Afterwards: a list may take minutes, in which a branch comes back, or an app is rolled back.
  await judge.refresh();
  const known = new Map(first.listing.manifests.map((manifest) => [manifest.digest, manifest]));
  const since = { known, times: first.listing.times, contents: first.contents, planned };
  const secondRules: Rules = { ...rules, pinned: judge.pinned(), since };
  const look = await survey(registry, repository, listing, judge, secondRules, concurrency);
  throwUnlessReadable(look);
  const [lost] = look.plan.waves.flat();
  if (lost !== undefined && first.referrersApi === true && look.referrersApi === false) throw referrersLost(lost);
  return look;
}

/** A list without one of the many that were to stay is more often a wrong one than a repository that somebody emptied. */
function throwIfEmptied({ manifests }: Listing, first: Look): void {
  const stays = (digest: Digest): boolean => first.decisions.get(digest)?.decision === "keep";
  if (manifests.length > 0 || !first.listing.manifests.some(({ digest }) => stays(digest))) return;
  throw new Fault(
    "listing",
    "Its list of manifests was empty when it was read again, and what was to stay is not there either",
    "See whether the repository was deleted; if it is there, run this again.",
  );
}

/** Throws a Fault of kind `listing` where what stays could not be read. */
export function throwUnlessReadable({ plan }: Look): void {
  const [unreadable] = plan.unreadable;
  if (unreadable === undefined) return;
  throw new Fault(
    "listing",
    `${unreadable.digest} stays and could not be read, so nothing that it may refer to is deleted: ${unreadable.reason}`,
    "Run it again; if it stays, delete or push that manifest anew.",
  );
}
