export const id = 205;
export const ids = [205];
export const modules = {

/***/ 7205:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  openDigitalOcean: () => (/* binding */ openDigitalOcean)
});

// EXTERNAL MODULE: ./build/fault.js
var fault = __webpack_require__(4900);
// EXTERNAL MODULE: ./build/http/errors.js
var errors = __webpack_require__(2602);
// EXTERNAL MODULE: ./build/registry/names.js
var names = __webpack_require__(450);
// EXTERNAL MODULE: ./build/registry/oci/client.js + 10 modules
var client = __webpack_require__(8231);
// EXTERNAL MODULE: ./build/registry/oci/status-error.js
var status_error = __webpack_require__(8747);
// EXTERNAL MODULE: ./build/registry/token.js
var registry_token = __webpack_require__(5327);
// EXTERNAL MODULE: ./build/http/json.js
var json = __webpack_require__(3223);
;// CONCATENATED MODULE: ./build/registry/digitalocean/api.js


/** Opens the API. Sends nothing. */
function createDigitalOceanApi({ http, apiUrl, token, registry }) {
    let generation = null;
    function ofAccount({ scope, body, path, query, ...request }) {
        const remedies = {
            rejected: `Set \`token\` to a DigitalOcean API token that has not expired and has the scope ${scope}.`,
            lacking: `Give the DigitalOcean API token the scope ${scope}.`,
        };
        const response = http.send({
            ...request,
            url: urlOf(apiUrl, path, query),
            headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }) },
            authorization: `Bearer ${token}`,
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return (0,registry_token/* requirePermission */.PS)("DigitalOcean", remedies, response);
    }
    async function sendTo(candidate, request) {
        const response = await ofAccount({ ...request, path: [candidate, registry, ...request.path] });
        if (response.status < 300)
            generation = candidate;
        return response;
    }
    /** A 404 changes nothing on the server, so the request itself shows which generation the API has. */
    async function ofRegistry(request) {
        if (generation !== null)
            return sendTo(generation, request);
        const response = await sendTo("registries", { ...request, expected: [...request.expected, 404] });
        return response.status === 404 ? sendTo("registry", request) : response;
    }
    return {
        registry,
        get: (path, query = {}) => ofRegistry({ method: "GET", path, query, expected: [200, 404], scope: "registry:read" }),
        ofRegistry,
        ofAccount,
    };
}
/** A digest's `:` is not encoded, as in the API's own examples. */
function urlOf(apiUrl, path, query = {}) {
    const encoded = path.map((segment) => encodeURIComponent(segment).replaceAll("%3A", ":")).join("/");
    const url = new URL(`${apiUrl.href.replace(/\/+$/, "")}/v2/${encoded}`);
    for (const [name, value] of Object.entries(query))
        url.searchParams.set(name, String(value));
    return url;
}
/** Returns the JSON body of a response. Throws a Fault if it does not match `schema`. */
function parseBody(response, schema, kind = "listing") {
    return (0,json/* parseJson */.q)(response.body, schema, {
        request: `${response.url.origin}${response.url.pathname}`,
        remedy: "Run again. If the error persists, check `api-url` and any proxy between the runner and the API.",
        kind,
    });
}

// EXTERNAL MODULE: ./node_modules/valibot/dist/index.mjs
var dist = __webpack_require__(7934);
// EXTERNAL MODULE: ./build/digest.js
var digest = __webpack_require__(4974);
// EXTERNAL MODULE: ./build/registry/pages.js
var pages = __webpack_require__(9610);
;// CONCATENATED MODULE: ./build/registry/digitalocean/pages.js



/** The largest `per_page` that the API accepts (OpenAPI document, shared/parameters.yml). */
const PER_PAGE = 200;
const Target = dist/* nullish */.cl6(dist/* string */.YjP());
/** `links` of a list. It is absent if everything fits on one page, and may be `{}` (shared/pages.yml). */
const Links = dist/* object */.Ikc({
    links: dist/* nullish */.cl6(dist/* object */.Ikc({ pages: dist/* nullish */.cl6(dist/* object */.Ikc({ next: Target, last: Target })) })),
});
/** `meta` of a list: `total` counts the entries of all pages. */
const Meta = dist/* object */.Ikc({ meta: dist/* object */.Ikc({ total: dist/* pipe */.FsL(dist/* number */.aig(), dist/* integer */.ndf(), dist/* minValue */.Wwf(0)) }) });
/**
 * Returns a function that reads one page of a list.
 *
 * @param rowsOf returns the entries of a page
 * @param kind the kind of the error for an answer that does not match `schema`; default `listing`
 */
