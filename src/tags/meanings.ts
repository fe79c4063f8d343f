import type { Words } from "./words.ts";

/** What the text of one placeholder stands for. `reason` is a sentence that a user understands. */
export type Finding =
  | { readonly standing: "alive"; readonly reason: string }
  | Dead
  /** Nothing is known of it (yet): the number or commit that would have to be asked for. */
  | { readonly standing: "unknown"; readonly number?: number; readonly commit?: string };

export type Alive = Extract<Finding, { standing: "alive" }>;

export interface Dead {
  readonly standing: "dead";
  readonly by: "number" | "branch";
  readonly reason: string;
  readonly pullRequest: number;
  /** When the pull request ended, in milliseconds since the epoch; null: not told. */
  readonly endedAt: number | null;
}

/** Living words are met in any case, the exact spelling first: some builds lower-case names. */
export interface LivingWords {
  readonly exact: ReadonlyMap<string, Alive>;
  /** Keyed by `foldCase`. */
  readonly folded: Words<Alive>;
}

/** What placeholders can stand for. */
export interface Meanings {
  readonly branches: LivingWords;
  /** Slugs of branches that are proven gone; compared as they are spelled. */
  readonly deadBranches: Words<Dead>;
  readonly tags: LivingWords;
  /** By `VersionTemplate.source`. */
  readonly versions: ReadonlyMap<string, LivingWords>;
  readonly pullRequest: (number: number) => Finding;
  /** Takes 7 to 40 lower-case hex digits. */
  readonly commit: (commit: string) => Finding;
}
