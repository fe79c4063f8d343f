import fc from "fast-check";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestOfNothing, IMAGE, INDEX, pushImage, pushMultiArch, pushReferrer } from "../content.ts";
import { type RealRegistry, startRealRegistry } from "../distribution/real-registry.ts";
import type { TestServer } from "../http-server.ts";
import { findTool, needs } from "../tools.ts";
import { DISTRIBUTION_2_8, DISTRIBUTION_3, type OciBehaviour } from "./behaviour.ts";
import { pushBlob, type RemoteRegistry, request } from "./copy.ts";
import { serveOci } from "./server.ts";
import { RegistryStore, referencesOf, type StoredManifest } from "./store.ts";

const RUNS = 25;
const MAX_STEPS = 40;
/** Replaced in names, so that each run starts without content. */
const RUN = "RUN";
const REPOSITORIES = [`${RUN}/api`, `${RUN}/web`, `${RUN}/web/worker`];
const TAGS = ["main", "pr-1", "v1.0.0"];
const UNKNOWN = digestOfNothing("differential");

const BLOBS = new Map<string, Buffer>();

/** Manifests of each kind, with the children of the index. */
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

/** One request; a push also sends the blobs of its manifest. */
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
  { weight: 1, arbitrary: fc.constantFrom(UNKNOWN, "unknown") },
);
const manifestPath = fc.tuple(repository, reference).map(([name, reference]) => `/v2/${name}/manifests/${reference}`);
const query = fc
  .record(
    { n: fc.constantFrom("1", "2", "100"), last: fc.constantFrom(`${RUN}/api`, "main", "pr-1", "zzz") },
    { requiredKeys: [] },
  )
  .map((parameters) => (Object.keys(parameters).length === 0 ? "" : `?${new URLSearchParams(parameters)}`));
const listPath = fc
  .tuple(
    fc.oneof(
      fc.constant("_catalog"),
      fc.constantFrom(...REPOSITORIES, `${RUN}/unknown`).map((name) => `${name}/tags/list`),
    ),
    query,
  )
  .map(([list, search]) => `/v2/${list}${search}`);
const referrersPath = fc
  .tuple(repository, fc.constantFrom(UNKNOWN, ...CONTENT.map(({ digest }) => digest)))
  .map(([name, digest]) => `/v2/${name}/referrers/${digest}`);
const accept = fc.constantFrom(null, "*/*", IMAGE, INDEX, `${IMAGE}, ${INDEX}`, `${INDEX};q=0.5,${IMAGE}`);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("push" as const),
      repository,
      manifest: fc.nat(CONTENT.length - 1),
      as: fc.constantFrom(null, null, UNKNOWN, ...TAGS, ...TAGS),
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

function inRun(step: Step, name: string): Step {
  if (step.kind === "push") return { ...step, repository: step.repository.replace(RUN, name) };
  return { ...step, path: step.path.replaceAll(encodeURIComponent(RUN), name) };
}

/** Sends a step and returns the parts of the response that do not differ by release, such as error messages. */
async function play(registry: RemoteRegistry, step: Step): Promise<unknown> {
  const { status, headers, body } = await send(registry, step);
  const header = (name: string): string | null =>
    headers[name] === undefined ? null : String(headers[name]).replaceAll(registry.url.origin, "");
  return {
    status,
    type: header("content-type")?.split(";")[0] ?? null,
    digest: header("docker-content-digest"),
    subject: header("oci-subject"),
    link: await withNextPage(registry, header("link")),
    location: header("location"),
    body: comparable(body.toString("utf8")),
  };
}

/** Ignores a link to an empty page of the catalog: distribution 3 sends one if the next repository has only blobs. */
async function withNextPage(registry: RemoteRegistry, link: string | null): Promise<string | null> {
  const path = /^<(\/v2\/_catalog[^>]*)>/.exec(link ?? "")?.[1];
  if (path === undefined) return link;
  const { body } = await request(registry, { method: "GET", path });
  const { repositories } = v.parse(Catalog, JSON.parse(body.toString("utf8")));
  return repositories.length === 0 ? null : link;
}

const Catalog = v.object({ repositories: v.array(v.string()) });

async function send(registry: RemoteRegistry, step: Step): ReturnType<typeof request> {
  if (step.kind === "delete") return request(registry, { method: "DELETE", path: step.path });
  if (step.kind === "read") {
    const headers = step.accept === null ? {} : { accept: step.accept };
    return request(registry, { method: step.method, path: step.path, headers });
  }
  const manifest = CONTENT[step.manifest];
  if (manifest === undefined) throw new Error(`no manifest ${step.manifest}`);
  for (const { digest } of referencesOf(manifest.bytes).blobs) {
    await pushBlob(registry, step.repository, BLOBS.get(digest) ?? Buffer.alloc(0));
  }
  for (const child of step.after === "nothing" ? [] : referencesOf(manifest.bytes).children) {
    const index = CONTENT.findIndex(({ digest }) => digest === child);
    await send(registry, { ...step, manifest: index, as: null, after: "nothing" });
  }
  const path = `/v2/${step.repository}/manifests/${step.as ?? manifest.digest}`;
  return request(registry, {
    method: "PUT",
    path,
    headers: { "content-type": manifest.mediaType },
    body: manifest.bytes,
  });
}

/** Keeps the codes of errors only, and sorts tags: distribution 2.8 lists them in the order of the file system. */
function comparable(body: string): unknown {
  if (!body.startsWith("{")) return body;
  const { errors, tags, ...rest }: ListOrError = JSON.parse(body);
  return {
    ...rest,
    ...(tags === undefined ? {} : { tags: tags?.toSorted() ?? null }),
    ...(errors === undefined ? {} : { errors: errors.map(({ code }) => code) }),
  };
}

interface ListOrError {
  readonly errors?: readonly { readonly code: string }[];
  readonly tags?: readonly string[] | null;
}

const VERSIONS: readonly (readonly [string, "docker-registry" | "registry", OciBehaviour])[] = [
  ["2.8", "docker-registry", DISTRIBUTION_2_8],
  ["3", "registry", DISTRIBUTION_3],
];

describe.each(VERSIONS)("the embedded distribution %s and the real one", (_version, tool, behaviour) => {
  const program = findTool(tool);
  const servers: { close(): Promise<void> }[] = [];
  let real: RealRegistry;
  let embedded: TestServer;
  let run = 0;

  beforeAll(async () => {
    if (program === null) return;
    embedded = await serveOci(new RegistryStore(), behaviour);
    real = await startRealRegistry(program);
    servers.push(embedded, real);
  });

  afterAll(() => Promise.all(servers.map((server) => server.close())));

  test("return the same responses to random requests", needs(tool), async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: MAX_STEPS }), async (steps) => {
        run += 1;
        const name = `run-${String(run).padStart(4, "0")}`;
        for (const raw of steps) {
          const step = inRun(raw, name);
          const [actual, wanted] = [await play(embedded, step), await play(real, step)];
          expect({ step, response: actual }).toEqual({ step, response: wanted });
        }
      }),
      // Shrinking a failure must end before the test times out.
      { numRuns: RUNS, interruptAfterTimeLimit: 20_000 },
    );
  });
});
