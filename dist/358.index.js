export const id = 358;
export const ids = [358];
export const modules = {

/***/ 1358:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  collectByCommand: () => (/* binding */ collectByCommand)
});

// EXTERNAL MODULE: ./build/fault.js
var fault = __webpack_require__(4900);
// EXTERNAL MODULE: ./build/format.js
var format = __webpack_require__(7413);
// EXTERNAL MODULE: ./build/http/errors.js
var errors = __webpack_require__(2602);
// EXTERNAL MODULE: external "node:child_process"
var external_node_child_process_ = __webpack_require__(1421);
// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __webpack_require__(8161);
// EXTERNAL MODULE: external "node:string_decoder"
var external_node_string_decoder_ = __webpack_require__(6193);
// EXTERNAL MODULE: ./build/http/redact.js
var redact = __webpack_require__(2616);
;// CONCATENATED MODULE: ./build/registry/distribution/command.js




/** In characters. */
const MAX_ERROR_OUTPUT = 1_000;
/** How long a command may take to end after SIGTERM. A cancelled job has 5 s in all. */
const END_TIMEOUT_MS = 2_000;
/** The longest timer of Node.js: about 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/**
 * Runs a command without a shell, until it has exited and closed its output. Two seconds after its exit the output is
 * closed, because a process that it started can hold it open. At the timeout, or if the job is cancelled, the command
 * and all processes of its group are ended.
 */
function runCommand([program, ...args], options) {
    const { clock, signal } = options;
    return new Promise((resolve) => {
        const child = (0,external_node_child_process_.spawn)(program, args, {
            detached: process.platform !== "win32",
            env: withoutInputs(options.environment),
            stdio: ["ignore", "pipe", "pipe"],
            windowsHide: true,
        });
        const timers = new AbortController();
        const after = (ms, act) => {
            clock.sleep(Math.min(ms, MAX_TIMER_MS), timers.signal).then(act, () => undefined);
        };
        let stopReason = null;
        let errorOutput = "";
        const finish = (result) => {
            timers.abort();
            signal.removeEventListener("abort", onAbort);
            child.stdout.destroy();
            child.stderr.destroy();
            child.unref();
            resolve(result);
        };
        const stop = (reason) => {
            if (stopReason !== null)
                return;
            stopReason = reason;
            signalGroup(child, "SIGTERM");
            after(END_TIMEOUT_MS, () => finish(killed(child, reason)));
        };
        const onAbort = () => stop("cancelled");
        signal.addEventListener("abort", onAbort, { once: true });
        after(options.timeoutMs, () => stop("timed out"));
        onText(child.stdout, options.onOutput);
        onText(child.stderr, (chunk) => {
            errorOutput = (errorOutput + chunk).slice(-MAX_ERROR_OUTPUT);
        });
        child.once("error", (error) => finish({ kind: "not started", error }));
        child.once("exit", (code, killedBy) => {
            if (stopReason === null)
                after(END_TIMEOUT_MS, () => finish(exited(code, killedBy, errorOutput)));
        });
        // After a stop, other processes of the group can be running although the output is closed.
        child.once("close", (code, killedBy) => finish(stopReason === null ? exited(code, killedBy, errorOutput) : killed(child, stopReason)));
        if (signal.aborted)
            onAbort();
    });
}
/** Starts a command that runs on after this process ends. Returns the error if it cannot be started. */
function startDetached([program, ...args], environment) {
    // When the job ends, the runner ends all processes that have this variable (actions/runner, JobExtension).
    const { RUNNER_TRACKING_ID: _tracking, ...env } = withoutInputs(environment);
    return new Promise((resolve) => {
        const child = (0,external_node_child_process_.spawn)(program, args, { detached: true, env, stdio: "ignore", windowsHide: true });
        child.once("error", resolve);
        child.once("spawn", () => {
            child.unref();
            resolve(null);
        });
    });
}
/** Removes this action's inputs, because they contain credentials. */
function withoutInputs(environment) {
    return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^INPUT_/i.test(name)));
}
function exited(code, signal, errorOutput) {
    const exitCode = code ?? 128 + (signal === null ? 0 : external_node_os_.constants.signals[signal]);
    return { kind: "exited", code: exitCode, signal, errorOutput: (0,redact/* excerpt */.Kb)(errorOutput, [], MAX_ERROR_OUTPUT) };
}
function killed(child, kind) {
    return { kind, isRunning: !signalGroup(child, "SIGKILL") };
}
function onText(stream, receive) {
    const decoder = new external_node_string_decoder_.StringDecoder("utf8");
    stream.on("data", (chunk) => receive(decoder.write(chunk)));
}
/** Sends a signal to a child's process group; on Windows ends its process tree. Returns false if that is not permitted. */
function signalGroup({ pid }, signal) {
    if (pid === undefined)
        return true;
    if (process.platform === "win32") {
        return (0,external_node_child_process_.spawnSync)("taskkill", ["/pid", String(pid), "/T", "/F"], { stdio: "ignore" }).status === 0;
    }
    try {
        return process.kill(-pid, signal);
    }
    catch (error) {
        return error instanceof Error && "code" in error && error.code === "ESRCH";
    }
}

