import { describe, expect, test } from "vitest";
import { Fault } from "../../../src/fault.ts";
import { HttpError } from "../../../src/http/errors.ts";
import type { GcContext } from "../../../src/registry/distribution/gc-command.ts";
import { silentLog } from "../../run.ts";
import { collect, EMPTY, readFileOf, tempFolder, useTempFolder } from "./gc-scripts.ts";

useTempFolder();

const A = `sha256:${"a".repeat(64)}`;
const B = `sha256:${"b".repeat(64)}`;
const PRINT_RESULT = `echo; echo '3 blobs marked, 2 blobs and 1 manifests eligible for deletion'; echo 'blob eligible for deletion: ${A}'; echo 'blob eligible for deletion: ${B}'`;

function withSizes(sizes: Readonly<Record<string, number>>): GcContext {
  return { ...EMPTY, sizeOf: (digest) => sizes[digest] ?? null };
}

describe("a command that succeeds", () => {
  test.each([
    ["freed the sum of all sizes", { [A]: 100, [B]: 23 }, 123, "2 blobs and 1 manifest deleted."],
    ["freed an unknown amount if a size is unknown", { [A]: 100 }, null, "Sizes are known for 1 blob: 100 B."],
  ])("%s", async (_what, sizes: Readonly<Record<string, number>>, freedBytes, note) => {
    const result = await collect(PRINT_RESULT, {}, withSizes(sizes));
    expect(result).toEqual({ status: "succeeded", freedBytes, blobsDeleted: 2, note: expect.stringContaining(note) });
  });

  test("freed an unknown amount if it prints fewer digests than blobs", async () => {
    const result = await collect(`(${PRINT_RESULT}) | head -3`, {}, withSizes({ [A]: 100, [B]: 100 }));
    expect(result).toMatchObject({ freedBytes: null, blobsDeleted: 2, note: expect.stringContaining("for 1 blob") });
  });

  test("freed an unknown amount if it prints nothing", async () => {
    const note = expect.stringContaining("did not print");
    expect(await collect("true")).toEqual({ status: "succeeded", freedBytes: null, blobsDeleted: null, note });
  });

  test("freed nothing if it is a dry run", async () => {
    const command = ["sh", "-c", PRINT_RESULT, "sh", "garbage-collect", "--dry-run"] as const;
    expect(await collect("", { command })).toMatchObject({ status: "succeeded", freedBytes: 0, blobsDeleted: 0 });
  });

  test("is announced with the danger of pushes", async () => {
    const lines: string[] = [];
    await collect("true", { log: { ...silentLog, info: (text) => void lines.push(text) } });
    expect(lines[0]).toMatch(/^A push during/);
  });
});

describe("a command with -m", () => {
  const withFlag = (flag: string) => ["sh", "-c", 'touch "$TEST_FOLDER/started"', "garbage-collect", flag] as const;
  const command = withFlag("-m");
  const isStarted = (): boolean => readFileOf("started") !== null;

  test("runs if the registry has no index and no referrer", async () => {
    expect(await collect("", { command })).toMatchObject({ status: "succeeded" });
    expect(isStarted()).toBe(true);
  });

  test.each(["-m", "--delete-untagged"])("is an error if the registry has one (%s)", async (flag) => {
    const context = { ...EMPTY, findIndexOrReferrer: async () => `web@${A}` };
    await expect(collect("", { command: withFlag(flag) }, context)).rejects.toMatchObject({
      name: "Fault",
      kind: "garbage-collection",
      message: expect.stringContaining(`web@${A}`),
      remedy: expect.stringContaining("Remove `-m`"),
    });
    expect(isStarted()).toBe(false);
  });

  test("is an error if the registry cannot be checked", async () => {
    const context = { ...EMPTY, findIndexOrReferrer: () => Promise.reject(new Fault("registry", "no catalog", "")) };
    await expect(collect("", { command }, context)).rejects.toMatchObject({
      kind: "garbage-collection",
      message: expect.stringContaining("could not be checked"),
    });
    expect(isStarted()).toBe(false);
  });

  test("is interrupted if the job is cancelled during the check", async () => {
    const interruption = new HttpError("cancelled", { code: "interrupted", method: "GET", url: "", retryable: false });
    const context = { ...EMPTY, findIndexOrReferrer: () => Promise.reject(interruption) };
    await expect(collect("", { command }, context)).rejects.toBe(interruption);
  });

  test("is not checked without -m", async () => {
    const context = { ...EMPTY, findIndexOrReferrer: () => Promise.reject(new Error("unexpected check")) };
    const dryRun = ["true", "garbage-collect", "--dry-run"] as const;
    expect(await collect("", { command: dryRun }, context)).toMatchObject({ status: "succeeded" });
  });
});

describe("a command that fails", () => {
  test("with an exit code is reported with the end of its error output", async () => {
    const script = `${PRINT_RESULT}; head -c 5000 /dev/zero | tr '\\0' x >&2; echo 'failed to mark: no such file' >&2; exit 3`;
    const { status, blobsDeleted, note } = await collect(script);
    expect({ status, blobsDeleted }).toEqual({ status: "failed", blobsDeleted: null });
    expect(note).toMatch(/code 3\. Its error output: x+failed to mark: no such file$/);
    expect(note.length).toBeLessThan(1_200);
  });

  test("by a signal is reported", async () => {
    expect((await collect("kill -9 $$")).note).toContain("was ended by SIGKILL");
  });

  test.each([60_000, 0])("to start is reported by its name, with a timeout of %i ms", async (timeoutMs) => {
    const result = await collect("", { command: ["no-such-program", "garbage-collect"], timeoutMs });
    expect(result).toMatchObject({ status: "failed", note: expect.stringContaining("no-such-program") });
  });
});

describe("every command", () => {
  test("runs without a shell", async () => {
    const command = [
      "printf",
      "%s",
      "$(touch /nonexistent); 1 blobs marked, 0 blobs and 0 manifests eligible for deletion",
    ] as const;
    expect((await collect("", { command })).blobsDeleted).toBeNull();
  });

  test("does not get the inputs, because they contain credentials", async () => {
    await collect('env > "$TEST_FOLDER/env"', {
      environment: {
        PATH: process.env["PATH"],
        TEST_FOLDER: tempFolder(),
        INPUT_TOKEN: "secret",
        "INPUT_GITHUB-TOKEN": "s",
        DOCKER_HOST: "x",
      },
    });
    expect(readFileOf("env")).toContain("DOCKER_HOST=x");
    expect(readFileOf("env")).not.toContain("INPUT_");
  });
});
