import { randomUUID } from "node:crypto";
import { type Clock, systemClock } from "../../../src/clock.ts";
import type { Reply, ServedRequest } from "../http-server.ts";
import { ociError } from "./answers.ts";

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Replies before the registry handles a request; null lets the request pass. */
export type Guard = (request: ServedRequest) => Reply | null;

/** Requires Basic authentication for every request, as distribution with htpasswd does. */
export function basicAuth({ user, password }: Login): Guard {
  return ({ headers }) => {
    const login = loginOf(headers.authorization);
    if (login?.user === user && login.password === password) return null;
    return unauthorized('Basic realm="basic-realm"');
  };
}

export interface TokenServiceOptions {
  /** Who gets tokens; null: an anonymous client. */
  readonly accepts: (login: Login | null) => boolean;
  readonly service?: string;
  readonly clock?: Pick<Clock, "now">;
  /** Default 60 s, which clients must also assume if `expires_in` is missing. */
  readonly lifetimeSeconds?: number;
  /** The fields of the response. Registries differ. */
  readonly answers?: "token with expires_in" | "access_token with expires_in" | "token alone";
  /** The granted actions. Fewer than requested are not an error (distribution, spec/auth/token.md). */
  readonly grants?: (resource: string, actions: readonly string[]) => readonly string[];
}

interface Grant {
  readonly expiresAt: number;
  /** Actions by `repository:NAME`. */
  readonly actions: ReadonlyMap<string, readonly string[]>;
}

/** A token service (distribution, spec/auth/token.md), and the registry's check of its tokens. */
export class TokenService {
  readonly #options: TokenServiceOptions;
  readonly #clock: Pick<Clock, "now">;
  readonly #issued = new Map<string, Grant>();

  constructor(options: TokenServiceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Answers a request for a token. */
  issue({ headers, url }: ServedRequest): Reply {
    const { accepts, grants = (_resource, actions) => actions, lifetimeSeconds = 60, answers } = this.#options;
    if (!accepts(loginOf(headers.authorization))) return ociError(401, "UNAUTHORIZED", "authentication required");
    const actions = new Map<string, readonly string[]>();
    for (const scope of url.searchParams.getAll("scope").flatMap((scopes) => scopes.split(" "))) {
      const { resource, actions: wanted } = parseScope(scope);
      actions.set(resource, [...(actions.get(resource) ?? []), ...grants(resource, wanted)]);
    }
    const token = randomUUID();
    this.#issued.set(token, { expiresAt: this.#clock.now() + lifetimeSeconds * 1000, actions });
    if (answers === "token alone") return { status: 200, body: { token } };
    const named = answers === "access_token with expires_in" ? { access_token: token } : { token };
    return { status: 200, body: { ...named, expires_in: lifetimeSeconds } };
  }

  /** Returns a guard for a registry. Without `realm`, the guard also serves `/token` as the realm. */
  guard(realm?: string): Guard {
    return (request) => {
      if (realm === undefined && request.url.pathname === "/token") return this.issue(request);
      return this.#check(request, realm ?? new URL("/token", request.url).href);
    };
  }

  #check(request: ServedRequest, realm: string): Reply | null {
    const need = requiredAccess(request);
    const scope = need === null ? "" : `,scope="${need.resource}:${need.actions.join(",")}"`;
    const challenge = `Bearer realm="${realm}",service="${this.#options.service ?? "registry.test"}"${scope}`;
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined) return unauthorized(challenge);
    const grant = this.#issued.get(token);
    if (grant === undefined || grant.expiresAt <= this.#clock.now()) {
      return unauthorized(`${challenge},error="invalid_token"`);
    }
    const granted = need === null ? [] : (grant.actions.get(need.resource) ?? []);
    const enough = need === null || granted.includes("*") || need.actions.every((action) => granted.includes(action));
    // Distribution returns 401 here, not 403.
    return enough ? null : unauthorized(`${challenge},error="insufficient_scope"`);
  }
}

function unauthorized(challenge: string): Reply {
  return {
    ...ociError(401, "UNAUTHORIZED", "authentication required"),
    headers: { "www-authenticate": challenge },
  };
}

function loginOf(authorization: string | undefined): Login | null {
  const encoded = /^Basic (.+)$/.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return null;
  const [user = "", ...password] = Buffer.from(encoded, "base64").toString("utf8").split(":");
  return { user, password: password.join(":") };
}

interface Access {
  readonly resource: string;
  readonly actions: readonly string[];
}

/** `repository:team/app:pull,delete`. */
function parseScope(scope: string): Access {
  const end = scope.lastIndexOf(":");
  return { resource: scope.slice(0, end), actions: scope.slice(end + 1).split(",") };
}

/** The access that distribution requires for a request; null: any token. */
function requiredAccess({ method, url }: ServedRequest): Access | null {
  if (url.pathname === "/v2/_catalog") return { resource: "registry:catalog", actions: ["*"] };
  const name = /^\/v2\/(.+)\/(?:manifests|blobs|tags|referrers)\//.exec(decodeURIComponent(url.pathname))?.[1];
  if (name === undefined) return null;
  const resource = `repository:${name}`;
  if (method === "GET" || method === "HEAD") return { resource, actions: ["pull"] };
  return { resource, actions: method === "DELETE" ? ["delete"] : ["pull", "push"] };
}
