import { Agent, type Dispatcher, EnvHttpProxyAgent } from "undici";
import { Fault } from "../fault.ts";

export interface DispatcherOptions {
  /** Connections to one host. */
  readonly connections: number;
  /** For the headers, and for every pause within the body. */
  readonly timeoutMs: number;
  readonly environment: NodeJS.ProcessEnv;
  readonly http2: "allow" | "never";
}

const CONNECT_TIMEOUT_MS = 10_000;

/** Undici's pool of connections, through the environment's proxies where it names some. Throws a Fault of kind `input`. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { environment } = options;
  const pool = {
    connections: options.connections,
    allowH2: options.http2 === "allow",
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.timeoutMs,
    connect: { timeout: Math.min(CONNECT_TIMEOUT_MS, options.timeoutMs) },
  };
  const httpProxy = proxyOf(environment, "http_proxy");
  const httpsProxy = proxyOf(environment, "https_proxy");
  if (httpProxy === "" && httpsProxy === "") return new Agent(pool);
  // Empty texts, not missing ones: for what is missing undici would look into the process's own environment.
  const noProxy = environment["no_proxy"] ?? environment["NO_PROXY"] ?? "";
  return new EnvHttpProxyAgent({ ...pool, httpProxy, httpsProxy, noProxy });
}

/** A proxy's URL; `HOST:PORT` means http, as for curl. */
function proxyOf(environment: NodeJS.ProcessEnv, name: "http_proxy" | "https_proxy"): string {
  const value = (environment[name] ?? environment[name.toUpperCase()] ?? "").trim();
  if (value === "") return "";
  const url = value.includes("://") ? value : `http://${value}`;
  if (URL.canParse(url) && /^https?:/.test(url)) return url;
  // The value is not shown: it may hold a password.
  throw new Fault("input", `${name.toUpperCase()} is not the URL of a proxy`, "Write it as http://HOST:PORT.");
}
