export const id = 692;
export const ids = [692];
export const modules = {

/***/ 450:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   DJ: () => (/* binding */ unknownRepositories),
/* harmony export */   JU: () => (/* binding */ selectFrom),
/* harmony export */   Qv: () => (/* binding */ MAX_NAMES_SHOWN),
/* harmony export */   bN: () => (/* binding */ existsOrFails),
/* harmony export */   ld: () => (/* binding */ oncePerRepository)
/* harmony export */ });
/* harmony import */ var _fault_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(4900);
/* harmony import */ var _http_errors_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(2602);


/** How many names an error or a warning shows. */
const MAX_NAMES_SHOWN = 20;
/**
 * Returns those of the existing names that the selection matches.
 * Throws Fault `registry` if a name without a wildcard does not exist.
 *
 * @param registry the registry's name, as shown to users
 * @param existing all names, sorted
 */
function selectFrom(registry, existing, selection) {
    const lowerCase = new Set(existing.map((name) => name.toLowerCase()));
    const unknown = (selection.names ?? []).filter((name) => !lowerCase.has(name.toLowerCase()));
    if (unknown.length > 0)
        throw unknownRepositories(registry, unknown, existing);
    const matching = existing.filter((name) => selection.matches(name));
    return { matching, existing: matching.length > 0 ? [] : existing.slice(0, MAX_NAMES_SHOWN) };
}
/** Returns the error for names without a wildcard that do not exist. It shows names that do. */
function unknownRepositories(registry, unknown, existing) {
    const message = `Registry ${registry} has no repository ${unknown.join(", ")}`;
    if (existing.length === 0) {
        return new _fault_js__WEBPACK_IMPORTED_MODULE_0__/* .Fault */ .v("registry", message, "Check `repository-pattern` and `registry`: it lists no repositories.");
    }
    const more = existing.length > MAX_NAMES_SHOWN ? `, and ${existing.length - MAX_NAMES_SHOWN} more` : "";
    const shown = existing.slice(0, MAX_NAMES_SHOWN).join(", ");
    return new _fault_js__WEBPACK_IMPORTED_MODULE_0__/* .Fault */ .v("registry", message, `Correct \`repository-pattern\`. Existing repositories: ${shown}${more}.`);
}
/** Wraps `check` so that it runs once per repository. A failed check runs again. */
function oncePerRepository(check) {
    const checks = new Map();
    return (repository) => {
        const known = checks.get(repository);
        if (known !== undefined)
            return known;
        const started = check(repository);
        checks.set(repository, started);
        started.catch(() => checks.delete(repository));
        return started;
    };
}
/**
 * Returns whether a repository exists, as `check` says. An error that may be about this repository only counts as true: its list
 * then reports the error, and the others are swept.
 */
async function existsOrFails(check) {
    try {
        return await check();
    }
    catch (error) {
        const isLocal = error instanceof _fault_js__WEBPACK_IMPORTED_MODULE_0__/* .Fault */ .v ? error.kind === "listing" : error instanceof _http_errors_js__WEBPACK_IMPORTED_MODULE_1__/* .HttpError */ .j$;
        if (!isLocal || (error instanceof _http_errors_js__WEBPACK_IMPORTED_MODULE_1__/* .HttpError */ .j$ && error.code === "interrupted"))
            throw error;
        return true;
    }
}


/***/ }),

/***/ 8231:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  R: () => (/* binding */ OciClient)
});

// EXTERNAL MODULE: ./build/digest.js
var build_digest = __webpack_require__(4974);
// EXTERNAL MODULE: ./build/fault.js
var fault = __webpack_require__(4900);
// EXTERNAL MODULE: ./build/http/errors.js
var errors = __webpack_require__(2602);
// EXTERNAL MODULE: ./build/registry/oci/status-error.js
var status_error = __webpack_require__(8747);
// EXTERNAL MODULE: ./build/http/redact.js
var redact = __webpack_require__(2616);
;// CONCATENATED MODULE: ./build/registry/oci/warnings.js

/** The only form that the spec defines. Other warnings come from proxies. */
const WARNING = /(?:^|,)\s*299 - "((?:[^"\\]|\\.)*)"/g;
/** A registry that sends a different warning with each response must not fill the log. */
const MAX_WARNINGS = 5;
/**
 * Returns a function that logs the warnings of a registry's responses, each text once (OCI distribution-spec, "Warnings").
 * It ignores responses of other hosts, which a redirect led to.
 */
function createWarningLogger(origin, log) {
    const logged = new Set();
    return ({ headers, url }) => {
        if (url.origin !== origin.origin)
            return;
        for (const [, quoted = ""] of (headers["warning"] ?? "").matchAll(WARNING)) {
            const text = (0,redact/* excerpt */.Kb)(quoted.replaceAll(/\\(.)/g, "$1"), []);
            if (text === "" || logged.has(text) || logged.size === MAX_WARNINGS)
                continue;
            logged.add(text);
            log.warn("registry-warning", `${origin.host} warns: ${text}`);
        }
    };
}

// EXTERNAL MODULE: ./build/http/header-reader.js
var header_reader = __webpack_require__(4770);
;// CONCATENATED MODULE: ./build/registry/oci/auth/challenge.js

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
/** Must end where the challenge ends; otherwise it would match a `name=value` too. */
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
const SEPARATOR = /[\s,]*/y;
const SPACE = /[ \t]+/y;
const EQUALS = /[ \t]*=[ \t]*/y;
/**
 * Parses a `WWW-Authenticate` header with one or more challenges, quoted strings, escapes and token68 values. Stops at a
 * syntax error and returns the challenges before it. The npm packages for this read one challenge only, or mix the
 * parameters of several.
 */
function parseChallenges(header) {
    const reader = new header_reader/* HeaderReader */.$(header);
    const challenges = [];
    for (;;) {
        reader.read(SEPARATOR);
        const name = reader.read(TOKEN);
        if (name === null)
            return challenges;
        const current = challenges.at(-1);
        if (current !== undefined && reader.read(EQUALS) !== null) {
            const value = reader.readValue(TOKEN);
            if (value === null)
                return challenges;
            current.parameters[name.toLowerCase()] = value;
            continue;
        }
        challenges.push({ scheme: name.toLowerCase(), parameters: {} });
        if (reader.read(SPACE) !== null)
            reader.read(TOKEN68);
    }
}

;// CONCATENATED MODULE: ./build/registry/oci/auth/options.js




/** Returns the `Authorization` header for Basic (RFC 7617). */
function basicAuthorization({ username, secret }) {
    return `Basic ${Buffer.from(`${username}:${secret}`).toString("base64")}`;
}
/**
 * Returns the Fault `permission` for a response with status 401 or 403.
 *
 * @param authorization the header of the request, which the response may repeat
 */
function permissionFault({ credential, identityToken, remedy }, method, response, scopes, authorization) {
    const sent = [authorization, credential === null ? undefined : basicAuthorization(credential)];
    const secrets = [...sent.flatMap(redact/* secretsOf */.Fj), ...(identityToken === undefined ? [] : [identityToken])];
    const cause = (0,status_error/* statusError */.$)(method, response, secrets);
    const isAnonymous = credential === null && identityToken === undefined;
    const who = isAnonymous ? "Anonymous access" : "The credential";
    const scope = scopes.join(" ");
    const problem = cause.remedy === undefined ? `lacks the permission ${scope}` : `was refused for ${scope}`;
    return new fault/* Fault */.v("permission", `${who} ${problem}: ${(0,errors/* describeError */.Uc)(cause)}`, cause.remedy ?? remedy, { cause });
}

// EXTERNAL MODULE: ./node_modules/valibot/dist/index.mjs
var dist = __webpack_require__(7934);
// EXTERNAL MODULE: ./build/http/json.js
var json = __webpack_require__(3223);
// EXTERNAL MODULE: ./build/http/loopback.js
var loopback = __webpack_require__(356);
;// CONCATENATED MODULE: ./build/registry/oci/auth/bearer.js






