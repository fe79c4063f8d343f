/** One request. What may come back is part of it: any other status is an HttpError. */
export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** The `Authorization` header. It goes to the origin of `url` and to no other, whatever redirects say. */
  readonly authorization?: string;
  readonly body?: string | Uint8Array;
  /** Set on a POST that only reads (a GraphQL query): it may be repeated although the server may have acted on it. */
  readonly idempotent?: true;
  /** The statuses that the caller can use; 3xx are followed and need not be named. */
  readonly expected: readonly number[];
  /** The latest time to send the request, in milliseconds since the epoch. If it has to wait longer, it fails with `expired`. */
  readonly sendBy?: number;
  /** The largest body that is read, in bytes after decompression; above it the request fails. Default 16 MiB. */
  readonly maxBytes?: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; several lines of one name are joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
}

/** What a host last said of its rate limit. */
export interface RateBudget {
  readonly limit: number;
  readonly remaining: number;
  /** When requests come back, in milliseconds since the epoch. A sliding window gives back only some of them then. */
  readonly resetAt: number;
}

/** What is known of a host's limits before its first answer. */
export interface HostPolicy {
  /** Requests in flight, where the host wants fewer than the run's `concurrency`. */
  readonly maxInFlight?: number;
  /** Points in any 60 s; a request takes `cost` of them. */
  readonly perMinute?: number;
  /** `once a limit is told`: `perMinute` holds only from the first answer whose headers tell of a rate limit on. */
  readonly perMinuteHolds?: "always" | "once a limit is told";
  /** Requests in any 60 min. */
  readonly perHour?: number;
  /** Points of one request; default 1. */
  readonly cost?: (method: HttpRequest["method"]) => number;
  /** How fast DELETE, POST and PUT go on for some minutes after a secondary limit; default 1. */
  readonly writesPerSecondAfterSecondaryLimit?: number;
}

/** The one HTTP stack: pool, in-flight limit, pacing, retries and request counts are kept by host. */
export interface HttpClient {
  /** Sends a request, waits its turn, repeats it where that can help. Throws HttpError. */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** The same stack in the form that Octokit takes: paced, repeated, counted; any status is returned, not thrown. */
  readonly fetch: typeof globalThis.fetch;
  /** Requests sent so far, repeats included, by host (with its port unless it is the scheme's own). */
  counts(): Readonly<Record<string, number>>;
  /** What `host` (as in `counts`) last said of its rate limit, the scarcer if `family` is not given; null: nothing. */
  budget(host: string, family?: "rest" | "graphql"): RateBudget | null;
  /** Ends every connection and every wait, so that the process can exit. */
  close(): Promise<void>;
}
