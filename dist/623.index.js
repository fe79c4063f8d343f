export const id = 623;
export const ids = [623];
export const modules = {

/***/ 7623:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  openGhcr: () => (/* binding */ openGhcr)
});

// EXTERNAL MODULE: ./build/fault.js
var fault = __webpack_require__(4900);
// EXTERNAL MODULE: ./build/http/errors.js
var errors = __webpack_require__(2602);
// EXTERNAL MODULE: ./build/http/github.js
var http_github = __webpack_require__(8534);
// EXTERNAL MODULE: ./build/registry/names.js
var registry_names = __webpack_require__(450);
// EXTERNAL MODULE: ./build/registry/oci/client.js + 10 modules
var client = __webpack_require__(8231);
// EXTERNAL MODULE: ./build/registry/oci/status-error.js
var status_error = __webpack_require__(8747);
// EXTERNAL MODULE: ./build/registry/token.js
var token = __webpack_require__(5327);
// EXTERNAL MODULE: ./node_modules/valibot/dist/index.mjs
var dist = __webpack_require__(7934);
// EXTERNAL MODULE: ./build/http/json.js
var json = __webpack_require__(3223);
;// CONCATENATED MODULE: ./build/registry/ghcr/api.js




/** The remedy for a missing permission. */
const GRANT_ADMIN = "Give the job `permissions: packages: write`, and give its repository the role Admin in the package's settings under " +
    '"Manage Actions access". Or set `token` to a classic personal access token with read:packages and delete:packages of ' +
    "an admin of the package.";