/** The lifetime of a token without `expires_in` (distribution, spec/auth/token.md). */
const DEFAULT_LIFETIME_S = 60;
const MAX_RESPONSE_BYTES = 1024 * 1024;
const CHECK_REALM = "Check the registry's address and its `auth.token.realm`: a login page or a proxy may have answered.";
/** Only characters that are safe in a header. */
const TokenText = dist/* fallback */.NpB(dist/* optional */.lqM(dist/* pipe */.FsL(dist/* string */.YjP(), dist/* regex */.yGV(/^[\x21-\x7e]+$/))), undefined);
const TokenResponse = dist/* object */.Ikc({
    token: TokenText,
    access_token: TokenText,
    expires_in: dist/* fallback */.NpB(dist/* optional */.lqM(dist/* pipe */.FsL(dist/* number */.aig(), dist/* minValue */.Wwf(0)), DEFAULT_LIFETIME_S), DEFAULT_LIFETIME_S),
    issued_at: dist/* fallback */.NpB(dist/* optional */.lqM(dist/* string */.YjP(), ""), ""),
});
/**
 * Requests a token for `scopes` from the token server that `challenge` names (distribution, spec/auth/token.md). The token
 * can grant less than was requested, without an error. Throws Fault `registry` if the server may not have the credential or
 * returns no token, and Fault `permission` if it refuses.
 */
async function fetchToken(options, challenge, scopes) {
    const request = tokenRequest(options, realmOf(options, challenge), challenge.parameters["service"], scopes);
    const response = await options.http.send({ ...request, expected: [200, 401, 403], maxBytes: MAX_RESPONSE_BYTES });
    if (response.status !== 200)
        throw permissionFault(options, request.method, response, scopes);
    return parseToken(response, request.method);
}
/** A GET with the credential, or a POST with the refresh token (distribution, spec/auth/oauth.md). */
function tokenRequest({ credential, identityToken }, realm, service, scopes) {
    const accept = "application/json";
    if (identityToken !== undefined) {
        const form = new URLSearchParams({ grant_type: "refresh_token", client_id: "refsweep", scope: scopes.join(" ") });
        form.set("service", service ?? "");
        form.set("refresh_token", identityToken);
        const headers = { accept, "content-type": "application/x-www-form-urlencoded" };
        return { method: "POST", url: realm, headers, body: form.toString(), idempotent: true };
    }
    const url = new URL(realm);
    if (service !== undefined)
        url.searchParams.set("service", service);
    for (const scope of scopes)
        url.searchParams.append("scope", scope);
    const authorization = credential === null ? {} : { authorization: basicAuthorization(credential) };
    return { method: "GET", url, headers: { accept }, ...authorization };
}
function parseToken(response, method) {
    const request = `${method} ${(0,redact/* redactUrl */.BO)(response.url)}`;
    const body = (0,json/* parseJson */.q)(response.body, TokenResponse, { request, kind: "registry", remedy: CHECK_REALM });
    const value = body.token ?? body.access_token;
    if (value === undefined)
        throw new fault/* Fault */.v("registry", `${request} returned no token`, CHECK_REALM);
    return { value, lifetimeMs: Math.max(0, body.expires_in * 1000 - ageOf(body.issued_at, response)) };
}
/** Returns the age of a cached token in milliseconds, by the server's own clock; 0 if it does not send both times. */
function ageOf(issuedAt, { headers }) {
    const age = Date.parse(headers["date"] ?? "") - Date.parse(issuedAt);
    // A `Date` header has a resolution of one second.
    return age >= 1000 ? age : 0;
}
/** Returns the URL of the token server. Credentials are sent over TLS, to this machine, or to the registry itself only. */
function realmOf({ origin, credential, identityToken, mayReceiveCredential }, challenge) {
    const text = challenge.parameters["realm"] ?? "";
    const realm = URL.parse(text);
    if (realm === null || !/^https?:$/.test(realm.protocol) || realm.username !== "" || realm.password !== "") {
        throw invalidRealm(origin, `named a token server with an invalid URL: ${JSON.stringify(text.slice(0, 200))}`);
    }
    if (realm.protocol !== "https:" && !(0,loopback/* isLoopback */.U)(realm.hostname) && realm.origin !== origin.origin) {
        throw invalidRealm(origin, `named a token server without TLS: ${realm.origin}`);
    }
    if ((credential !== null || identityToken !== undefined) && !mayReceiveCredential(realm)) {
        throw invalidRealm(origin, `named ${realm.host} as its token server, which may not receive the credential`);
    }
    return realm;
}
function invalidRealm(origin, problem) {
    return new fault/* Fault */.v("registry", `${origin.host} ${problem}`, "Correct `auth.token.realm` in the registry's configuration. Refsweep sent no credential.");
}

;// CONCATENATED MODULE: ./build/registry/oci/auth/token-cache.js

