import { setFlagsFromString } from "node:v8";
import type { Dispatcher } from "undici";
import Agent from "undici/lib/dispatcher/agent.js";
import { Fault } from "../fault.ts";

const CONNECT_TIMEOUT_MS = 10_000;

/** Undici's connection pool. It is opened by the first request. */
interface ConnectionPool {
  open(): Dispatcher | Promise<Dispatcher>;
  close(): Promise<void>;
}

/**
 * Creates a pool that uses the proxies of the environment. Throws Fault `input` for an invalid proxy.
 *
 * @param connections to one host
 * @param timeoutMs for the response headers, and between two chunks of the body
 */
export function createConnectionPool(
  connections: number,
  timeoutMs: number,
  environment: NodeJS.ProcessEnv,
): ConnectionPool {
  const pool = {
    connections,
    // With HTTP/2 all requests share one connection, and a broken one would fail all of them, deletions included.
    allowH2: false,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs) },
  };
  const httpProxy = proxyUrl(environment, "http_proxy");
  const httpsProxy = proxyUrl(environment, "https_proxy");
  // Undici would read missing values from the environment of the process.
  const noProxy = environment["no_proxy"] ?? environment["NO_PROXY"] ?? "";
  const isDirect = httpProxy === "" && httpsProxy === "";
  let opened: Dispatcher | Promise<Dispatcher> | null = null;
  return {
    open() {
      if (opened === null) {
        // V8 would optimize undici's WebAssembly parser after some 20 responses, which takes 50 ms and 20 MB: too much for a
        // short run. Flags must not be set earlier, because they make Node load its own modules more slowly.
        setFlagsFromString("--wasm-tiering-budget=1000000000");
        // Runs without a proxy do not load all of undici.
        opened = isDirect
          ? new Agent(pool)
          : import("undici").then(
              (undici) => new undici.EnvHttpProxyAgent({ ...pool, httpProxy, httpsProxy, noProxy }),
            );
      }
      return opened;
    },
    close: async () => (await opened)?.destroy(),
  };
}

/** Like curl, takes `HOST:PORT` as http. */
function proxyUrl(environment: NodeJS.ProcessEnv, name: "http_proxy" | "https_proxy"): string {
  const value = (environment[name] ?? environment[name.toUpperCase()] ?? "").trim();
  if (value === "") return "";
  const url = value.includes("://") ? value : `http://${value}`;
  if (URL.canParse(url) && /^https?:/.test(url)) return url;
  // The value may contain a password.
  throw new Fault("input", `${name.toUpperCase()} is not the URL of a proxy`, "Use the form http://HOST:PORT.");
}