function pageReader(schema, rowsOf, get, kind) {
    /** The tokens that links to pages have. A page with a token is read with both. */
    const tokens = new Map();
    return async (page) => {
        const token = tokens.get(page);
        const response = await get({ page, per_page: PER_PAGE, ...(token === undefined ? {} : { page_token: token }) });
        if (response.status === 404)
            return null;
        const body = parseBody(response, schema, kind);
        const { next, last } = body.links?.pages ?? {};
        const linked = { next: linkedPage(next, "next"), last: linkedPage(last, "last") };
        const nextNumber = linked.next === null ? null : (linked.next.number ?? page + 1);
        if (nextNumber !== null && linked.next?.token != null)
            tokens.set(nextNumber, linked.next.token);
        return {
            rows: rowsOf(body),
            sizeBytes: response.body.length,
            next: nextNumber,
            // Pages with tokens are read in order.
            last: tokens.size > 0 ? null : (linked.last?.number ?? null),
            total: body.meta?.total ?? null,
        };
    };
}
/**
 * Returns the page in a link. Takes only the page, because the token must not be sent to a host that a response names. The
 * API's links name https://api.digitalocean.com in any case. A link to the next page may have only an opaque `page_token`.
 */
function linkedPage(target, relation) {
    if (target === undefined || target === null || target === "")
        return null;
    const query = URL.parse(target, "https://api.digitalocean.com")?.searchParams;
    const [page, token] = [query?.get("page") ?? null, query?.get("page_token") ?? null];
    const number = Number(page);
    if (page !== null && Number.isSafeInteger(number) && number >= 1)
        return { number, token };
    if (page === null && token !== null && relation === "next")
        return { number: null, token };
    throw new fault/* Fault */.v("listing", `DigitalOcean's link to the ${relation} page has no page number`, "Run again.");
}
/** Returns the error for a list that cannot be read completely. @param list such as `the tags of acme/web` */
function incompleteList(list, reason) {
    return new fault/* Fault */.v("listing", `DigitalOcean's list of ${list} cannot be read completely: ${reason}`, "Run again. If the error persists, report it to DigitalOcean.");
}

;// CONCATENATED MODULE: ./build/registry/digitalocean/apps.js





const MAX_MIB = 64;
const App = dist/* record */.g1P(dist/* string */.YjP(), dist/* unknown */.L5J());
const AppPage = dist/* object */.Ikc({
    ...dist/* partial */.OH3(Meta).entries,
    ...Links.entries,
    apps: dist/* nullish */.cl6(dist/* array */.YOg(App), []),
});
/** The `image` of a component (OpenAPI document, apps_image_source_spec.yml). */
const Image = dist/* object */.Ikc({
    registry: dist/* nullish */.cl6(dist/* string */.YjP(), ""),
    repository: dist/* pipe */.FsL(dist/* string */.YjP(), dist/* minLength */.BpQ(1)),
    tag: dist/* nullish */.cl6(dist/* string */.YjP(), ""),
    digest: dist/* nullish */.cl6(dist/* string */.YjP(), ""),
});
const DIGESTS = /sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}/g;
/**
 * Returns the images of this registry that App Platform apps use: those named in an app's spec and in the specs of the
 * deployments that the API returns with it, and the digests that these deployments resolved. Needs the scope `app:read`.
 *
 * Searches all fields of an app, so that a new kind of component counts too. Keeping too many images does no harm.
 */
async function listAppImages(api, retry) {
    const digests = new Set();
    const tags = new Map();
    for (const node of nodesOf(await listApps(api, retry))) {
        if (typeof node === "string") {
            for (const [text] of node.matchAll(DIGESTS))
                if ((0,digest/* isDigest */.B)(text))
                    digests.add(text);
            continue;
        }
        const image = imageOf(node);
        if (image === null || !isOfRegistry(image.registry, api.registry) || image.digest !== "")
            continue;
        // App Platform deploys `latest` if the spec has neither tag nor digest.
        tags.set(image.repository, (tags.get(image.repository) ?? new Set()).add(image.tag || "latest"));
    }
    return { digests, tags };
}
/** The API requires an empty `registry` for DOCR, which means the team's own registry. A name is accepted in both its forms. */
function isOfRegistry(name, registry) {
    return name === "" || name === registry || name === `registry.digitalocean.com/${registry}`;
}
/** Returns `node` as an image of DigitalOcean's registry; null if it is anything else. Throws if the image is invalid. */
function imageOf(node) {
    if (!("registry_type" in node) || String(node.registry_type).toUpperCase() !== "DOCR")
        return null;
    const image = dist/* safeParse */.xLC(Image, node);
    if (image.success)
        return image.output;
    throw incomplete(`an app has an image of an unknown shape: ${image.issues[0].message}`);
}
/** Yields every object and every string in `values`, at any depth. */
function* nodesOf(values) {
    const stack = [...values];
    while (stack.length > 0) {
        const node = stack.pop();
        if (typeof node === "string")
            yield node;
        if (typeof node !== "object" || node === null)
            continue;
        yield node;
        for (const value of Object.values(node))
            stack.push(value);
    }
}
async function listApps(api, retry) {
    const request = { method: "GET", path: ["apps"], expected: [200], scope: "app:read" };
    const apps = await (0,pages/* readEntries */.$2)("App Platform apps", retry, () => ({
        fetch: pageReader(AppPage, (body) => body.apps ?? [], (query) => api.ofAccount({ ...request, query })),
        keysOf: (app) => [typeof app["id"] === "string" ? app["id"] : JSON.stringify(app)],
        maxMiB: MAX_MIB,
        endless: incomplete,
    }));
    return apps ?? [];
}
function incomplete(reason) {
    return new fault/* Fault */.v("listing", `The list of App Platform apps cannot be read completely: ${reason}`, "Run again, or set `protect-apps: false` to skip the apps.");
}

