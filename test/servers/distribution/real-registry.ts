import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface RealRegistryOptions {
  readonly deletes?: "enabled" | "disabled";
  readonly mode?: "writable" | "read-only";
  /** The registry that it caches; default: none. */
  readonly caches?: URL;
  /** Whether 2.8 accepts manifests of schema 1; default: no. */
  readonly schema1?: "accepted";
  readonly auth?:
    | { readonly kind: "htpasswd"; readonly line: string }
    | { readonly kind: "token"; readonly realm: string; readonly certificate: string };
}

/** A running Distribution on 127.0.0.1, with a temporary folder. */
export interface RealRegistry {
  /** `http://127.0.0.1:PORT/` */
  readonly url: URL;
  /** Its configuration and storage. */
  readonly folder: string;
  /** Returns its `gc-command`. */
  collectCommand(...flags: readonly string[]): readonly string[];
  /** Runs `garbage-collect` and returns its output. */
  collect(...flags: readonly string[]): Promise<string>;
  /** Returns the size of all stored blobs, including manifests. */
  storedBytes(): number;
  /** Restarts it with the same folder, on another port. */
  restart(options: RealRegistryOptions): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a registry.
 *
 * @param from the folder of another registry, whose content is copied; default: empty
 */
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
    collect: (...flags) => run(program, ["garbage-collect", ...flags, config]),
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

/** The registry syncs every blob to the disk. In memory, the tests take a third of the time. */
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
    let output = "";
    child.stderr.on("data", (chunk: Buffer) => {
      if (output.length < 100_000) output += chunk.toString();
      const listening = /listening on 127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      if (listening !== undefined) resolve(listening);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${program} exited with ${code}: ${output.slice(-2_000)}`)));
  });
  return { child, url: new URL(`http://127.0.0.1:${port}/`) };
}

function configOf(
  folder: string,
  { deletes = "enabled", mode = "writable", caches, schema1, auth }: RealRegistryOptions,
): object {
  return {
    version: 0.1,
    log: { level: "info", accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: join(folder, "data") },
      delete: { enabled: deletes === "enabled" },
      maintenance: { uploadpurging: { enabled: false }, readonly: { enabled: mode === "read-only" } },
    },
    http: { addr: "127.0.0.1:0", secret: "test" },
    ...(caches === undefined ? {} : { proxy: { remoteurl: caches.href } }),
    ...(schema1 === undefined ? {} : { compatibility: { schema1: { enabled: true } } }),
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

function run(program: string, args: readonly string[]): Promise<string> {
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
