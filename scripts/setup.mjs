// Runs on any Node from 20 on, with nothing installed: plain JavaScript, and no package but Node's own.
//
//   node scripts/setup.mjs                 installs what package-lock.json asks for, where it is not there already
//   node scripts/setup.mjs FILE [ARGS...]  and then runs FILE under this repository's own Node

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * A package as package-lock.json tells of it.
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean }} Locked
 */

const OLDEST_HOST_NODE = 20;
const OWN_NODE = 24;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");

process.exitCode = main(process.argv.slice(2));

/**
 * @param {readonly string[]} args
 * @returns {number} the exit code
 */
function main(args) {
  if (majorOf(process.versions.node) < OLDEST_HOST_NODE) {
    return fail(`Node ${process.versions.node} is too old. Install Node ${OLDEST_HOST_NODE} or newer.`);
  }
  const missing = whatIsMissing();
  if (missing !== null) {
    console.log(`Setting up: ${missing}. Running npm ci ...`);
    const started = Date.now();
    if (install() !== 0) return fail("npm ci failed. Its messages above say why.");
    const still = whatIsMissing();
    if (still !== null) return fail(`npm ci ended, yet ${still}. Run: npm ci --ignore-scripts=false`);
    console.log(`Set up in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
  }
  return args.length === 0 ? 0 : run(ownNode(), args);
}

/**
 * What keeps node_modules from being what package-lock.json describes; null: nothing. npm writes down what it has installed in
 * node_modules/.package-lock.json when it has ended, so an interrupted installation shows too.
 * @returns {string | null}
 */
function whatIsMissing() {
  const installed = packagesOf(join(modules, ".package-lock.json"));
  if (installed === null) return "node_modules is missing";
  const wanted = packagesOf(join(root, "package-lock.json"));
  if (wanted === null) return null;
  for (const [path, { version, integrity, optional, link }] of wanted) {
    if (path === "" || link === true) continue;
    const found = installed.get(path);
    // Optional packages are those of other platforms.
    if (found === undefined && optional === true) continue;
    if (found?.version !== version || found?.integrity !== integrity) return `${path} is not at ${version}`;
  }
  const extra = [...installed.keys()].find((path) => !wanted.has(path));
  if (extra !== undefined) return `${extra} is not in package-lock.json`;
  if (!existsSync(ownNode()) && majorOf(process.versions.node) < OWN_NODE) return "the package node has no binary";
  return null;
}

/**
 * @param {string} lockFile
 * @returns {Map<string, Locked> | null} by path; null: there is no such file, or npm did not finish writing it
 */
function packagesOf(lockFile) {
  try {
    /** @type {{ packages?: Record<string, Locked> }} */
    const lock = JSON.parse(readFileSync(lockFile, "utf8"));
    return new Map(Object.entries(lock.packages ?? {}));
  } catch {
    return null;
  }
}

/** The Node that the package `node` brought: by its path, as a shell may remember where it found another one. */
function ownNode() {
  const binary = join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  return existsSync(binary) || majorOf(process.versions.node) < OWN_NODE ? binary : process.execPath;
}

/** The Node outside of node_modules: npm ci removes the one within. */
function hostNode() {
  const { npm_node_execpath: host = process.execPath } = process.env;
  return host;
}

/** Runs npm ci: by npm's own file where npm runs us, as Windows starts no npm without a shell. */
function install() {
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const { npm_execpath: cli } = process.env;
  return cli !== undefined && basename(cli) === "npm-cli.js"
    ? run(hostNode(), [cli, ...args], { cwd: root })
    : run(["npm", ...args].join(" "), [], { cwd: root, shell: true });
}

/**
 * Runs a program with this terminal as its own, and waits for it.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 * @returns {number} its exit code; above 128 where a signal ended it, as in a shell
 */
function run(program, args, options = {}) {
  const { status, signal, error } = spawnSync(program, args, { ...options, stdio: "inherit" });
  if (error !== undefined) return fail(`${program} could not be started: ${error.message}`);
  return status ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

/** @param {string} version */
function majorOf(version) {
  return Number.parseInt(version, 10);
}

/**
 * @param {string} message
 * @returns {number}
 */
function fail(message) {
  console.error(`setup: ${message}`);
  return 1;
}