// EXTERNAL MODULE: ./build/registry/digitalocean/capabilities.js
var capabilities = __webpack_require__(3711);
// EXTERNAL MODULE: ./build/format.js
var format = __webpack_require__(7413);
;// CONCATENATED MODULE: ./build/registry/digitalocean/collections.js





const collections_MAX_MIB = 64;
const CHECK = "Check the control panel.";
const Count = dist/* fallback */.NpB(dist/* nullish */.cl6(dist/* number */.aig(), null), null);
const Collection = dist/* object */.Ikc({
    uuid: dist/* pipe */.FsL(dist/* string */.YjP(), dist/* minLength */.BpQ(1)),
    status: dist/* nullish */.cl6(dist/* string */.YjP(), "unknown"),
    /** In GODO, but not in the OpenAPI document. */
    type: dist/* nullish */.cl6(dist/* string */.YjP(), "unreferenced blobs only"),
    blobs_deleted: Count,
    freed_bytes: Count,
});
const CollectionAnswer = dist/* object */.Ikc({ garbage_collection: Collection });
const CollectionPage = dist/* object */.Ikc({
    ...dist/* partial */.OH3(Meta).entries,
    ...Links.entries,
    garbage_collections: dist/* nullish */.cl6(dist/* array */.YOg(Collection), []),
});
/** The API's prose says `success`, its enum `succeeded`. */
const SUCCEEDED = new Set(["succeeded", "success"]);
const FAILED = new Set(["failed", "cancelled", "canceled"]);
/** Returns whether a garbage collection succeeded. */
function hasSucceeded({ status }) {
    return SUCCEEDED.has(status);
}
/** Returns whether a garbage collection has ended. With any other status, documented or not, it is running. */
function hasEnded({ status }) {
    return SUCCEEDED.has(status) || FAILED.has(status);
}
/** Starts a garbage collection. If another one is running, it throws HttpError with an undocumented status. */
async function startCollection(api, type) {
    const response = await api.ofRegistry({
        method: "POST",
        path: ["garbage-collection"],
        body: { type },
        expected: [201],
        scope: "registry:update",
    });
    return parseBody(response, CollectionAnswer, "garbage-collection").garbage_collection;
}
/** Returns the active garbage collection; null if there is none. */
async function getActiveCollection(api) {
    const response = await api.get(["garbage-collection"]);
    if (response.status === 404)
        return null;
    return parseBody(response, CollectionAnswer, "garbage-collection").garbage_collection;
}
/**
 * Returns a garbage collection, active or ended; null if the API does not show it. Only the list of all garbage
 * collections shows how one ended.
 */
async function findCollection(api, uuid) {
    const active = await getActiveCollection(api);
    if (active?.uuid === uuid)
        return active;
    let found = null;
    const read = pageReader(CollectionPage, (body) => body.garbage_collections ?? [], (query) => api.get(["garbage-collections"], query), "garbage-collection");
    // A collection that is shown is enough. The next poll reads a list again that contradicts itself.
    await (0,pages/* readPages */.n4)({
        fetch: async (number) => {
            const page = await read(number);
            found ??= page?.rows.find((collection) => collection.uuid === uuid) ?? null;
            return page;
        },
        keysOf: (collection) => [collection.uuid],
        maxMiB: collections_MAX_MIB,
        endless: (reason) => new fault/* Fault */.v("garbage-collection", `DigitalOcean's list of garbage collections ${reason}`, CHECK),
    });
    return found;
}

;// CONCATENATED MODULE: ./build/registry/digitalocean/wait.js



const FIRST_POLL_MS = 5_000;
const MAX_POLL_MS = 30_000;
/**
 * Waits until no garbage collection is running, because the registry is read-only while one is. Returns whether one was.
 * Throws Fault `registry` after the timeout.
 */
