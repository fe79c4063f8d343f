import type { Clock } from "../../../src/clock.ts";
import type { GcType } from "../../../src/settings.ts";
import type { Reply } from "../http-server.ts";
import { errorReply, listPage, notFound, timestamp } from "./answers.ts";
import type { RegistryContent } from "./content.ts";

/** How the garbage collections of a registry behave. */
export interface CollectionBehaviour {
  /** The statuses of a collection in order; it ends with the last one. Undocumented statuses are allowed. */
  readonly statuses: readonly string[];
  /** `poll`: each GET of the active collection advances it by one status; a number: the milliseconds of one status. */
  readonly advances: "poll" | number;
  /** Where the last status is shown: only in the list, as documented, or once as the active collection too. */
  readonly endShownIn: "list" | "active";
  /** The status code of a second start. DigitalOcean does not document it. */
  readonly secondStart: number;
  /** The number of listings from which an ended collection is still missing. */
  readonly listDelay: number;
}

export const DOCUMENTED: CollectionBehaviour = {
  statuses: [
    "requested",
    "waiting for write JWTs to expire",
    "scanning manifests",
    "deleting unreferenced blobs",
    "succeeded",
  ],
  advances: "poll",
  endShownIn: "list",
  secondStart: 409,
  listDelay: 0,
};

const TYPES: readonly string[] = [
  "untagged manifests only",
  "unreferenced blobs only",
  "untagged manifests and unreferenced blobs",
] satisfies readonly GcType[];

interface Collection {
  readonly uuid: string;
  readonly type: GcType;
  readonly createdAt: number;
  readonly behaviour: CollectionBehaviour;
  /** Index of the status. */
  step: number;
  updatedAt: number;
  /** Whether its end was shown as the active collection. */
  shown: boolean;
  listDelay: number;
  freed: { readonly blobs: number; readonly bytes: number };
}

/** The garbage collections of one registry. At most one is active, and the registry is read-only while it is. */
export class Collections {
  readonly #registry: string;
  readonly #content: RegistryContent;
  readonly #clock: Clock;
  /** Newest first. */
  readonly #collections: Collection[] = [];
  behaviour: CollectionBehaviour;

  constructor(registry: string, content: RegistryContent, clock: Clock, behaviour: CollectionBehaviour) {
    this.#registry = registry;
    this.#content = content;
    this.#clock = clock;
    this.behaviour = behaviour;
  }

  /** Starts a collection, as POST does, and ends the active one before. Returns its uuid. */
  start(type: GcType): string {
    return this.#start(type).uuid;
  }

  #start(type: GcType): Collection {
    const active = this.#active();
    if (active !== null) this.#advance(active, active.behaviour.statuses.length);
    const now = this.#clock.now();
    const uuid = `eff0feee-49c7-4e8f-ba5c-${String(this.#collections.length + 1).padStart(12, "0")}`;
    const { behaviour } = this;
    const state = { step: 0, updatedAt: now, shown: false, listDelay: behaviour.listDelay };
    const collection = { uuid, type, createdAt: now, behaviour, ...state, freed: { blobs: 0, bytes: 0 } };
    this.#collections.unshift(collection);
    return collection;
  }

  /** The number of collections that were started. */
  count(): number {
    return this.#collections.length;
  }

  isReadOnly(): boolean {
    return this.#active() !== null;
  }

  post(body: Buffer): Reply {
    const type = typeOf(body);
    if (type === null) return errorReply(422, "unprocessable_entity", "type is not one of the three");
    if (this.#active() !== null) {
      return errorReply(this.behaviour.secondStart, "conflict", "a garbage collection is already active");
    }
    return this.#reply(201, this.#start(type));
  }

  getActive(): Reply {
    const before = this.#active();
    if (before?.behaviour.advances === "poll") this.#advance(before, before.step + 1);
    const active = this.#active();
    if (active !== null) return this.#reply(200, active);
    const newest = this.#collections[0];
    if (newest === undefined || newest.shown || newest.behaviour.endShownIn === "list") return notFound();
    newest.shown = true;
    return this.#reply(200, newest);
  }

  list(url: URL): Reply {
    this.#active();
    const entries = this.#collections.filter((collection) => !hasEnded(collection) || collection.listDelay-- <= 0);
    return listPage({ name: "garbage_collections", entries, url, format: (collection) => this.#entry(collection) });
  }

  /** Returns the active collection, advanced to the clock's time. */
  #active(): Collection | null {
    const collection = this.#collections[0];
    if (collection === undefined) return null;
    const { advances } = collection.behaviour;
    if (advances !== "poll") {
      this.#advance(collection, Math.floor((this.#clock.now() - collection.createdAt) / advances));
    }
    return hasEnded(collection) ? null : collection;
  }

  #advance(collection: Collection, step: number): void {
    if (hasEnded(collection)) return;
    collection.step = Math.min(step, collection.behaviour.statuses.length - 1);
    collection.updatedAt = this.#clock.now();
    if (hasEnded(collection) && statusOf(collection).startsWith("succe")) {
      collection.freed = this.#content.collect(collection.type);
    }
  }

  #reply(status: number, collection: Collection): Reply {
    return { status, body: { garbage_collection: this.#entry(collection) } };
  }

  #entry(collection: Collection): Readonly<Record<string, unknown>> {
    return {
      uuid: collection.uuid,
      registry_name: this.#registry,
      status: statusOf(collection),
      type: collection.type,
      created_at: timestamp(collection.createdAt),
      updated_at: timestamp(collection.updatedAt),
      blobs_deleted: collection.freed.blobs,
      freed_bytes: collection.freed.bytes,
    };
  }
}

function hasEnded(collection: Collection): boolean {
  return collection.step >= collection.behaviour.statuses.length - 1;
}

function statusOf(collection: Collection): string {
  return collection.behaviour.statuses[collection.step] ?? "requested";
}

/** Without a body, or without `type`, only unreferenced blobs are collected. */
function typeOf(body: Buffer): GcType | null {
  const parsed: unknown = body.length === 0 ? {} : JSON.parse(body.toString());
  const type =
    typeof parsed === "object" && parsed !== null && "type" in parsed ? parsed.type : "unreferenced blobs only";
  return isGcType(type) ? type : null;
}

function isGcType(type: unknown): type is GcType {
  return typeof type === "string" && TYPES.includes(type);
}
