/** One request. A response with a status that is not in `expected` is an HttpError. */
export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The `Authorization` header. It is sent to the origin of `url` only, also after redirects. */
  readonly authorization?: string | undefined;
  readonly body?: string | undefined;
  /** Set for a POST that only reads (a GraphQL query). It is retried like a GET. */
  readonly idempotent?: true | undefined;
  /** The statuses that the caller handles. A redirect of a GET is followed within its origin. */
  readonly expected: readonly number[];
  /** Set if the caller checks the digest of the body: then a redirect may lead to any other server. */
  readonly mayLeaveOrigin?: true | undefined;
  /** Classifies a response if its status does not: GraphQL reports errors with status 200. */
  readonly classify?: Classify | undefined;
  /** The latest time to send the request, in milliseconds since the epoch. If it has to wait longer, it fails with `expired`. */
  readonly sendBy?: number | undefined;
  /** The largest body to read, in bytes after decompression. A larger one is an HttpError. Default: 16 MiB. */
  readonly maxBytes?: number | undefined;
}

/**
 * The class of a response: `rate limit`: like status 429; `failure`: a temporary one, like status 502, but the caller gets the
 * last response; `final`: not temporary, although its status says so; `status`: its status says it.
 */
export type ResponseClass = "rate limit" | "failure" | "final" | "status";
export type Classify = (response: Omit<HttpResponse, "url">) => ResponseClass;

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. Several headers of one name are joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The address that returned the response, after redirects. */
  readonly url: URL;
}

/** The rate limit that a host reported last. */
export interface RateBudget {
  readonly limit: number;
  readonly remaining: number;
  /** When the budget is reset, in milliseconds since the epoch. A sliding window restores only a part of it then. */
  readonly resetAt: number;
}

/** The known limits of a host, before its first response. */
export interface HostPolicy {
  /** The most requests in flight, if the host wants fewer than `concurrency`. */
  readonly maxInFlight?: number;
  /** The most points in any 60 s. */
  readonly perMinute?: number;
  /** `once reported`: `perMinute` applies from the first response with rate limit headers. Default: `always`. */
  readonly perMinuteApplies?: "always" | "once reported";
  /** The most requests in any 60 min. */
  readonly perHour?: number;
  /** Returns the points of one request. Default: 1. */
  readonly cost?: (method: HttpRequest["method"]) => number;
}

/** The HTTP client of a run. It keeps connections, concurrency, rate limits and request counts for each host. */
export interface HttpClient {
  /**
   * Sends a request as soon as the limits of its host allow it, and retries it if that can help. Throws HttpError.
   *
   * A DELETE is sent at most once. If it fails, recheck the deletion before you send it again.
   */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Returns the number of requests sent to each host, retries included. A host has its port if that is not the default. */
  counts(): Readonly<Record<string, number>>;
  /** Returns the rate limit that `host` reported last for its REST API; null: it reported none. */
  budget(host: string): RateBudget | null;
  /** Ends all connections and waits, so that the process can exit. */
  close(): Promise<void>;
}