/** Tokens are renewed this long before they expire; tokens with a shorter lifetime, after half of it. */
const MARGIN_MS = 10_000;
/** The Bearer tokens of one registry, by scope. */
class TokenCache {
    #options;
    #tokens = new Map();
    /** Scopes that the registry wants in addition. */
    #additional = new Map();
    #loggedHosts = new Set();
    constructor(options) {
        this.#options = options;
    }
    /** Returns the token for `scope`, and fetches a new one if there is none or it has expired. */
    get(challenge, scope) {
        const known = this.#tokens.get(scope);
        if (known !== undefined && known.expiresAt > this.#options.clock.now())
            return known;
        this.#logTokenServer(challenge);
        const scopes = [scope, ...(this.#additional.get(scope) ?? [])];
        const token = this.#fetch(challenge, scopes);
        this.#tokens.set(scope, token);
        token.value.catch(() => this.drop(scope, token));
        return token;
    }
    /** Requests `scopes` together with `scope` from now on. */
    add(scope, scopes) {
        this.#additional.set(scope, [...(this.#additional.get(scope) ?? []), ...scopes]);
    }
    /** Drops the token of `scope`, unless another request has replaced it. */
    drop(scope, token) {
        if (this.#tokens.get(scope) === token)
            this.#tokens.delete(scope);
    }
    #fetch(challenge, scopes) {
        const { clock, log } = this.#options;
        const token = {
            scopes,
            expiresAt: Number.POSITIVE_INFINITY,
            value: fetchToken(this.#options, challenge, scopes).then(({ value, lifetimeMs }) => {
                log.mask(value);
                token.expiresAt = clock.now() + Math.max(lifetimeMs - MARGIN_MS, lifetimeMs / 2);
                return value;
            }),
        };
        return token;
    }
    #logTokenServer(challenge) {
        const { origin, log } = this.#options;
        const host = URL.parse(challenge.parameters["realm"] ?? "")?.host;
        if (host === undefined || host === origin.host || this.#loggedHosts.has(host))
            return;
        this.#loggedHosts.add(host);
        log.info(`Using ${host} as the token server for ${origin.host}`);
    }
}

;// CONCATENATED MODULE: ./build/registry/oci/auth/authorizer.js





/** A token can expire while its request waits for the rate limit. */
const MAX_ATTEMPTS = 5;
/** Finds out which authorization the registry requires: none, Basic, or a Bearer token. */
function createAuthorizedSend(options) {
    const { http, credential } = options;
    const tokens = new TokenCache(options);
    const logWarnings = createWarningLogger(options.origin, options.log);
    let bearer = null;
    let usesBasic = false;
    /** The first request finds out which authorization is required. The others wait for it. */
    let firstRequest = null;
    async function authorizationFor(scope) {
        if (bearer !== null) {
            const token = tokens.get(bearer, scope);
            return { header: `Bearer ${await token.value}`, token };
        }
        return usesBasic && credential !== null ? { header: basicAuthorization(credential) } : {};
    }
    /** Applies the challenge of the `attempt`th 401. Returns false if another attempt would send the same again. */
    function applyChallenge(response, sent, scope, attempt) {
        const challenges = parseChallenges(response.headers["www-authenticate"] ?? "");
        const wanted = challenges.find(({ scheme }) => scheme === "bearer");
        if (wanted === undefined) {
            usesBasic ||= credential !== null && challenges.some(({ scheme }) => scheme === "basic");
            return usesBasic && sent.header === undefined;
        }
        const token = sent.token ?? null;
        // A challenge names its scopes in one parameter, separated by spaces (distribution, spec/auth/scope.md).
        const scopes = (wanted.parameters["scope"] ?? "").split(" ").filter((other) => other !== "");
        const missing = scopes.filter((other) => !includesScope(token?.scopes ?? [scope], other));
        const expired = token !== null && token.expiresAt <= options.clock.now();
        if (attempt > 1 && !expired && missing.length === 0)
            return false;
        bearer = wanted;
        if (missing.length > 0)
            tokens.add(scope, missing);
        tokens.drop(scope, token);
        return true;
    }
    async function sendAuthorized(request, scope) {
        for (let attempt = 1;; attempt += 1) {
            const authorization = await authorizationFor(scope);
            const response = await http.send({
                ...request,
                expected: [...request.expected, 401, 403],
                ...(authorization.header === undefined ? {} : { authorization: authorization.header }),
            });
            logWarnings(response);
            if (response.status !== 401 && response.status !== 403)
                return response;
            // A redirect led to another host: its 401 says nothing about the registry's credential.
            if (response.url.origin !== request.url.origin)
                throw (0,status_error/* statusError */.$)(request.method, response);
            const mayRetry = response.status === 401 && attempt < MAX_ATTEMPTS;
            if (!mayRetry || !applyChallenge(response, authorization, scope, attempt)) {
                throw permissionFault(options, request.method, response, [scope], authorization.header);
            }
        }
    }
    return async (request, scope) => {
        if (firstRequest !== null) {
            await firstRequest.catch(() => null);
            return sendAuthorized(request, scope);
        }
        const sending = sendAuthorized(request, scope);
        firstRequest = sending;
        return sending;
    };
}
/** Returns whether `scopes` include `wanted`: `repository:app:pull,delete` includes `repository:app:delete`. */
function includesScope(scopes, wanted) {
    const [resource, actions] = splitScope(wanted);
    const granted = scopes.map(splitScope).filter(([other]) => other === resource);
    return actions.every((action) => granted.some(([, others]) => others.includes(action)));
}
function splitScope(scope) {
    const end = scope.lastIndexOf(":");
    return [scope.slice(0, end), scope.slice(end + 1).split(",")];
}

// EXTERNAL MODULE: ./build/http/explanation.js
var explanation = __webpack_require__(9378);
// EXTERNAL MODULE: ./build/http/link.js
var http_link = __webpack_require__(8961);
// EXTERNAL MODULE: ./build/http/size-limit.js
var size_limit = __webpack_require__(8494);
// EXTERNAL MODULE: ./build/registry/pages.js
var pages = __webpack_require__(9610);
;// CONCATENATED MODULE: ./build/registry/oci/pages.js







/** One million tags in pages of 100. A list with more pages counts as endless. */
const MAX_PAGES = 10_000;
/** One million tags of 60 characters. */
const MAX_MIB = 64;
const CHECK_ADDRESS = "Check the registry's address: a login page or a proxy may have answered.";
/**
 * Reads all pages of a list and returns each entry once; `missing` if the first page is 404. The next page is the one that
 * `Link` names. Registries may omit the link (OCI distribution-spec 1.1, "Listing Tags"): then a page that may be full is followed
 * by the page after its last entry. Throws Fault `listing` if the list continues on another host, is endless, a later page is
 * missing, or nothing shows that it is complete.
 */
async function readPages(first, fetchPage, parse) {
    const items = new Set();
    const visited = new Set();
    const checkSize = (0,size_limit/* createSizeLimit */.L)(MAX_MIB, (why) => incompleteList(first, why));
    const size = Number(first.searchParams.get("n"));
    let largest = 0;
    let isGuess = false;
    for (let url = first; url !== null;) {
        if (visited.has(url.href) || visited.size >= MAX_PAGES)
            throw incompleteList(url, "it does not end");
        visited.add(url.href);
        // Registries that are configured for smaller pages refuse `n` (distribution 3.1.0: PAGINATION_NUMBER_INVALID).
        const mayRefuseSize = url === first && url.searchParams.has("n");
        const response = await fetchPage(url, mayRefuseSize || isGuess ? [200, 400, 404] : [200, 404]);
        if (response.status === 404 && visited.size === 1)
            return "missing";
        // A registry need not know a page that no link names and that no full page promises.
        if (response.status !== 200 && isGuess)
            break;
        if (response.status === 404)
            throw incompleteList(url, "the next page is missing");
        if (response.status === 400) {
            // The next request is for the first page, too: a 404 to it means that the list is missing.
            visited.clear();
            url = new URL(url.pathname, url);
            continue;
        }
        checkSize(response.body.length);
        const page = parse(response);
        const before = items.size;
        for (const item of page)
            items.add(item);
        const next = linkedPage(response, url);
        const isFull = page.length > 0 && page.length === size;
        if (next === null && isFull && items.size === before)
            await requireRepeated(url, page, fetchPage, parse);
        const continues = isFull || (size > 0 && mayBeFull(page.length, size, largest));
        isGuess = next === null && !isFull;
        largest = Math.max(largest, page.length);
        url = next ?? (continues && items.size > before ? pageAfter(page, url) : null);
    }
    return [...items];
}
/** Whether a page may be the largest that the registry sends: as large as an earlier one, or of a usual size. */
function mayBeFull(count, size, largest) {
    return count > 0 && count < size && (count === largest || (0,pages/* mayBePageSize */.hI)(count));
}
/** Returns the page after the last entry of a page. */
function pageAfter(page, current) {
    const next = new URL(current);
    next.searchParams.set("last", page.at(-1) ?? "");
    return next;
}
/**
 * Checks a full page that has only known entries, although it was requested after the last of them. A registry that starts again
 * after the last entry, or that ignores `n` and `last`, has no more. One that only ignores `last` may have more.
 */
async function requireRepeated(url, page, fetchPage, parse) {
    const check = new URL(url);
    check.searchParams.set("n", String(page.length - 1));
    check.searchParams.set("last", page.at(-2) ?? "");
    const answer = parse(await fetchPage(check, [200]));
    if (answer.length >= page.length || answer[0] === page.at(-1))
        return;
    throw incompleteList(url, "the registry returns the same page again and no link to the next");
}
/** Returns the next page that `Link` names, on the same host only; null if there is no link. */
function linkedPage(response, current) {
    const links = (0,http_link/* parseLinks */.h)(response.headers["link"] ?? "");
    if (links === null)
        throw unexpectedResponse(current, "returned an invalid `Link` header");
    const target = links.find(({ relations }) => relations.includes("next"))?.target;
    if (target === undefined)
        return null;
    const next = URL.parse(target, current.href);
    if (next?.host === current.host) {
        // Behind a proxy that terminates TLS, a registry links to http on its own host: keep the scheme of the first request.
        // Set the path instead of resolving it: a path that starts with `//` would be read as another host.
        const sameOrigin = new URL(current);
        sameOrigin.pathname = next.pathname;
        sameOrigin.search = next.search;
        return sameOrigin;
    }
    throw unexpectedResponse(current, `links to its next page on another host: ${JSON.stringify(target.slice(0, 200))}`);
}
/** Parses the body of a GET. Throws Fault `listing` if it does not match `schema`. */
function parseBody(schema, response) {
    return (0,json/* parseJson */.q)(response.body, schema, { request: `GET ${(0,redact/* redactUrl */.BO)(response.url)}`, remedy: CHECK_ADDRESS });
}
/** Returns `response`. Throws Fault `listing` if it is a web page: no registry sends one, not even as a 404. */
function rejectWebPage(response) {
    const type = response.headers["content-type"] ?? "";
    if (!/^\s*text\/html\b/i.test(type))
        return response;
    const page = (0,explanation/* webPageText */.Df)(response.body.toString("utf8", 0, 20_000), type) ?? "web page";
    throw unexpectedResponse(response.url, `returned ${response.status} with a ${page}`);
}
function unexpectedResponse(url, problem) {
    return new fault/* Fault */.v("listing", `GET ${(0,redact/* redactUrl */.BO)(url)} ${problem}`, CHECK_ADDRESS);
}
function incompleteList(url, why) {
    return new fault/* Fault */.v("listing", `The list at ${(0,redact/* redactUrl */.BO)(url)} could not be read completely: ${why}`, "Run again. If it fails again, check the registry.");
}

// EXTERNAL MODULE: ./build/registry/oci/reference.js
var oci_reference = __webpack_require__(6409);
;// CONCATENATED MODULE: ./build/registry/oci/lists.js




/** A list without tags must at least name its repository. Otherwise the answer is not a list of tags. */
const Tags = dist/* union */.KCZ([
    dist/* object */.Ikc({ tags: dist/* array */.YOg(dist/* string */.YjP()) }),
    dist/* object */.Ikc({ name: dist/* string */.YjP(), tags: dist/* nullish */.cl6(dist/* array */.YOg(dist/* string */.YjP())) }),
]);
const Repositories = dist/* object */.Ikc({ repositories: dist/* nullable */.mee(dist/* array */.YOg(dist/* string */.YjP())) });
/** Parses a page of the catalog. Throws Fault `listing` if a name is invalid. */
function parseRepositories(response, origin) {
    const names = parseBody(Repositories, response).repositories ?? [];
    const invalid = names.find((name) => !(0,oci_reference/* isRepositoryName */.en)(name));
    if (invalid !== undefined)
        throw invalidName(origin, "repository name", invalid);
    return names;
}
/** Parses a page of tags. Throws Fault `listing` if a tag is invalid. */
function parseTags(response, origin) {
    const tags = parseBody(Tags, response).tags ?? [];
    const invalid = tags.find((tag) => !(0,oci_reference/* isTag */.dz)(tag));
    if (invalid !== undefined)
        throw invalidName(origin, "tag", invalid);
    return tags;
}
function invalidName(origin, what, text) {
    return new fault/* Fault */.v("listing", `${JSON.stringify(text.slice(0, 200))} at ${origin.host} is not a valid ${what}`, "Check `repository-pattern` and the repositories and tags that the registry lists.");
}

// EXTERNAL MODULE: ./build/registry/oci/manifest.js
var oci_manifest = __webpack_require__(6423);
// EXTERNAL MODULE: ./build/registry/oci/schema1.js
var schema1 = __webpack_require__(178);
;// CONCATENATED MODULE: ./build/registry/oci/manifest-response.js




/**
 * Parses the response to a GET of a manifest; `missing` for 404. Checks the media type, then the digest. Throws Fault `listing`.
 *
 * @param requested null: the manifest was requested by tag
 */
function parseManifestResponse(response, requested) {
    const { body, headers, url, status } = response;
    const request = `GET ${url.origin}${url.pathname}`;
    if (status === 404) {
        requireUnknown(response, request);
        return "missing";
    }
    const contentType = headers["content-type"];
    const type = (0,oci_manifest/* bareType */.Hf)(contentType);
    if ((0,schema1/* isSchema1 */.Pr)(type)) {
        const manifest = (0,schema1/* parseSchema1 */.C3)(body, type, request);
        (0,oci_manifest/* requireDigest */.m0)(response, manifest.digest, requested);
        return manifest;
    }
    const parse = () => (0,oci_manifest/* parseManifest */.Ng)(body, contentType, request);
    // Another type is the cause of another digest.
    if (!oci_manifest/* MANIFEST_TYPES */._P.includes(type))
        return { content: parse(), digest: (0,oci_manifest/* verifyDigest */.Ub)(response, requested) };
    return { digest: (0,oci_manifest/* verifyDigest */.Ub)(response, requested), content: parse() };
}
/** Distribution also returns 404 for a manifest whose type the client does not accept. */
function requireUnknown({ body }, request) {
    const text = body.toString("utf8", 0, 10_000);
    if (!/accept header does not support/i.test(text))
        return;
    throw new fault/* Fault */.v("listing", `${request} returned 404 for a manifest that exists: ${(0,redact/* excerpt */.Kb)(text, [])}`, "Check for a proxy that removes the request header `Accept`.");
}

// EXTERNAL MODULE: ./build/registry/manifest.js
var manifest = __webpack_require__(9329);
;// CONCATENATED MODULE: ./build/registry/oci/referrers.js






const ReferrersIndex = dist/* object */.Ikc({
    mediaType: dist/* optional */.lqM(dist/* string */.YjP()),
    manifests: dist/* nullable */.mee(dist/* array */.YOg(dist/* object */.Ikc({ digest: oci_manifest/* DigestShape */.Ye }))),
});
/**
 * A registry that redirects here has no referrers API: ghcr.io redirects to a page of github.com, which returns 404, or 429
 * for hours (artifacthub/hub#4785).
 */
const REDIRECTS = [301, 302, 303, 307, 308];
/** Statuses besides 404 of registries that do not know a path. */
const UNSUPPORTED = [400, 405, 406, 501];
/** Reads all entries of the referrers list at `first`; `missing` if there is no such API. Follows no redirect. */
async function readReferrers(first, fetchPage) {
    const fetchWithoutRedirects = async (url, expected) => {
        const response = await fetchPage(url, [...expected, ...REDIRECTS]);
        return REDIRECTS.includes(response.status) ? { ...response, status: 404 } : response;
    };
    return missingIfUnsupported(() => readPages(first, fetchWithoutRedirects, readIndex));
}
/** Calls `read`; returns `missing` if the registry does not know the path. */
async function missingIfUnsupported(read) {
    try {
        return await read();
    }
    catch (error) {
        if (error instanceof errors/* HttpError */.j$ && UNSUPPORTED.includes(error.status ?? 0))
            return "missing";
        throw error;
    }
}
function readIndex(response) {
    const { mediaType, manifests } = parseBody(ReferrersIndex, response);
    const type = mediaType ?? (0,oci_manifest/* bareType */.Hf)(response.headers["content-type"]);
    if ((0,manifest/* isIndexType */.$U)(type))
        return (manifests ?? []).map(({ digest }) => digest);
    const { origin, pathname } = response.url;
    throw new fault/* Fault */.v("listing", `GET ${origin}${pathname} returned ${JSON.stringify(type.slice(0, 100))} instead of an OCI index`, "Check the registry's address. Refsweep deletes nothing until it can read all referrers.");
}

;// CONCATENATED MODULE: ./build/registry/oci/client.js











/** Distribution's default for the largest page (`tags.maxtags`, `catalog.maxentries`). */
const PAGE_SIZE = 1000;
const ACCEPT = oci_manifest/* MANIFEST_TYPES */._P.join(", ");
/** Statuses of servers that know no HEAD. */
const NO_HEAD = [405, 501];
/** The config of artifacts that have none: `{}` (OCI image-spec, manifest.md, "Guidance for an Empty Descriptor"). */
const EMPTY_CONFIG = "application/vnd.oci.empty.v1+json";
/** A client for the OCI distribution-spec 1.1. `name` includes the prefix. All methods throw HttpError or Fault. */
class OciClient {
    #origin;
    #send;
    #log;
    #manifests = new Map();
    #creationTimes = new Map();
    #referrersApi = "unknown";
    constructor(options) {
        this.#origin = options.origin;
        this.#log = options.log;
        this.#send = createAuthorizedSend(options);
    }
    /** Reads a manifest by digest; `missing` for 404. A digest that was read is not requested again. */
    read(name, digest) {
        const key = `${name}@${digest}`;
        const known = this.#manifests.get(key);
        if (known !== undefined)
            return known;
        const reading = this.#get(name, digest).then((found) => (found === "missing" ? found : found.content));
        this.#manifests.set(key, reading);
        reading.then((content) => content === "missing" && this.#manifests.delete(key), () => this.#manifests.delete(key));
        return reading;
    }
    /** Reads the manifest that a tag points to now. */
    async resolve(name, tag) {
        const found = await this.#get(name, tag).catch((error) => this.#ignoreSchema1(name, tag, error));
        if (found !== "missing")
            this.#manifests.set(`${name}@${found.digest}`, Promise.resolve(found.content));
        return found;
    }
    /** Returns whether a manifest exists now, even if it was read before. */
    async exists(name, digest) {
        return (await this.#get(name, digest)) !== "missing";
    }
    /** Returns whether a blob exists; null: the registry does not answer HEAD requests. A redirect to its storage means that it does. */
    async hasBlob(name, digest) {
        const expected = [200, 301, 302, 303, 307, 308, 404, ...NO_HEAD];
        const request = { method: "HEAD", url: this.#url(name, "blobs", digest), expected };
        const { status } = rejectWebPage(await this.#send(request, pullScope(name)));
        return NO_HEAD.includes(status) ? null : status !== 404;
    }
    /** Returns the digest that a tag points to now; `missing` for 404. Reads no content, so the digest is what the registry says. */
    async digestOf(name, tag) {
        const request = { url: this.#url(name, "manifests", tag), headers: { accept: ACCEPT } };
        const expected = [200, 404, ...NO_HEAD];
        const response = rejectWebPage(await this.#send({ method: "HEAD", ...request, expected }, pullScope(name)));
        if (response.status === 404)
            return "missing";
        const digest = response.headers["docker-content-digest"] ?? "";
        if (response.status === 200 && (0,build_digest/* isDigest */.B)(digest))
            return digest;
        const found = await this.resolve(name, tag);
        return found === "missing" ? found : found.digest;
    }
    /** Lists the referrers of a digest; null if the registry has no referrers API, or does not answer for this digest. */
    async referrers(name, digest) {
        if (this.#referrersApi === "unavailable")
            return null;
        const found = await readReferrers(this.#url(name, "referrers", digest), (url, expected) => this.#send({ method: "GET", url, headers: { accept: "application/vnd.oci.image.index.v1+json" }, expected }, pullScope(name)));
        if (found !== "missing") {
            this.#referrersApi = "available";
            return found;
        }
        // By the spec, 404 means that there is no API. But some registries with the API also return it for unknown digests.
        const exists = await this.exists(name, digest);
        if (this.#referrersApi === "available")
            return exists ? null : [];
        if (exists)
            this.#referrersApi = "unavailable";
        return null;
    }
    /** Lists all tags; `missing` for 404, which some registries also return if all manifests were pushed by digest. */
    async tags(name) {
        return this.#list(this.#url(name, "tags", "list"), pullScope(name), (page) => parseTags(page, this.#origin));
    }
    /** Lists all repositories of the registry. */
    async catalog() {
        const url = new URL("/v2/_catalog", this.#origin);
        const all = await missingIfUnsupported(() => this.#list(url, "registry:catalog:*", (page) => parseRepositories(page, this.#origin)));
        if (all !== "missing")
            return all;
        throw new fault/* Fault */.v("registry", `${this.#origin.host} does not list its repositories (GET /v2/_catalog is not supported)`, "List the repositories in `repository-pattern` without wildcards.");
    }
    /** Returns when the image of a config was created, in milliseconds since the epoch; null: unknown. */
    async createdAt(name, config) {
        if (config.mediaType === EMPTY_CONFIG)
            return null;
        const known = this.#creationTimes.get(config.digest);
        if (known !== undefined)
            return known;
        const blob = await this.blob(name, config);
        if (blob === null)
            return null;
        const time = (0,oci_manifest/* createdAtOf */.B7)(blob);
        this.#creationTimes.set(config.digest, time);
        return time;
    }
    /** Reads a blob of up to 4 MiB; null: it is larger, missing, or does not match its digest. */
    async blob(name, { digest, sizeBytes }) {
        if (sizeBytes > oci_manifest/* MAX_MANIFEST_BYTES */.ZJ)
            return null;
        const url = this.#url(name, "blobs", digest);
        const limits = { expected: [200, 404], maxBytes: oci_manifest/* MAX_MANIFEST_BYTES */.ZJ, mayLeaveOrigin: true };
        const response = await this.#send({ method: "GET", url, ...limits }, pullScope(name));
        return response.status === 404 || (0,oci_manifest/* digestOfBytes */.by)(response.body, digest) !== digest ? null : response.body;
    }
    /**
     * Sends a DELETE for a digest or tag and returns the response with status 200, 202, 204, 400, 404, 405, 409 or 412. A DELETE
     * that was not authorized is sent again with a new token. Sends none after `sendBy`, in milliseconds since the epoch.
     */
    async delete(name, reference, sendBy) {
        const expected = [200, 202, 204, 400, 404, 405, 409, 412];
        const request = { url: this.#url(name, "manifests", reference), expected, sendBy };
        return this.#send({ method: "DELETE", ...request }, `repository:${name}:pull,delete`);
    }
    async #get(name, reference) {
        if ((0,build_digest/* isDigest */.B)(reference))
            return this.#request(name, reference, ACCEPT);
        // A tag that returns 404 may have a type that no registry of images should have: that is an error, and not a missing tag.
        const found = await this.#request(name, reference, ACCEPT);
        const tagged = found === "missing" ? await this.#request(name, reference, `${ACCEPT}, */*`) : found;
        if (tagged !== "missing" && (0,schema1/* isSchema1 */.Pr)(tagged.content.mediaType))
            await this.#requireStored(name, reference, tagged);
        return tagged;
    }
    /** Distribution 3 returns 500 for images of schema 1. They list no manifest, so nothing depends on them. */
    #ignoreSchema1(name, tag, error) {
        if (!(error instanceof errors/* HttpError */.j$ && schema1/* UNSUPPORTED_SCHEMA_1 */.un.test(error.detail ?? "")))
            throw error;
        this.#log.warn("schema-1", schema1/* SCHEMA_1_WARNINGS */.My.ignored(name, tag));
        return "missing";
    }
    async #request(name, reference, accept) {
        const url = this.#url(name, "manifests", reference);
        const request = { url, headers: { accept }, expected: [200, 404], maxBytes: oci_manifest/* MAX_MANIFEST_BYTES */.ZJ, classify };
        const response = rejectWebPage(await this.#send({ method: "GET", ...request }, pullScope(name)));
        return parseManifestResponse(response, (0,build_digest/* isDigest */.B)(reference) ? reference : null);
    }
    /** Old registries convert images to schema 1 for clients that accept nothing else. Such a digest is not stored. */
    async #requireStored(name, tag, { digest }) {
        if ((await this.#request(name, digest, ACCEPT)) === "missing")
            throw (0,schema1/* convertedToSchema1 */.qd)(name, tag);
        this.#log.warn("schema-1", schema1/* SCHEMA_1_WARNINGS */.My.read(name, tag));
    }
    #list(list, scope, parse) {
        const headers = { accept: "application/json" };
        list.searchParams.set("n", String(PAGE_SIZE));
        return readPages(list, async (url, expected) => rejectWebPage(await this.#send({ method: "GET", url, headers, expected }, scope)), parse);
    }
    #url(name, kind, reference) {
        if (!(0,oci_reference/* isRepositoryName */.en)(name))
            throw invalidName(this.#origin, "repository name", name);
        if (!(0,build_digest/* isDigest */.B)(reference) && !(0,oci_reference/* isTag */.dz)(reference))
            throw invalidName(this.#origin, "tag", reference);
        return new URL(`/v2/${name}/${kind}/${reference}`, this.#origin);
    }
}
/** To read an image of schema 1 again does not help. */
const classify = ({ status, body }) => status === 500 && schema1/* UNSUPPORTED_SCHEMA_1 */.un.test(body.toString("utf8", 0, 10_000)) ? "final" : "status";
function pullScope(name) {
    return `repository:${name}:pull`;
}


/***/ }),

/***/ 6423:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   B7: () => (/* binding */ createdAtOf),
/* harmony export */   Hf: () => (/* binding */ bareType),
/* harmony export */   Ng: () => (/* binding */ parseManifest),
/* harmony export */   Ub: () => (/* binding */ verifyDigest),
/* harmony export */   Ye: () => (/* binding */ DigestShape),
/* harmony export */   ZJ: () => (/* binding */ MAX_MANIFEST_BYTES),
/* harmony export */   _P: () => (/* binding */ MANIFEST_TYPES),
/* harmony export */   by: () => (/* binding */ digestOfBytes),
/* harmony export */   m0: () => (/* binding */ requireDigest)
/* harmony export */ });
/* harmony import */ var node_crypto__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(7598);
/* harmony import */ var valibot__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(7934);
/* harmony import */ var _digest_js__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(4974);
/* harmony import */ var _fault_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(4900);
/* harmony import */ var _http_json_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(3223);
/* harmony import */ var _manifest_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(9329);
/* harmony import */ var _time_js__WEBPACK_IMPORTED_MODULE_6__ = __webpack_require__(6413);







/** The media types that Refsweep accepts (OCI image-spec; Docker image manifest schema 2). */
const MANIFEST_TYPES = [..._manifest_js__WEBPACK_IMPORTED_MODULE_3__/* .INDEX_TYPES */ .V, ..._manifest_js__WEBPACK_IMPORTED_MODULE_3__/* .IMAGE_TYPES */ .eG];
/** Registries must accept manifests of 4 MiB (OCI distribution-spec, "Pushing Manifests"). Larger ones are refused. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** BuildKit's registry cache is an index of layers and a config, not of manifests (moby/buildkit, `image-manifest=false`). */
const BLOB_TYPES = /^application\/vnd\.(?:oci\.image\.(?:layer|config)|docker\.(?:image\.rootfs|container\.image)|buildkit\.cacheconfig)\./;
const CHECK_ENDPOINT = "Check that the address is that of a registry's OCI endpoint.";
const DigestShape = valibot__WEBPACK_IMPORTED_MODULE_4__/* .custom */ .IeY((text) => typeof text === "string" && (0,_digest_js__WEBPACK_IMPORTED_MODULE_5__/* .isDigest */ .B)(text), "not a sha256 or sha512 digest");
const DescriptorShape = valibot__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({
    mediaType: valibot__WEBPACK_IMPORTED_MODULE_4__/* .optional */ .lqM(valibot__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP(), ""),
    digest: DigestShape,
    size: valibot__WEBPACK_IMPORTED_MODULE_4__/* .optional */ .lqM(valibot__WEBPACK_IMPORTED_MODULE_4__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_4__/* .number */ .aig(), valibot__WEBPACK_IMPORTED_MODULE_4__/* .minValue */ .Wwf(0)), 0),
});
const ManifestShape = valibot__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({
    mediaType: valibot__WEBPACK_IMPORTED_MODULE_4__/* .optional */ .lqM(valibot__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP()),
    schemaVersion: valibot__WEBPACK_IMPORTED_MODULE_4__/* .optional */ .lqM(valibot__WEBPACK_IMPORTED_MODULE_4__/* .number */ .aig()),
    manifests: valibot__WEBPACK_IMPORTED_MODULE_4__/* .nullish */ .cl6(valibot__WEBPACK_IMPORTED_MODULE_4__/* .array */ .YOg(DescriptorShape)),
    layers: valibot__WEBPACK_IMPORTED_MODULE_4__/* .nullish */ .cl6(valibot__WEBPACK_IMPORTED_MODULE_4__/* .array */ .YOg(DescriptorShape)),
    config: valibot__WEBPACK_IMPORTED_MODULE_4__/* .nullish */ .cl6(DescriptorShape),
    subject: valibot__WEBPACK_IMPORTED_MODULE_4__/* .nullish */ .cl6(valibot__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ digest: DigestShape })),
    annotations: valibot__WEBPACK_IMPORTED_MODULE_4__/* .nullish */ .cl6(valibot__WEBPACK_IMPORTED_MODULE_4__/* .record */ .g1P(valibot__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP(), valibot__WEBPACK_IMPORTED_MODULE_4__/* .unknown */ .L5J())),
});
const ImageConfig = valibot__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ created: valibot__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP() });
/**
 * Parses a manifest. Throws Fault `listing` if it is not one of the four media types, or a descriptor has no valid digest.
 *
 * @param contentType of the response; it counts if the manifest has no `mediaType`
 * @param request `GET https://…`, for errors
 */
function parseManifest(bytes, contentType, request) {
    const manifest = (0,_http_json_js__WEBPACK_IMPORTED_MODULE_2__/* .parseJson */ .q)(bytes, ManifestShape, { request, remedy: CHECK_ENDPOINT });
    const mediaType = mediaTypeOf(manifest, contentType, request);
    const isIndex = (0,_manifest_js__WEBPACK_IMPORTED_MODULE_3__/* .isIndexType */ .$U)(mediaType);
    // `null` is an empty list, but an index without the field could be anything.
    if (isIndex && manifest.manifests === undefined)
        throw invalid(request, "an index without `manifests`");
    if (isIndex ? manifest.layers || manifest.config : manifest.manifests) {
        // Registries and runtimes can read such a document as either of the two (CVE-2021-41190).
        throw invalid(request, "a manifest with the fields of an index and of an image");
    }
    const config = manifest.config ? descriptorOf(manifest.config) : null;
    const layers = (manifest.layers ?? []).map(descriptorOf);
    const entries = (manifest.manifests ?? []).map(descriptorOf);
    const isBlob = (entry) => BLOB_TYPES.test(entry.mediaType);
    const created = manifest.annotations?.["org.opencontainers.image.created"];
    const source = manifest.annotations?.["org.opencontainers.image.source"];
    return {
        mediaType,
        kind: isIndex ? "index" : "image",
        children: entries.filter((entry) => !isBlob(entry)),
        subject: manifest.subject?.digest ?? null,
        blobs: [...(config === null ? [] : [config]), ...layers, ...entries.filter(isBlob)],
        config,
        annotatedAt: typeof created === "string" ? (0,_time_js__WEBPACK_IMPORTED_MODULE_6__/* .parseTime */ .p)(created) : null,
        source: typeof source === "string" ? source : null,
        sizeBytes: bytes.length,
    };
}
/** Returns the media type that the response and the manifest agree on. */
function mediaTypeOf({ mediaType: own }, contentType, request) {
    const type = bareType(contentType);
    if ((own ?? type) === type && MANIFEST_TYPES.includes(type))
        return type;
    const field = own === undefined ? "" : ` and mediaType ${JSON.stringify(own.slice(0, 100))}`;
    throw invalid(request, `an unsupported manifest: ${contentType ?? "no Content-Type"}${field}`);
}
/** Returns the digest of `bytes` by the algorithm of `like`; null: sha256. */
function digestOfBytes(bytes, like) {
    const algorithm = like?.startsWith("sha512:") ? "sha512" : "sha256";
    return `${algorithm}:${(0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.createHash)(algorithm).update(bytes).digest("hex")}`;
}
/**
 * Returns the digest of a manifest's bytes. Throws Fault `listing` if it is not the requested one, or not the one of the
 * response's `Docker-Content-Digest`.
 *
 * @param requested null: the manifest was requested by tag
 */
function verifyDigest(response, requested) {
    const header = response.headers["docker-content-digest"];
    // By tag: use the algorithm of the header, because the registry deletes the manifest only by that digest.
    const like = requested ?? (header !== undefined && (0,_digest_js__WEBPACK_IMPORTED_MODULE_5__/* .isDigest */ .B)(header) ? header : null);
    return requireDigest(response, digestOfBytes(response.body, like), requested);
}
/** Returns `digest`, computed from a response. Throws Fault `listing` if the request or the response names another one. */
function requireDigest({ headers, url }, digest, requested) {
    const header = headers["docker-content-digest"];
    const contradictsHeader = header !== undefined && header !== digest && header.split(":")[0] === digest.split(":")[0];
    const contradictsRequest = requested !== null && requested !== digest;
    if (!contradictsRequest && !contradictsHeader)
        return digest;
    const expected = contradictsRequest ? requested : String(header).slice(0, 200);
    throw new _fault_js__WEBPACK_IMPORTED_MODULE_1__/* .Fault */ .v("listing", `GET ${url.origin}${url.pathname} returned content with digest ${digest} instead of ${expected}`, "Check for a proxy that changes manifests, and for damaged registry storage.");
}
/** Returns `created` of an image config, in milliseconds since the epoch; null if the config has none or is not JSON. */
function createdAtOf(config) {
    try {
        return (0,_time_js__WEBPACK_IMPORTED_MODULE_6__/* .parseTime */ .p)(valibot__WEBPACK_IMPORTED_MODULE_4__/* .parse */ .qgA(ImageConfig, JSON.parse(config.toString("utf8"))).created);
    }
    catch {
        return null;
    }
}
function descriptorOf({ mediaType, digest, size }) {
    return { mediaType, digest, sizeBytes: size };
}
/** Returns a `Content-Type` without parameters, in lower case; empty if there is none. */
function bareType(contentType) {
    return (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}
function invalid(request, document) {
    return new _fault_js__WEBPACK_IMPORTED_MODULE_1__/* .Fault */ .v("listing", `${request} returned ${document}`, CHECK_ENDPOINT);
}


/***/ }),

/***/ 178:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   C3: () => (/* binding */ parseSchema1),
/* harmony export */   My: () => (/* binding */ SCHEMA_1_WARNINGS),
/* harmony export */   Pr: () => (/* binding */ isSchema1),
/* harmony export */   qd: () => (/* binding */ convertedToSchema1),
/* harmony export */   un: () => (/* binding */ UNSUPPORTED_SCHEMA_1)
/* harmony export */ });
/* harmony import */ var node_crypto__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(7598);
/* harmony import */ var valibot__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(7934);
/* harmony import */ var _fault_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(4900);
/* harmony import */ var _http_json_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(3223);
/* harmony import */ var _time_js__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(6413);
/* harmony import */ var _manifest_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(6423);






const Manifest = valibot__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({
    fsLayers: valibot__WEBPACK_IMPORTED_MODULE_4__/* .optional */ .lqM(valibot__WEBPACK_IMPORTED_MODULE_4__/* .array */ .YOg(valibot__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ blobSum: _manifest_js__WEBPACK_IMPORTED_MODULE_3__/* .DigestShape */ .Ye })), []),
    history: valibot__WEBPACK_IMPORTED_MODULE_4__/* .optional */ .lqM(valibot__WEBPACK_IMPORTED_MODULE_4__/* .array */ .YOg(valibot__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ v1Compatibility: valibot__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP() })), []),
    signatures: valibot__WEBPACK_IMPORTED_MODULE_4__/* .optional */ .lqM(valibot__WEBPACK_IMPORTED_MODULE_4__/* .array */ .YOg(valibot__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ protected: valibot__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP() })), []),
});
/** The part of the document that was signed. */
const Protected = valibot__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ formatLength: valibot__WEBPACK_IMPORTED_MODULE_4__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_4__/* .number */ .aig(), valibot__WEBPACK_IMPORTED_MODULE_4__/* .integer */ .ndf(), valibot__WEBPACK_IMPORTED_MODULE_4__/* .minValue */ .Wwf(0)), formatTail: valibot__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP() });
const Compatibility = valibot__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({ created: valibot__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP() });
/** Returns whether `type` is Docker's image manifest of schema 1, which registries wrote until about 2016. */
function isSchema1(type) {
    return /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:prettyjws|json)$/.test(type);
}
/** The sentences of the warnings about an image of schema 1. */
const SCHEMA_1_WARNINGS = {
    read: (name, tag) => `${name}:${tag} is an image of Docker's old schema 1, which current clients cannot pull. Build and push it again, or delete it.`,
    ignored: (name, tag) => `${name}:${tag} is ignored, because this registry does not support its old schema 1.`,
};
/** In Distribution 3's response 500 to a request for an image of schema 1. */
const UNSUPPORTED_SCHEMA_1 = /unrecognized manifest schema version 1\b/;
/** Returns the error for an image that the registry converted for a client that accepts nothing else. */
function convertedToSchema1(name, tag) {
    return new _fault_js__WEBPACK_IMPORTED_MODULE_1__/* .Fault */ .v("listing", `The registry converted ${name}:${tag} to schema 1, so its real digest is unknown`, "Check for a proxy that removes the request header `Accept`.");
}
/**
 * Parses a manifest of schema 1. Throws Fault `listing` if it is not one.
 *
 * @param request `GET https://…`, for errors
 */
