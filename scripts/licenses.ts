import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";

/** A module in webpack's statistics. A module that webpack joined from several ones lists them. */
interface Module {
  readonly nameForCondition?: string | null | undefined;
  readonly modules?: readonly Module[] | undefined;
}

const Module: v.GenericSchema<unknown, Module> = v.object({
  nameForCondition: v.nullish(v.string()),
  modules: v.optional(v.array(v.lazy(() => Module))),
});
const Stats = v.object({ modules: v.array(Module) });
const Package = v.object({ name: v.string(), version: v.string(), license: v.string() });

/**
 * Returns the license texts of every bundled package, sorted by name. ncc's own list misses the packages that a joined module
 * imports, which are nearly all.
 *
 * @param stats webpack's statistics of the bundle, as JSON
 * @throws Error if a bundled package has no license text
 */
export function licensesOf(stats: string): string {
  const { modules } = v.parse(Stats, JSON.parse(stats));
  const folders = new Set([...filesOf(modules)].map(packageFolderOf).filter((folder) => folder !== null));
  const texts = [...folders].map(licenseOf).sort(({ title: a }, { title: b }) => (a < b ? -1 : 1));
  return texts.map(({ title, text }) => `${title}\n\n${text.trim()}\n`).join(`\n${"-".repeat(80)}\n\n`);
}

function* filesOf(modules: readonly Module[]): Generator<string> {
  for (const { nameForCondition, modules: inner } of modules) {
    if (typeof nameForCondition === "string") yield nameForCondition;
    yield* filesOf(inner ?? []);
  }
}

/** Returns the folder of the package that `file` belongs to; null: it is not in a package. */
function packageFolderOf(file: string): string | null {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file)?.[0] ?? null;
}

function licenseOf(folder: string): { readonly title: string; readonly text: string } {
  const { name, version, license } = v.parse(Package, JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)(\.(md|txt))?$/i.test(basename(file)));
  if (files.length === 0) throw new Error(`${name} ${version} is bundled but has no license text`);
  const text = files.sort().map((file) => readFileSync(join(folder, file), "utf8"));
  return { title: `${name} ${version} (${license})`, text: text.join("\n\n") };
}
