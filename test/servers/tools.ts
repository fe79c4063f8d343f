import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

declare module "vitest" {
  interface TaskMeta {
    /** The tools that a test needs. A reporter lists the missing ones. */
    needs?: readonly Tool[];
  }
}

/** Programs from Debian's packages of the same names. */
const PACKAGES = ["skopeo", "docker-registry", "openssl"] as const;
/** Programs of go-programs.txt. */
const GO_PROGRAMS = ["crane", "referrers-registry", "regctl", "registry"] as const;
/** DigitalOcean's description of its registry API, from github.com/digitalocean/openapi. */
const DESCRIPTION = "digitalocean-openapi";

/** A program or a file that some tests need and that not every machine has. */
export type Tool = (typeof PACKAGES)[number] | (typeof GO_PROGRAMS)[number] | typeof DESCRIPTION;

const DESCRIPTION_PATH = "../shared/do-openapi/specification/DigitalOcean-registry.patched.v2.yaml";
/** Where the description is expected: in a folder next to the repository. */
export const DESCRIPTION_FILE = join(import.meta.dirname, "../..", DESCRIPTION_PATH);

/**
 * Test options that skip a test if one of `tools` is missing: `test("pulls an image", needs("skopeo"), () => …)`.
 * Throws in CI, where the tools must be installed.
 */
export function needs(...tools: readonly Tool[]): {
  readonly skip: boolean;
  readonly meta: { needs: readonly Tool[] };
} {
  const missing = tools.filter((tool) => findTool(tool) === null);
  return { skip: missing.length > 0, meta: { needs: missing } };
}

/** Returns the path or the command of a tool; null: it is not installed. Throws in CI if CI can install it. */
export function findTool(tool: Tool): string | null {
  const found = locate(tool);
  if (found === null && process.env["CI"] !== undefined && isExpectedInCi(tool)) {
    throw new Error(`${tool} is not installed, and CI must not skip its tests. ${howToInstall(tool)}`);
  }
  return found;
}

/** How to get a tool, as an imperative sentence. */
export function howToInstall(tool: Tool): string {
  if (isGoProgram(tool)) return "Install Go and run .ci/go-programs.";
  if (tool === DESCRIPTION) return `Put a copy of DigitalOcean's OpenAPI description at ${DESCRIPTION_PATH}.`;
  return `Install the package ${tool}.`;
}

/** Whether a program with this name runs. */
export function isProgram(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, args.length === 0 ? ["--version"] : args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Where .ci/go-programs puts its programs: outside of the repository, because building them takes minutes. */
export function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "refsweep-test", "bin");
}

function locate(tool: Tool): string | null {
  if (tool === DESCRIPTION) return existsSync(DESCRIPTION_FILE) ? DESCRIPTION_FILE : null;
  if (!isGoProgram(tool)) return isProgram(tool, ...(tool === "openssl" ? ["version"] : [])) ? tool : null;
  const program = join(cacheFolder(), `${tool}-${goVersionOf(tool)}`);
  return existsSync(program) ? program : null;
}

function isExpectedInCi(tool: Tool): boolean {
  if (tool === DESCRIPTION || tool === "openssl") return false;
  return !isGoProgram(tool) || isProgram("go", "version");
}

function isGoProgram(tool: Tool): boolean {
  return GO_PROGRAMS.some((name) => name === tool);
}

/** The version of a program in go-programs.txt. */
function goVersionOf(tool: Tool): string {
  const lines = readFileSync(new URL("./go-programs.txt", import.meta.url), "utf8").split("\n");
  const version = lines.map((line) => line.split(" ")).find(([name]) => name === tool)?.[1];
  if (version === undefined) throw new Error(`go-programs.txt has no ${tool}`);
  return version;
}