function parseSchema1(bytes, mediaType, request) {
    const remedy = "Delete this image, or build and push it again.";
    const manifest = (0,_http_json_js__WEBPACK_IMPORTED_MODULE_2__/* .parseJson */ .q)(bytes, Manifest, { request, remedy });
    const layers = [...new Set(manifest.fsLayers.map(({ blobSum }) => blobSum))];
    const [newest] = manifest.history;
    return {
        digest: `sha256:${(0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.createHash)("sha256").update(payloadOf(bytes, manifest.signatures[0]?.protected)).digest("hex")}`,
        content: {
            mediaType,
            kind: "image",
            children: [],
            subject: null,
            blobs: layers.map((digest) => ({ mediaType: "", digest, sizeBytes: 0 })),
            config: null,
            annotatedAt: newest === undefined ? null : createdAtOf(newest.v1Compatibility),
            source: null,
            sizeBytes: bytes.length,
        },
    };
}
/** Removes the signatures (docker/libtrust, "JSON Signature"). A document without signatures is its own payload. */
function payloadOf(bytes, encoded) {
    if (encoded === undefined)
        return bytes;
    try {
        const { formatLength, formatTail } = valibot__WEBPACK_IMPORTED_MODULE_4__/* .parse */ .qgA(Protected, JSON.parse(decode(encoded).toString("utf8")));
        return Buffer.concat([bytes.subarray(0, formatLength), decode(formatTail)]);
    }
    catch {
        return bytes;
    }
}
function decode(text) {
    return Buffer.from(text, "base64url");
}
function createdAtOf(text) {
    try {
        return (0,_time_js__WEBPACK_IMPORTED_MODULE_5__/* .parseTime */ .p)(valibot__WEBPACK_IMPORTED_MODULE_4__/* .parse */ .qgA(Compatibility, JSON.parse(text)).created);
    }
    catch {
        return null;
    }
}


