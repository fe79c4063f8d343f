export const id = 456;
export const ids = [456];
export const modules = {

/***/ 6456:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  openGhcr: () => (/* binding */ openGhcr)
});

// EXTERNAL MODULE: ./build/fault.js
var fault = __webpack_require__(4900);
// EXTERNAL MODULE: ./build/http/errors.js
var errors = __webpack_require__(2602);
// EXTERNAL MODULE: ./build/registry/names.js
var registry_names = __webpack_require__(450);
// EXTERNAL MODULE: ./build/registry/oci/client.js + 13 modules
var client = __webpack_require__(4067);
// EXTERNAL MODULE: ./build/registry/token.js
var token = __webpack_require__(5327);
// EXTERNAL MODULE: ./node_modules/valibot/dist/index.mjs
var dist = __webpack_require__(7934);
// EXTERNAL MODULE: ./build/http/github.js
var http_github = __webpack_require__(8534);
// EXTERNAL MODULE: ./build/http/json.js
var json = __webpack_require__(3223);
;// CONCATENATED MODULE: ./build/registry/ghcr/api.js





/** The remedy for a missing permission. */
const GRANT_ADMIN = "Give the job `permissions: packages: write`, and give its repository the role Admin in the package's settings under " +
    '"Manage Actions access". Or set `token` to a classic personal access token with read:packages and delete:packages of ' +
    "an admin of the package.";
/** Opens the API. Its first request is preceded by one that finds out whether the owner is an organization. */
function createPackagesApi({ http, apiUrl, token, owner }) {
    const github = (0,http_github/* createGitHubApi */._)(http, { token, apiUrl });
    let base = null;
    async function send({ path, ...request }) {
        base ??= findBase(github, owner);
        const root = await base.catch((error) => {
            base = null;
            throw error;
        });
        return checked(github.send({ ...request, path: [root, ...path.map(encodeSegment)].join("/") }));
    }
    return { owner, send };
}
/** An unpaired surrogate cannot be encoded, and URL parsers resolve `.` and `..`. */
function encodeSegment(text) {
    if (!/^\.{0,2}$|\p{Cs}/u.test(text))
        return encodeURIComponent(text);
    throw new fault/* Fault */.v("listing", `${JSON.stringify(text.slice(0, 200))} cannot be a name on GitHub`, "Correct `repository-pattern`. If it is correct, check the owner's list of packages on GitHub.");
}
const Account = dist/* object */.Ikc({ type: dist/* string */.YjP() });
/** Organizations and users have different paths. A job's token may read the type of any account, but not `/user`. */
async function findBase(github, owner) {
    const segment = encodeSegment(owner);
    const response = await checked(github.send({ method: "GET", path: `/users/${segment}`, expected: [200, 404] }));
    if (response.status === 404) {
        throw new fault/* Fault */.v("registry", `GitHub has no user or organization ${JSON.stringify(owner)}: ${response.url} returned 404`, "Correct the owner in `registry` (ghcr.io/OWNER).");
    }
    const { type } = parseBody(response, Account);
    return `/${type === "Organization" ? "orgs" : "users"}/${segment}/packages`;
}
async function checked(response) {
    try {
        return await response;
    }
    catch (error) {
        throw permissionFault(error) ?? error;
    }
}
/** A job's token needs the role Admin on the package (GitHub's docs, "About permissions for GitHub Packages"). */
function permissionFault(error) {
    if (!(error instanceof errors/* HttpError */.j))
        return null;
    const answer = error.detail === undefined ? error.message : `${error.message}: ${error.detail}`;
    if (error.status === 401) {
        const remedy = "Set `token` (or `github-token`) to the job's own token, or to a classic personal access token that has not expired.";
        return new fault/* Fault */.v("permission", `GitHub rejected the token: ${answer}`, remedy, { cause: error });
    }
    // A 403 that can be retried is a rate limit.
    if (error.status !== 403 || error.retryable)
        return null;
    return new fault/* Fault */.v("permission", `The token lacks a permission: ${answer}`, GRANT_ADMIN, { cause: error });
}
/** Returns the JSON body of a response. Throws Fault `listing` if it does not match `schema`. */
function parseBody(response, schema) {
    return (0,json/* parseJson */.q)(response.body, schema, {
        request: `GET ${response.url.origin}${response.url.pathname}`,
        remedy: "Run again. If the error persists, check any proxy between the runner and GitHub.",
    });
}

