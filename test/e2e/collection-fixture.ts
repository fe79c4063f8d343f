import { afterAll, afterEach, beforeAll } from "vitest";
import { pushImage } from "../servers/content.ts";
import type { CollectionBehaviour } from "../servers/digitalocean/collections.ts";
import type { RegistryStore } from "../servers/oci/store.ts";
import { fillExampleRegistry, type GitHost, serveExampleGitHost } from "./example.ts";
import { type Fixture, openFixture } from "./fixture.ts";

export const DAY = 86_400_000;

type Fill = (store: RegistryStore, now: number) => void;
type Open = (collection?: Partial<CollectionBehaviour>, fill?: Fill) => Promise<Fixture>;

/** Returns a function that opens a registry whose garbage collection behaves as given. All are closed after the test. */
export function useCollections(): Open {
  let gitHost: GitHost;
  const opened: Fixture[] = [];
  beforeAll(async () => {
    gitHost = await serveExampleGitHost(Date.now());
  });
  afterAll(() => gitHost.close());
  afterEach(async () => {
    for (const fixture of opened.splice(0)) await fixture.close();
  });
  return async (collection = {}, fill = fillExampleRegistry) => {
    const fixture = await openFixture(gitHost, { collection, fill });
    opened.push(fixture);
    return fixture;
  };
}

/** Pushes a kept and an orphaned image, both with a tag. */
export function pushTagged(store: RegistryStore, now: number, repository = "web"): void {
  for (const tag of ["main", "pr-10"])
    pushImage(store, { repository, seed: tag, tags: [tag], pushedAt: now - 8 * DAY });
}

/** The requests that start a collection. */
export const starts = ({ registry }: Fixture) => registry.api.requests.filter(({ method }) => method === "POST");
/** Statuses for more than an hour of polls. */
export const ENDLESS = Array.from({ length: 1_000 }, (_, step) => (step === 0 ? "requested" : "scanning manifests"));
