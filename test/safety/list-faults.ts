import type { Reply, ServerFault } from "../servers/http-server.ts";
import type { InjectedFault, RequestInfo } from "./faults.ts";
import { EXTRA_TAG } from "./scenario.ts";

type Change = (items: readonly unknown[]) => readonly unknown[];

/** Whether the list's total is adapted to the changed items. */
type Total = "unchanged" | "adapted";

/** Whether a request reads a page of repositories, manifests, tags, referrers, collections or pull requests. */
function isList({ method, path, body }: RequestInfo): boolean {
  if (method === "POST") return body.includes("hasNextPage");
  return (
    method === "GET" &&
    /\/(?:repositoriesV2|digests|garbage-collections|packages|versions|_catalog|list)(?:\?|$)|\/referrers\//.test(path)
  );
}

const without =
  (tag: string): Change =>
  (items) =>
    items.filter((item) => !JSON.stringify(item).includes(`"${tag}"`));

/** Faults of pages of lists, by name. */
export const LIST_FAULTS: Readonly<Record<string, InjectedFault>> = {
  "a list without its first item": wrongList((items) => items.slice(1)),
  "a list without its last item": wrongList((items) => items.slice(0, -1)),
  "a list without a live tag": wrongList(without("main")),
  "a list without a live tag, and an adapted total": wrongList(without("main"), "adapted"),
  "a list without a tag that keeps an image, and an adapted total": wrongList(without("next"), "adapted"),
  "a list without items": wrongList(() => []),
  "a list with an item twice": { ...wrongList((items) => [...items.slice(0, 1), ...items]), finishes: "all" },
  "a list that changes because of a push": {
    appliesTo: isList,
    inject: ({ others }) => {
      others.push({ seed: "pushed meanwhile", tags: ["a-new-one"] });
      return null;
    },
  },
  "a list that changes because of a deletion": {
    appliesTo: isList,
    disturbs: [EXTRA_TAG],
    // The next run handles an item that moved to a page that was already read.
    finishes: "some",
    inject: ({ others, store }) => {
      const extra = store.resolve("web", EXTRA_TAG);
      if (extra !== null) others.drop(extra.digest);
      return null;
    },
  },
};

/** A list that misses existing entries or repeats one. */
function wrongList(change: Change, total: Total = "unchanged"): InjectedFault {
  const fault: ServerFault = { kind: "altered", alter: (reply) => alterReply(reply, change, total) };
  return { appliesTo: isList, inject: () => fault, finishes: "some" };
}

/** The keys on the path to the items, in the responses of all these lists. */
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

function alterReply(reply: Reply, change: Change, total: Total): Reply {
  const { body } = reply;
  if (typeof body !== "string") return { ...reply, body: alterBody(body, change, total) };
  return { ...reply, body: JSON.stringify(alterBody(JSON.parse(body), change, total)) };
}

function alterBody(body: unknown, change: Change, total: Total): unknown {
  if (Array.isArray(body)) return change(body);
  if (!isRecord(body)) return body;
  const key = KEYS.find((each) => body[each] !== undefined);
  if (key === undefined) return body;
  const [before, after] = [body[key], alterBody(body[key], change, total)];
  const fewer = Array.isArray(before) && Array.isArray(after) ? before.length - after.length : 0;
  const { meta } = body;
  const adapts = total === "adapted" && isRecord(meta) && typeof meta["total"] === "number";
  return { ...body, [key]: after, ...(adapts ? { meta: { total: Number(meta["total"]) - fewer } } : {}) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