// EXTERNAL MODULE: ./build/registry/ghcr/capabilities.js
var capabilities = __webpack_require__(1487);
// EXTERNAL MODULE: ./build/registry/ghcr/limits.js
var limits = __webpack_require__(749);
// EXTERNAL MODULE: ./build/registry/stable-list.js
var stable_list = __webpack_require__(1656);
// EXTERNAL MODULE: ./node_modules/p-map/index.js
var p_map = __webpack_require__(606);
// EXTERNAL MODULE: ./build/http/size-limit.js
var size_limit = __webpack_require__(8494);
// EXTERNAL MODULE: ./build/registry/oci/link.js
var oci_link = __webpack_require__(1854);
;// CONCATENATED MODULE: ./build/registry/ghcr/pages.js




/** The largest `per_page` that GitHub accepts. */
const PER_PAGE = 100;
/** The page size if a server ignores `per_page`, which `/users/USER/packages/…/versions` does not document. */
const DEFAULT_PER_PAGE = 30;
const MAX_PAGES = 10_000;
/** A version takes about 1 KiB: enough for 250,000. */
const MAX_MIB = 256;
/** High, so that the pages of a list follow each other in the host's queue. A list that takes longer changes more often. */
const PAGES_AT_ONCE = 128;
/**
 * Reads all pages of a list: together if the first page names the last, else one after another. The list has changed if a
 * page before the last is not full, or if the number of pages changed.
 */
async function readPages(fetch) {
    const countBytes = (0,size_limit/* createSizeLimit */.L)(MAX_MIB, endless);
    const fetchCounted = async (number) => {
        const page = await fetch(number);
        countBytes(page.sizeBytes);
        return page;
    };
    const first = await fetchCounted(1);
    const pages = first.last === null ? await readInOrder(first, fetchCounted) : await readTogether(first, first.last, fetchCounted);
    const changed = changeBetween(pages);
    return changed === null ? { value: { rows: pages.flatMap(({ rows }) => rows), pages: pages.length } } : { changed };
}
async function readTogether(first, last, fetch) {
    if (last > MAX_PAGES)
        throw endless(TOO_MANY_PAGES);
    const rest = Array.from({ length: Math.max(0, last - 1) }, (_, index) => index + 2);
    return [first, ...(await (0,p_map/* default */.Ay)(rest, fetch, { concurrency: PAGES_AT_ONCE }))];
}
async function readInOrder(first, fetch) {
    const pages = [first];
    for (let page = first; page.next !== null || mayHaveMore(page);) {
        if (pages.length >= MAX_PAGES)
            throw endless(TOO_MANY_PAGES);
        page = await fetch(pages.length + 1);
        // An empty page without a link to it proves that the list ended before it.
        if (page.rows.length === 0 && pages.at(-1)?.next === null)
            break;
        pages.push(page);
        // The server ignores `page` too. The caller finds the duplicates.
        if (JSON.stringify(page.rows[0]) === JSON.stringify(first.rows[0]))
            break;
    }
    return pages;
}
/** A page of GitHub's default size without a link is complete by chance, or the server ignored the query. */
function mayHaveMore({ rows, next }) {
    return next === null && rows.length === DEFAULT_PER_PAGE;
}
function changeBetween(pages) {
    const size = pages[0]?.rows.length ?? 0;
    const final = pages.length - 1;
    for (const [index, { rows, last, next }] of pages.entries()) {
        if (index < final && rows.length !== size)
            return `page ${index + 1} of ${pages.length} has ${rows.length} entries`;
        if (index === final && index > 0 && rows.length === 0)
            return `page ${index + 1} is empty`;
        if (index === final && next !== null)
            return `page ${index + 1} is no longer the last`;
        if (last !== null && last !== pages.length)
            return `it had ${pages.length} pages, then ${last}`;
    }
    return null;
}
const TOO_MANY_PAGES = `it has more than ${MAX_PAGES} pages`;
function endless(reason) {
    return new fault/* Fault */.v("listing", `GitHub's list cannot be read completely: ${reason}`, "Run again.");
}
/**
 * Returns the page numbers in a `Link` header (RFC 8288). Takes only the numbers, because the token must not be sent to a
 * host that a response names. Throws Fault `listing` if the header cannot be parsed: it may link to another page.
 */
