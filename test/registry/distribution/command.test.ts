import { describe, expect, test, vi } from "vitest";
import { Fault } from "../../../src/fault.ts";
import { createFakeClock } from "../../servers/fake-clock.ts";
import { childProcess, collect, isRunning, readFileOf, tempFolder, useTempFolder, waitUntil } from "./gc-scripts.ts";

useTempFolder();

const CANCELLED = new Fault("interrupted", "The job was cancelled", "Run again.");
/** A command whose children ignore SIGTERM. */
const STUBBORN = `trap '' TERM; (trap '' TERM; sleep 1000 & echo $! > "$TEST_FOLDER/child"; wait; wait) & wait; wait`;
/** Starts a process outside the group, which holds the output open. */
const DETACHED = `setsid sh -c 'echo $$ > "$TEST_FOLDER/child"; exec sleep 1000' &`;

describe("at gc-timeout", () => {
  test("a command is ended with all processes that it started", async () => {
    const clock = createFakeClock({ passes: "by hand" });
    const running = collect(STUBBORN, { clock, timeoutMs: 90_000 });
    const child = await childProcess();
    expect(isRunning(child)).toBe(true);
    await clock.advance(89_999);
    expect(isRunning(child)).toBe(true);
    await clock.advance(1);
    await clock.advance(2_000);
    const result = await running;
    expect(result).toMatchObject({ status: "timed-out", note: expect.stringContaining("within 1 min 30 s") });
    await waitUntil(() => !isRunning(child));
  });

  test("processes that ignore SIGTERM are ended, even if the command itself exits", async () => {
    const clock = createFakeClock({ passes: "by hand" });
    const stubborn = `(trap '' TERM; exec >/dev/null 2>&1; sleep 1000 & echo $! > "$TEST_FOLDER/child"; wait; wait) &`;
    const running = collect(`${stubborn} trap 'exit 0' TERM; wait; wait`, { clock, timeoutMs: 90_000 });
    const child = await childProcess();
    await clock.advance(90_000);
    expect(await running).toMatchObject({ status: "timed-out" });
    await waitUntil(() => !isRunning(child));
  });

  test("Refsweep does not wait for a process that holds the output open", async () => {
    const clock = createFakeClock({ passes: "by hand" });
    const running = collect(`${DETACHED} exec sleep 1000`, { clock, timeoutMs: 90_000 });
    const child = await childProcess();
    await clock.advance(92_000);
    expect(await running).toMatchObject({ status: "timed-out" });
    process.kill(Number(child));
  });
});

describe("if the job is cancelled", () => {
  test("a command is ended with all processes that it started", async () => {
    const clock = createFakeClock({ passes: "by hand" });
    const job = new AbortController();
    const running = collect(STUBBORN, { clock, signal: job.signal });
    const child = await childProcess();
    const failed = expect(running).rejects.toMatchObject({ name: "Fault", kind: "interrupted" });
    job.abort(CANCELLED);
    await clock.advance(2_000);
    await failed;
    await waitUntil(() => !isRunning(child));
  });

  test.each([60_000, 0])("no command starts, with a timeout of %i ms", async (timeoutMs) => {
    const signal = AbortSignal.abort(CANCELLED);
    await expect(collect('touch "$TEST_FOLDER/started"', { signal, timeoutMs })).rejects.toBeInstanceOf(Fault);
    expect(readFileOf("started")).toBeNull();
  });
});

test.each(["timed out", "cancelled"])("a command of another user that is %s is reported as running", async (reason) => {
  const clock = createFakeClock({ passes: "by hand" });
  const job = new AbortController();
  const running = collect('echo $$ > "$TEST_FOLDER/child"; exec sleep 1000', { clock, signal: job.signal });
  const child = await childProcess();
  const result = running.catch((error: Error) => ({ note: error.message }));
  // The error for a process group of another user, such as one of sudo.
  const kill = vi.spyOn(process, "kill").mockImplementation(() => {
    throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
  });
  if (reason === "cancelled") job.abort(CANCELLED);
  await clock.advance(reason === "cancelled" ? 2_000 : 62_000);
  expect(await result).toMatchObject({ note: expect.stringContaining("still running") });
  kill.mockRestore();
  process.kill(Number(child));
});

test("a command that exits is finished two seconds later, even if a process holds its output open", async () => {
  const clock = createFakeClock({ passes: "by hand" });
  const summary = "7 blobs marked, 1 blobs and 0 manifests eligible for deletion";
  const running = collect(`${DETACHED} echo '${summary}'; until test -s "$TEST_FOLDER/child"; do :; done`, { clock });
  const child = await childProcess();
  await waitUntil(() => clock.sleeping() === 2);
  await clock.advance(2_000);
  expect(await running).toMatchObject({ status: "succeeded", blobsDeleted: 1 });
  process.kill(Number(child));
});

test("with gc-timeout 0 a command runs on, without the variable by which the runner ends processes", async () => {
  const { PATH } = process.env;
  const result = await collect('env > "$TEST_FOLDER/env"; sleep 1000 & echo $! > "$TEST_FOLDER/child"; wait', {
    timeoutMs: 0,
    environment: { PATH, TEST_FOLDER: tempFolder(), RUNNER_TRACKING_ID: "github_1" },
  });
  expect(result).toMatchObject({ status: "started", blobsDeleted: null });
  const child = await childProcess();
  expect(readFileOf("env")).not.toContain("RUNNER_TRACKING_ID");
  expect(isRunning(child)).toBe(true);
  process.kill(Number(child));
});