/***/ }),

/***/ 8747:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   $: () => (/* binding */ statusError),
/* harmony export */   n: () => (/* binding */ notDeleted)
/* harmony export */ });
/* harmony import */ var _http_errors_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(2602);
/* harmony import */ var _http_explanation_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(9378);
/* harmony import */ var _http_redact_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(2616);



/**
 * Returns the error for a response that the HTTP client passed on, but that is a failure.
 *
 * @param secrets removed from the excerpt of the body
 * @param addition ends the message: `, but the manifest still exists`
 */
function statusError(method, response, secrets = [], addition = "") {
    const url = (0,_http_redact_js__WEBPACK_IMPORTED_MODULE_2__/* .redactUrl */ .BO)(response.url);
    const { detail, remedy } = (0,_http_explanation_js__WEBPACK_IMPORTED_MODULE_1__/* .explain */ .WE)(response, response.url, secrets);
    return new _http_errors_js__WEBPACK_IMPORTED_MODULE_0__/* .HttpError */ .j$(`${method} ${url} returned ${response.status}${addition}`, {
        code: "status",
        method,
        url,
        status: response.status,
        retryable: false,
        ...(detail === "" ? {} : { detail }),
        remedy,
    });
}
/** Returns the error for a DELETE that returned 404, or claimed success, although the manifest can be read. */
function notDeleted(response) {
    return statusError("DELETE", response, [], ", but the manifest still exists");
}


