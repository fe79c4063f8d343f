import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";

/** A module as webpack's statistics tell of it; one that others were joined to lists them. */
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
 * The license texts of every package that is bundled, sorted by the packages' names. ncc's own list leaves out packages that are
 * imported by a module which is joined with others: nearly all.
 *
 * @param stats webpack's statistics of the bundle, as JSON
 * @throws Error where a bundled package brings no license text
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

/** The folder of the package that holds `file`; null: it is no package's. */
function packageFolderOf(file: string): string | null {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file)?.[0] ?? null;
}

function licenseOf(folder: string): { readonly title: string; readonly text: string } {
  const { name, version, license } = v.parse(Package, JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)(\.(md|txt))?$/i.test(basename(file)));
  if (files.length === 0) throw new Error(`${name} ${version} is bundled, and brings no license text`);
  const text = files.sort().map((file) => readFileSync(join(folder, file), "utf8"));
  return { title: `${name} ${version} (${license})`, text: text.join("\n\n") };
}