async function waitUntilWritable({ api, clock, log, timeoutMs, signal }) {
    const deadline = clock.now() + timeoutMs;
    let wasRunning = false;
    for (const intervalMs of pollIntervals()) {
        const active = await getActiveCollection(api);
        if (active === null || hasEnded(active))
            break;
        wasRunning = true;
        const leftMs = deadline - clock.now();
        if (leftMs <= 0) {
            throw new fault/* Fault */.v("registry", `Registry ${api.registry} is read-only: its garbage collection ${active.uuid} is running (${active.status})`, "Run again when the garbage collection has ended, or raise `gc-timeout`.");
        }
        log.info(`Waiting for garbage collection ${active.uuid} of ${api.registry} to end: ${active.status}`);
        await clock.sleep(Math.min(intervalMs, leftMs), signal);
    }
    return wasRunning;
}
/** Wraps `work`: calls while it is running share its result. */
function shareWhilePending(work) {
    let pending = null;
    return () => {
        pending ??= work().finally(() => {
            pending = null;
        });
        return pending;
    };
}
/** Statuses that a read-only registry may return: DigitalOcean does not document it. */
const READ_ONLY_STATUSES = new Set([400, 403, 405, 409, 412, 422, 423, 503]);
/**
 * Throws the error of a DELETE. If a garbage collection is running, which may be its cause, waits for the end and throws
 * HttpError `expired`, so that the deletion is sent again after a recheck.
 */
async function throwWhenWritable(error, waitForCollection) {
    const refusal = error instanceof fault/* Fault */.v ? error.cause : error;
    if (!(refusal instanceof errors/* HttpError */.j$) || !READ_ONLY_STATUSES.has(refusal.status ?? 0))
        throw error;
    const wasRunning = await waitForCollection().catch((cause) => {
        // The job was cancelled while a collection was running.
        if (cause instanceof fault/* Fault */.v && cause.kind === "interrupted")
            return true;
        throw cause instanceof fault/* Fault */.v && cause.kind === "registry" ? cause : error;
    });
    // After a 503, the registry may have deleted it all the same.
    if (!wasRunning || refusal.retryable)
        throw error;
    const { method, url } = refusal;
    const message = `${method} ${url} was refused while a garbage collection was running`;
    throw new errors/* HttpError */.j$(message, { code: "expired", method, url, retryable: true, unsent: true }, { cause: error });
}
/** Yields the waits between two polls, in milliseconds. */
function* pollIntervals() {
    for (let ms = FIRST_POLL_MS;; ms = Math.min(ms * 1.5, MAX_POLL_MS))
        yield ms;
}

;// CONCATENATED MODULE: ./build/registry/digitalocean/collect.js





