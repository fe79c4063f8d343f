import fc from "fast-check";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestOfNothing, IMAGE, INDEX, pushImage, pushMultiArch, pushReferrer } from "../content.ts";
import {
  type DistributionVersion,
  findRegistry,
  type RealRegistry,
  startRealRegistry,
} from "../distribution/real-registry.ts";
import type { TestServer } from "../http-server.ts";
import { DISTRIBUTION_2_8, DISTRIBUTION_3, type OciBehaviour } from "./behaviour.ts";
import { ask, pushBlob, type RemoteRegistry } from "./copy.ts";
import { serveOci } from "./server.ts";
import { RegistryStore, referencesOf, type StoredManifest } from "./store.ts";

const RUNS = 25;
const MOST_STEPS = 40;
/** Stands for the names of a run, so that each begins with nothing; the catalog goes on growing, on both sides. */
const RUN = "RUN";
const REPOSITORIES = [`${RUN}/api`, `${RUN}/web`, `${RUN}/web/worker`];
const TAGS = ["main", "pr-1", "v1.0.0"];
const NOTHING = digestOfNothing("differential");

const BLOBS = new Map<string, Buffer>();

/** Manifests of each kind, and children without which an index cannot be pushed. */
const CONTENT: readonly StoredManifest[] = content();

function content(): readonly StoredManifest[] {
  const store = new RegistryStore();
  const image = pushImage(store, { repository: "web", seed: "one" });
  pushImage(store, { repository: "web", seed: "two" });
  const { index } = pushMultiArch(store, { repository: "web", seed: "index", architectures: ["amd64"] });
  for (const subject of [image, index]) {
    pushReferrer(store, { repository: "web", subject, artifactType: "application/spdx+json", by: "subject" });
  }
  for (const { bytes } of store.manifests("web")) {
    for (const { digest } of referencesOf(bytes).blobs) BLOBS.set(digest, store.blob(digest) ?? Buffer.alloc(0));
  }
  return store.manifests("web");
}

/** One request, or a push of blobs that goes before one. */
type Step =
  | {
      readonly kind: "push";
      readonly repository: string;
      readonly manifest: number;
      readonly as: string | null;
      readonly after: "its children" | "nothing";
    }
  | { readonly kind: "read"; readonly method: "GET" | "HEAD"; readonly path: string; readonly accept: string | null }
  | { readonly kind: "delete"; readonly path: string };

const repository = fc.constantFrom(...REPOSITORIES);
const reference = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TAGS) },
  { weight: 3, arbitrary: fc.constantFrom(...CONTENT.map(({ digest }) => digest)) },
  { weight: 1, arbitrary: fc.constantFrom(NOTHING, "nobody") },
);
const manifestPath = fc.tuple(repository, reference).map(([name, at]) => `/v2/${name}/manifests/${at}`);
const query = fc
  .record(
    { n: fc.constantFrom("1", "2", "100"), last: fc.constantFrom(`${RUN}/api`, "main", "pr-1", "zzz") },
    { requiredKeys: [] },
  )
  .map((asked) => (Object.keys(asked).length === 0 ? "" : `?${new URLSearchParams(asked)}`));
const listPath = fc
  .tuple(
    fc.oneof(
      fc.constant("_catalog"),
      fc.constantFrom(...REPOSITORIES, `${RUN}/nobody`).map((name) => `${name}/tags/list`),
    ),
    query,
  )
  .map(([list, search]) => `/v2/${list}${search}`);
const referrersPath = fc
  .tuple(repository, fc.constantFrom(NOTHING, ...CONTENT.map(({ digest }) => digest)))
  .map(([name, digest]) => `/v2/${name}/referrers/${digest}`);
const accept = fc.constantFrom(null, "*/*", IMAGE, INDEX, `${IMAGE}, ${INDEX}`, `${INDEX};q=0.5,${IMAGE}`);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("push" as const),
      repository,
      manifest: fc.nat(CONTENT.length - 1),
      as: fc.constantFrom(null, null, NOTHING, ...TAGS, ...TAGS),
      after: fc.constantFrom("its children" as const, "its children" as const, "nothing" as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("read" as const),
      method: fc.constantFrom("GET" as const, "HEAD" as const),
      path: manifestPath,
      accept,
    }),
  },
  {
    weight: 3,
    arbitrary: listPath.map((path) => ({ kind: "read" as const, method: "GET" as const, path, accept: null })),
  },
  {
    weight: 1,
    arbitrary: referrersPath.map((path) => ({ kind: "read" as const, method: "GET" as const, path, accept: null })),
  },
  { weight: 3, arbitrary: manifestPath.map((path) => ({ kind: "delete" as const, path })) },
);

