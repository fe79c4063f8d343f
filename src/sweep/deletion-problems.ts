import { Fault } from "../fault.ts";
import { describeError, HttpError } from "../http/errors.ts";
import type { Registry } from "../registry/registry.ts";

/**
 * Returns why these repositories' manifests cannot be deleted now, as sentences with the fix, each once. Deletes nothing, and does
 * not wait. Not every registry shows it without a deletion. Throws HttpError `interrupted`.
 */
export async function deletionProblems(
  registry: Pick<Registry, "prepareDeletion">,
  repositories: readonly string[],
): Promise<readonly string[]> {
  const problems = new Set<string>();
  for (const repository of repositories) {
    try {
      await registry.prepareDeletion(repository, "check");
    } catch (error) {
      problems.add(describeProblem(error));
    }
  }
  return [...problems];
}

function describeProblem(error: unknown): string {
  if (error instanceof Fault && error.kind !== "interrupted") {
    return `Without the dry run, the deletions would fail: ${error.message}. ${error.remedy}`;
  }
  if (!(error instanceof HttpError) || error.code === "interrupted") throw error;
  return `Whether deletions are possible could not be checked: ${describeError(error)}`;
}
