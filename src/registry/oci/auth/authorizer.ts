import type { Clock } from "../../../clock.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../../../http/http.ts";
import type { Log } from "../../../log.ts";
import type { Credential } from "../../../settings.ts";
import { createWarnings } from "../warnings.ts";
import { fetchToken } from "./bearer.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { basicOf, refusal, refusedAnswer } from "./refusal.ts";

export interface AuthorizerOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
  /** The registry's own origin. */
  readonly origin: URL;
  /** Null: anonymous. */
  readonly credential: Credential | null;
  /** A refresh token, which token servers take in place of the credential. */
  readonly identityToken?: string;
  /** Whether a token server may be given the credential; asked only for realms that are https, loopback, or the registry's. */
  readonly mayReceiveCredential: (realm: URL) => boolean;
  /** What a user whose token lacks a right should do, for the error. */
  readonly remedy: string;
}

/** A request that says nothing yet of who sends it. */
export type PlainRequest = Omit<HttpRequest, "authorization">;

/** Sends requests to one registry with what it asks for: nothing, Basic, or a Bearer token of its realm. */
export interface Authorizer {
  /**
   * Throws a Fault of kind `permission` for 401 and 403.
   *
   * @param scope as in the token specification: `repository:NAME:pull,delete`
   */
  send(request: PlainRequest, scope: string): Promise<HttpResponse>;
}

/** A token that was asked for: all who need it wait for the same one. */
interface Token {
  readonly value: Promise<string>;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch; until the answer is there, never. */
  expiresAt: number;
}

/** What a request says of who sends it. */
type Proof =
  | { readonly scheme: "none" }
  | { readonly scheme: "basic"; readonly header: string }
  | { readonly scheme: "bearer"; readonly header: string; readonly token: Token };

/** A token is given up this long before its end, so that none expires on its way; a short one, when half its life is over. */
const MARGIN_MS = 10_000;
/** How often one request is sent with tokens that expire while it waits for its turn. */
const MOST_ATTEMPTS = 5;

export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { clock, http, credential } = options;
  const tokens = new Map<string, Token>();
  /** Scopes that a registry asks for beside those that the spec has, by the latter. */
  const extra = new Map<string, readonly string[]>();
  const told = new Set<string>();
  const tellWarnings = createWarnings(options.origin, options.log);
  let bearer: Challenge | null = null;
  let takesBasic = false;
  /** The first request finds out what the registry asks for; the others wait for it, in place of being refused too. */
  let discovery: Promise<unknown> | null = null;

  async function proofFor(scope: string): Promise<Proof> {
    if (bearer !== null) {
      const token = tokenFor(bearer, scope);
      return { scheme: "bearer", header: `Bearer ${await token.value}`, token };
    }
    return takesBasic && credential !== null ? { scheme: "basic", header: basicOf(credential) } : { scheme: "none" };
  }

  function tokenFor(challenge: Challenge, scope: string): Token {
    const known = tokens.get(scope);
    if (known !== undefined && known.expiresAt > clock.now()) return known;
    tellOfRealm(options, challenge, told);
    const scopes = [scope, ...(extra.get(scope) ?? [])];
    const answer = fetchToken(options, challenge, scopes);
    const value = answer.then((token) => {
      options.log.mask(token.value);
      return token.value;
    });
    const token: Token = { value, scopes, expiresAt: Number.POSITIVE_INFINITY };
    tokens.set(scope, token);
    answer.then(
      ({ lifeMs }) => {
        token.expiresAt = clock.now() + Math.max(lifeMs - MARGIN_MS, lifeMs / 2);
      },
      () => tokens.get(scope) === token && tokens.delete(scope),
    );
    return token;
  }

  /** Takes in what the `attempt`th 401 asks for. False: nothing that was not sent already, or cannot be. */
  function learn(response: HttpResponse, sent: Proof, scope: string, attempt: number): boolean {
    const challenges = parseChallenges(response.headers["www-authenticate"] ?? "");
    const wanted = challenges.find(({ scheme }) => scheme === "bearer");
    if (wanted === undefined) {
      takesBasic ||= credential !== null && challenges.some(({ scheme }) => scheme === "basic");
      return takesBasic && sent.scheme === "none";
    }
    const token = sent.scheme === "bearer" ? sent.token : null;
    const missing = scopesIn(wanted).filter((asked) => !covers(token?.scopes ?? [scope], asked));
    const expired = token !== null && token.expiresAt <= clock.now();
    // A token of all that is asked for, fetched for this very request, will not be better the next time.
    if (attempt > 1 && !expired && missing.length === 0) return false;
    bearer = wanted;
    if (missing.length > 0) extra.set(scope, missing);
    // One that another request fetched meanwhile is as good as new.
    if (tokens.get(scope) === token) tokens.delete(scope);
    return true;
  }

  async function sendAsAsked(request: PlainRequest, scope: string): Promise<HttpResponse> {
    for (let attempt = 1; ; attempt += 1) {
      const sent = await proofFor(scope);
      const response = await http.send({
        ...request,
        expected: [...request.expected, 401, 403],
        ...(sent.scheme === "none" ? {} : { authorization: sent.header }),
      });
      tellWarnings(response);
      if (response.status !== 401 && response.status !== 403) return response;
      // Where a redirect led to is not the registry: it knows nothing of the credential, and cannot ask for it.
      if (response.url.origin !== request.url.origin) throw refusedAnswer(request.method, response, []);
      const mayRepeat = response.status === 401 && attempt < MOST_ATTEMPTS;
      if (!mayRepeat || !learn(response, sent, scope, attempt)) {
        throw refusal(options, request.method, response, [scope]);
      }
    }
  }

  return {
    async send(request, scope) {
      if (discovery !== null) {
        await discovery.catch(() => null);
        return sendAsAsked(request, scope);
      }
      const asked = sendAsAsked(request, scope);
      discovery = asked;
      return asked;
    },
  };
}

function tellOfRealm({ origin, log }: AuthorizerOptions, challenge: Challenge, told: Set<string>): void {
  const host = URL.parse(challenge.parameters["realm"] ?? "")?.host;
  if (host === undefined || host === origin.host || told.has(host)) return;
  told.add(host);
  log.info(`${origin.host} sends for its tokens to ${host}`);
}

/** The scopes that a challenge names, space-separated in one parameter (distribution, spec/auth/scope.md). */
function scopesIn(challenge: Challenge): readonly string[] {
  return (challenge.parameters["scope"] ?? "").split(" ").filter((scope) => scope !== "");
}

/** Whether `scopes` hold all that `asked` does: `repository:app:pull,delete` covers `repository:app:delete`. */
function covers(scopes: readonly string[], asked: string): boolean {
  const [wanted, needed] = apart(asked);
  const granted = scopes.map(apart).filter(([resource]) => resource === wanted);
  return needed.every((action) => granted.some(([, actions]) => actions.includes(action)));
}

function apart(scope: string): readonly [resource: string, actions: readonly string[]] {
  const end = scope.lastIndexOf(":");
  return [scope.slice(0, end), scope.slice(end + 1).split(",")];
}
