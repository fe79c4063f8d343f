import { spawn } from "node:child_process";
import { once } from "node:events";
import { findGoProgram } from "../go-programs.ts";

/** The program that serves the registry of go-containerregistry, in memory and with a referrers API; null: it is not built. */
export function findContainerRegistry(): string | null {
  return findGoProgram("referrers-registry");
}

/** Starts it, empty, on 127.0.0.1. */
export async function startContainerRegistry(program: string): Promise<{ readonly url: URL; close(): Promise<void> }> {
  const child = spawn(program, { env: {}, stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  const port = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const listening = /listening on 127\.0\.0\.1:(\d+)\n/.exec(said)?.[1];
      if (listening !== undefined) resolve(listening);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code}`)));
  });
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    close: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
