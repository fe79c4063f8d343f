import type { Commit } from "../../src/refs/git/pack.ts";
import type { DeletedBranch, LiveRefs, PullRequest } from "../../src/refs/refs.ts";
import { DAY, HOUR, NOW } from "../plan/world.ts";
import { commitOf } from "../tags/fixtures.ts";

export type MergeStyle = "merge commits" | "squash";

/** Which images a build belongs to. `recent`: the two newest older builds of a branch that exists. */
export type Group = "live" | "older" | "recent" | "pull requests" | "last commit" | "deleted branch";

/** A build, with the values that its workflow names images after. */
export interface Build {
  readonly event: "push" | "pull_request" | "release";
  /** The branch that was pushed, the head branch of the pull request, or the Git tag. */
  readonly ref: string;
  /** `github.sha`: on `pull_request`, the test merge. */
  readonly sha: string;
  /** The pull request that was built; null: another event. */
  readonly number: number | null;
  readonly run: number;
  readonly time: number;
  readonly group: Group;
}

/** The history of a small Git repository. */
export interface Life {
  readonly refs: LiveRefs;
  /** All commits, test merges too. */
  readonly commits: readonly Commit[];
  /** Those that a branch, Git tag or `refs/pull/N/head` reaches. */
  readonly reachable: readonly Commit[];
  readonly pullRequests: readonly PullRequest[];
  readonly deletedBranches: readonly DeletedBranch[];
  /** In their order. */
  readonly builds: readonly Build[];
}

interface Topic {
  readonly number: number;
  readonly branch: string;
  /** Of its commits, in days before now. */
  readonly days: readonly number[];
  readonly state: PullRequest["state"];
  readonly fromFork?: boolean;
}

const TOPICS: readonly Topic[] = [
  { number: 10, branch: "feature/login", days: [55, 54], state: "merged" },
  { number: 11, branch: "feature/search", days: [49, 48], state: "closed" },
  { number: 12, branch: "dependabot/npm_and_yarn/lodash-4.17.21", days: [41], state: "merged" },
  { number: 13, branch: "fix/crash", days: [10, 5], state: "open" },
  { number: 14, branch: "patch-1", days: [9], state: "open", fromFork: true },
  { number: 15, branch: "chore/deps", days: [5, 4], state: "merged" },
];
/** Direct pushes to the branches that exist, in days before now. */
const PUSHES = { main: [60, 58, 50, 43, 35, 30, 8, 6, 2], develop: [57, 20, 18, 17] };
/** The first push of `main` is released as v1.1.0, the fourth one as v1.2.0. */
const RELEASES = new Map([
  [60, "v1.1.0"],
  [43, "v1.2.0"],
]);
/** A branch without a pull request. */
const EXPERIMENT = { name: "experiment/cache", days: [46, 45], deleted: 44 };
/** A run number of seven digits has the form of a short commit. */
const FIRST_RUN = 1_234_560;

type Branch = keyof typeof PUSHES;
type Step = (history: History) => void;

/** Returns what happened in the Git repository until now, with pull requests merged in one way. */
export function lifeOf(style: MergeStyle): Life {
  const steps: [day: number, step: Step][] = [
    ...PUSHES.main.map((day): [number, Step] => [day, (history) => history.push("main", day)]),
    ...PUSHES.develop.map((day): [number, Step] => [day, (history) => history.push("develop", day)]),
    ...EXPERIMENT.days.map((day): [number, Step] => [day, (history) => history.experiment(day)]),
    ...TOPICS.flatMap((topic) => [
      ...topic.days.map((day): [number, Step] => [day, (history) => history.commitTo(topic, day)]),
      [(topic.days.at(-1) ?? 0) - 1, (history: History) => history.close(topic, style)] as [number, Step],
    ]),
  ];
  const history = new History();
  for (const [, step] of steps.toSorted(([a], [b]) => b - a)) step(history);
  return history.life();
}

class History {
  readonly #commits: Commit[] = [];
  readonly #unreachable = new Set<string>();
  readonly #tips = new Map<string, string>();
  readonly #tags: { name: string; commit: string }[] = [];
  readonly #pullRequests: PullRequest[] = [];
  readonly #builds: Build[] = [];

