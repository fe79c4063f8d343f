import { spawn } from "node:child_process";
import { once } from "node:events";
import { findTool } from "../tools.ts";

/** Starts the registry of go-containerregistry on 127.0.0.1: empty, in memory, with a referrers API. */
export async function startContainerRegistry(): Promise<{ readonly url: URL; close(): Promise<void> }> {
  const program = findTool("referrers-registry") ?? "";
  const child = spawn(program, { env: {}, stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  const port = await new Promise<string>((resolve, reject) => {
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const listening = /listening on 127\.0\.0\.1:(\d+)\n/.exec(output)?.[1];
      if (listening !== undefined) resolve(listening);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${program} exited with ${code}`)));
  });
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    close: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