/***/ }),

/***/ 9610:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   $2: () => (/* binding */ readEntries),
/* harmony export */   H: () => (/* binding */ PAGES_AT_ONCE),
/* harmony export */   hI: () => (/* binding */ mayBePageSize),
/* harmony export */   n4: () => (/* binding */ readPages)
/* harmony export */ });
/* harmony import */ var p_map__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(606);
/* harmony import */ var _http_size_limit_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(8494);
/* harmony import */ var _stable_list_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(1656);



/** High, so that the pages of a list follow each other in the host's queue. A list that takes longer changes more often. */
const PAGES_AT_ONCE = 128;
const MAX_PAGES = 10_000;
const TOO_MANY_PAGES = `it has more than ${MAX_PAGES} pages`;
/**
 * Returns all entries of a list, which is read again if it changes meanwhile; null if it returned 404. Throws Fault `listing` if
 * every attempt shows a change or a contradiction, and the errors of the list.
 *
 * @param name what is read, for the error: `the manifests of acme/web`
 * @param open returns the list for one attempt
 */
function readEntries(name, retry, open) {
    return (0,_stable_list_js__WEBPACK_IMPORTED_MODULE_0__/* .readUntilStable */ .s)(name, retry, async () => {
        const attempt = await readPages(open());
        return "changed" in attempt ? attempt : { value: attempt.value?.flatMap(({ rows }) => rows) ?? null };
    });
}
/**
 * Reads all pages of a list; null if its first page returned 404. The list is complete only if everything that shows its end
 * agrees: the links, the total, and a last page that is not full. After a full page without a link, the next page is read.
 */
