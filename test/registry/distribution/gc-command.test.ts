import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Fault } from "../../../src/fault.ts";
import {
  collectByCommand,
  type GcCommandOptions,
  type Holdings,
} from "../../../src/registry/distribution/gc-command.ts";
import { silentLog } from "../../run.ts";
import { createFakeClock } from "../../servers/fake-clock.ts";

const A = `sha256:${"a".repeat(64)}`;
const B = `sha256:${"b".repeat(64)}`;
const EMPTY: Holdings = { sizeOf: () => null, holders: 0 };

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "refsweep-gc-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a script of sh, which stands for whatever a user gives. */
function run(script: string, options: Partial<GcCommandOptions> = {}, holdings: Holdings = EMPTY) {
  return collectByCommand(
    {
      words: ["sh", "-c", script],
      timeoutMs: 60_000,
      clock: createFakeClock({ passes: "by hand" }),
      log: silentLog,
      signal: new AbortController().signal,
      environment: { PATH: process.env["PATH"], TEST_FOLDER: folder },
      ...options,
    },
    holdings,
  );
}

const read = (name: string): string => readFileSync(join(folder, name), "utf8").trim();

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function tryRead(name: string): string {
  try {
    return read(name);
  } catch {
    return "";
  }
}

/** Whether a process runs; one that only waits to be buried does not. */
function isRunning(pid: string): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

const PRINTS = `echo; echo '3 blobs marked, 2 blobs and 1 manifests eligible for deletion'; echo 'blob eligible for deletion: ${A}'; echo 'blob eligible for deletion: ${B}'`;

describe("a command that ends", () => {
  test.each([
    ["all sizes known", { [A]: 100, [B]: 23 }, 123, "2 blobs and 1 manifests deleted."],
    ["one size unknown", { [A]: 100 }, null, "1 of the blobs had 100 bytes"],
  ])("with %s", async (_, sizes: Readonly<Record<string, number>>, freedBytes, note) => {
    const result = await run(PRINTS, {}, { holders: 0, sizeOf: (digest) => sizes[digest] ?? null });
    expect(result).toEqual({ status: "succeeded", freedBytes, blobsDeleted: 2, note: expect.stringContaining(note) });
  });

  test("with fewer blobs named than counted has freed nobody knows how much", async () => {
    const result = await run(`(${PRINTS}) | head -3`, {}, { holders: 0, sizeOf: () => 100 });
    expect(result).toMatchObject({
      freedBytes: null,
      blobsDeleted: 2,
      note: expect.stringContaining("1 of the blobs"),
    });
  });

  test.each([
    ["keeps untagged manifests", "--dry-run", 1, ["gc-command"]],
    ["deletes them, and none holds another", "-m", 0, ["gc-command"]],
    ["deletes them, and one holds another", "-m", 1, ["gc-command", "gc-command-untagged"]],
  ])("warns of what it may take along, where it %s", async (_, flag, holders, kinds) => {
    const warned: string[] = [];
    const log = { ...silentLog, warn: (kind: string) => void warned.push(kind) };
    await run("", { log, words: ["true", "garbage-collect", flag] }, { ...EMPTY, holders });
    expect(warned).toEqual(kinds);
  });

  test("that tells nothing has freed nobody knows what", async () => {
    const note = expect.stringContaining("printed nothing");
    expect(await run("true")).toEqual({ status: "succeeded", freedBytes: null, blobsDeleted: null, note });
  });

  test("as a dry run of its own has freed nothing", async () => {
    const words = ["sh", "-c", PRINTS, "sh", "garbage-collect", "--dry-run"] as const;
    expect(await run("", { words })).toMatchObject({ status: "succeeded", freedBytes: 0, blobsDeleted: 0 });
  });

  test("with an exit code has failed, whatever it printed, and what it said last is told", async () => {
    const script = `${PRINTS}; head -c 5000 /dev/zero | tr '\\0' x >&2; echo 'failed to mark: no such file' >&2; exit 3`;
    const { status, blobsDeleted, note } = await run(script);
    expect({ status, blobsDeleted }).toEqual({ status: "failed", blobsDeleted: null });
    expect(note).toMatch(/exit code 3\. It said: x+failed to mark: no such file$/);
    expect(note.length).toBeLessThan(1_200);
  });

  test("by a signal has failed", async () => {
    expect((await run("kill -9 $$")).note).toContain("was ended by SIGKILL");
  });

  test("is not read by a shell: what would be one's syntax is a word", async () => {
    const words = [
      "printf",
      "%s",
      "$(touch /nonexistent); 1 blobs marked, 0 blobs and 0 manifests eligible for deletion",
    ] as const;
    expect((await run("", { words })).blobsDeleted).toBeNull();
  });

  test("does not see the inputs, which hold the credentials", async () => {
    await run('env > "$TEST_FOLDER/env"', {
      environment: {
        PATH: process.env["PATH"],
        TEST_FOLDER: folder,
        INPUT_TOKEN: "secret",
        "INPUT_GITHUB-TOKEN": "s",
        DOCKER_HOST: "x",
      },
    });
    expect(read("env")).toContain("DOCKER_HOST=x");
    expect(read("env")).not.toContain("INPUT_");
  });

  test("that is not there has failed, and is named", async () => {
    const result = await run("", { words: ["no-such-program", "garbage-collect"] });
    expect(result).toMatchObject({ status: "failed", note: expect.stringContaining("no-such-program") });
  });
});