/** A collection that is neither active nor in the list for this many polls is given up. */
const MAX_MISSED_POLLS = 4;
/** Starts a garbage collection, or joins a running one, and waits for its end or the timeout. */
async function collect(options) {
    const { api, clock, log, type, timeoutMs } = options;
    const deadline = clock.now() + timeoutMs;
    for (;;) {
        const running = await startOrJoin(options);
        const { uuid, status } = running.collection;
        const started = running.own ? "started" : "was already running";
        log.info(`Garbage collection ${uuid} of ${api.registry} ${started}: ${status}`);
        const result = await follow(options, running, deadline);
        if (result.fault !== undefined || running.own || includes(running.collection, type))
            return result;
        if (result.status !== "started" && result.status !== "timed-out")
            continue;
        const text = `Garbage collection ${uuid} (${running.collection.type}), which someone else started, is still running, so none was started within gc-timeout.`;
        const remedy = `When it has ended, run again with run-gc: always, or start one in the control panel of ${api.registry}.`;
        return unfinished("timed-out", `${text} ${remedy}`);
    }
}
/** The statuses before the manifests are read. */
const EARLY = new Set(["requested", "waiting for write JWTs to expire"]);
/** Returns whether a collection that someone else started frees what this run deleted. */
function includes(collection, type) {
    const coversType = collection.type === type || collection.type === "untagged manifests and unreferenced blobs";
    return coversType && EARLY.has(collection.status);
}
/** The response to a second start is undocumented, so after any error the active collection shows what happened. */
async function startOrJoin({ api, type }) {
    for (let attempt = 1;; attempt += 1) {
        try {
            return { collection: await startCollection(api, type), own: true };
        }
        catch (error) {
            if (!mayHaveStarted(error))
                throw error;
            const active = await getActiveCollection(api);
            // An unreadable response is that of a collection that was started.
            if (active !== null && !hasEnded(active))
                return { collection: active, own: error instanceof fault/* Fault */.v };
            if (error instanceof fault/* Fault */.v)
                throw error;
            // The other collection may have ended since. A refused start started nothing, so it can be repeated.
            const { status = 0, detail = error.message } = error;
            if (attempt === 1 && status >= 400 && status < 500)
                continue;
            throw new fault/* Fault */.v("garbage-collection", `The garbage collection of ${api.registry} could not be started: ${detail}`, "Start it in DigitalOcean's control panel, or run again with `run-gc: always`.", { cause: error });
        }
    }
}
function mayHaveStarted(error) {
    if (error instanceof fault/* Fault */.v)
        return error.kind === "garbage-collection";
    return error instanceof errors/* HttpError */.j$ && error.code !== "interrupted";
}
async function follow(options, running, deadline) {
    const { collection, own } = running;
    if (hasEnded(collection))
        return ended(running);
    const { uuid } = collection;
    const state = own ? "was started and is still running" : "was already running and has not ended";
    const started = unfinished("started", `Garbage collection ${uuid} ${state}. The registry is read-only until it ends.`);
    if (options.timeoutMs === 0)
        return started;
    try {
        return await waitForEnd(options, running, deadline);
    }
    catch (error) {
        return { ...started, fault: waitFault(options, uuid, error) };
    }
}
async function waitForEnd(options, running, deadline) {
    const { api, clock, log, timeoutMs, signal } = options;
    let { collection } = running;
    const { uuid } = collection;
    let missed = 0;
    for (const intervalMs of pollIntervals()) {
        const leftMs = deadline - clock.now();
        if (leftMs <= 0)
            break;
        await clock.sleep(Math.min(intervalMs, leftMs), signal);
        const found = await poll(options, uuid);
        if (found === "unavailable")
            continue;
        missed = found === null ? missed + 1 : 0;
        if (missed === MAX_MISSED_POLLS) {
            const text = `Garbage collection ${uuid} is no longer active, and DigitalOcean's list of garbage collections does not show its result.`;
            return unfinished("failed", `${text} Check the control panel.`);
        }
        if (found === null)
            continue;
        if (found.status !== collection.status)
            log.info(`Garbage collection ${uuid} of ${api.registry}: ${found.status}`);
        collection = found;
        if (hasEnded(found))
            return ended({ ...running, collection });
    }
    const text = `did not finish within gc-timeout (${(0,format/* formatDuration */.a3)(timeoutMs)}); it is still running (${collection.status})`;
    return unfinished("timed-out", `Garbage collection ${uuid} ${text} and the registry is read-only until it ends.`);
}
/** Returns the current collection; null if the API does not show it; `unavailable` if the API does not respond. */
async function poll({ api, log }, uuid) {
    try {
        return await findCollection(api, uuid);
    }
    catch (error) {
        if (!(error instanceof errors/* HttpError */.j$) || !error.retryable)
            throw error;
        log.info(`Could not read the status of garbage collection ${uuid}; trying again: ${error.message}`);
        return "unavailable";
    }
}
/** Returns the error that ended the wait. The collection itself is still running. */
function waitFault({ api, signal }, uuid, error) {
    if (signal.aborted || (error instanceof errors/* HttpError */.j$ && error.code === "interrupted")) {
        return new fault/* Fault */.v("interrupted", `The job was cancelled while garbage collection ${uuid} was running`, `It is still running, and the registry ${api.registry} is read-only until it ends.`, { cause: error });
    }
    if (error instanceof fault/* Fault */.v || error instanceof errors/* HttpError */.j$)
        return error;
    throw error;
}
function ended({ collection, own }) {
    const { uuid, status, freed_bytes: freedBytes, blobs_deleted: blobsDeleted } = collection;
    const name = own ? `Garbage collection ${uuid}` : `Garbage collection ${uuid}, which was already running,`;
    const succeeded = hasSucceeded(collection);
    const note = succeeded
        ? `${name} succeeded.`
        : `${name} ended with the status "${status}". Run again with run-gc: always.`;
    return { status: succeeded ? "succeeded" : "failed", freedBytes, blobsDeleted, note };
}
function unfinished(status, note) {
    return { status, freedBytes: null, blobsDeleted: null, note };
}

// EXTERNAL MODULE: ./build/registry/oci/reference.js
var reference = __webpack_require__(6409);
// EXTERNAL MODULE: ./build/registry/time.js
var time = __webpack_require__(6413);
;// CONCATENATED MODULE: ./build/registry/digitalocean/manifests.js