async function readPages(list) {
    const fetch = limited(list);
    const first = await fetch(1);
    if (first === null)
        return { value: null };
    const announced = Math.max(first.last ?? 0, (first.total ?? 0) / Math.max(1, first.rows.length));
    if (announced > MAX_PAGES)
        throw list.endless(TOO_MANY_PAGES);
    const pages = await readNamedPages(first, fetch);
    if (pages === null)
        return { changed: "a linked page returned 404" };
    const known = new Set();
    let duplicate = pages.map((page) => duplicateIn(page, list, known)).find((key) => key !== null) ?? null;
    while (duplicate === null && !isEnd(pages)) {
        const isLinked = pages.at(-1)?.next !== null;
        const page = await fetch(pages.length + 1);
        if (!isLinked && (page === null || (page.rows.length === 0 && page.next === null)))
            break;
        if (page === null)
            return { changed: "a linked page returned 404" };
        if (page.rows.length === 0)
            return { changed: `page ${pages.length + 1} is empty` };
        pages.push(page);
        duplicate = duplicateIn(page, list, known);
    }
    const changed = duplicate === null ? contradictionIn(pages) : `${duplicate} was listed twice`;
    return changed === null ? { value: pages } : { changed };
}
function limited({ fetch, maxMiB, endless }) {
    const countBytes = (0,_http_size_limit_js__WEBPACK_IMPORTED_MODULE_1__/* .createSizeLimit */ .L)(maxMiB, endless);
    return async (number) => {
        if (number > MAX_PAGES)
            throw endless(TOO_MANY_PAGES);
        const page = await fetch(number);
        countBytes(page?.sizeBytes ?? 0);
        return page;
    };
}
/**
 * Reads the pages that the first one shows, null if one returned 404. Reads the last of them before the others: then entries
 * that move while the list is read are found twice, or change the number of pages.
 */
