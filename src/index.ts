import { setFlagsFromString } from "node:v8";
import { runAction } from "./action.ts";
import { Fault, unexpected } from "./fault.ts";

/** The runner ends a cancelled job after 7.5 s; the action promises to end within 5 s. */
const EXIT_AFTER_MS = 4_800;

// By default V8's young generation grows to about 100 MB, most of it garbage. The runner is shared with the rest of the job.
setFlagsFromString("--semi-space-growth-factor=1");

const cancelled = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () =>
    cancel(
      new Fault("interrupted", "The job was cancelled before the sweep ended", "Run it again. It finishes the rest."),
    ),
  );
}
// Node would end the process without summary and report. Rejections without a handler are uncaught, too.
process.on("uncaughtException", (error) => cancel(unexpected(error)));
const exitCode = await runAction(process.env, cancelled.signal);
// Node's own teardown takes longer. The empty write waits for the output before it.
process.stdout.write("", () => process.exit(exitCode));

/** Ends the run early. Ignores repeated signals: the report is written first. */
function cancel(reason: Fault): void {
  if (cancelled.signal.aborted) return;
  cancelled.abort(reason);
  setTimeout(() => process.exit(1), EXIT_AFTER_MS).unref();
}
