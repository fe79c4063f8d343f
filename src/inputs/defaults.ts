/**
 * All inputs, with the values that they have if they are empty. action.yml says the same.
 * An empty default means that the input is required, optional, or depends on the run.
 */
export const DEFAULTS = {
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
  // The input adds to them.
  "protect-tags": "latest\nedge\nnightly\nstable\nbuildcache*",
  "protect-digests": "",
  "protect-apps": "false",
  untagged: "delete",
  "unmatched-tags": "keep",
  superseded: "keep",
  "foreign-repositories": "skip",
  retention: "",
  "remove-stale-tags": "false",
  "keep-count": "0",
  "grace-period": "24h",
  "older-than": "0",
  scope: "auto",
  validate: "false",
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
