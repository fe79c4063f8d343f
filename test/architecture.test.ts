import { describe, expect, test } from "vitest";
import { filesBelow, readSource, type SourceFile } from "./source-files.ts";

/**
 * The layers of src/, from the top down. A module imports from lower layers and from its own folder only.
 * Files directly in src/ that are not listed are the lowest layer.
 */
const LAYERS: readonly (readonly string[])[] = [
  ["index.ts"],
  ["action.ts"],
  ["run.ts"],
  ["report"],
  ["sweep"],
  ["inputs", "protect", "plan"],
  ["tags"],
  ["refs", "registry"],
  ["http"],
];

/** What the rest of src/ may import from registry/. */
const REGISTRY_INTERFACE = [
  "provider.ts",
  "capabilities.ts",
  "providers.ts",
  "registry.ts",
  "manifest.ts",
  "images-in-use.ts",
];

const sources = filesBelow("src", ".ts").map(readSource);

/** The first path segment below src/: `http`, or `run.ts` for src/run.ts. */
function folderOf(path: string): string {
  return path.split("/")[1] ?? "";
}

function layerOf(path: string): number {
  const layer = LAYERS.findIndex((folders) => folders.includes(folderOf(path)));
  return layer < 0 ? LAYERS.length : layer;
}

/** The folder of a provider, such as `digitalocean`; null: the path is not in one. */
function providerOf(path: string): string | null {
  const folder = /^src\/registry\/([^/]+)\//.exec(path)?.[1];
  return folder === undefined || folder === "oci" ? null : folder;
}

/** Every import between two files of src/, as `from → to`. */
function importsWhere(isWrong: (from: string, to: string) => boolean): readonly string[] {
  return sources.flatMap(({ path, imports }) =>
    imports.filter((to) => to.startsWith("src/") && isWrong(path, to)).map((to) => `${path} → ${to}`),
  );
}

/** Returns the files of one import circle; empty if there is none. */
function findCircle(files: readonly SourceFile[]): readonly string[] {
  const importsOf = new Map(files.map(({ path, imports }) => [path, imports]));
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (finished.has(path)) return [];
    for (const next of importsOf.get(path) ?? []) {
      const circle = visit(next, [...trail, path]);
      if (circle.length > 0) return circle;
    }
    finished.add(path);
    return [];
  };
  return files.map(({ path }) => visit(path, [])).find((circle) => circle.length > 0) ?? [];
}

describe("imports within src/", () => {
  test("form no circle", () => {
    expect(findCircle(sources)).toEqual([]);
  });

  test("name files that exist", () => {
    const paths = new Set(sources.map(({ path }) => path));
    expect(importsWhere((_from, to) => !paths.has(to))).toEqual([]);
  });

  test("lead from higher layers to lower ones", () => {
    const isUpward = (from: string, to: string): boolean =>
      folderOf(from) !== folderOf(to) && layerOf(to) <= layerOf(from);
    const isWithinLowest = (from: string, to: string): boolean =>
      layerOf(from) === LAYERS.length && layerOf(to) === LAYERS.length;
    expect(importsWhere((from, to) => isUpward(from, to) && !isWithinLowest(from, to))).toEqual([]);
  });

  test("reach registry/ from outside through its interface only", () => {
    const isInterface = (path: string): boolean => REGISTRY_INTERFACE.includes(path.replace("src/registry/", ""));
    expect(
      importsWhere((from, to) => folderOf(from) !== "registry" && folderOf(to) === "registry" && !isInterface(to)),
    ).toEqual([]);
  });

  test("reach a provider's folder from that folder and from providers.ts only", () => {
    expect(
      importsWhere((from, to) => {
        const provider = providerOf(to);
        return provider !== null && provider !== providerOf(from) && from !== "src/registry/providers.ts";
      }),
    ).toEqual([]);
  });

  test("never lead from a provider or oci/ to the list of providers", () => {
    expect(importsWhere((from, to) => to.endsWith("/providers.ts") && from.split("/").length > 3)).toEqual([]);
  });
});

test.each(["src/tags/", "src/plan/"])("%s does no I/O: it imports no Node module, clock or HTTP client", (folder) => {
  const isInput = (name: string): boolean => /^node:|^src\/(?:http\/|clock\.ts|log\.ts)/.test(name);
  const wrong = sources
    .filter(({ path }) => path.startsWith(folder))
    .flatMap(({ path, imports }) => imports.filter(isInput).map((name) => `${path} → ${name}`));
  expect(wrong).toEqual([]);
});

test("only a provider's own folder and providers.ts contain its name", () => {
  const providers = new Set(sources.map(({ path }) => providerOf(path)).filter((name) => name !== null));
  const isAllowed = (path: string, provider: string): boolean =>
    providerOf(path) === provider || path === "src/registry/providers.ts";
  // "distribution" is also the name of the OCI specification.
  const names = (text: string, provider: string): boolean =>
    provider === "distribution" ? text === provider : text.toLowerCase().includes(provider);
  const wrong = sources.flatMap(({ path, strings, exports }) =>
    [...strings, ...exports].flatMap(({ line, text }) =>
      [...providers]
        .filter((provider) => !isAllowed(path, provider) && names(text, provider))
        .map((provider) => `${path}:${line}: ${provider} in "${text}"`),
    ),
  );
  expect(wrong).toEqual([]);
});
