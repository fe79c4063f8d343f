import type { Digest } from "./digest.ts";

/** The input `registry`, parsed. */
export interface RegistryAddress {
  /** The name of a provider in `registry/providers.ts`. */
  readonly provider: string;
  /** Scheme, host and port, such as `https://registry.digitalocean.com`. */
  readonly origin: URL;
  /** The registry's name, its owner, or a prefix, which may be empty. No slash at either end. */
  readonly path: string;
  /** As shown to users: `HOST[:PORT][/PATH]`. */
  readonly name: string;
}

/** A credential from the inputs. Never logged. */
export interface Credential {
  readonly username: string;
  readonly secret: string;
}

export type GcType =
  | "unreferenced blobs only"
  | "untagged manifests only"
  | "untagged manifests and unreferenced blobs";

/** The closed pull request that triggered the workflow. */
export interface ClosedPullRequestEvent {
  readonly number: number;
  readonly merged: boolean;
  /** When it was opened, in milliseconds since the epoch; null: unknown. */
  readonly startedAt: number | null;
  /** Milliseconds since the epoch. */
  readonly closedAt: number;
  readonly headBranch: string;
  readonly headCommit: string;
  /** How many commits it has that its base branch did not have; 0: unknown. */
  readonly commitCount: number;
  /** Null if it was not merged. */
  readonly mergeCommit: string | null;
  readonly fromFork: boolean;
}

/** One line of the input `retention`: `GLOB [keep=N] [older-than=DURATION]`. */
export interface RetentionRule {
  /** A glob over image tags. */
  readonly glob: string;
  /** Null: not given, so `keep-count` applies. */
  readonly keep: number | null;
  /** In milliseconds; null: not given, so `older-than` applies. */
  readonly olderThanMs: number | null;
}

/** The action's inputs and the runner's environment, parsed and checked. Durations are in milliseconds. */
export interface Settings {
  readonly registry: RegistryAddress;
  /** Globs over repository names, relative to `registry.path`. */
  readonly repositoryPattern: readonly string[];
  /** Null: none was given. */
  readonly credential: Credential | null;
  readonly github: {
    readonly token: string;
    /** `OWNER/NAME` */
    readonly repository: string;
    readonly apiUrl: URL;
    readonly graphqlUrl: URL;
    /** Ends with a slash. */
    readonly serverUrl: URL;
  };
  readonly tagPatterns: readonly string[];
  /** Globs over image tags, the default ones included. An entry that starts with `!` takes tags back. */
  readonly protectTags: readonly string[];
  readonly protectDigests: { readonly digests: readonly Digest[]; readonly files: readonly string[] };
  readonly protectApps: boolean;
  readonly untagged: "delete" | "keep";
  readonly unmatchedTags: "delete" | "keep";
  readonly superseded: "delete" | "keep";
  /** The first rule that matches a tag applies to it. */
  readonly retention: readonly RetentionRule[];
  readonly foreignRepositories: "skip" | "sweep";
  readonly removeStaleTags: boolean;
  readonly keepCount: number;
  readonly gracePeriodMs: number;
  /** Only images orphaned for longer than this are deleted. */
  readonly olderThanMs: number;
  /** The event's closed pull request, if it is one of `github.repository`; else null. */
  readonly event: ClosedPullRequestEvent | null;
  /** The name of the branch whose deletion triggered the workflow, if it was a branch of `github.repository`; else null. */
  readonly deletedBranch: string | null;
  /** `pull-request`: only images of `event` are deleted. `branch`: only images of `deletedBranch`. */
  readonly scope: "repository" | "pull-request" | "branch";
  /** Whether every kept image is read, to find those that miss a platform, config or layer. */
  readonly validate: boolean;
  /** 0: no limit. */
  readonly maxDeletions: number;
  readonly dryRun: boolean;
  readonly runGc: "false" | "true" | "always";
  readonly gcType: GcType;
  /** Program and arguments; empty: none was given. */
  readonly gcCommand: readonly string[];
  /** 0: do not wait for the garbage collection. */
  readonly gcTimeoutMs: number;
  /** The input `api-url`, else the provider's API, else the registry's origin. */
  readonly apiUrl: URL;
  /** Requests in flight to one host. */
  readonly concurrency: number;
  /** Files of `protect-digests` are relative to it. */
  readonly workspace: string;
  /** Docker's `config.json`, which holds the logins of `docker login`. It may not exist. */
  readonly dockerConfigPath: string;
}
