import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";

const { PATH = "" } = process.env;

/** The environment of Git, without the settings of the user who runs the tests. */
export const GIT_ENVIRONMENT = {
  PATH,
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_AUTHOR_NAME: "Tester",
  GIT_AUTHOR_EMAIL: "tester@example.com",
  GIT_COMMITTER_NAME: "Tester",
  GIT_COMMITTER_EMAIL: "tester@example.com",
};

export interface Output {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly code: number | null;
}

/** The refs of a repository. Every branch and every lightweight tag has a commit of its own. */
export interface GitContents {
  readonly branches?: readonly string[];
  readonly lightTags?: readonly string[];
  readonly annotatedTags?: readonly string[];
  /** Default: `sha1`. */
  readonly objectFormat?: "sha1" | "sha256";
}

/** A bare repository on disk. Names are short: `main`, `v1.2.3`. */
export interface TestRepository {
  readonly path: string;
  /** Adds a commit to a branch, and creates the branch if it does not exist. Returns the commit. */
  commit(branch: string): Promise<string>;
  createBranch(name: string, commit: string): Promise<void>;
  deleteBranch(name: string): Promise<void>;
  createTag(name: string, commit: string): Promise<void>;
  createAnnotatedTag(name: string, target: string): Promise<void>;
  deleteTag(name: string): Promise<void>;
  /** Sets any ref by its full name, such as `refs/pull/12/head`. */
  setRef(name: string, commit: string): Promise<void>;
  /** Returns the commit of a ref or a tag. */
  commitOf(revision: string): Promise<string>;
}

/** Creates the bare repository `root/name.git` with its refs. Thousands of refs take one command. */
export async function makeRepository(
  root: string,
  name: string,
  contents: GitContents = { branches: ["main"] },
): Promise<TestRepository> {
  const path = join(root, `${name}.git`);
  const format = contents.objectFormat ?? "sha1";
  await git(["init", "--quiet", "--bare", "--initial-branch=main", `--object-format=${format}`, path]);
  // As at GitHub.
  await git(["-C", path, "config", "uploadpack.allowFilter", "true"]);
  await git(["-C", path, "fast-import", "--quiet"], importStream(contents));
  return repositoryAt(path);
}

/** Runs git and returns its output. Rejects if it fails. */
export async function git(args: readonly string[], input = "", environment: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn("git", args, { env: { ...GIT_ENVIRONMENT, ...environment } });
  const { stdout, stderr, code } = await gather(child, Buffer.from(input));
  if (code !== 0) throw new Error(`git ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout.toString();
}

/** Writes `input` to a process, waits for its end, and returns its output. */
export function gather(child: ChildProcessWithoutNullStreams, input: Buffer): Promise<Output> {
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString(), code }));
    // A program may end before it has read all of its input. Its exit code and output say why.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

function repositoryAt(path: string): TestRepository {
  const run = async (...args: string[]): Promise<string> => (await git(["-C", path, ...args])).trim();
  const setRef = async (name: string, commit: string): Promise<void> => void (await run("update-ref", name, commit));
  const deleteRef = async (name: string): Promise<void> => void (await run("update-ref", "-d", name));
  return {
    path,
    setRef,
    createBranch: (name, commit) => setRef(`refs/heads/${name}`, commit),
    deleteBranch: (name) => deleteRef(`refs/heads/${name}`),
    createTag: (name, commit) => setRef(`refs/tags/${name}`, commit),
    createAnnotatedTag: async (name, target) => void (await run("tag", "-a", "-m", name, name, target)),
    deleteTag: (name) => deleteRef(`refs/tags/${name}`),
    commitOf: (revision) => run("rev-parse", "--verify", `${revision}^{commit}`),
    async commit(branch) {
      const ref = `refs/heads/${branch}`;
      const exists = (await run("for-each-ref", "--format=%(objectname)", ref)) !== "";
      const from = exists ? `from ${ref}^0\n` : "";
      await git(["-C", path, "fast-import", "--quiet"], `${commitCommand(ref, `more of ${branch}`)}${from}\n`);
      return run("rev-parse", ref);
    },
  };
}

const WHO = "Tester <tester@example.com> 1700000000 +0000";

/** https://git-scm.com/docs/git-fast-import#_input_format */
function importStream({ branches = [], lightTags = [], annotatedTags = [] }: GitContents): string {
  const owners = [...branches.map((name) => `refs/heads/${name}`), ...lightTags.map((name) => `refs/tags/${name}`)];
  const commits = owners.map((ref) => `${commitCommand(ref, ref)}\n`);
  const tags = annotatedTags.map((name, index) => {
    const from = owners[index % owners.length];
    return `tag ${name}\nfrom ${from}\ntagger ${WHO}\n${data(name)}`;
  });
  return [...commits, ...tags].join("");
}

function commitCommand(ref: string, message: string): string {
  return `commit ${ref}\ncommitter ${WHO}\n${data(message)}`;
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}
