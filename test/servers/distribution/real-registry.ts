import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findGoProgram } from "../go-programs.ts";
import { isProgram } from "../program.ts";

/** `2.8`: Debian's package docker-registry; `3`: built by Go. */
export type DistributionVersion = "2.8" | "3";

export interface RealRegistryOptions {
  readonly deletes?: "enabled" | "disabled";
  readonly mode?: "writable" | "read-only";
  readonly auth?:
    | { readonly kind: "htpasswd"; readonly line: string }
    | { readonly kind: "token"; readonly realm: string; readonly certificate: string };
}

/** A real registry on 127.0.0.1, over a folder of its own. */
export interface RealRegistry {
  /** `http://127.0.0.1:PORT/` */
  readonly url: URL;
  /** Where it keeps what it holds. */
  readonly folder: string;
  /** The words of a `gc-command` for it. */
  collectCommand(...flags: readonly string[]): readonly string[];
  /** Collects its garbage, as a user does. Returns what was printed. */
  collect(...flags: readonly string[]): Promise<string>;
  /** The bytes of all blobs, manifests among them, that lie in its folder. */
  storedBytes(): number;
  /** Stops it and starts it over the same folder, under another port. */
  restart(options: RealRegistryOptions): Promise<void>;
  close(): Promise<void>;
}

/** The registry's program; null: it is not there, which CI takes for a failure, as a proof that is skipped is never missed. */
export function findRegistry(version: DistributionVersion): string | null {
  return version === "2.8" ? findDebian() : findGoProgram("registry");
}

function findDebian(): string | null {
  const { CI } = process.env;
  if (isProgram("docker-registry")) return "docker-registry";
  if (CI) throw new Error("docker-registry is not installed; the proof by it is required in CI");
  return null;
}

/** Starts a registry: an empty one, or, where `from` is another's folder, with a copy of what lies there. */
export async function startRealRegistry(
  program: string,
  options: RealRegistryOptions = {},
  from?: string,
): Promise<RealRegistry> {
  const folder = mkdtempSync(join(fastFolder(), "refsweep-registry-"));
  const config = join(folder, "config.json");
  const data = join(folder, "data");
  if (from !== undefined) cpSync(join(from, "data"), data, { recursive: true });
  let running = await start(program, folder, options);
  return {
    get url() {
      return running.url;
    },
    folder,
    collectCommand: (...flags) => [program, "garbage-collect", ...flags, config],
    collect: (...flags) => output(program, ["garbage-collect", ...flags, config]),
    storedBytes: () => bytesBelow(join(data, "docker/registry/v2/blobs")),
    async restart(changed) {
      await stop(running.child);
      running = await start(program, folder, changed);
    },
    async close() {
      await stop(running.child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Every blob is synced to the disk: in memory, the tests take a third of the time. */
function fastFolder(): string {
  return existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
}

async function start(
  program: string,
  folder: string,
  options: RealRegistryOptions,
): Promise<{ readonly child: ChildProcess; readonly url: URL }> {
  const config = join(folder, "config.json");
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(configOf(folder, options)));
  const environment = { PATH: process.env["PATH"], OTEL_TRACES_EXPORTER: "none" };
  const child = spawn(program, ["serve", config], { env: environment, stdio: ["ignore", "ignore", "pipe"] });
  const port = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      if (said.length < 100_000) said += chunk.toString();
      const listening = /listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (listening !== undefined) resolve(listening);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code}: ${said.slice(-2_000)}`)));
  });
  return { child, url: new URL(`http://127.0.0.1:${port}/`) };
}

function configOf(folder: string, { deletes = "enabled", mode = "writable", auth }: RealRegistryOptions): object {
  return {
    version: 0.1,
    log: { level: "info", accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: join(folder, "data") },
      delete: { enabled: deletes === "enabled" },
      maintenance: { uploadpurging: { enabled: false }, readonly: { enabled: mode === "read-only" } },
    },
    http: { addr: "127.0.0.1:0", secret: "of a test" },
    ...(auth === undefined ? {} : { auth: authOf(folder, auth) }),
  };
}

function authOf(folder: string, auth: NonNullable<RealRegistryOptions["auth"]>): object {
  if (auth.kind === "htpasswd") {
    const path = join(folder, "htpasswd");
    writeFileSync(path, `${auth.line}\n`);
    return { htpasswd: { realm: "basic-realm", path } };
  }
  const rootcertbundle = join(folder, "certificate.pem");
  writeFileSync(rootcertbundle, auth.certificate);
  return { token: { realm: auth.realm, service: "registry.test", issuer: "issuer.test", rootcertbundle } };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

function output(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${error.message}\n${stderr}`, { cause: error })),
    );
  });
}

function bytesBelow(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
