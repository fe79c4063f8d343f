import type { Reply, ServerFault } from "../servers/http-server.ts";
import type { InjectedFault, Met } from "./faults.ts";
import { EXTRA_TAG } from "./scenario.ts";

type Change = (items: readonly unknown[]) => readonly unknown[];

/** Whether a request is for a page of a list: of repositories, manifests, tags, referrers, collections or pull requests. */
function isList({ method, path, body }: Met): boolean {
  if (method === "POST") return body.includes("hasNextPage");
  return (
    method === "GET" &&
    /\/(?:repositoriesV2|digests|garbage-collections|packages|versions|_catalog|list)(?:\?|$)|\/referrers\//.test(path)
  );
}

/** Lists that lie: entries are missing that are there, or come twice. */
function lying(change: Change, total: "as it was" | "to match" = "as it was"): ServerFault {
  return { kind: "altered", alter: (reply) => alterList(reply, change, total) };
}

const without =
  (tag: string): Change =>
  (items) =>
    items.filter((item) => !JSON.stringify(item).includes(`"${tag}"`));

/** What can go wrong with a page of a list, beside what can with any request. */
export const LIST_FAULTS: Readonly<Record<string, InjectedFault>> = {
  "a list without its first item": listFault(
    lying((items) => items.slice(1)),
    "some",
  ),
  "a list without its last item": listFault(
    lying((items) => items.slice(0, -1)),
    "some",
  ),
  "a list without a living tag": listFault(lying(without("main")), "some"),
  "a list without a living tag, and a total to match": listFault(lying(without("main"), "to match"), "some"),
  "a list without a tag that keeps a digest": listFault(lying(without("next"), "to match"), "some"),
  "a list without items": listFault(
    lying(() => []),
    "some",
  ),
  "a list with an item twice": listFault(
    lying((items) => [...items.slice(0, 1), ...items]),
    "all",
  ),
  "a list that moves, as somebody pushes": {
    meets: isList,
    respond: ({ others }) => {
      others.push({ seed: "pushed meanwhile", tags: ["a-new-one"] });
      return null;
    },
  },
  "a list that moves, as somebody deletes": {
    meets: isList,
    disturbs: [EXTRA_TAG],
    // What slips from one page to another unseen, is for the next run.
    finishes: "some",
    respond: ({ others, store }) => {
      const extra = store.resolve("web", EXTRA_TAG);
      if (extra !== null) others.drop(extra.digest);
      return null;
    },
  },
};

function listFault(fault: ServerFault, finishes: "all" | "some"): InjectedFault {
  return { meets: isList, respond: () => fault, finishes };
}

/** Where the answers of all these lists have their items, or what holds them. */
const KEYS = [
  "manifests",
  "repositories",
  "tags",
  "garbage_collections",
  "data",
  "repository",
  "pullRequests",
  "nodes",
];

function alterList(reply: Reply, change: Change, total: "as it was" | "to match"): Reply {
  const { body } = reply;
  if (typeof body !== "string") return { ...reply, body: altered(body, change, total) };
  return { ...reply, body: JSON.stringify(altered(JSON.parse(body), change, total)) };
}

function altered(body: unknown, change: Change, total: "as it was" | "to match"): unknown {
  if (Array.isArray(body)) return change(body);
  if (!isRecord(body)) return body;
  const key = KEYS.find((each) => body[each] !== undefined);
  if (key === undefined) return body;
  const [before, after] = [body[key], altered(body[key], change, total)];
  const fewer = Array.isArray(before) && Array.isArray(after) ? before.length - after.length : 0;
  const { meta } = body;
  const told =
    total === "to match" && isRecord(meta) && typeof meta["total"] === "number" ? meta["total"] - fewer : null;
  return { ...body, [key]: after, ...(told === null ? {} : { meta: { total: told } }) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