function linkedPages(header) {
    const links = (0,oci_link/* parseLinks */.h)(header ?? "");
    if (links === null)
        throw invalid("`Link` header cannot be parsed");
    return { next: pageNumber(links, "next"), last: pageNumber(links, "last") };
}
function pageNumber(links, relation) {
    const target = links.find(({ relations }) => relations.includes(relation))?.target;
    if (target === undefined)
        return null;
    const page = Number(URL.parse(target, "https://api.github.com")?.searchParams.get("page"));
    if (Number.isSafeInteger(page) && page >= 1)
        return page;
    throw invalid(`link to the ${relation} page has no page number`);
}
function invalid(what) {
    return new fault/* Fault */.v("listing", `GitHub's ${what}`, "Run again.");
}

;// CONCATENATED MODULE: ./build/registry/ghcr/packages.js






const Package = dist/* object */.Ikc({ name: dist/* pipe */.FsL(dist/* string */.YjP(), dist/* minLength */.BpQ(1)) });
const Packages = dist/* array */.YOg(Package);
/** See `Registry.repositories`. */
async function selectPackages(selector, selection) {
    const { api, retry, log, registry } = selector;
    if (selection.names !== null)
        return selectByName(selector, selection.names);
    const listed = await listPackages(api, retry);
    const unlisted = selection.literals.filter((name) => selection.matches(name) && !listed?.includes(name.toLowerCase()));
    // The token may be able to read packages that it cannot list.
    const found = await existing(api, unlisted);
    if (listed !== null)
        return (0,registry_names/* selectFrom */.JU)(registry, [...listed, ...found].sort(), { ...selection, names: null });
    if (found.length === 0)
        throw cannotList(registry, selection.literals);
    log.warn("packages-not-listed", `The token may not list the packages of ${api.owner}, so this run includes only those that repository-pattern names ` +
        `without a wildcard: ${found.slice(0, registry_names/* MAX_NAMES_SHOWN */.Qv).join(", ")}. To include all packages, set token to a classic ` +
        "personal access token with read:packages.");
    return { matching: found, existing: [] };
}
async function selectByName({ api, retry, registry }, names) {
    const found = await existing(api, names);
    const missing = names.filter((name) => !found.includes(name.toLowerCase()));
    if (missing.length === 0)
        return { matching: found, existing: [] };
    const others = (await listPackages(api, retry)) ?? [];
    const shown = others.length === 0 ? "" : ` Existing packages: ${others.slice(0, registry_names/* MAX_NAMES_SHOWN */.Qv).join(", ")}.`;
    throw new fault/* Fault */.v("registry", `${registry} has no package ${missing.join(", ")}, or the token may not read it: GitHub returned 404`, `Correct \`repository-pattern\`.${shown} A private package must also give the job's repository access, in the ` +
        'package\'s settings under "Manage Actions access".');
}
function cannotList(registry, literals) {
    const tried = literals.length === 0 ? "" : `, and it has no package ${literals.slice(0, 5).join(", ")}`;
    return new fault/* Fault */.v("permission", `The token may not list the packages of ${registry}${tried}`, "Set `token` to a classic personal access token with read:packages, because GITHUB_TOKEN cannot list packages. Or name " +
        "the packages in `repository-pattern` without a wildcard.");
}
/** Returns the path of a package. The names of container images are in lower case. */
function packagePath(name) {
    return ["container", name.toLowerCase()];
}
/** Returns whether a package exists and the token may read it. */
async function hasPackage(api, name) {
    const { status } = await api.send({ method: "GET", path: packagePath(name), expected: [200, 404] });
    return status === 200;
}
/** Returns those of `names` that exist, in lower case, each once, sorted. */
async function existing(api, names) {
    const sorted = [...new Set(names.map((name) => name.toLowerCase()))].sort();
    const exist = await Promise.all(sorted.map((name) => hasPackage(api, name)));
    return sorted.filter((_, index) => exist[index]);
}
/** Returns the names of the owner's container packages that the token may read, sorted; null if it may not list them. */
async function listPackages(api, retry) {
    try {
        return await (0,stable_list/* readUntilStable */.s)(`the packages of ${api.owner}`, retry, async () => {
            const attempt = await readPages((page) => fetchPage(api, page));
            if ("changed" in attempt)
                return attempt;
            const names = attempt.value.rows.map(({ name }) => name);
            if (new Set(names).size < names.length)
                return { changed: "a package was listed twice" };
            return { value: names.sort() };
        });
    }
    catch (error) {
        // GitHub returns 401, 403 or 404 to a job's token. Which one is not documented.
        if (error instanceof fault/* Fault */.v && error.kind === "permission")
            return null;
        throw error;
    }
}
async function fetchPage(api, page) {
    const query = { package_type: "container", per_page: PER_PAGE, page };
    const response = await api.send({ method: "GET", path: [], query, expected: [200, 404] });
    if (response.status === 404)
        throw cannotList(api.owner, []);
    return {
        rows: parseBody(response, Packages),
        sizeBytes: response.body.length,
        ...linkedPages(response.headers["link"]),
    };
}

