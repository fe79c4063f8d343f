import type { Handler, Reply, ServedRequest } from "../../../servers/http-server.ts";
import { type Guard, TokenService, type TokenServiceOptions } from "../../../servers/oci/auth.ts";
import { CREDENTIAL, type Setup, type SetupOptions, setUp } from "../setup.ts";

export const BASIC = `Basic ${Buffer.from("robot:se:cret").toString("base64")}`;
export const LOGIN = { user: CREDENTIAL.username, password: CREDENTIAL.secret };

/** Starts a registry with its own tokens, which expire on the client's clock. */
export async function setUpWithTokens(
  options: Partial<TokenServiceOptions> = {},
  others: Omit<SetupOptions, "behaviour"> = {},
): Promise<Setup> {
  const guard: { current: Guard } = { current: () => null };
  const setup = await setUp({ ...others, behaviour: { guard: (request) => guard.current(request) } });
  guard.current = new TokenService({
    accepts: (login) => login?.user === LOGIN.user && login.password === LOGIN.password,
    clock: setup.clock,
    ...options,
  }).guard();
  return setup;
}

/** A registry without content that sends `challenge` and accepts any token. `HERE` stands for its own token server. */
export function withChallenge(
  challenge: string,
  tokenServer: (request: ServedRequest) => Reply = () => ({ status: 404 }),
) {
  const handler: Handler = (request) => {
    if (request.url.pathname === "/token") return tokenServer(request);
    const headers = { "www-authenticate": challenge.replace("HERE", new URL("/token", request.url).href) };
    return request.headers.authorization?.startsWith("Bearer ") ? { status: 404 } : { status: 401, headers };
  };
  return { handler: () => handler };
}

/** A registry that requires a token for all `scopes`, but names them only if a token lacks one (spec/auth/token.md). */
export function requiresScopes(scopes: string): Handler {
  return ({ url, headers }) => {
    if (url.pathname === "/token") return { status: 200, body: { token: url.searchParams.getAll("scope").join("+") } };
    const granted = headers.authorization?.slice("Bearer ".length).split("+");
    if (granted !== undefined && scopes.split(" ").every((scope) => granted.includes(scope))) return { status: 404 };
    const realm = `Bearer realm="${new URL("/token", url).href}"`;
    const challenge = granted === undefined ? realm : `${realm},error="insufficient_scope",scope="${scopes}"`;
    return { status: 401, headers: { "www-authenticate": challenge } };
  };
}

/** Returns the requests since the last call, without queries. */
export function paths(setup: Setup): readonly string[] {
  return setup.requests().map((line) => line.replace(/\?.*/, ""));
}

/** Returns the number of token requests since the last call. */
export function tokenRequests(setup: Setup): number {
  return paths(setup).filter((path) => path === "GET /token").length;
}