const REMEDIES = {
    // A job's token needs the role Admin on the package (GitHub's docs, "About permissions for GitHub Packages").
    lacking: GRANT_ADMIN,
    rejected: "Set `token` (or `github-token`) to the job's own token, or to a classic personal access token that has not expired.",
};
/** Opens the API. Its first request is preceded by one that finds out whether the owner is an organization. */
function createPackagesApi(github, owner) {
    let base = null;
    let scopes = null;
    function open() {
        base ??= findBase(github, owner).catch((error) => {
            base = null;
            throw error;
        });
        return base;
    }
    async function send({ path, ...request }) {
        const root = await open();
        const url = [root, ...path.map(encodeSegment)].join("/");
        const response = await (0,token/* requirePermission */.PS)("GitHub", REMEDIES, github.send({ ...request, path: url }));
        scopes = response.headers["x-oauth-scopes"]?.split(",").map((scope) => scope.trim()) ?? null;
        return response;
    }
    return {
        owner,
        async open() {
            await open();
        },
        requireScope(scope) {
            // Only classic tokens have scopes.
            if (scopes === null || scopes.includes("") || scopes.includes(scope))
                return;
            const message = `The token has no scope ${scope}; its scopes are ${scopes.join(", ")}`;
            throw new fault/* Fault */.v("permission", message, GRANT_ADMIN);
        },
        send,
        exists: async (path) => (await send({ method: "GET", path, expected: [200, 404] })).status === 200,
    };
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
    const request = { method: "GET", path: `/users/${segment}`, expected: [200, 404] };
    const response = await (0,token/* requirePermission */.PS)("GitHub", REMEDIES, github.send(request));
    if (response.status === 404) {
        throw new fault/* Fault */.v("registry", `GitHub has no user or organization ${JSON.stringify(owner)}: ${response.url} returned 404`, "Correct the owner in `registry` (ghcr.io/OWNER).");
    }
    const { type } = parseBody(response, Account);
    return `/${type === "Organization" ? "orgs" : "users"}/${segment}/packages`;
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
;// CONCATENATED MODULE: ./build/registry/ghcr/recent-versions.js
/** How long an entry counts as recent, in milliseconds. */
const RECENT_MS = 30_000;
/** How long a request may be delayed by the host's limits. */
const MAX_DELAY_MS = 5_000;
/**
 * Shows whether versions changed since their package was listed, for fewer requests than another list: it reads the first page,
 * which shows new versions, and the pages that show the versions in question.
 */
class RecentVersions {
    #source;
    #pageSize;
    /** The places of all versions in the list, by id. */
    #places;
    #deletedPlaces = [];
    #seen = new Map();
    #reading = new Map();
    #first = null;
    #hasNew = false;
    /** @param manifests the complete list, newest first */
    constructor(source, manifests, pageSize) {
        this.#source = source;
        this.#pageSize = Math.max(1, pageSize);
        this.#places = new Map(manifests.map(({ versionId = 0 }, place) => [versionId, place]));
    }
    /** Records that a version was deleted: the later ones move forward. */
    deleted(id) {
        const place = this.#places.get(id);
        if (place !== undefined)
            this.#deletedPlaces.push(place);
    }
    /** Returns whether a version has the same tags and times as in the list, and no version was added since. */
    async isUnchanged(listed) {
        const { versionId: id = 0 } = listed;
        if (this.#first === null || !this.#isRecent(this.#first))
            await this.#readPage(1);
        // Deletions move it to an earlier page, also while that page is read.
        for (let attempt = 1; attempt <= 2 && !this.#hasNew && this.#recent(id) === null; attempt += 1) {
            await this.#readPage(this.#pageOf(id));
        }
        if (this.#hasNew)
            return false;
        const now = this.#recent(id) ?? (await this.#source.read(id, this.#source.clock.now() + MAX_DELAY_MS));
        return now !== "missing" && isSame(now, listed);
    }
    #recent(id) {
        const seen = this.#seen.get(id);
        return seen !== undefined && this.#isRecent(seen) ? seen.manifest : null;
    }
    #isRecent({ readAt }) {
        return this.#source.clock.now() - readAt <= RECENT_MS;
    }
    #pageOf(id) {
        const place = this.#places.get(id) ?? 0;
        const deletedBefore = this.#deletedPlaces.filter((deleted) => deleted < place).length;
        return Math.floor((place - deletedBefore) / this.#pageSize) + 1;
    }
    /** Reads a page. Calls while it is being read share it. */
    #readPage(number) {
        const pending = this.#reading.get(number) ?? this.#read(number).finally(() => this.#reading.delete(number));
        this.#reading.set(number, pending);
        return pending;
    }
    async #read(number) {
        const readAt = this.#source.clock.now();
        const page = await this.#source.fetch(number, readAt + MAX_DELAY_MS);
        for (const manifest of page?.rows ?? []) {
            const { versionId: id = 0 } = manifest;
            if (!this.#places.has(id))
                this.#hasNew = true;
            this.#seen.set(id, { manifest, readAt });
        }
        if (number === 1)
            this.#first = { readAt };
    }
}
/** Whether a list is in the order in which the first page shows what is new. */
function isNewestFirst(manifests) {
    const descends = (keyOf) => manifests.every((manifest, index) => {
        const before = manifests[index - 1];
        return before === undefined || keyOf(before) >= keyOf(manifest);
    });
    return descends(({ versionId }) => versionId ?? 0) || descends(({ pushedAt }) => pushedAt ?? 0);
}
function isSame(now, listed) {
    const tags = new Set(listed.tags);
    return (now.digest === listed.digest &&
        now.versionId === listed.versionId &&
        now.pushedAt === listed.pushedAt &&
        now.tags.length === tags.size &&
        now.tags.every((tag) => tags.has(tag)));
}

// EXTERNAL MODULE: ./build/digest.js
var digest = __webpack_require__(4974);
// EXTERNAL MODULE: ./build/registry/pages.js
var registry_pages = __webpack_require__(9610);
// EXTERNAL MODULE: ./build/registry/stable-list.js
var stable_list = __webpack_require__(1656);
// EXTERNAL MODULE: ./build/registry/time.js
var time = __webpack_require__(6413);
// EXTERNAL MODULE: ./node_modules/p-map/index.js
var p_map = __webpack_require__(606);
// EXTERNAL MODULE: ./build/http/link.js
var http_link = __webpack_require__(8961);
;// CONCATENATED MODULE: ./build/registry/ghcr/pages.js