// EXTERNAL MODULE: ./build/digest.js
var build_digest = __webpack_require__(4974);
;// CONCATENATED MODULE: ./build/registry/distribution/gc-output.js

const SUMMARY = /^(\d+) blobs marked, (\d+) blobs and (\d+) manifests eligible for deletion$/;
const ELIGIBLE = /^blob eligible for deletion: (\S+)$/;
/** A command that prints no line ends must not use up the memory. */
const MAX_LINE = 64 * 1024;
/**
 * Parses the output of `registry garbage-collect`: the two lines that distribution 2.8 and 3 have in common
 * (`registry/storage/garbagecollect.go` of both). It ignores all other lines.
 */
class GcOutputParser {
    #eligible = new Set();
    #summary = null;
    #rest = "";
    /** Adds the next chunk of standard output. */
    add(chunk) {
        const lines = (this.#rest + chunk).split("\n");
        this.#rest = (lines.pop() ?? "").slice(-MAX_LINE);
        for (const line of lines)
            this.#parse(line.trimEnd());
    }
    result() {
        this.#parse(this.#rest.trimEnd());
        return { summary: this.#summary, eligible: this.#eligible };
    }
    #parse(line) {
        const digest = ELIGIBLE.exec(line)?.[1];
        if (digest !== undefined && (0,build_digest/* isDigest */.B)(digest))
            this.#eligible.add(digest);
        const counts = SUMMARY.exec(line);
        if (counts === null)
            return;
        const [marked = 0, blobs = 0, manifests = 0] = counts.slice(1).map(Number);
        this.#summary = { marked, blobs, manifests };
    }
}
/** Returns whether the collection deletes untagged manifests. One word can contain several, such as a command for ssh. */
function deletesUntagged(words) {
    return flagsOf(words).some((flag) => /^-[dq]*m/.test(flag) || /^--delete-untagged(?:=true)?$/.test(flag));
}
/** Returns whether the collection is a dry run. */
function isDryRun(words) {
    return flagsOf(words).some((flag) => /^-[mq]*d/.test(flag) || /^--dry-run(?:=true)?$/.test(flag));
}
function flagsOf(words) {
    const all = words.flatMap((word) => word.split(/[\s"']+/));
    // Flags before `garbage-collect` belong to docker, kubectl or a script.
    const at = all.findIndex((word) => word === "garbage-collect" || word.endsWith("-garbage-collect"));
    return at === -1 ? [] : all.slice(at + 1);
}

;// CONCATENATED MODULE: ./build/registry/distribution/gc-command.js





const RUN_AGAIN = "Run again with `run-gc: always`.";
/**
 * Runs the user's garbage collection command, without a shell. A command that fails is a result. Throws Fault
 * `garbage-collection` before it runs a command that would delete child manifests or referrers, and Fault `interrupted` if
 * the job is cancelled.
 */
async function collectByCommand(options, context) {
    const { command, timeoutMs, log, signal } = options;
    if (deletesUntagged(command))
        await checkNoUntaggedInUse(context);
    signal.throwIfAborted();
    log.info("A push during Distribution's garbage collection can lose its blobs. Keep the registry read-only meanwhile. Restart it " +
        "afterwards, because it caches which blobs exist.");
    log.info(`Collecting garbage: ${command.join(" ")}`);
    if (timeoutMs === 0) {
        const error = await startDetached(command, options.environment);
        if (error !== null)
            return notStarted(command, error);
        return resultOf("started", "gc-command was started. Refsweep does not wait for it (`gc-timeout: 0`).");
    }
    const parser = new GcOutputParser();
    const result = await runCommand(command, { ...options, onOutput: (chunk) => parser.add(chunk) });
    return collectionOf(result, parser.result(), options, context);
}
/**
 * `-m` of Distribution 2.8 deletes the child manifests of tagged indexes (distribution#3178); of all versions, referrers.
 */
async function checkNoUntaggedInUse(context) {
    const problem = "gc-command was not started: `-m` (`--delete-untagged`) deletes child manifests and referrers";
    const remedy = "Remove `-m` from `gc-command`. Refsweep deletes orphaned untagged manifests itself.";
    let found;
    try {
        found = await context.findIndexOrReferrer();
    }
    catch (error) {
        if (error instanceof errors/* HttpError */.j$ && error.code === "interrupted")
            throw error;
        const message = `${problem}, and the registry could not be checked for them`;
        throw new fault/* Fault */.v("garbage-collection", message, remedy, { cause: error });
    }
    if (found !== null)
        throw new fault/* Fault */.v("garbage-collection", `${problem} of kept images, such as ${found}`, remedy);
}
function collectionOf(result, output, { command, timeoutMs, signal }, context) {
    switch (result.kind) {
        case "not started":
            return notStarted(command, result.error);
        case "timed out":
            return resultOf("timed-out", `gc-command did not finish within ${(0,format/* formatDuration */.a3)(timeoutMs)}; ${stateOf(result)}. Increase \`gc-timeout\`. ${RUN_AGAIN}`);
        case "cancelled":
            throw new fault/* Fault */.v("interrupted", `The job was cancelled during gc-command; ${stateOf(result)}`, `${RUN_AGAIN} An interrupted collection leaves garbage, but damages nothing.`, { cause: signal.reason });
        case "exited":
            return result.code === 0 ? succeeded(output, command, context) : failed(result);
    }
}
function stateOf({ isRunning }) {
    return isRunning ? "it is still running, because it belongs to another user" : "Refsweep ended it";
}
function notStarted([program], error) {
    const note = `gc-command could not be started: ${program}: ${error.message}. It runs on the runner, without a shell.`;
    return resultOf("failed", note);
}
function failed({ code, signal, errorOutput }) {
    const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
    const output = errorOutput === "" ? "It printed no error." : `Its error output: ${errorOutput}`;
    return resultOf("failed", `gc-command ${how}. ${output}`);
}
function succeeded({ summary, eligible }, command, context) {
    if (isDryRun(command)) {
        const blobs = summary === null ? "an unknown number of blobs" : (0,format/* counted */.hS)(summary.blobs, "blob");
        return resultOf("succeeded", `gc-command is a dry run. It would delete ${blobs}.`, 0, 0);
    }
    if (summary === null)
        return resultOf("succeeded", "gc-command succeeded, but did not print what it freed.");
    const sizes = [...eligible].map((digest) => context.sizeOf(digest)).filter((size) => size !== null);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const isComplete = sizes.length === summary.blobs;
    const known = isComplete ? "" : ` Sizes are known for ${(0,format/* counted */.hS)(sizes.length, "blob")}: ${(0,format/* formatBytes */.z3)(bytes)}.`;
    const deleted = `${(0,format/* counted */.hS)(summary.blobs, "blob")} and ${(0,format/* counted */.hS)(summary.manifests, "manifest")} deleted`;
    const note = `gc-command succeeded: ${(0,format/* counted */.hS)(summary.marked, "blob")} marked, ${deleted}.${known}`;
    return resultOf("succeeded", note, isComplete ? bytes : null, summary.blobs);
}
function resultOf(status, note, freedBytes = null, blobsDeleted = null) {
    return { status, freedBytes, blobsDeleted, note };
}


/***/ })

};