// EXTERNAL MODULE: ./build/digest.js
var digest = __webpack_require__(4974);
// EXTERNAL MODULE: ./build/registry/time.js
var time = __webpack_require__(6413);
;// CONCATENATED MODULE: ./build/registry/ghcr/versions.js








// `package-version` in GitHub's OpenAPI document. A container's version is a manifest, and its name is the digest. Tags
// decide what is deleted, so missing tags must not pass for "untagged".
const Time = dist/* fallback */.NpB(dist/* nullish */.cl6(dist/* string */.YjP()), null);
const Version = dist/* object */.Ikc({
    id: dist/* pipe */.FsL(dist/* number */.aig(), dist/* safeInteger */.Y2b(), dist/* minValue */.Wwf(1)),
    name: dist/* pipe */.FsL(dist/* string */.YjP(), dist/* guard */.ahr(digest/* isDigest */.B, "not a digest")),
    metadata: dist/* object */.Ikc({ container: dist/* object */.Ikc({ tags: dist/* array */.YOg(dist/* string */.YjP()) }) }),
    created_at: Time,
    updated_at: Time,
});
const Versions = dist/* array */.YOg(Version);
/** Returns whether the version with this id exists. */
async function hasVersion(api, repository, id) {
    const path = versionsPath(repository, id);
    const { status } = await api.send({ method: "GET", path, expected: [200, 404] });
    return status === 200;
}
/** Returns the path of a package's versions, or of one version. */
function versionsPath(repository, id) {
    return [...packagePath(repository), "versions", ...(id === undefined ? [] : [String(id)])];
}
/**
 * Lists every version of a package once, and returns the number of pages.
 *
 * A deletion while the pages are read moves a version from a page that is not read yet to one that was, and nothing shows
 * that it is missing. So a recheck, which deletions are based on, counts the versions first.
 *
 * @param pagesBefore the number of pages of the last listing; null for the first
 */
