/** The tags that are protected by default. The input `protect-tags` adds to them. */
export const PROTECTED_TAGS = "latest\nedge\nnightly\nstable\nbuildcache*";

/**
 * All inputs, with the values that they have if they are empty. action.yml says the same.
 * An empty default means that the input is required, optional, or depends on the run.
 */
const DEFAULTS = {
  registry: "",
  provider: "auto",
  "repository-pattern": "",
  username: "",
  token: "",
  "github-token": "",
  "git-repository": "",
  "tag-patterns": `{branch}
{tag}
{version}
v{version}
{major}.{minor}
v{major}.{minor}
{major}
v{major}
pr-{pr}
pr-{pr}-*
sha-{sha}
{sha}
gh-readonly-queue-*-pr-{pr}-{sha}`,
  "protect-tags": PROTECTED_TAGS,
  "protect-digests": "",
  "protect-apps": "false",
  untagged: "delete",
  "unmatched-tags": "keep",
  "remove-stale-tags": "false",
  "keep-count": "0",
  "grace-period": "24h",
  scope: "auto",
  "max-deletions": "0",
  "dry-run": "false",
  "run-gc": "false",
  "gc-type": "unreferenced blobs only",
  "gc-command": "",
  "gc-timeout": "60m",
  "api-url": "",
  concurrency: "16",
};

export type InputName = keyof typeof DEFAULTS;

export const INPUT_NAMES: readonly string[] = Object.keys(DEFAULTS);

export function isInputName(name: string): name is InputName {
  return Object.hasOwn(DEFAULTS, name);
}

export function defaultOf(name: InputName): string {
  return DEFAULTS[name];
}