  push(branch: Branch, day: number, parents?: readonly string[]): void {
    const parent = this.#tips.get(branch) ?? this.#tips.get("main");
    const commit = this.#commit(`${branch} ${day}`, parents ?? (parent === undefined ? [] : [parent]));
    this.#tips.set(branch, commit);
    this.#build({ event: "push", ref: branch, sha: commit, number: null }, day, "older");
    const release = branch === "main" ? RELEASES.get(day) : undefined;
    if (release === undefined) return;
    this.#tags.push({ name: release, commit });
    this.#build({ event: "release", ref: release, sha: commit, number: null }, day, "live");
  }

  experiment(day: number): void {
    const { name, days } = EXPERIMENT;
    const parent = this.#tips.get(name) ?? this.#tip("main");
    const commit = this.#commit(`${name} ${day}`, [parent]);
    this.#tips.set(name, commit);
    this.#unreachable.add(commit);
    const group = day === days.at(-1) ? "last commit" : "deleted branch";
    this.#build({ event: "push", ref: name, sha: commit, number: null }, day, group);
  }

  /** GitHub builds a pull request from a test merge, which no ref reaches. */
  commitTo({ number, branch, state, fromFork = false }: Topic, day: number): void {
    const head = this.#commit(`${branch} ${day}`, [this.#tips.get(branch) ?? this.#tip("main")]);
    this.#tips.set(branch, head);
    const merge = this.#commit(`test merge ${number} ${day}`, [this.#tip("main"), head]);
    this.#unreachable.add(merge);
    const group = state === "open" ? "live" : "pull requests";
    if (!fromFork) this.#build({ event: "push", ref: branch, sha: head, number: null }, day, group);
    this.#build({ event: "pull_request", ref: branch, sha: merge, number }, day, group);
  }

  close({ number, branch, state, days, fromFork = false }: Topic, style: MergeStyle): void {
    const day = (days.at(-1) ?? 0) - 1;
    const head = this.#tip(branch);
    if (state === "merged") {
      const parents = style === "squash" ? [this.#tip("main")] : [this.#tip("main"), head];
      this.push("main", day, parents);
    }
    const closedAt = state === "open" ? null : NOW - day * DAY;
    const mergeCommit = state === "merged" ? this.#tip("main") : null;
    const names = { headBranch: branch, baseBranch: "main", headCommit: head, commitCount: days.length, mergeCommit };
    const startedAt = NOW - (days[0] ?? 0) * DAY;
    this.#pullRequests.push({ number, state, startedAt, closedAt, fromFork, ...names });
  }

  life(): Life {
    const exists = ["main", "develop", ...TOPICS.filter(isOwnAndOpen).map(({ branch }) => branch)];
    const deleted = this.#pullRequests.filter(({ state }) => state !== "open");
    const experiment = { name: EXPERIMENT.name, deletedAt: NOW - EXPERIMENT.deleted * DAY };
    return {
      refs: { branches: exists.map((name) => ({ name, commit: this.#tip(name) })), tags: this.#tags },
      commits: this.#commits,
      reachable: this.#commits.filter(({ id }) => !this.#unreachable.has(id)),
      pullRequests: this.#pullRequests,
      deletedBranches: [
        { ...experiment, commit: this.#tip(EXPERIMENT.name) },
        ...deleted.map(({ headBranch: name, headCommit: commit, closedAt }) => ({
          ...{ name, commit },
          deletedAt: (closedAt ?? NOW) + HOUR / 60,
        })),
      ],
      builds: this.#builds.map((build) => ({ ...build, group: this.#groupOf(build) })),
    };
  }

  #groupOf({ ref, sha, group }: Build): Group {
    if (group !== "older") return group;
    const builds = this.#builds.filter((build) => build.ref === ref && build.group === "older");
    const behind = builds.length - 1 - builds.findIndex((build) => build.sha === sha);
    if (behind === 0) return "live";
    return behind <= 2 ? "recent" : "older";
  }

  #tip(branch: string): string {
    const tip = this.#tips.get(branch);
    if (tip === undefined) throw new Error(`no branch ${branch}`);
    return tip;
  }

  #commit(text: string, parents: readonly string[]): string {
    // Seven digits without a letter would be a build number.
    const id = `c${commitOf(text).slice(1)}`;
    this.#commits.push({ id, parents });
    return id;
  }

  #build(build: Pick<Build, "event" | "ref" | "sha" | "number">, day: number, group: Group): void {
    const run = FIRST_RUN + this.#builds.length;
    this.#builds.push({ ...build, run, time: NOW - day * DAY, group });
  }
}

function isOwnAndOpen({ state, fromFork }: Topic): boolean {
  return state === "open" && fromFork !== true;
}
