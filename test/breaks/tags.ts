import type { Break } from "./break.ts";

/** Lines of what tags and inputs mean. */
export const TAGS_BREAKS: readonly Break[] = [
  {
    file: "tags/status.ts",
    line: "if (gone && !mayBeLive) return gone;",
    replacement: "if (gone) return gone;",
    danger: "deletes a tag that another reading calls live",
    tests: ["tags/status.test.ts", "tags/doubt.test.ts", "tags/properties.test.ts"],
  },
  {
    file: "tags/status.ts",
    line: "mayBeLive ||= captures.some(isLiveRef);",
    replacement: "",
    danger: "deletes a tag that names a live branch with another ending",
    tests: ["tags/status.test.ts", "tags/doubt.test.ts", "tags/properties.test.ts"],
  },
  {
    file: "tags/status.ts",
    line: "mayBeLive ||= beginsWithLiveName(tag, end, known);",
    replacement: "",
    danger: "deletes a tag of a live branch with a longer name",
    tests: ["tags/status.test.ts", "tags/doubt.test.ts", "tags/properties.test.ts"],
  },
  {
    file: "tags/status.ts",
    line: "if (!exact) continue;",
    replacement: "",
    danger: "takes a tag in another case for evidence",
    tests: ["tags/status.test.ts", "tags/doubt.test.ts", "tags/properties.test.ts"],
  },
  {
    file: "tags/evidence.ts",
    line: 'return state !== "open" && !fromFork;',
    replacement: 'return state !== "open";',
    danger: "takes a fork's branch for a branch of this repository",
    tests: ["tags/status.test.ts", "tags/doubt.test.ts", "tags/properties.test.ts", "tags/pull-requests.test.ts"],
  },
  {
    file: "tags/evidence.ts",
    line: "branch: either(live.branch, findInAnyCase(open.flatMap(headBranches))),",
    replacement: "branch: live.branch,",
    danger: "deletes images of the branch of an open pull request",
    tests: ["tags/status.test.ts", "tags/doubt.test.ts", "tags/properties.test.ts", "tags/pull-requests.test.ts"],
  },
  {
    file: "tags/evidence.ts",
    line: "commit: either(live.commit, findCommit(open.flatMap(commits))),",
    replacement: "commit: live.commit,",
    danger: "deletes images of the commits of an open pull request",
    tests: ["tags/status.test.ts", "tags/doubt.test.ts", "tags/properties.test.ts", "tags/pull-requests.test.ts"],
  },
  {
    file: "tags/evidence.ts",
    line: "return gone(pullRequest, reason, closedAt === null ? null : closedAt + LATE_PUSH_MS);",
    replacement: "return gone(pullRequest, reason, null);",
    danger: "deletes images of a branch name that is used again",
    tests: ["tags/status.test.ts", "tags/doubt.test.ts", "tags/properties.test.ts", "tags/pull-requests.test.ts"],
  },
  {
    file: "inputs/rules.ts",
    line: 'return "value" in globs ? { value: [...new Set([...parseList(DEFAULTS["protect-tags"]), ...globs.value])] } : globs;',
    replacement: "return globs;",
    danger: "takes the protection from `latest`",
    tests: ["inputs/values.test.ts"],
  },
  {
    file: "inputs/rules.ts",
    line: "if (invalid !== undefined) {",
    replacement: 'if (invalid === "") {',
    danger: "protects nothing with a digest that was cut short",
    tests: ["inputs/invalid-values.test.ts"],
  },
  {
    file: "inputs/event.ts",
    line: "fromFork: head.repo?.full_name.toLowerCase() !== base.repo.full_name.toLowerCase(),",
    replacement: "fromFork: false,",
    danger: "takes a fork's branch for a branch of this repository",
    tests: ["inputs/event.test.ts"],
  },
  {
    file: "protect/images-in-use.ts",
    line: "return tags.has(folded) || images.mayName?.(name, folded) === true;",
    replacement: "return images.mayName?.(name, folded) === true;",
    danger: "deletes images in use by tag",
    tests: ["protect/protect.test.ts", "safety/evidence.test.ts"],
  },
];
