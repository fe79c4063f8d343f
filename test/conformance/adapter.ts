import type { Clock } from "../../src/clock.ts";
import type { Digest } from "../../src/digest.ts";
import type { TestServer } from "../servers/http-server.ts";

/** The largest page of every embedded server, so that a few manifests fill several pages. */
export const PAGE_SIZE = 5;

/** Starts the embedded server of one provider. A provider can have several adapters, for different kinds of registries. */
export interface ConformanceAdapter {
  /** As shown in test names: `distribution 2.8`. */
  readonly name: string;
  /** The provider's name. */
  readonly provider: string;
  /** Whether a tag can be deleted alone; required if the provider's capability `deletesTags` is `unknown`. */
  readonly deletesTags?: boolean;
  /** Whether the server has a referrers API; used if the provider's capability `listsUntagged` is false. */
  readonly hasReferrersApi?: boolean;
  start(clock: Clock): Promise<ConformanceServer>;
}

export interface ConformancePush {
  /** Images with different seeds are different. */
  readonly seed: string;
  readonly tags?: readonly string[];
  /** Milliseconds since the epoch; default: now. */
  readonly pushedAt?: number;
  readonly subject?: Digest;
}

/** A running embedded server, and the operations that tests need besides the provider's API. */
export interface ConformanceServer {
  /** The inputs that open its registry. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The runner's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** All hosts that the provider sends requests to. */
  readonly hosts: readonly Pick<TestServer, "requests" | "inject">[];
  pushImage(repository: string, push: ConformancePush): Digest;
  pushIndex(repository: string, push: ConformancePush & { readonly children: readonly Digest[] }): Digest;
  /** Deletes a manifest as another user would. */
  remove(repository: string, digest: Digest): void;
  /** Returns the tags of a manifest, sorted; null if the manifest does not exist. */
  tagsOf(repository: string, digest: Digest): readonly string[] | null;
  /** Calls `hook` before each page of a list of manifests or tags, with the number of pages so far, from 1. */
  beforePage(hook: (page: number) => void): void;
  close(): Promise<void>;
}