function named(one: Step, name: string): Step {
  if (one.kind === "push") return { ...one, repository: one.repository.replace(RUN, name) };
  return { ...one, path: one.path.replaceAll(encodeURIComponent(RUN), name) };
}

/** What a client can go by of an answer: what stands in an error's message differs by release. */
async function play(registry: RemoteRegistry, one: Step): Promise<unknown> {
  const { status, headers, body } = await send(registry, one);
  const told = (name: string): string | null =>
    headers[name] === undefined ? null : String(headers[name]).replaceAll(registry.url.origin, "");
  return {
    status,
    type: told("content-type")?.split(";")[0] ?? null,
    digest: told("docker-content-digest"),
    subject: told("oci-subject"),
    link: await leadingOn(registry, told("link")),
    location: told("location"),
    body: meaning(body.toString("utf8")),
  };
}

/** A link of the catalog that leads to no name is as good as none: 3 links on where only blobs were pushed to what follows. */
async function leadingOn(registry: RemoteRegistry, link: string | null): Promise<string | null> {
  const path = /^<(\/v2\/_catalog[^>]*)>/.exec(link ?? "")?.[1];
  if (path === undefined) return link;
  const { body } = await ask(registry, { method: "GET", path });
  const { repositories } = v.parse(Catalog, JSON.parse(body.toString("utf8")));
  return repositories.length === 0 ? null : link;
}

const Catalog = v.object({ repositories: v.array(v.string()) });

async function send(registry: RemoteRegistry, one: Step): ReturnType<typeof ask> {
  if (one.kind === "delete") return ask(registry, { method: "DELETE", path: one.path });
  if (one.kind === "read") {
    const headers = one.accept === null ? {} : { accept: one.accept };
    return ask(registry, { method: one.method, path: one.path, headers });
  }
  const manifest = CONTENT[one.manifest];
  if (manifest === undefined) throw new Error(`no manifest ${one.manifest}`);
  for (const { digest } of referencesOf(manifest.bytes).blobs) {
    await pushBlob(registry, one.repository, BLOBS.get(digest) ?? Buffer.alloc(0));
  }
  for (const child of one.after === "nothing" ? [] : referencesOf(manifest.bytes).children) {
    const there = CONTENT.findIndex(({ digest }) => digest === child);
    await send(registry, { ...one, manifest: there, as: null, after: "nothing" });
  }
  const path = `/v2/${one.repository}/manifests/${one.as ?? manifest.digest}`;
  return ask(registry, { method: "PUT", path, headers: { "content-type": manifest.mediaType }, body: manifest.bytes });
}

/** Errors by their codes, and tags without the order in which a file system lists them (2.8). */
function meaning(body: string): unknown {
  if (!body.startsWith("{")) return body;
  const { errors, tags, ...rest }: Told = JSON.parse(body);
  return {
    ...rest,
    ...(tags === undefined ? {} : { tags: tags?.toSorted() ?? null }),
    ...(errors === undefined ? {} : { errors: errors.map(({ code }) => code) }),
  };
}

interface Told {
  readonly errors?: readonly { readonly code: string }[];
  readonly tags?: readonly string[] | null;
}

const VERSIONS: readonly [DistributionVersion, OciBehaviour][] = [
  ["2.8", DISTRIBUTION_2_8],
  ["3", DISTRIBUTION_3],
];

describe.each(VERSIONS)("the embedded registry, set to be distribution %s, and the real one", (version, behaviour) => {
  const program = findRegistry(version);
  const open: { close(): Promise<void> }[] = [];
  let real: RealRegistry;
  let embedded: TestServer;
  let run = 0;

  beforeAll(async () => {
    if (program === null) return;
    embedded = await serveOci(new RegistryStore(), behaviour);
    real = await startRealRegistry(program);
    open.push(embedded, real);
  });

  afterAll(() => Promise.all(open.map((one) => one.close())));

  test.skipIf(program === null)("answer each of random requests alike", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: MOST_STEPS }), async (steps) => {
        run += 1;
        const name = `run-${String(run).padStart(4, "0")}`;
        for (const raw of steps) {
          const one = named(raw, name);
          const [here, there] = [await play(embedded, one), await play(real, one)];
          expect({ one, answer: here }).toEqual({ one, answer: there });
        }
      }),
      // A failure is shrunk within the time that a test has.
      { numRuns: RUNS, interruptAfterTimeLimit: 20_000 },
    );
  });
});