async function readNamedPages(first, fetch) {
    const count = first.last ?? 1;
    if (count === 1)
        return [first];
    const final = await fetch(count);
    const between = Array.from({ length: count - 2 }, (_, index) => index + 2);
    const pages = [first, ...(await (0,p_map__WEBPACK_IMPORTED_MODULE_2__/* ["default"] */ .Ay)(between, fetch, { concurrency: PAGES_AT_ONCE })), final];
    return pages.every((page) => page !== null) ? pages : null;
}
/** Returns a key of a page that is already known, and adds the others; null: none is known. */
function duplicateIn({ rows }, { keysOf }, known) {
    for (const key of rows.flatMap(keysOf)) {
        if (known.has(key))
            return key;
        known.add(key);
    }
    return null;
}
/** Whether no page can follow: the last one has no link, is not full, and reaches the total. A contradiction ends a list too. */
function isEnd(pages) {
    const { rows, next, total } = pages.at(-1) ?? NO_PAGE;
    if (total !== pages[0]?.total)
        return true;
    if (next !== null)
        return next !== pages.length + 1;
    if (rows.length > 0 && entriesOf(pages) < (total ?? 0))
        return false;
    return pages.length === 1 ? !mayBePageSize(rows.length) : rows.length < (pages[0]?.rows.length ?? 0);
}
const NO_PAGE = { rows: [], sizeBytes: 0, next: null, last: null, total: null };
function entriesOf(pages) {
    return pages.reduce((sum, { rows }) => sum + rows.length, 0);
}
/** Whether a server may have this page size instead of the requested one. Page sizes are round numbers: 20, 25, 30, 50, 100. */
function mayBePageSize(entries) {
    return entries > 0 && (entries % 10 === 0 || entries % 25 === 0);
}
/** Returns how pages contradict each other; null: they do not. A list that changes while it is read does the same. */
function contradictionIn(pages) {
    const count = pages.length;
    const size = pages[0]?.rows.length ?? 0;
    const entries = entriesOf(pages);
    const hasLinks = pages.some(({ next, last }) => next !== null || last !== null);
    for (const [index, { rows, next, last, total }] of pages.entries()) {
        const name = `page ${index + 1} of ${count}`;
        const isFinal = index === count - 1;
        if (total !== null && total !== entries)
            return `${entries} of ${total} entries were listed`;
        if (last !== null && last !== count)
            return `it has ${count} pages, and ${name} links to the last page ${last}`;
        if (rows.length === 0 && count > 1)
            return `${name} is empty`;
        if (next !== (hasLinks && !isFinal ? index + 2 : null))
            return `${name} links to ${next ?? "no"} next page`;
        // Without links, pages of another size would not follow each other.
        if (!hasLinks && (isFinal ? rows.length > size : rows.length !== size))
            return `${name} has ${rows.length} entries`;
    }
    return null;
}


/***/ }),

/***/ 1656:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   s: () => (/* binding */ readUntilStable)
/* harmony export */ });
/* harmony import */ var _fault_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(4900);

const MAX_ATTEMPTS = 4;
/**
 * Reads a list until it did not change while it was read. Waits longer before each attempt.
 * Throws Fault `listing` if every attempt shows a change or a contradiction.
 *
 * @param list what is read, for the error: `the manifests of acme/web`
 */
async function readUntilStable(list, { clock, signal }, read) {
    for (let attempt = 1;; attempt += 1) {
        const result = await read();
        if ("value" in result)
            return result.value;
        if (attempt === MAX_ATTEMPTS) {
            throw new _fault_js__WEBPACK_IMPORTED_MODULE_0__/* .Fault */ .v("listing", `The list of ${list} changed or contradicted itself during each of ${MAX_ATTEMPTS} attempts to read it: ${result.changed}`, "Run again when no push is in progress. If the error persists, report it to the registry's operator.");
        }
        await clock.sleep(500 * 2 ** attempt, signal);
    }
}


/***/ }),

/***/ 6413:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   p: () => (/* binding */ parseTime)
/* harmony export */ });
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;
/** Returns an RFC 3339 time in milliseconds since the epoch; null for anything else. */
function parseTime(text) {
    if (text === null || text === undefined || !RFC_3339.test(text))
        return null;
    const time = Date.parse(text);
    return Number.isNaN(time) ? null : time;
}


/***/ })

};