/** The largest `per_page` that GitHub accepts. */
const PER_PAGE = 100;
/** A version takes about 1 KiB: enough for 250,000. */
const MAX_MIB = 256;
/** The limits of a list. */
const LIMITS = {
    maxMiB: MAX_MIB,
    endless: (reason) => new fault/* Fault */.v("listing", `GitHub's list cannot be read completely: ${reason}`, "Run again."),
};
/** Returns the page in a response. Throws Fault `listing` if an entry does not match `entry`. */
function pageOf(response, entry) {
    const rows = parseBody(response, dist/* array */.YOg(entry));
    return { rows, sizeBytes: response.body.length, total: null, ...linkedPages(response.headers["link"]) };
}
/**
 * Reads the first page of a list again. Returns how the list changed; null if it has every entry that existed all the time.
 *
 * A deletion moves later entries forward, one of them from a page that is not read yet to one that was. A push at the same time
 * hides this from the number of pages. If it happens before the last page is read, which is the second, the first page shows
 * it. If it happens later, an entry of the last page is found twice.
 *
 * @param pages as `readPages` returned them, without duplicates
 */
async function changeSince(pages, fetch) {
    if (pages.length === 1)
        return null;
    // Pages without a link to the last were read in order.
    const numbers = pages[0]?.last === null ? pages.map((_, index) => index + 1) : [1];
    const again = await (0,p_map/* default */.Ay)(numbers, fetch, { concurrency: registry_pages/* PAGES_AT_ONCE */.H });
    const changed = numbers.find((number, index) => placesIn(again[index]) !== placesIn(pages[number - 1]));
    return changed === undefined ? null : `page ${changed} of ${pages.length} changed`;
}
function placesIn(page) {
    return JSON.stringify([page?.rows.map(({ id }) => id), page?.next, page?.last]);
}
/**
 * Returns the page numbers in a `Link` header (RFC 8288). Takes only the numbers, because the token must not be sent to a
 * host that a response names. Throws Fault `listing` if the header cannot be parsed: it may link to another page.
 */
