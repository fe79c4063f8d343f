import type { Digest } from "./digest.ts";

export type Provider = "digitalocean" | "ghcr" | "distribution";

/** Where the registry is, taken apart from the input `registry`. */
export interface RegistryAddress {
  readonly provider: Provider;
  /** Scheme and host, as `https://registry.digitalocean.com`. */
  readonly origin: URL;
  /** DigitalOcean: the registry's name; GHCR: the owner; Distribution: the prefix, perhaps empty. No slash at either end. */
  readonly path: string;
  /** As shown to users: `HOST[:PORT][/PATH]`. */
  readonly name: string;
}

/** A credential that is entered as an input. Never logged. */
export interface Credential {
  readonly username: string;
  readonly secret: string;
}

export type GcType =
  | "unreferenced blobs only"
  | "untagged manifests only"
  | "untagged manifests and unreferenced blobs";

/** What the workflow's event says of a closed pull request. */
export interface ClosedPullRequestEvent {
  readonly number: number;
  readonly merged: boolean;
  /** Milliseconds since the epoch. */
  readonly closedAt: number;
  readonly headBranch: string;
  readonly headCommit: string;
  readonly mergeCommit: string | null;
  readonly fromFork: boolean;
}

/** The inputs of action.yml and the runner's environment, parsed and checked: all that a run depends on. */
export interface Settings {
  readonly registry: RegistryAddress;
  readonly repositoryPattern: readonly string[];
  /** Empty: none was given. */
  readonly credential: Credential | null;
  readonly github: {
    readonly token: string;
    /** `OWNER/NAME` */
    readonly repository: string;
    readonly apiUrl: URL;
    readonly graphqlUrl: URL;
    readonly serverUrl: URL;
  };
  readonly tagPatterns: readonly string[];
  readonly protectTags: readonly string[];
  readonly protectDigests: { readonly digests: readonly Digest[]; readonly files: readonly string[] };
  readonly protectApps: boolean;
  readonly untagged: "delete" | "keep";
  readonly unmatchedTags: "delete" | "keep";
  readonly removeStaleTags: boolean;
  readonly keepCount: number;
  readonly gracePeriodMs: number;
  /** The closed pull request of the event; set only where the sweep is limited to it, or where it answers a question. */
  readonly event: ClosedPullRequestEvent | null;
  readonly scope: "repository" | "pull-request";
  /** 0: no limit. */
  readonly maxDeletions: number;
  readonly dryRun: boolean;
  readonly runGc: "false" | "true" | "always";
  readonly gcType: GcType;
  /** The command's words; empty: none. */
  readonly gcCommand: readonly string[];
  /** 0: start the collection and do not wait. */
  readonly gcTimeoutMs: number;
  readonly apiUrl: URL;
  readonly concurrency: number;
  /** The workspace, to which `protect-digests` files are relative. */
  readonly workspace: string;
  /** Docker's `config.json`, where the login of `docker login` lies; it need not exist. */
  readonly dockerConfigPath: string;
  /** Where the report file is written. */
  readonly reportPath: string;
}