/** Enough for about 200,000 manifests of twenty layers: 0.3 KiB for a manifest, 0.1 KiB for a blob. */
const manifests_MAX_MIB = 512;
// GODO marks every field as `omitempty`, and the API's own example misspells one. A size may have any shape. Tags decide
// what is deleted, so they must be valid.
/** Null until DigitalOcean computes it, some time after the push; the API then returns 0. */
const Size = dist/* fallback */.NpB(dist/* nullish */.cl6(dist/* pipe */.FsL(dist/* number */.aig(), dist/* safeInteger */.Y2b(), dist/* minValue */.Wwf(1)), null), null);
const Digest = dist/* pipe */.FsL(dist/* string */.YjP(), dist/* guard */.ahr(digest/* isDigest */.B, "not a digest"));
const BlobEntry = dist/* object */.Ikc({ digest: Digest, compressed_size_bytes: Size, compressed_size_byte: Size });
const ManifestEntry = dist/* object */.Ikc({
    digest: Digest,
    tags: dist/* nullish */.cl6(dist/* array */.YOg(dist/* pipe */.FsL(dist/* string */.YjP(), dist/* check */.z6Y(reference/* isTag */.dz, "not a tag"))), []),
    // One invalid blob makes all unknown: an incomplete list would pass for a complete one.
    blobs: dist/* fallback */.NpB(dist/* nullish */.cl6(dist/* array */.YOg(BlobEntry), []), []),
    compressed_size_bytes: Size,
    updated_at: dist/* fallback */.NpB(dist/* nullish */.cl6(dist/* string */.YjP()), null),
});
const ManifestPage = dist/* object */.Ikc({
    ...Meta.entries,
    ...Links.entries,
    manifests: dist/* nullish */.cl6(dist/* array */.YOg(ManifestEntry), []),
});
const TagPage = dist/* object */.Ikc({ ...Meta.entries, ...Links.entries, tags: dist/* nullish */.cl6(dist/* array */.YOg(dist/* unknown */.L5J()), []) });
/**
 * Returns the function that lists a repository; see `Registry.list`.
 *
 * @param isEmpty whether the list of repositories showed a repository without manifests
 */
function createLister(api, retry, isEmpty) {
    /** The tagged manifests of the last list with tags, by repository. */
    const taggedBefore = new Map();
    return async (repository) => {
        const listing = await listManifests(api, repository, retry);
        // DigitalOcean also lists repositories that have no manifests any more.
        if (listing === null && isEmpty(repository))
            return { manifests: [] };
        if (listing === null)
            throw unknownRepository(api, repository);
        const { manifests } = listing;
        const tagged = manifests.filter(({ tags }) => tags.length > 0).map(({ digest }) => digest);
        if (tagged.length > 0)
            taggedBefore.set(repository, new Set(tagged));
        if (tagged.length > 0 || manifests.length === 0)
            return listing;
        // Untagged manifests and an answer without the field `tags` look the same, and untagged manifests are deleted.
        const before = taggedBefore.get(repository);
        if (before === undefined) {
            if (await hasTags(api, repository))
                throw contradiction(api, repository, LIST_OF_TAGS);
        }
        else if (manifests.some(({ digest }) => before.has(digest))) {
            throw contradiction(api, repository, EARLIER_LIST);
        }
        return listing;
    };
}
const LIST_OF_TAGS = ["the list of tags is not empty", "the list of tags can be hours old"];
const EARLIER_LIST = ["one had tags in an earlier list", "its tags may have been deleted meanwhile"];
function contradiction(api, repository, [other, cause]) {
    return new fault/* Fault */.v("listing", `DigitalOcean's lists of ${api.registry}/${repository} contradict each other: no manifest has a tag, but ${other}`, `Run again later: ${cause}. If the error persists, report it to DigitalOcean.`);
}
async function hasTags(api, repository) {
    const response = await api.get(["repositories", repository, "tags"], { per_page: 1 });
    // The repository exists, so a 404 does not prove that it has no tags.
    if (response.status === 404)
        return true;
    const { meta, tags, links } = parseBody(response, TagPage);
    return meta.total > 0 || (tags ?? []).length > 0 || (links?.pages?.next ?? "") !== "";
}
/** Lists every manifest once; null if the list returned 404. */
async function listManifests(api, repository, retry) {
    const list = `the manifests of ${api.registry}/${repository}`;
    const entries = await (0,pages/* readEntries */.$2)(list, retry, () => ({
        fetch: pageReader(ManifestPage, ({ manifests }) => manifests ?? [], (query) => api.get(["repositories", repository, "digests"], query)),
        keysOf: ({ digest }) => [digest],
        maxMiB: manifests_MAX_MIB,
        endless: (reason) => incompleteList(list, reason),
    }));
    return entries && { manifests: entries.map(manifestOf) };
}
function unknownRepository(api, repository) {
    return new fault/* Fault */.v("listing", `Repository ${api.registry}/${repository} does not exist: its list of manifests returned 404`, "Correct `repository-pattern`. If the repository was deleted just now, run again.");
}
function manifestOf(entry) {
    const blobs = entry.blobs.map(({ digest, compressed_size_bytes: size, compressed_size_byte: misspelt }) => ({
        digest,
        sizeBytes: size ?? misspelt,
    }));
    return {
        digest: entry.digest,
        tags: entry.tags,
        pushedAt: (0,time/* parseTime */.p)(entry.updated_at),
        sizeBytes: entry.compressed_size_bytes,
        blobs: blobs.length === 0 ? null : blobs,
    };
}

