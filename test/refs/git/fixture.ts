import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll } from "vitest";
import { Fault } from "../../../src/fault.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import { listRefs } from "../../../src/refs/git/ls-refs.ts";
import type { LiveRefs, Ref } from "../../../src/refs/refs.ts";
import { createFakeClock } from "../../servers/fake-clock.ts";
import { makeRepository, type ServeGitOptions, serveGit } from "../../servers/git/server.ts";
import type { TestServer } from "../../servers/http-server.ts";

export const TOKEN = "ghs_secret";
export const RESULT = { "content-type": "application/x-git-upload-pack-result" };
export const ADVERTISEMENT = { "content-type": "application/x-git-upload-pack-advertisement" };

/** A folder with the repository `octo/web`, and a server for one test. */
export interface GitFixture {
  readonly root: string;
  readonly requests: TestServer["requests"];
  /** Starts the server and returns the URL of a repository. */
  start(options?: Omit<ServeGitOptions, "root">, repository?: string): Promise<URL>;
  close(): Promise<void>;
  list(url: URL, token?: string): Promise<LiveRefs>;
  /** Returns the Fault that `list` throws. */
  fault(url: URL, token?: string): Promise<Fault>;
  /** Returns the requests as `POST /octo/web.git/git-upload-pack`. */
  requestLines(): string[];
}

/** Sets up the fixture for the tests of a file. */
export function useGit(): GitFixture {
  const http = createHttpClient({ clock: createFakeClock(), concurrency: 4 });
  let root = "";
  let server: TestServer | undefined;
  const list: GitFixture["list"] = (url, token = TOKEN) => listRefs(http, { url, token });
  const close = async (): Promise<void> => {
    await server?.close();
    server = undefined;
  };
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "refsweep-git-"));
    await makeRepository(root, "octo/web", {
      branches: ["main", "feature/login", "größe"],
      lightTags: ["light"],
      annotatedTags: ["v1.0.0", "web/v2"],
    });
  });
  afterEach(close);
  afterAll(async () => {
    await http.close();
    await rm(root, { recursive: true, force: true });
  });
  return {
    get root() {
      return root;
    },
    get requests() {
      return server?.requests ?? [];
    },
    async start(options = {}, repository = "octo/web") {
      await close();
      server = await serveGit({ root, ...options });
      return new URL(`${repository}.git`, server.url);
    },
    close,
    list,
    async fault(url, token) {
      const error: unknown = await list(url, token).catch((reason: unknown) => reason);
      if (error instanceof Fault) return error;
      throw new Error("no fault", { cause: error });
    },
    requestLines: () => server?.requests.map(({ method, path }) => `${method} ${path}`) ?? [],
  };
}

export function sorted({ branches, tags }: LiveRefs): string[] {
  const text = (kind: string, refs: readonly Ref[]) => refs.map(({ name, commit }) => `${kind} ${name} ${commit}`);
  return [...text("branch", branches), ...text("tag", tags)].sort();
}

export function names(refs: readonly Ref[]): string[] {
  return refs.map(({ name }) => name).sort();
}