async function listVersions(api, repository, pagesBefore, retry) {
    let expectedPages = pagesBefore;
    const { rows, pages } = await (0,stable_list/* readUntilStable */.s)(`the versions of ${api.owner}/${repository}`, retry, async () => {
        const count = expectedPages === null || expectedPages === 1 ? null : await countVersions(api, repository);
        const attempt = await readPages((page) => versions_fetchPage(api, repository, page, PER_PAGE));
        if ("changed" in attempt)
            return attempt;
        const grown = expectedPages === 1 && attempt.value.pages > 1;
        if (grown)
            expectedPages = attempt.value.pages;
        return grown ? { changed: "it has more than one page now" } : eachOnce(attempt.value, count);
    });
    return { manifests: rows.map(manifestOf), pages };
}
/** Counts the versions as pages of one; null if the links do not show it. */
async function countVersions(api, repository) {
    const { rows, next, last } = await versions_fetchPage(api, repository, 1, 1);
    if (rows.length > 1)
        return null;
    return last ?? (next === null ? rows.length : null);
}
async function versions_fetchPage(api, repository, page, perPage) {
    const path = versionsPath(repository);
    const response = await api.send({ method: "GET", path, query: { per_page: perPage, page }, expected: [200, 404] });
    if (response.status === 404) {
        throw new fault/* Fault */.v("listing", `Package ${api.owner}/${repository} does not exist, or the token may not read it: ${response.url.pathname} returned 404`, "Correct `repository-pattern`, or give the job `permissions: packages: write` and access to the package.");
    }
    return {
        rows: parseBody(response, Versions),
        sizeBytes: response.body.length,
        ...linkedPages(response.headers["link"]),
    };
}
function eachOnce(list, count) {
    const { rows } = list;
    const ids = new Set(rows.map(({ id }) => id));
    const digests = new Set(rows.map(({ name }) => name));
    if (ids.size < rows.length || digests.size < rows.length)
        return { changed: "a version was listed twice" };
    if (count !== null && count !== rows.length)
        return { changed: `${rows.length} of ${count} versions were listed` };
    return { value: list };
}
function manifestOf(version) {
    return {
        digest: version.name,
        tags: version.metadata.container.tags,
        pushedAt: pushTimeOf(version),
        sizeBytes: null,
        blobs: null,
        versionId: version.id,
    };
}
/** `updated_at` is later than `created_at` if the same content was pushed again. */
function pushTimeOf({ created_at, updated_at }) {
    const [created, updated] = [(0,time/* parseTime */.p)(created_at), (0,time/* parseTime */.p)(updated_at)];
    return created === null || updated === null ? (created ?? updated) : Math.max(created, updated);
}

;// CONCATENATED MODULE: ./build/registry/ghcr/registry.js










/**
 * Opens GitHub's container registry. A repository is a package, and a manifest is one of its versions. Lists and deletions
 * use the packages API (GitHub's docs, "REST API endpoints for packages"), because ghcr.io returns 405 for a DELETE.
 * Manifests are read from the OCI endpoint. A package itself is never deleted.
 */