;// CONCATENATED MODULE: ./build/registry/digitalocean/repositories.js






const repositories_MAX_MIB = 64;
const Name = dist/* pipe */.FsL(dist/* string */.YjP(), dist/* check */.z6Y(reference/* isRepositoryName */.en, "not a repository name"));
/** GODO omits a count of 0. */
const repositories_Count = dist/* fallback */.NpB(dist/* nullish */.cl6(dist/* number */.aig(), 0), 0);
const RepositoryPage = dist/* object */.Ikc({
    ...Meta.entries,
    ...Links.entries,
    repositories: dist/* nullish */.cl6(dist/* array */.YOg(dist/* object */.Ikc({ name: Name, manifest_count: repositories_Count })), []),
});
/** See `Registry.repositories`. @param onEmpty called with the name of each repository that has no manifests */
async function selectRepositories(api, retry, selection, onEmpty) {
    const repositories = await listRepositories(api, retry);
    if (repositories !== null) {
        for (const { name, manifest_count } of repositories)
            if (manifest_count === 0)
                onEmpty(name);
        return (0,names/* selectFrom */.JU)(api.registry, repositories.map(({ name }) => name).sort(), selection);
    }
    throw new fault/* Fault */.v("registry", `DigitalOcean has no registry ${JSON.stringify(api.registry)} in the team of this token: all its paths returned 404`, "Correct the name in `registry` (registry.digitalocean.com/NAME), or use a token of the team that owns the registry.");
}
/** Returns all repositories; null if the registry does not exist. */
function listRepositories(api, retry) {
    return (0,pages/* readEntries */.$2)(`the repositories of ${api.registry}`, retry, () => ({
        fetch: pageReader(RepositoryPage, ({ repositories }) => repositories ?? [], (query) => api.get(["repositoriesV2"], query)),
        keysOf: ({ name }) => [name],
        maxMiB: repositories_MAX_MIB,
        endless: (reason) => endless(api.registry, reason),
    }));
}
function endless(registry, reason) {
    return new fault/* Fault */.v("listing", `The list of repositories of ${registry} cannot be read completely: ${reason}`, "Run again. If the error persists, report it to DigitalOcean.");
}

;// CONCATENATED MODULE: ./build/registry/digitalocean/storage.js




const Bytes = dist/* pipe */.FsL(dist/* number */.aig(), dist/* safeInteger */.Y2b(), dist/* minValue */.Wwf(0));
const RegistryAnswer = dist/* object */.Ikc({ registry: dist/* object */.Ikc({ name: dist/* string */.YjP(), storage_usage_bytes: Bytes }) });
const SubscriptionAnswer = dist/* object */.Ikc({
    subscription: dist/* object */.Ikc({ tier: dist/* object */.Ikc({ included_storage_bytes: Bytes }) }),
});
/** Returns the registry's storage. A value that cannot be read is null: it is shown, and decides nothing. */
async function readStorage(api) {
    const [answer, plan] = await Promise.all([
        read(api, RegistryAnswer, ["registries", api.registry], ["registry"]),
        read(api, SubscriptionAnswer, ["registries", "subscription"], ["registry", "subscription"]),
    ]);
    return {
        // The older path has no name: it returns the only registry of the team.
        usedBytes: answer?.registry.name === api.registry ? answer.registry.storage_usage_bytes : null,
        includedBytes: plan?.subscription.tier.included_storage_bytes ?? null,
    };
}
/** Reads the documented path, and the older one if the documented one returns 404. Returns null if neither can be read. */
async function read(api, schema, path, olderPath) {
    const request = { method: "GET", scope: "registry:read" };
    try {
        const response = await api.ofAccount({ ...request, path, expected: [200, 404] });
        if (response.status === 200)
            return parseBody(response, schema);
        return parseBody(await api.ofAccount({ ...request, path: olderPath, expected: [200] }), schema);
    }
    catch (error) {
        if (error instanceof fault/* Fault */.v || error instanceof errors/* HttpError */.j$)
            return null;
        throw error;
    }
}

;// CONCATENATED MODULE: ./build/registry/digitalocean/tags.js





