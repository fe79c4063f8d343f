import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { git, makeRepository } from "../../servers/git/server.ts";

/** What happens in a Git repository, to one of its open pull requests or else to main. */
export interface Event {
  readonly kind: (typeof KINDS)[number];
  /** Chooses the pull request, modulo how many there are. */
  readonly topic: number;
}

const KINDS = [
  ...(["commit", "commit", "commit", "commit", "open", "open", "stack", "close", "close", "forcePush"] as const),
  ...([
    "merge",
    "squash",
    "rebase",
    "fastForward",
    "octopus",
    "mergeMain",
    "deleteBranches",
    "deleteBranches",
    "tag",
    "rewriteMain",
    "pull",
  ] as const),
];

export const events: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...KINDS), topic: fc.nat(5) }),
  { minLength: 5, maxLength: 40, size: "max" },
);

/** A pull request. Commits are numbered. */
interface Topic {
  readonly number: number;
  state: "open" | "closed" | "merged";
  head: number;
  /** How many commits it has that main did not have, until it was closed. */
  commitCount: number;
  hasBranch: boolean;
}

/** A history in a real repository. Pull request N has the branch `tN`, and main is its base. */
export interface RandomHistory {
  readonly path: string;
  readonly topics: readonly (Omit<Topic, "head"> & { readonly head: string })[];
}

/** Plays events in the new bare repository `root/name.git`. */
export async function makeHistory(root: string, name: string, played: readonly Event[]): Promise<RandomHistory> {
  const player = new Player();
  for (const event of played) player.play(event);
  const { path } = await makeRepository(root, name, {});
  const marks = join(path, "marks");
  await git(["-C", path, "fast-import", "--quiet", `--export-marks=${marks}`], player.stream());
  const ids = new Map(
    (await readFile(marks, "utf8")).split("\n").map((line) => [line.split(" ")[0], line.split(" ")[1]]),
  );
  return { path, topics: player.topics.map((topic) => ({ ...topic, head: ids.get(`:${topic.head}`) ?? "" })) };
}

class Player {
  readonly topics: Topic[] = [];
  readonly #commits: string[] = [];
  readonly #parents = new Map<number, readonly number[]>();
  readonly #tags: number[] = [];
  #main = this.#commit();

  play(event: Event): void {
    this.#change(event);
    const ofMain = this.#reachedFrom(this.#main);
    for (const topic of this.topics) {
      if (topic.state !== "open") continue;
      topic.commitCount = [...this.#reachedFrom(topic.head)].filter((commit) => !ofMain.has(commit)).length;
    }
  }

  #change({ kind, topic }: Event): void {
    const open = this.topics.filter(({ state }) => state === "open");
    const chosen = open[topic % Math.max(1, open.length)];
    if (kind === "tag") this.#tags.push(this.#main);
    else if (kind === "open") this.#open(this.#main);
    else if (kind === "stack") this.#open(chosen?.head ?? this.#main);
    else if (kind === "octopus") this.#merge(open);
    else if (kind === "rewriteMain") this.#main = this.#commit(...this.#beforeMain());
    else if (kind === "pull") this.#main = this.#commit(this.#commit(...this.#beforeMain()), this.#main);
    else if (kind === "deleteBranches") for (const each of this.topics) each.hasBranch &&= each.state === "open";
    else if (chosen === undefined || (kind === "commit" && topic === 0)) this.#main = this.#commit(this.#main);
    else this.#changeTopic(chosen, kind);
  }

  #open(from: number): void {
    const head = this.#commit(from);
    this.topics.push({ number: this.topics.length + 1, state: "open", head, commitCount: 0, hasBranch: true });
  }

  #merge(topics: readonly Topic[]): void {
    this.#main = this.#commit(this.#main, ...topics.map(({ head }) => head));
    for (const topic of topics) topic.state = "merged";
  }

  #beforeMain(): readonly number[] {
    return this.#parents.get(this.#main)?.slice(0, 1) ?? [];
  }

  #changeTopic(topic: Topic, kind: Event["kind"]): void {
    if (kind === "commit") topic.head = this.#commit(topic.head);
    if (kind === "mergeMain") topic.head = this.#commit(topic.head, this.#main);
    if (kind === "forcePush") topic.head = this.#commit(this.#parents.get(topic.head)?.[0] ?? this.#main);
    if (kind === "close") topic.state = "closed";
    if (kind === "merge") this.#merge([topic]);
    if (kind === "squash" || kind === "rebase") this.#main = this.#commit(this.#main);
    if (kind === "rebase") this.#main = this.#commit(this.#main);
    if (kind === "fastForward" && this.#reachedFrom(topic.head).has(this.#main)) this.#main = topic.head;
    if (["squash", "rebase", "fastForward"].includes(kind)) topic.state = "merged";
  }

  #reachedFrom(from: number): ReadonlySet<number> {
    const reached = new Set([from]);
    for (const commit of reached) for (const parent of this.#parents.get(commit) ?? []) reached.add(parent);
    return reached;
  }

  /** https://git-scm.com/docs/git-fast-import#_input_format */
  #commit(...parents: readonly number[]): number {
    const mark = this.#commits.length + 1;
    const [from, ...merged] = parents;
    const lines = [...(from === undefined ? [] : [`from :${from}`]), ...merged.map((parent) => `merge :${parent}`)];
    const head = `commit refs/work/${mark}\nmark :${mark}\ncommitter T <t@example.com> 1700000000 +0000\ndata 3\n${mark % 10}x\n`;
    this.#commits.push(`${head}${lines.map((line) => `${line}\n`).join("")}\n`);
    this.#parents.set(mark, parents);
    return mark;
  }

  stream(): string {
    const ref = (name: string, mark: number): string => `reset ${name}\nfrom :${mark}\n\n`;
    const topics = this.topics.map(({ number, head, hasBranch }) => {
      const pull = ref(`refs/pull/${number}/head`, head);
      return hasBranch ? pull + ref(`refs/heads/t${number}`, head) : pull;
    });
    const tags = this.#tags.map((mark, index) => ref(`refs/tags/v${index}`, mark));
    return [...this.#commits, ref("refs/heads/main", this.#main), ...topics, ...tags].join("");
  }
}
