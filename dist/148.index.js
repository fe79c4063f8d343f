export const id = 148;
export const ids = [148];
export const modules = {

/***/ 2148:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  collectByCommand: () => (/* binding */ collectByCommand)
});

// EXTERNAL MODULE: ./build/fault.js
var fault = __webpack_require__(4900);
// EXTERNAL MODULE: ./build/plan/manifest.js
var manifest = __webpack_require__(7213);
;// CONCATENATED MODULE: ./build/registry/gc-output.js

const SUMMARY = /^(\d+) blobs marked, (\d+) blobs and (\d+) manifests eligible for deletion$/;
const ELIGIBLE = /^blob eligible for deletion: (\S+)$/;
/** No line that counts is longer; a command that prints no line ends must not fill the memory. */
const LONGEST_LINE = 64 * 1024;
/**
 * Reads what distribution prints, line by line: 2.8 and 3 have these two lines in common (both versions'
 * `registry/storage/garbagecollect.go`). Anything else that a command prints is passed over.
 */
function createGcOutput() {
    const eligible = new Set();
    let summary = null;
    let rest = "";
    function readLine(line) {
        const digest = ELIGIBLE.exec(line)?.[1];
        if (digest !== undefined && (0,manifest/* isDigest */.Bc)(digest))
            eligible.add(digest);
        const counts = SUMMARY.exec(line);
        if (counts === null)
            return;
        const [marked = 0, blobs = 0, manifests = 0] = counts.slice(1).map(Number);
        summary = { marked, blobs, manifests };
    }
    return {
        feed(chunk) {
            const lines = (rest + chunk).split("\n");
            rest = (lines.pop() ?? "").slice(-LONGEST_LINE);
            for (const line of lines)
                readLine(line.trimEnd());
        },
        told() {
            readLine(rest.trimEnd());
            return { summary, eligible };
        },
    };
}
/** Whether the command makes the registry delete untagged manifests; a word may hold a whole command, as ssh takes it. */
function deletesUntagged(words) {
    return flagsOf(words).some((flag) => /^-[dq]*m/.test(flag) || /^--delete-untagged(?:=true)?$/.test(flag));
}
/** Whether the command only tells what it would delete. */
function isDryRun(words) {
    return flagsOf(words).some((flag) => /^-[mq]*d/.test(flag) || /^--dry-run(?:=true)?$/.test(flag));
}
function flagsOf(words) {
    const all = words.flatMap((word) => word.split(/[\s"']+/));
    // A `-d` of docker's own, or of a script's, says nothing of the collection.
    const at = all.findIndex((word) => word === "garbage-collect" || word.endsWith("-garbage-collect"));
    return at === -1 ? [] : all.slice(at + 1);
}

// EXTERNAL MODULE: external "node:child_process"
var external_node_child_process_ = __webpack_require__(1421);
// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __webpack_require__(8161);
// EXTERNAL MODULE: external "node:string_decoder"
var external_node_string_decoder_ = __webpack_require__(6193);
;// CONCATENATED MODULE: ./build/registry/process-group.js



/** How much of standard error is kept, in characters. */
const ERROR_TAIL = 1_000;
/** What is asked to end gets this long before it is ended; a cancelled job has 5 s in all. */
const LAST_MOMENT_MS = 2_000;
/** A timer's longest time in Node: 24 days and a bit. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/**
 * Runs a command without a shell. Past its time, or when the job is cancelled, it is ended with all that it started.
 * It is over when it has exited and its output has ended, or a moment after it exited: a server that it started may hold
 * its output open for good.
 */
function runToEnd(words, options) {
    const { clock, signal } = options;
    return new Promise((resolve) => {
        const child = startGroup(words, options.environment);
        const over = new AbortController();
        const after = (ms, act) => {
            clock.sleep(Math.min(ms, LONGEST_TIMER_MS), over.signal).then(act, () => undefined);
        };
        let cutOff = null;
        const settle = (ending) => {
            over.abort();
            signal.removeEventListener("abort", onAbort);
            // Whoever left the group may hold them open for as long as it likes.
            child.stdout.destroy();
            child.stderr.destroy();
            child.unref();
            resolve(ending);
        };
        const end = (why) => {
            if (cutOff !== null)
                return;
            cutOff = why;
            endGroup(child, "SIGTERM");
            after(LAST_MOMENT_MS, () => settle(killed(child, why)));
        };
        const onAbort = () => end("cancelled");
        signal.addEventListener("abort", onAbort, { once: true });
        after(options.timeoutMs, () => end("timed out"));
        readText(child.stdout, options.onOutput);
        const lastErrors = tailOf(child.stderr);
        child.once("error", (error) => settle({ kind: "not started", error }));
        child.once("exit", (code, killedBy) => {
            if (cutOff === null)
                after(LAST_MOMENT_MS, () => settle(exited(code, killedBy, lastErrors())));
        });
        // Once it is cut off, whoever left the group's pipes early may be at work still.
        child.once("close", (code, killedBy) => settle(cutOff === null ? exited(code, killedBy, lastErrors()) : killed(child, cutOff)));
        if (signal.aborted)
            onAbort();
    });
}
function startGroup([program, ...args], environment) {
    return (0,external_node_child_process_.spawn)(program, args, {
        detached: process.platform !== "win32",
        env: withoutInputs(environment),
        stdio: ["ignore", "pipe", "pipe"],
        windowsHide: true,
    });
}
/** Starts a command that outlives this process. Null: it runs; else why it does not. */
function leaveRunning(words, environment) {
    // The runner ends whatever carries this variable when the job does (actions/runner, JobExtension).
    const { RUNNER_TRACKING_ID: _tracking, ...env } = withoutInputs(environment);
    const [program, ...args] = words;
    return new Promise((resolve) => {
        const child = (0,external_node_child_process_.spawn)(program, args, { detached: true, env, stdio: "ignore", windowsHide: true });
        child.once("error", resolve);
        child.once("spawn", () => {
            child.unref();
            resolve(null);
        });
    });
}
/** The environment without this action's inputs, which hold its credentials. */
function withoutInputs(environment) {
    return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^INPUT_/i.test(name)));
}
function exited(code, killedBy, lastErrors) {
    const status = code ?? 128 + (killedBy === null ? 0 : external_node_os_.constants.signals[killedBy]);
    return { kind: "exited", code: status, killedBy, lastErrors: lastErrors.trim() };
}
function killed(child, kind) {
    return { kind, goesOn: !endGroup(child, "SIGKILL") };
}
/** Reads a stream, and tells the end of what it has said so far. */
function tailOf(stream) {
    let tail = "";
    readText(stream, (chunk) => {
        tail = (tail + chunk).slice(-ERROR_TAIL);
    });
    return () => tail;
}
function readText(stream, take) {
    const decoder = new external_node_string_decoder_.StringDecoder("utf8");
    stream.on("data", (chunk) => take(decoder.write(chunk)));
}
/** Signals a child and all that it started, false: it may not; Windows has no groups, and ends a tree at once. */
function endGroup({ pid }, signal) {
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

;// CONCATENATED MODULE: ./build/registry/gc-command.js



/** Of a command that changed its user. */
const NOT_OURS = "as it belongs to a user whose processes this one may not end";
const NONE = { freedBytes: null, blobsDeleted: null };
/**
 * Collects the registry's garbage by a command of the user's, run without a shell. Throws a Fault of kind `interrupted`
 * where the job is cancelled meanwhile; a command that fails is a result.
 */
async function collectByCommand(options, holdings) {
    const { words, timeoutMs, log, signal } = options;
    warn(words, log, holdings);
    signal.throwIfAborted();
    log.info(`Collecting garbage: ${words.join(" ")}`);
    if (timeoutMs === 0)
        return started(await leaveRunning(words, options.environment), words[0]);
    const output = createGcOutput();
    const ending = await runToEnd(words, {
        clock: options.clock,
        environment: options.environment,
        timeoutMs,
        signal,
        onOutput: (chunk) => output.feed(chunk),
    });
    return resultOf(ending, output.told(), options, holdings);
}
function warn(words, log, { holders }) {
    log.warn("gc-command", "A push while Distribution collects garbage can be left without its blobs: keep the registry read-only meanwhile, " +
        "and restart it afterwards, as it remembers blobs that are gone.");
    if (!deletesUntagged(words) || holders === 0)
        return;
    log.warn("gc-command-untagged", `gc-command deletes untagged manifests, and ${holders} indexes or referrers are there: Distribution 2.8 takes the ` +
        "children of every living index with them, and no version spares referrers. Leave out `-m` (`--delete-untagged`).");
}
function started(error, program) {
    return error === null
        ? { status: "started", ...NONE, note: "gc-command was started; it goes on by itself, and nothing waits for it." }
        : { status: "failed", ...NONE, note: notStarted(program, error) };
}
function notStarted(program, error) {
    return `gc-command could not be started: ${program}: ${error.message}. It is run without a shell, on the runner.`;
}
function resultOf(ending, told, options, holdings) {
    switch (ending.kind) {
        case "not started":
            return { status: "failed", ...NONE, note: notStarted(options.words[0], ending.error) };
        case "timed out": {
            const minutes = Math.round(options.timeoutMs / 6_000) / 10;
            const how = ending.goesOn ? `goes on by itself, ${NOT_OURS}` : "was ended";
            const note = `gc-command did not end within ${minutes} min, and ${how}. Raise gc-timeout, and run this again with run-gc: always.`;
            return { status: "timed-out", ...NONE, note };
        }
        case "cancelled":
            throw new fault/* Fault */.v("interrupted", `The job was cancelled during gc-command, which ${ending.goesOn ? `goes on by itself, ${NOT_OURS}` : "was ended"}`, "Run it again with run-gc: always: a collection that was cut off has left garbage, and broken nothing.", { cause: options.signal.reason });
        case "exited":
            if (ending.code !== 0)
                return failed(ending);
            return succeeded(told, options.words, holdings);
    }
}
function failed({ code, killedBy, lastErrors }) {
    const how = killedBy === null ? `ended with exit code ${code}` : `was ended by ${killedBy}`;
    const said = lastErrors === "" ? "It said nothing." : `It said: ${lastErrors}`;
    return { status: "failed", ...NONE, note: `gc-command ${how}. ${said}` };
}
function succeeded(told, words, holdings) {
    if (isDryRun(words)) {
        const note = `gc-command is a dry run: it would delete ${told.summary?.blobs ?? "an unknown number of"} blobs.`;
        return { status: "succeeded", freedBytes: 0, blobsDeleted: 0, note };
    }
    if (told.summary === null) {
        return {
            status: "succeeded",
            ...NONE,
            note: "gc-command succeeded, and printed nothing that tells what it freed.",
        };
    }
    const { marked, blobs, manifests } = told.summary;
    const sizes = [...told.eligible].map((digest) => holdings.sizeOf(digest));
    const known = sizes.filter((size) => size !== null);
    const bytes = known.reduce((sum, size) => sum + size, 0);
    const isWhole = known.length === blobs;
    const unknown = isWhole
        ? ""
        : ` ${known.length} of the blobs had ${bytes} bytes; no manifest told the others' sizes.`;
    return {
        status: "succeeded",
        freedBytes: isWhole ? bytes : null,
        blobsDeleted: blobs,
        note: `gc-command succeeded: ${marked} blobs marked, ${blobs} blobs and ${manifests} manifests deleted.${unknown}`,
    };
}


/***/ })

};