function linkedPages(header) {
    const links = (0,http_link/* parseLinks */.h)(header ?? "");
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
/** See `Registry.repositories`. */
async function selectPackages(selector, selection) {
    const { api, services, registry } = selector;
    if (selection.names !== null)
        return selectByName(selector, selection.names);
    const listed = await listPackages(api, services);
    const unlisted = selection.literals.filter((name) => selection.matches(name) && !listed?.includes(name.toLowerCase()));
    // The token may be able to read packages that it cannot list.
    const found = await existing(api, unlisted);
    if (listed !== null)
        return (0,registry_names/* selectFrom */.JU)(registry, [...listed, ...found].sort(), { ...selection, names: null });
    if (found.length === 0)
        throw cannotList(registry, selection.literals);
    const text = `The token may not list the packages of ${api.owner}, so this run includes only those that repository-pattern names ` +
        `without a wildcard: ${found.slice(0, registry_names/* MAX_NAMES_SHOWN */.Qv).join(", ")}. To include all packages, set token to a classic ` +
        "personal access token with read:packages.";
    if (selection.isDefault === true)
        return { matching: found, existing: [], notice: text };
    services.log.warn("packages-not-listed", text);
    return { matching: found, existing: [] };
}
async function selectByName({ api, services, registry }, names) {
    const found = await existing(api, names);
    const missing = names.filter((name) => !found.includes(name.toLowerCase()));
    if (missing.length === 0)
        return { matching: found, existing: [] };
    const others = (await listPackages(api, services)) ?? [];
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
/** Returns those of `names` that exist, or whose check failed, in lower case, each once, sorted. */
async function existing(api, names) {
    const sorted = [...new Set(names.map((name) => name.toLowerCase()))].sort();
    const exist = await Promise.all(sorted.map((name) => (0,registry_names/* existsOrFails */.bN)(() => api.exists(packagePath(name)))));
    return sorted.filter((_, index) => exist[index]);
}
/** Returns the names of the owner's container packages that the token may read, sorted; null if it may not list them. */
async function listPackages(api, retry) {
    const fetch = (page) => fetchPage(api, page);
    // Its errors say nothing about the list.
    await api.open();
    try {
        const packages = await (0,registry_pages/* readEntries */.$2)(`the packages of ${api.owner}`, retry, () => ({
            ...LIMITS,
            fetch,
            keysOf: ({ name }) => [name],
        }));
        return packages?.map(({ name }) => name).sort() ?? null;
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
    return response.status === 404 ? null : pageOf(response, Package);
}

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
/** Returns the path of a package's versions, or of one version. */
function versionsPath(repository, id) {
    return [...packagePath(repository), "versions", ...(id === undefined ? [] : [String(id)])];
}
/**
 * Lists every version of a package once; null if the list returned 404.
 *
 * @param onPages called with the number of pages as soon as the first page shows it; may throw
 */
async function listVersions(api, repository, retry, onPages) {
    let requests = 0;
    const fetch = async (number) => {
        requests += 1;
        const page = await versions_fetchPage(api, repository, number);
        if (number === 1 && page !== null)
            onPages(page.last ?? 1);
        return page;
    };
    const pages = await (0,stable_list/* readUntilStable */.s)(`the versions of ${api.owner}/${repository}`, retry, async () => {
        requests = 0;
        const attempt = await (0,registry_pages/* readPages */.n4)({ ...LIMITS, fetch, keysOf: ({ id, name }) => [String(id), name] });
        if ("changed" in attempt || attempt.value === null)
            return attempt;
        const changed = await changeSince(attempt.value, fetch);
        return changed === null ? attempt : { changed };
    });
    const manifests = pages?.flatMap(({ rows }) => rows.map(manifestOf)) ?? [];
    return pages && { manifests, requests, pageSize: pages[0]?.rows.length ?? 0 };
}
/** Returns one page as the list shows it; null for 404. */
async function readVersions(api, repository, number, sendBy) {
    const page = await versions_fetchPage(api, repository, number, sendBy);
    return page && { ...page, rows: page.rows.map(manifestOf) };
}
/** Returns one version as the list shows it; `missing` for 404. */
async function readVersion(api, repository, id, sendBy) {
    const path = versionsPath(repository, id);
    const response = await api.send({ method: "GET", path, expected: [200, 404], sendBy });
    return response.status === 404 ? "missing" : manifestOf(parseBody(response, Version));
}
async function versions_fetchPage(api, repository, page, sendBy) {
    const query = { per_page: PER_PAGE, page };
    const request = { path: versionsPath(repository), query, expected: [200, 404], sendBy };
    const response = await api.send({ method: "GET", ...request });
    return response.status === 404 ? null : pageOf(response, Version);
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

;// CONCATENATED MODULE: ./build/registry/ghcr/package-lists.js



/** The lists of versions of a run's packages, and what they cost. */
class PackageLists {
    #api;
    #options;
    #known = new Map();
    /** Requests that each package needs until its deletions. */
    #needed = new Map();
    constructor(api, options) {
        this.#api = api;
        this.#options = options;
    }
    /** Lists a package; null if it returned 404. Throws Fault `listing` if the API's budget is too small. */
    async read(repository) {
        const isFirst = !this.#known.has(repository);
        const listed = await listVersions(this.#api, repository, this.#options, (pages) => {
            if (isFirst)
                this.#reserve(repository, pages);
        });
        if (listed === null)
            return null;
        const { manifests, requests, pageSize } = listed;
        const source = {
            clock: this.#options.clock,
            fetch: (page, sendBy) => readVersions(this.#api, repository, page, sendBy),
            read: (id, sendBy) => readVersion(this.#api, repository, id, sendBy),
        };
        const recent = new RecentVersions(source, manifests, pageSize);
        this.#known.set(repository, { requests, recent, isOrdered: isNewestFirst(manifests) });
        this.#needed.set(repository, this.#options.dryRun ? 0 : requests);
        return { manifests };
    }
    /** Returns what a recheck of a package costs. */
    cost(repository) {
        const { http, github } = this.#options;
        const known = this.#known.get(repository);
        const requests = known?.requests ?? 1;
        // Only a list in this order shows on its first page what is new.
        const budget = known?.isOrdered === true ? http.budget(github.apiUrl.host) : null;
        return { requests, batchMs: (0,limits/* batchLength */.DQ)(budget, requests) };
    }
    deleted(repository, id) {
        this.#known.get(repository)?.recent.deleted(id);
    }
    async isUnchanged(repository, manifest) {
        return (await this.#known.get(repository)?.recent.isUnchanged(manifest)) ?? false;
    }
    /** The first page has been read. A list of several pages reads it again. */
    #reserve(repository, pages) {
        const { http, clock, github, dryRun } = this.#options;
        const requests = pages + (dryRun ? 0 : pages + 1);
        const reserved = [...this.#needed].reduce((sum, [name, needed]) => sum + (name === repository ? 0 : needed), 0);
        const name = `${this.#api.owner}/${repository}`;
        (0,limits/* requireBudget */.RY)(http.budget(github.apiUrl.host), clock.now(), { name, pages, requests, reserved });
        this.#needed.set(repository, requests);
    }
}

;// CONCATENATED MODULE: ./build/registry/ghcr/registry.js













/**
 * Opens GitHub's container registry. A repository is a package, and a manifest is one of its versions. Lists and deletions
 * use the packages API (GitHub's docs, "REST API endpoints for packages"), because ghcr.io returns 405 for a DELETE.
 * Manifests are read from the OCI endpoint. A package itself is never deleted.
 */
function openGhcr(settings, services) {
    const { registry: address, github } = settings;
    const { http, clock } = services;
    const credential = (0,token/* requireCredential */.ts)(settings);
    const githubApi = (0,http_github/* createGitHubApi */._)(http, { token: credential.secret, apiUrl: github.apiUrl });
    const api = createPackagesApi(githubApi, address.path);
    const oci = new client/* OciClient */.R({
        ...{ ...services, credential, origin: address.origin },
        mayReceiveCredential: (realm) => realm.host === address.origin.host,
        remedy: "Give the job `permissions: packages: write`, or set `token` to a classic token with read:packages.",
    });
    // The OCI endpoint accepts only lower case.
    const ociName = (repository) => `${address.path}/${repository}`.toLowerCase();
    const confirmGone = (0,registry_names/* oncePerRepository */.ld)((repository) => confirmReadable(api, repository));
    const found = new Set();
    const lists = new PackageLists(api, { ...settings, ...services });
    return {
        capabilities: capabilities/* capabilities */.R,
        async repositories(selection) {
            const names = await selectPackages({ api, services, registry: address.name }, selection);
            for (const name of names.matching)
                found.add(name);
            return names;
        },
        async list(repository) {
            const listing = await lists.read(repository);
            if (listing !== null)
                return listing;
            if (!found.has(repository))
                throw unreadable(api, repository);
            await requireDeleted(api, repository);
            return { manifests: [] };
        },
        batchMs: (repository) => lists.cost(repository).batchMs,
        isUnchanged: (repository, manifest) => lists.isUnchanged(repository, manifest),
        read: (repository, digest) => oci.read(ociName(repository), digest),
        exists: (repository, digest) => oci.exists(ociName(repository), digest),
        readBlob: (repository, blob) => oci.blob(ociName(repository), blob),
        hasBlob: (repository, digest) => oci.hasBlob(ociName(repository), digest),
        entry: (repository, target) => readVersion(api, repository, versionIdOf(repository, target)),
        createdAt: async () => null,
        referrers: async () => null,
        async prepareDeletion(_repository, mode) {
            // A DELETE itself shows more: without a dry run, its answer counts.
            if (mode === "check")
                api.requireScope("delete:packages");
        },
        async delete(repository, target, sendBy) {
            const id = versionIdOf(repository, target);
            const result = await deleteVersion(api, repository, id, sendBy);
            if ("outcome" in result) {
                if (result.outcome === "deleted")
                    lists.deleted(repository, id);
                return result;
            }
            if (await (0,errors/* afterDeletion */.Tw)(api.exists(versionsPath(repository, id)))) {
                // GitHub also returns 404 instead of 403 to a token that may not delete.
                const version = `${api.owner}/${repository}@${target.digest}`;
                const message = `DELETE returned 404, but ${version} still exists: the token may not delete it`;
                return { outcome: "forbidden", fault: new fault/* Fault */.v("permission", message, GRANT_ADMIN) };
            }
            await (0,errors/* afterDeletion */.Tw)(confirmGone(repository));
            if (await (0,errors/* afterDeletion */.Tw)(oci.exists(ociName(repository), target.digest)))
                throw (0,status_error/* notDeleted */.n)(result);
            return { outcome: "gone" };
        },
        deleteTag: async () => "unsupported",
        deletionBudget(wanted) {
            const budget = http.budget(github.apiUrl.host);
            if (budget === null || clock.now() >= budget.resetAt)
                return null;
            return (0,limits/* limitDeletions */.bY)(budget, wanted, (repository) => lists.cost(repository));
        },
        collectGarbage: async () => ({
            status: "unsupported",
            freedBytes: null,
            blobsDeleted: null,
            note: "GitHub collects garbage by itself, so there is no garbage collection to start.",
        }),
    };
}
/** A package whose versions return 404 was deleted since it was found, if it returns 404 too. Else throws Fault `listing`. */
async function requireDeleted(api, repository) {
    if (await api.exists(packagePath(repository)))
        throw unreadable(api, repository);
}
function unreadable({ owner }, repository) {
    return new fault/* Fault */.v("listing", `Package ${owner}/${repository} does not exist, or the token may not read it: its list of versions returned 404`, "Correct `repository-pattern`, or give the job `permissions: packages: write` and access to the package.");
}
function versionIdOf(repository, { digest, versionId }) {
    if (versionId !== undefined)
        return versionId;
    throw new fault/* Fault */.v("deletion", `${repository}@${digest} cannot be deleted: its version id is unknown`, "Run again. If the error persists, report it as a bug of Refsweep.");
}
/** GitHub's messages: "You cannot delete the last tagged version …", and "… more than 5000 downloads cannot be deleted". */
const POLICY = /\bcannot\b.*\bdelete/i;
/** Sends the DELETE of a version. Returns a response with status 404. */
async function deleteVersion(api, repository, id, sendBy) {
    try {
        const request = { path: versionsPath(repository, id), expected: [204, 404], sendBy };
        const response = await api.send({ method: "DELETE", ...request });
        return response.status === 204 ? { outcome: "deleted" } : response;
    }
    catch (error) {
        const reason = error instanceof errors/* HttpError */.j$ && error.status === 400 ? (error.detail ?? "") : "";
        if (POLICY.test(reason))
            return { outcome: "refused", reason };
        return (0,token/* forbiddenIfRefused */.p3)(error);
    }
}
/** A 404 also answers a token that may not read, so it means `gone` only if the package can be read. */
async function confirmReadable(api, repository) {
    if (await api.exists(packagePath(repository)))
        return;
    throw new fault/* Fault */.v("permission", `DELETE returned 404, and so did the package ${api.owner}/${repository}, so the version may not have been deleted`, `Check that the package exists. ${GRANT_ADMIN}`);
}


/***/ })

};