function openGhcr(settings, services) {
    const { registry: address, github } = settings;
    const { http, clock, log, signal } = services;
    const credential = (0,token/* requireCredential */.t)(settings);
    const api = createPackagesApi({ http, apiUrl: github.apiUrl, token: credential.secret, owner: address.path });
    const oci = (0,client/* createOciClient */.D)({
        ...{ http, clock, log, credential, origin: address.origin },
        mayReceiveCredential: (realm) => realm.host === address.origin.host,
        remedy: "Give the job `permissions: packages: write`, or set `token` to a classic token with read:packages.",
    });
    const retry = { clock, signal };
    const confirmGone = (0,registry_names/* oncePerRepository */.ld)((repository) => confirmReadable(api, repository));
    const pages = new Map();
    return {
        capabilities: capabilities/* capabilities */.R,
        repositories: (selection) => selectPackages({ api, retry, log, registry: address.name }, selection),
        async list(repository) {
            const listing = await listVersions(api, repository, pages.get(repository) ?? null, retry);
            pages.set(repository, listing.pages);
            return { manifests: listing.manifests };
        },
        // The OCI endpoint accepts only lower case.
        read: (repository, digest) => oci.read(`${address.path}/${repository}`.toLowerCase(), digest),
        createdAt: async () => null,
        referrers: async () => null,
        prepareDeletion: async () => undefined,
        async delete(repository, target, sendBy) {
            const id = versionIdOf(repository, target);
            const deletion = await deleteVersion(api, repository, id, sendBy);
            if (deletion.outcome !== "gone")
                return deletion;
            if (await hasVersion(api, repository, id))
                throw notAllowed(`${api.owner}/${repository}@${target.digest}`);
            await confirmGone(repository);
            return deletion;
        },
        deleteTag: async () => "unsupported",
        deletionBudget: (wanted) => (0,limits/* budgetFor */.v)({ http, host: github.apiUrl.host, now: clock.now() }, [...wanted].map(([repository, deletions]) => ({
            repository,
            deletions,
            // A recheck counts the versions before it lists them.
            recheckRequests: 1 + (pages.get(repository) ?? 1),
        }))),
        collectGarbage: async () => ({
            status: "unsupported",
            freedBytes: null,
            blobsDeleted: null,
            note: "GitHub collects garbage by itself, so there is no garbage collection to start.",
        }),
    };
}
function versionIdOf(repository, { digest, versionId }) {
    if (versionId !== undefined)
        return versionId;
    throw new fault/* Fault */.v("deletion", `${repository}@${digest} cannot be deleted: its version id is unknown`, "Run again. If the error persists, report it as a bug of Refsweep.");
}
/** GitHub's messages: "You cannot delete the last tagged version …", and "… more than 5000 downloads cannot be deleted". */
const POLICY = /\bcannot\b.*\bdelete/i;
async function deleteVersion(api, repository, id, sendBy) {
    try {
        const request = { path: versionsPath(repository, id), expected: [204, 404], sendBy };
        const { status } = await api.send({ method: "DELETE", ...request });
        return { outcome: status === 204 ? "deleted" : "gone" };
    }
    catch (error) {
        const reason = error instanceof errors/* HttpError */.j && error.status === 400 ? (error.detail ?? "") : "";
        if (POLICY.test(reason))
            return { outcome: "refused", reason };
        throw error;
    }
}
/** GitHub also returns 404 instead of 403 to a token that may not delete. */
function notAllowed(version) {
    const message = `DELETE returned 404, but ${version} still exists: the token may not delete it`;
    return new fault/* Fault */.v("permission", message, GRANT_ADMIN);
}
/** A 404 also answers a token that may not read, so it means `gone` only if the package can be read. */
async function confirmReadable(api, repository) {
    if (await hasPackage(api, repository))
        return;
    throw new fault/* Fault */.v("permission", `DELETE returned 404, and so did the package ${api.owner}/${repository}, so the version may not have been deleted`, `Check that the package exists. ${GRANT_ADMIN}`);
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
 * Throws Fault `listing` if the list changed during every attempt.
 *
 * @param list what is read, for the error: `the manifests of acme/web`
 */
async function readUntilStable(list, { clock, signal }, read) {
    for (let attempt = 1;; attempt += 1) {
        const result = await read();
        if ("value" in result)
            return result.value;
        if (attempt === MAX_ATTEMPTS) {
            throw new _fault_js__WEBPACK_IMPORTED_MODULE_0__/* .Fault */ .v("listing", `The list of ${list} changed during each of ${MAX_ATTEMPTS} attempts to read it: ${result.changed}`, "Run again when no push is in progress.");
        }
        await clock.sleep(500 * 2 ** attempt, signal);
    }
}


/***/ })

};
