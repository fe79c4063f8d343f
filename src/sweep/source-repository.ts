import * as v from "valibot";
import type { Digest } from "../digest.ts";
import { counted, shortDigest } from "../format.ts";
import { isContent } from "../plan/graph.ts";
import { type Decision, isImage } from "../plan/plan.ts";
import type { Known, ManifestContent } from "../registry/manifest.ts";
import type { Registry } from "../registry/registry.ts";
import type { Settings } from "../settings.ts";
import { type PlannedRepository, type PlanningInput, planRepository } from "./plan-repository.ts";

/** Images of a repository whose source is checked, the newest first. */
const MAX_IMAGES = 3;

/**
 * Plans a repository. One whose newest images are built from another Git repository is kept, with a notice: `foreign-repositories`.
 * In any other one, each image is kept whose annotation names another Git repository.
 */
export async function planUnlessForeign(
  input: PlanningInput,
  settings: Pick<Settings, "foreignRepositories" | "github">,
  addNotice: (notice: string) => void,
): Promise<PlannedRepository> {
  const { registry, repository, listing } = input;
  const planned = await planRepository(input);
  if (planned.plan.deletions.length === 0 || settings.foreignRepositories === "sweep") return planned;
  const foreign = await findForeignImage(registry, repository, planned, settings.github);
  if (foreign === null) return withoutForeignImages(input, planned, settings.github, addNotice);
  const built = `${shortDigest(foreign.digest)} was built from ${foreign.source}, not from ${settings.github.repository}`;
  addNotice(`${repository} was skipped: ${built}. To sweep it, set \`foreign-repositories: sweep\`.`);
  const reason = { status: "undecided", reason: `${built} (foreign-repositories: skip)` } as const;
  return planRepository({ ...input, inUse: new Map(listing.manifests.map(({ digest }) => [digest, reason])) });
}

/** Keeps the images whose annotation names another Git repository. They were read for the plan, so this takes no request. */
async function withoutForeignImages(
  input: PlanningInput,
  planned: PlannedRepository,
  github: Settings["github"],
  addNotice: (notice: string) => void,
): Promise<PlannedRepository> {
  const expected = expectedSource(github);
  const foreign = planned.plan.decisions.flatMap((decision) => {
    const content = planned.contents.get(decision.digest);
    if (decision.decision === "keep" || !isImage(decision) || !isContent(content)) return [];
    const source = gitRepositoryOf(content.source ?? "");
    if (source === null || source === expected) return [];
    const reason = `built from ${source}, not from ${github.repository} (foreign-repositories: skip)`;
    return [[decision.digest, { status: "undecided", reason }] as const];
  });
  if (foreign.length === 0) return planned;
  const kept = `${counted(foreign.length, "image")} of ${input.repository} ${foreign.length === 1 ? "is" : "are"} kept`;
  addNotice(`${kept}: built from another Git repository. To delete them, set \`foreign-repositories: sweep\`.`);
  return planRepository({ ...input, inUse: new Map([...foreign, ...input.inUse]) });
}

function expectedSource({ serverUrl, repository }: Settings["github"]): string | null {
  return gitRepositoryOf(`${serverUrl.href}${repository}`);
}

/** An image that was built from another Git repository. */
interface ForeignImage {
  readonly digest: Digest;
  /** The Git repository, such as `github.com/octo/web`. */
  readonly source: string;
}

/**
 * Finds out whether one of the newest images of a repository was built from another Git repository than the one whose refs decide:
 * then its tag `pr-12` names another pull request 12. Reads at most two manifests and blobs for each of three images. Null: none
 * says so. Throws Fault and HttpError.
 */
async function findForeignImage(
  registry: Registry,
  repository: string,
  { plan, contents }: Pick<PlannedRepository, "plan" | "contents">,
  github: Settings["github"],
): Promise<ForeignImage | null> {
  const expected = expectedSource(github);
  for (const { digest } of newestImages(plan.decisions, contents)) {
    const content = contents.get(digest);
    const address = isContent(content) ? await sourceOf(registry, repository, content) : null;
    const source = address === null ? null : gitRepositoryOf(address);
    if (source !== null && source !== expected) return { digest, source };
  }
  return null;
}

