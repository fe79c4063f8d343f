// Runs on Node 20 or newer without any installed package, so it is plain JavaScript.
//
//   node scripts/setup.mjs                 installs the packages of package-lock.json if any is missing
//   node scripts/setup.mjs FILE [ARGS...]  then also runs FILE with the Node version of package.json

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * A package in package-lock.json.
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean }} Locked
 */

const OLDEST_HOST_NODE = 20;
const PROJECT_NODE = 24;

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
  const problem = findProblem();
  if (problem !== null) {
    console.log(`Setting up: ${problem}. Running npm ci ...`);
    const started = Date.now();
    if (install() !== 0) return fail("npm ci failed. See its messages above.");
    const remaining = findProblem();
    if (remaining !== null) return fail(`After npm ci, ${remaining}. Run npm ci --ignore-scripts=false.`);
    console.log(`Set up in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
  }
  return args.length === 0 ? 0 : run(projectNode(), args);
}

/**
 * Returns the first difference between node_modules and package-lock.json; null: there is none. npm writes
 * node_modules/.package-lock.json at the end of an installation, so an interrupted one is detected too.
 * @returns {string | null}
 */
function findProblem() {
  const installed = packagesOf(join(modules, ".package-lock.json"));
  if (installed === null) return "node_modules is missing";
  const wanted = packagesOf(join(root, "package-lock.json"));
  if (wanted === null) return null;
  for (const [path, { version, integrity, optional, link }] of wanted) {
    if (path === "" || link === true) continue;
    const found = installed.get(path);
    // Optional packages are for other platforms.
    if (found === undefined && optional === true) continue;
    if (found?.version !== version || found?.integrity !== integrity) return `${path} is not at ${version}`;
  }
  const extra = [...installed.keys()].find((path) => !wanted.has(path));
  if (extra !== undefined) return `${extra} is not in package-lock.json`;
  if (!existsSync(projectNode()) && majorOf(process.versions.node) < PROJECT_NODE)
    return "the package node has no binary";
  return null;
}

/**
 * @param {string} lockFile
 * @returns {Map<string, Locked> | null} packages by path; null: the file is missing or incomplete
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

/** Returns the path of the Node program in the npm package `node`. */
function projectNode() {
  const binary = join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  return existsSync(binary) || majorOf(process.versions.node) < PROJECT_NODE ? binary : process.execPath;
}

/** Returns a Node program outside of node_modules, because npm ci removes the one inside. */
function hostNode() {
  const { npm_node_execpath: host = process.execPath } = process.env;
  return host;
}

/** Runs npm ci. Started by npm, it runs npm's JavaScript file, because Windows cannot start npm without a shell. */
function install() {
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const { npm_execpath: cli } = process.env;
  return cli !== undefined && basename(cli) === "npm-cli.js"
    ? run(hostNode(), [cli, ...args], { cwd: root })
    : run(["npm", ...args].join(" "), [], { cwd: root, shell: true });
}

/**
 * Runs a program in this terminal and waits for its end.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 * @returns {number} its exit code; 128 + the signal's number if a signal ended it, as in a shell
 */
function run(program, args, options = {}) {
  const { status, signal, error } = spawnSync(program, args, { ...options, stdio: "inherit" });
  if (error !== undefined) return fail(`Could not start ${program}: ${error.message}`);
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