describe("a command that goes on", () => {
  /** A child of a child that no polite word ends. */
  const STUBBORN = `trap '' TERM; (trap '' TERM; sleep 1000 & echo $! > "$TEST_FOLDER/child"; wait; wait) & wait; wait`;

  test("past gc-timeout is ended with all that it started", async () => {
    const clock = createFakeClock({ passes: "by hand" });
    const running = run(STUBBORN, { clock, timeoutMs: 90_000 });
    await until(() => tryRead("child") !== "");
    const child = read("child");
    expect(isRunning(child)).toBe(true);
    await clock.advance(89_999);
    expect(isRunning(child)).toBe(true);
    await clock.advance(1);
    await clock.advance(2_000);
    const result = await running;
    expect(result).toMatchObject({ status: "timed-out", note: expect.stringContaining("within 1.5 min") });
    await until(() => !isRunning(child));
  });

  test("past gc-timeout is ended with what overhears that, though it obeys itself", async () => {
    const clock = createFakeClock({ passes: "by hand" });
    const deaf = `(trap '' TERM; exec >/dev/null 2>&1; sleep 1000 & echo $! > "$TEST_FOLDER/child"; wait; wait) &`;
    const running = run(`${deaf} trap 'exit 0' TERM; wait; wait`, { clock, timeoutMs: 90_000 });
    await until(() => tryRead("child") !== "");
    await clock.advance(90_000);
    expect(await running).toMatchObject({ status: "timed-out" });
    await until(() => !isRunning(read("child")));
  });

  test("when the job is cancelled is ended with all that it started", async () => {
    const clock = createFakeClock({ passes: "by hand" });
    const job = new AbortController();
    const running = run(STUBBORN, { clock, signal: job.signal });
    await until(() => tryRead("child") !== "");
    const failed = expect(running).rejects.toMatchObject({ name: "Fault", kind: "interrupted" });
    job.abort(new Fault("interrupted", "cancelled", "run it again"));
    await clock.advance(2_000);
    await failed;
    const child = read("child");
    await until(() => !isRunning(child));
  });

  /** Starts a program that leaves the group, and holds on to the output. */
  const DEAF = `setsid sh -c 'echo $$ > "$TEST_FOLDER/child"; exec sleep 1000' &`;

  test("past gc-timeout is not waited for, whoever holds its output", async () => {
    const clock = createFakeClock({ passes: "by hand" });
    const running = run(`${DEAF} exec sleep 1000`, { clock, timeoutMs: 90_000 });
    await until(() => tryRead("child") !== "");
    await clock.advance(92_000);
    expect(await running).toMatchObject({ status: "timed-out" });
    process.kill(Number(read("child")));
  });

  test("in what it started has ended all the same, a moment after it exited", async () => {
    const clock = createFakeClock({ passes: "by hand" });
    const words = "7 blobs marked, 1 blobs and 0 manifests eligible for deletion";
    const running = run(`${DEAF} echo '${words}'; until test -s "$TEST_FOLDER/child"; do :; done`, { clock });
    await until(() => tryRead("child") !== "" && clock.sleeping() === 2);
    await clock.advance(2_000);
    expect(await running).toMatchObject({ status: "succeeded", blobsDeleted: 1 });
    process.kill(Number(read("child")));
  });

  test.each(["timed out", "cancelled"])(
    "under another user cannot be ended, %s or not, and that is told",
    async (why) => {
      const clock = createFakeClock({ passes: "by hand" });
      const job = new AbortController();
      const running = run('echo $$ > "$TEST_FOLDER/child"; exec sleep 1000', { clock, signal: job.signal });
      await until(() => tryRead("child") !== "");
      const told = running.catch((error: Error) => ({ note: error.message }));
      // What the system answers for a group of which every process is another user's, as sudo's are.
      const kill = vi.spyOn(process, "kill").mockImplementation(() => {
        throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
      });
      if (why === "cancelled") job.abort(new Fault("interrupted", "cancelled", "run it again"));
      await clock.advance(why === "cancelled" ? 2_000 : 62_000);
      expect(await told).toMatchObject({ note: expect.stringContaining("goes on by itself") });
      kill.mockRestore();
      process.kill(Number(read("child")));
    },
  );

  test.each([60_000, 0])(
    "is not started in a job that is cancelled already, with gc-timeout: %i",
    async (timeoutMs) => {
      const signal = AbortSignal.abort(new Fault("interrupted", "cancelled", "run it again"));
      await expect(run('touch "$TEST_FOLDER/started"', { signal, timeoutMs })).rejects.toBeInstanceOf(Fault);
      expect(() => read("started")).toThrow();
    },
  );

  test("with gc-timeout: 0 is left to itself, without what the runner ends its leftovers by", async () => {
    const result = await run('env > "$TEST_FOLDER/env"; sleep 1000 & echo $! > "$TEST_FOLDER/child"; wait', {
      timeoutMs: 0,
      environment: { PATH: process.env["PATH"], TEST_FOLDER: folder, RUNNER_TRACKING_ID: "github_1" },
    });
    expect(result).toMatchObject({ status: "started", blobsDeleted: null });
    await until(() => tryRead("child") !== "");
    expect(read("env")).not.toContain("RUNNER_TRACKING_ID");
    expect(isRunning(read("child"))).toBe(true);
    process.kill(Number(read("child")));
  });

  test("with gc-timeout: 0 and not there has failed", async () => {
    const result = await run("", { words: ["no-such-program"], timeoutMs: 0 });
    expect(result).toMatchObject({ status: "failed", note: expect.stringContaining("no-such-program") });
  });
});