function newestImages(decisions: readonly Decision[], contents: ReadonlyMap<Digest, Known>): readonly Decision[] {
  const time = ({ pushedAt }: Decision): number => pushedAt ?? Number.NEGATIVE_INFINITY;
  return decisions
    .filter((decision) => isImage(decision) && decision.tags.length > 0 && isContent(contents.get(decision.digest)))
    .sort((a, b) => time(b) - time(a))
    .slice(0, MAX_IMAGES);
}

/** Neither an annotation nor an attestation is inherited from a base image, unlike a label. */
async function sourceOf(registry: Registry, repository: string, content: ManifestContent): Promise<string | null> {
  if (content.source !== null || content.kind === "image") return content.source;
  // BuildKit lists attestations after the platforms.
  const children = new Set([content.children.at(-1), content.children.at(0)]);
  for (const child of children) {
    const found = child === undefined ? "missing" : await registry.read(repository, child.digest);
    if (found === "missing") continue;
    const source = found.source ?? (await provenanceSource(registry, repository, found));
    if (source !== null) return source;
  }
  return null;
}

const Uri = v.object({ uri: v.string() });
const Vcs = v.object({ vcs: v.object({ source: v.string() }) });
const METADATA = "https://mobyproject.org/buildkit@v1#metadata";
const Buildkit = v.object({ [METADATA]: Vcs });
// The provenance of buildx: SLSA 0.2, and 1.0 since BuildKit 0.21 (BuildKit's docs, "SLSA provenance").
const Slsa02 = v.object({
  invocation: v.optional(v.object({ configSource: v.optional(v.partial(Uri)) })),
  metadata: v.optional(v.partial(Buildkit)),
});
const Slsa1 = v.object({
  buildDefinition: v.object({ externalParameters: v.object({ configSource: v.optional(v.partial(Uri)) }) }),
  runDetails: v.optional(
    v.object({ metadata: v.optional(v.object({ buildkit_metadata: v.optional(v.partial(Vcs)) })) }),
  ),
});
const Statement = v.object({ predicate: v.union([Slsa1, Slsa02]) });

/** Returns the source that the provenance of a build names; null: it has none. */
async function provenanceSource(
  registry: Registry,
  repository: string,
  { blobs }: ManifestContent,
): Promise<string | null> {
  for (const blob of blobs) {
    if (blob.mediaType !== "application/vnd.in-toto+json") continue;
    const bytes = await registry.readBlob(repository, blob);
    const source = bytes === null ? null : sourceInStatement(bytes);
    if (source !== null) return source;
  }
  return null;
}

function sourceInStatement(bytes: Buffer): string | null {
  let statement: unknown;
  try {
    statement = JSON.parse(bytes.toString("utf8"));
  } catch {
    return null;
  }
  const parsed = v.safeParse(Statement, statement);
  if (!parsed.success) return null;
  const { predicate } = parsed.output;
  if ("buildDefinition" in predicate) {
    const { buildDefinition, runDetails } = predicate;
    const { configSource } = buildDefinition.externalParameters;
    return firstRepository(configSource?.uri, runDetails?.metadata?.buildkit_metadata?.vcs?.source);
  }
  return firstRepository(predicate.invocation?.configSource?.uri, predicate.metadata?.[METADATA]?.vcs.source);
}

/** A build's context may also be an archive. */
function firstRepository(...addresses: readonly (string | undefined)[]): string | null {
  return addresses.find((address) => address !== undefined && gitRepositoryOf(address) !== null) ?? null;
}

/** Returns the Git repository that an address names, as `HOST/PATH` in lower case; null: it is no address of one. */
function gitRepositoryOf(address: string): string | null {
  const [, host, path] = /^(?:git\+)?(?:[a-z+]+:\/\/)?(?:[^/@]*@)?([^/:]+)(?::\d+)?[/:](.+)$/i.exec(address) ?? [];
  if (host === undefined || path === undefined) return null;
  const bare = path
    .replace(/[?#].*$/, "")
    .replace(/\/+$/, "")
    .replace(/\.git$/i, "");
  return /^[^/]+\/[^/]+/.test(bare) ? `${host}/${bare}`.toLowerCase() : null;
}