const tags_MAX_MIB = 128;
const TagEntry = dist/* object */.Ikc({
    tag: dist/* string */.YjP(),
    manifest_digest: Digest,
    updated_at: dist/* fallback */.NpB(dist/* nullish */.cl6(dist/* string */.YjP()), null),
});
const tags_TagPage = dist/* object */.Ikc({ ...Meta.entries, ...Links.entries, tags: dist/* nullish */.cl6(dist/* array */.YOg(TagEntry), []) });
/** Lists when tags were pushed. The list can be minutes or hours older than the list of manifests. */
async function listTagPushes(api, retry, repository) {
    const list = `the tags of ${api.registry}/${repository}`;
    const entries = await (0,pages/* readEntries */.$2)(list, retry, () => ({
        fetch: pageReader(tags_TagPage, ({ tags }) => tags ?? [], (query) => api.get(["repositories", repository, "tags"], query)),
        keysOf: ({ tag }) => [tag],
        maxMiB: tags_MAX_MIB,
        endless: (reason) => incompleteList(list, reason),
    }));
    return new Map((entries ?? []).map(({ tag, manifest_digest: digest, updated_at }) => [
        tag,
        { digest, pushedAt: (0,time/* parseTime */.p)(updated_at) },
    ]));
}

;// CONCATENATED MODULE: ./build/registry/digitalocean/registry.js















/**
 * Opens DigitalOcean's container registry: its API for lists, deletions and garbage collection, its OCI endpoint for
 * manifests. Shapes, statuses and scopes are those of DigitalOcean's OpenAPI document (specification/resources/registry).
 */
function openDigitalOcean(settings, services) {
    const { registry: address, apiUrl, gcType, gcTimeoutMs } = settings;
    const { secret } = (0,registry_token/* requireCredential */.ts)(settings);
    const api = createDigitalOceanApi({ http: services.http, apiUrl, token: secret, registry: address.path });
    const oci = new client/* OciClient */.R({
        ...services,
        origin: address.origin,
        // The API token is both user and password at the OCI endpoint (DigitalOcean's docs; docker/login-action#895).
        credential: { username: secret, secret },
        mayReceiveCredential: (realm) => realm.host === apiUrl.host,
        remedy: "Give the token in `token` the scope registry:read.",
    });
    const collector = { ...services, api, type: gcType, timeoutMs: gcTimeoutMs };
    const ociName = (repository) => `${address.path}/${repository}`;
    const confirmGone = (0,names/* oncePerRepository */.ld)((repository) => confirmReadable(api, repository));
    const empty = new Set();
    const waitForCollection = shareWhilePending(() => waitUntilWritable(collector));
    async function remove(repository, path, sendBy, exists) {
        const request = { path: ["repositories", repository, ...path], expected: [204, 404], sendBy };
        const deletion = api.ofRegistry({ method: "DELETE", scope: "registry:delete", ...request });
        const response = await deletion.catch((error) => throwWhenWritable(error, waitForCollection));
        if (response.status === 204)
            return "deleted";
        await (0,errors/* afterDeletion */.Tw)(confirmGone(repository));
        if (await (0,errors/* afterDeletion */.Tw)(exists(ociName(repository))))
            throw (0,status_error/* notDeleted */.n)(response);
        return "gone";
    }
    return {
        capabilities: capabilities/* capabilities */.R,
        repositories: (selection) => selectRepositories(api, services, selection, (name) => empty.add(name)),
        list: createLister(api, services, (repository) => empty.has(repository)),
        read: (repository, digest) => oci.read(ociName(repository), digest),
        exists: (repository, digest) => oci.exists(ociName(repository), digest),
        readBlob: (repository, blob) => oci.blob(ociName(repository), blob),
        hasBlob: (repository, digest) => oci.hasBlob(ociName(repository), digest),
        createdAt: async () => null,
        tagPushes: (repository) => listTagPushes(api, services, repository),
        referrers: async () => null,
        async prepareDeletion(_repository, mode = "wait") {
            await (mode === "check" ? waitUntilWritable({ ...collector, timeoutMs: 0 }) : waitForCollection());
        },
        async delete(repository, { digest }, sendBy) {
            const exists = (name) => oci.exists(name, digest);
            const removal = remove(repository, ["digests", digest], sendBy, exists);
            return removal.then((outcome) => ({ outcome }), registry_token/* forbiddenIfRefused */.p3);
        },
        async deleteTag(repository, { tag, digest }, sendBy) {
            const digestOf = (name) => oci.digestOf(name, tag);
            const found = await digestOf(ociName(repository));
            // One that the OCI endpoint does not find can still be in the list.
            if (found !== digest && found !== "missing")
                return "changed";
            return remove(repository, ["tags", tag], sendBy, async (name) => (await digestOf(name)) !== "missing");
        },
        appImages: () => listAppImages(api, services),
        storage: () => readStorage(api),
        collectGarbage: () => collect(collector),
    };
}
/** A 404 also answers a token that may not read, so it means `gone` only if the repository can be read. */
async function confirmReadable(api, repository) {
    const response = await api.get(["repositories", repository, "digests"], { per_page: 1 });
    if (response.status === 200)
        return;
    throw new fault/* Fault */.v("deletion", `DELETE returned 404, and so did the repository ${api.registry}/${repository}, so it may not have been deleted`, "Check that the repository exists and that the token has the scopes registry:read and registry:delete.");
}


/***/ })

};
