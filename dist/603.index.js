export const id = 603;
export const ids = [603];
export const modules = {

/***/ 3603:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  openDistribution: () => (/* binding */ openDistribution)
});

// UNUSED EXPORTS: createDistributionRegistry

// EXTERNAL MODULE: ./build/http/errors.js
var errors = __webpack_require__(2602);
// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(3024);
// EXTERNAL MODULE: ./node_modules/valibot/dist/index.mjs
var dist = __webpack_require__(7934);
// EXTERNAL MODULE: ./build/fault.js
var fault = __webpack_require__(4900);
;// CONCATENATED MODULE: ./build/registry/oci/auth/docker-config.js



const Entry = dist/* object */.Ikc({
    auth: dist/* nullish */.cl6(dist/* string */.YjP()),
    username: dist/* nullish */.cl6(dist/* string */.YjP()),
    password: dist/* nullish */.cl6(dist/* string */.YjP()),
    identitytoken: dist/* nullish */.cl6(dist/* string */.YjP()),
});
const Config = dist/* object */.Ikc({
    auths: dist/* nullish */.cl6(dist/* record */.g1P(dist/* string */.YjP(), dist/* nullish */.cl6(Entry))),
    credHelpers: dist/* nullish */.cl6(dist/* record */.g1P(dist/* string */.YjP(), dist/* string */.YjP())),
    credsStore: dist/* nullish */.cl6(dist/* string */.YjP()),
});
/**
 * Reads the login of `docker login` or docker/login-action for a registry; null if there is none. Throws Fault `input` if
 * the file is invalid, or if a credential helper stores the login.
 *
 * @param path of Docker's `config.json`; the file need not exist
 */
function readDockerLogin(path, origin) {
    const config = readConfig(path);
    if (config === null)
        return null;
    const helper = findByHost(config.credHelpers ?? {}, origin);
    if (helper)
        throw storedByHelper(path, origin, helper);
    const entry = findByHost(config.auths ?? {}, origin);
    if (!entry)
        return null;
    const login = parseEntry(entry, path, origin);
    // Docker writes an empty entry if its credential store has the login.
    if (login === null && config.credsStore)
        throw storedByHelper(path, origin, config.credsStore);
    return login;
}
function readConfig(path) {
    let text;
    try {
        text = (0,external_node_fs_.readFileSync)(path, "utf8");
    }
    catch (error) {
        if (error instanceof Error && "code" in error && ["ENOENT", "ENOTDIR"].includes(String(error.code)))
            return null;
        throw invalid(path, "cannot be read", error);
    }
    let json;
    try {
        // Docker accepts an empty file.
        json = text.trim() === "" ? {} : JSON.parse(text);
    }
    catch {
        // The error of JSON.parse quotes the text, which may contain a password.
        throw invalid(path, "is not JSON");
    }
    const parsed = dist/* safeParse */.xLC(Config, json);
    if (!parsed.success)
        throw invalid(path, "does not have the structure of a Docker configuration");
    return parsed.output;
}
/** Names of Docker Hub: `docker login` writes the second, the registry's host is the third. */
const DOCKER_HUB = ["docker.io", "index.docker.io", "registry-1.docker.io"];
/** Returns the value whose key is the registry's host, or else one of the forms that Docker has written for it. */
function findByHost(byKey, origin) {
    const entries = Object.entries(byKey);
    const names = DOCKER_HUB.includes(origin.host) ? DOCKER_HUB : [origin.host];
    const other = entries.find(([key]) => names.includes(hostOf(key, origin) ?? ""));
    return (entries.find(([key]) => key === origin.host) ?? other)?.[1];
}
/** `host`, `host:443` and `https://host/v1/` are the same registry. `URL` removes the scheme's default port. */
function hostOf(key, { protocol }) {
    const bare = key.replace(/^https?:\/\//i, "").replace(/\/.*$/, "");
    return URL.parse(`${protocol}//${bare}`)?.host;
}
function parseEntry(entry, path, origin) {
    if (entry.identitytoken)
        return { credential: null, identityToken: entry.identitytoken };
    if (entry.auth) {
        const text = Buffer.from(entry.auth, "base64").toString("utf8");
        const colon = text.indexOf(":");
        if (colon < 1)
            throw invalid(path, `has an \`auth\` for ${origin.host} that is not the base64 of USER:PASSWORD`);
        // Docker sometimes pads it with zero bytes, and removes them when it reads the file.
        const secret = text.slice(colon + 1).replace(/\0+$/, "");
        return { credential: { username: text.slice(0, colon), secret } };
    }
    if (!entry.username || !entry.password)
        return null;
    return { credential: { username: entry.username, secret: entry.password } };
}
function storedByHelper(path, origin, helper) {
    return new fault/* Fault */.v("input", `docker-credential-${helper} stores the login for ${origin.host} (${path}), and Refsweep runs no credential helpers`, "Set `username` and `token`, or use docker/login-action on a runner without that helper.");
}
function invalid(path, problem, cause) {
    return new fault/* Fault */.v("input", `${path} ${problem}`, "Run `docker login` again, or set `username` and `token`.", {
        cause,
    });
}

// EXTERNAL MODULE: ./build/registry/oci/client.js + 10 modules
var client = __webpack_require__(8231);
// EXTERNAL MODULE: ./build/registry/distribution/capabilities.js
var capabilities = __webpack_require__(1815);
;// CONCATENATED MODULE: ./build/registry/distribution/creation-time.js
/**
 * Returns when an image was created, in milliseconds since the epoch; null: unknown. Reads its annotation, or else its config.
 * Of an index, reads the annotation, or else the newest of its images.
 */
async function readCreationTime(oci, name, digest) {
    const content = await oci.read(name, digest);
    if (content === "missing")
        return null;
    if (content.kind === "image" || content.annotatedAt !== null)
        return imageTime(oci, name, content);
    const children = await Promise.all(content.children.map((child) => oci.read(name, child.digest)));
    const images = children.flatMap((child) => (child === "missing" || isAttestation(child) ? [] : [child]));
    const times = await Promise.all(images.map((image) => imageTime(oci, name, image)));
    const known = times.filter((time) => time !== null);
    return known.length === 0 ? null : Math.max(...known);
}
async function imageTime(oci, name, content) {
    return content.annotatedAt ?? (content.config === null ? null : oci.createdAt(name, content.config));
}
/** BuildKit's attestations are images with in-toto layers. */
function isAttestation(content) {
    return content.blobs.some(({ mediaType }) => mediaType === "application/vnd.in-toto+json");
}

// EXTERNAL MODULE: ./build/http/redact.js
var redact = __webpack_require__(2616);
;// CONCATENATED MODULE: ./build/registry/oci/refusal.js




/** OCI distribution-spec, "Error Codes". */
const Errors = dist/* object */.Ikc({
    errors: dist/* tupleWithRest */.XU0([dist/* object */.Ikc({ code: dist/* optional */.lqM(dist/* string */.YjP(), ""), message: dist/* optional */.lqM(dist/* string */.YjP(), "") })], dist/* unknown */.L5J()),
});
/** 400 with these codes is about the request, not about a policy. */
const INVALID_REQUEST = /^(?:DIGEST|NAME|TAG|MANIFEST)_(?:INVALID|UNKNOWN)$/;
/** What registries say of images that their policy protects, and never of a token. */
const POLICY = /immutable|protected|referenced|locked|retention|legal hold|in use/i;
/**
 * Returns why the registry's policy keeps a manifest; null: the response is another error. Registries use different statuses:
 * zot returns 405 for a manifest that an index lists, Harbor 412 for a referenced or immutable one, Quay 409 for an immutable tag,
 * Artifact Registry 400 for a tagged one.
 *
 * @param hasDeleted whether the registry deleted anything in this run: then deletes are not disabled
 */
function refusalOf(response, hasDeleted) {
    const { status, body } = response;
    const { code, message } = errorIn(body);
    const reason = (0,redact/* excerpt */.Kb)(message || code || body.toString("utf8", 0, 1_000), []) || `status ${status}`;
    if (status === 409 || status === 412)
        return reason;
    if (status !== 400 && status !== 405)
        return null;
    if (status === 400 && INVALID_REQUEST.test(code))
        return null;
    return hasDeleted || (code !== "" && code !== "UNSUPPORTED") ? reason : null;
}
/** Returns the registry's reason if `error` is a 403 that is about a policy and not about the credential. */
function refusalInError(error) {
    const cause = error instanceof fault/* Fault */.v && error.kind === "permission" ? error.cause : null;
    if (!(cause instanceof errors/* HttpError */.j$) || cause.status !== 403 || cause.detail === undefined)
        return null;
    return POLICY.test(cause.detail) ? (0,redact/* excerpt */.Kb)(errorIn(Buffer.from(cause.detail)).message || cause.detail, []) : null;
}
/** Returns the first error of a response; empty texts if it has another format. */
function errorIn(body) {
    try {
        return dist/* parse */.qgA(Errors, JSON.parse(body.toString("utf8"))).errors[0];
    }
    catch {
        return { code: "", message: "" };
    }
}

// EXTERNAL MODULE: ./build/registry/oci/status-error.js
var status_error = __webpack_require__(8747);
// EXTERNAL MODULE: ./build/registry/token.js
var token = __webpack_require__(5327);
;// CONCATENATED MODULE: ./build/registry/distribution/delete-manifest.js





const MAX_CHECKS = 4;
const NONEXISTENT = `sha256:${"0".repeat(64)}`;
/**
 * Checks that the registry deletes, with a DELETE of a digest that does not exist: it returns 404 if deletes are enabled, and
 * 405 if they are disabled or the registry is read-only. Throws Fault `registry` for 405.
 */
async function checkDeletesEnabled({ address, oci, ...retry }, name) {
    const response = await deleteNonexistent(oci, name, retry);
    if (response.status === 405)
        throw deletesDisabled(address.name, response);
}
/** Distribution returns a JSON error if deletes are disabled or if it is a cache, and plain text in read-only mode. */
function deletesDisabled(registry, { body }) {
    if (body.toString("utf8").trimStart().startsWith("{")) {
        return new fault/* Fault */.v("registry", `Deletes are disabled at ${registry}, or it is a pull-through cache`, "Set `storage.delete.enabled: true` or REGISTRY_STORAGE_DELETE_ENABLED=true, and restart the registry. A cache (`proxy.remoteurl`) deletes nothing: set `registry` to the registry that it caches.");
    }
    return new fault/* Fault */.v("registry", `The registry ${registry} is read-only`, "Disable `storage.maintenance.readonly`, restart the registry, and run again.");
}
/** The HTTP client never repeats a DELETE, but this one deletes nothing. */
async function deleteNonexistent(oci, name, { clock, signal }) {
    for (let attempt = 1;; attempt += 1) {
        try {
            return await oci.delete(name, NONEXISTENT, Number.POSITIVE_INFINITY);
        }
        catch (error) {
            if (attempt === MAX_CHECKS || !(error instanceof errors/* HttpError */.j$ && error.retryable))
                throw error;
        }
        await clock.sleep(500 * 2 ** attempt, signal);
    }
}
/**
 * Deletes a manifest by digest. Sends one DELETE, and checks whether the manifest exists if the response is ambiguous.
 *
 * @param hasDeleted whether the registry deleted anything in this run
 * @throws Fault `registry` if deletes are disabled
 */
async function deleteManifest({ address, oci }, name, digest, sendBy, hasDeleted) {
    const isGone = async () => !(await (0,errors/* afterDeletion */.Tw)(oci.exists(name, digest)));
    let response;
    try {
        response = await oci.delete(name, digest, sendBy);
    }
    catch (error) {
        const reason = refusalInError(error);
        if (reason !== null)
            return { outcome: "refused", reason };
        // Distribution 3 can delete the manifest and then fail to delete its tags.
        if (error instanceof errors/* HttpError */.j$ && (error.status ?? 0) >= 500 && (await isGone()))
            return { outcome: "deleted" };
        return (0,token/* forbiddenIfRefused */.p3)(error);
    }
    if (response.status === 202)
        return { outcome: "deleted" };
    // Some registries return 200 or 204, but a proxy or a login page can return them too.
    if (response.status < 300 && (await isGone()))
        return { outcome: "deleted" };
    if (response.status === 404 && (await isGone()))
        return { outcome: "gone" };
    const reason = refusalOf(response, hasDeleted);
    if (reason !== null)
        return { outcome: "refused", reason };
    if (response.status === 405)
        throw deletesDisabled(address.name, response);
    throw (0,status_error/* notDeleted */.n)(response);
}

;// CONCATENATED MODULE: ./build/registry/distribution/delete-tag.js



/** Statuses of registries that do not delete tags, or not this one: 2.8 returns 400, others 405. */
const UNSUPPORTED = [400, 405, 409, 412];
/**
 * Deletes a tag, if it still points to `digest`. Some registries delete the manifest with it (the OCI distribution-spec allows
 * that). Sends one DELETE.
 */
async function deleteTag(oci, name, { tag, digest }, sendBy) {
    const before = await oci.digestOf(name, tag);
    if (before !== digest)
        return before === "missing" ? "gone" : "changed";
    const response = await oci.delete(name, tag, sendBy).catch((error) => {
        if (refusalInError(error) === null)
            throw error;
        return null;
    });
    if (response === null || UNSUPPORTED.includes(response.status))
        return "unsupported";
    const after = await (0,errors/* afterDeletion */.Tw)(oci.digestOf(name, tag));
    // The tag was pushed again after it was deleted.
    if (after === "missing" || after !== digest)
        return response.status === 404 ? "gone" : "deleted";
    // Some registries return 202 and keep the tag.
    if (response.status === 202)
        return "unsupported";
    // 404 can also mean that the token lacks the permission, and 200 can come from a proxy or a login page.
    throw (0,status_error/* statusError */.$)("DELETE", response, [], ", but the tag still exists");
}

// EXTERNAL MODULE: ./build/registry/oci/schema1.js
var schema1 = __webpack_require__(178);
;// CONCATENATED MODULE: ./build/registry/distribution/inventory.js

/** The manifests that a run has read, for its garbage collection: `registry garbage-collect` prints no sizes. */
class Inventory {
    #sizes = new Map();
    #indexesAndReferrers = new Set();
    /** The repositories that were listed, with their prefix. */
    repositories = new Set();
    add(name, digest, content) {
        this.#sizes.set(digest, content.sizeBytes);
        // Manifests of schema 1 have no sizes of their layers.
        if (!(0,schema1/* isSchema1 */.Pr)(content.mediaType))
            for (const blob of content.blobs)
                this.#sizes.set(blob.digest, blob.sizeBytes);
        if (content.kind === "index" || content.subject !== null)
            this.#indexesAndReferrers.add(`${name}@${digest}`);
    }
    /** Removes a deleted manifest. Its sizes remain known. */
    remove(name, digest) {
        this.#indexesAndReferrers.delete(`${name}@${digest}`);
    }
    /** Returns the size of a manifest or blob in bytes; null: unknown. */
    sizeOf(digest) {
        return this.#sizes.get(digest) ?? null;
    }
    /** Returns an existing index or referrer, as `NAME@DIGEST`; null if there is none. */
    indexOrReferrer() {
        const [first = null] = this.#indexesAndReferrers;
        return first;
    }
}

// EXTERNAL MODULE: ./node_modules/p-map/index.js
var p_map = __webpack_require__(606);
;// CONCATENATED MODULE: ./build/registry/distribution/list-tagged.js


/** Requests prepared at once. The HTTP client limits how many are in flight. */
const CONCURRENCY = 64;
const MAX_PASSES = 5;
/** A pass that takes longer, in milliseconds, is repeated until two have the same result: tags may have moved meanwhile. */
const MAX_PASS_MS = 5_000;
/**
 * Lists the tagged manifests. Reads the list of tags again after the tags were resolved, and resolves those that were added or
 * removed, or that returned 404 for the first time. A tag that returns 404 twice keeps nothing: its manifest is missing.
 * Throws Fault `listing` if the tags changed during each of 5 passes.
 */
async function listTagged({ oci, clock }, name, inventory) {
    let last = { resolved: new Map(), listed: await listTags(oci, name) };
    let unresolved = last.listed;
    for (let count = 1; count <= MAX_PASSES; count += 1) {
        const startedAt = clock.now();
        const resolved = new Map([...last.resolved, ...(await resolveTags(oci, name, unresolved, inventory))]);
        const pass = { resolved, listed: await listTags(oci, name) };
        const again = tagsToResolveAgain(last, pass, clock.now() - startedAt > MAX_PASS_MS);
        if (again.length === 0) {
            inventory.repositories.add(name);
            return { manifests: manifestsOf(resolved) };
        }
        last = pass;
        unresolved = again;
    }
    throw new fault/* Fault */.v("listing", `The tags of ${name} changed during each of ${MAX_PASSES} attempts to list them`, "Run again when no push is in progress.");
}
function tagsToResolveAgain(before, after, isSlow) {
    const all = [...new Set([...after.resolved.keys(), ...after.listed])];
    if (isSlow && all.some((tag) => after.resolved.get(tag) !== before.resolved.get(tag)))
        return all;
    return all.filter((tag) => {
        const isListed = after.listed.has(tag);
        const isMissing = after.resolved.get(tag) === "missing" && before.resolved.get(tag) !== "missing";
        return isListed !== before.listed.has(tag) || (isListed && isMissing);
    });
}
async function listTags(oci, name) {
    const tags = await oci.tags(name);
    return new Set(tags === "missing" ? [] : tags);
}
async function resolveTags(oci, name, tags, inventory) {
    const resolved = new Map();
    const resolve = async (tag) => {
        const found = await oci.resolve(name, tag);
        if (found !== "missing")
            inventory.add(name, found.digest, found.content);
        resolved.set(tag, found === "missing" ? found : found.digest);
    };
    await (0,p_map/* default */.Ay)(tags, resolve, { concurrency: CONCURRENCY });
    return resolved;
}
function manifestsOf(resolved) {
    const tagsByDigest = new Map();
    for (const [tag, digest] of resolved) {
        if (digest === "missing")
            continue;
        const tags = tagsByDigest.get(digest);
        if (tags === undefined)
            tagsByDigest.set(digest, [tag]);
        else
            tags.push(tag);
    }
    const unknown = { pushedAt: null, sizeBytes: null, blobs: null };
    return [...tagsByDigest].map(([digest, tags]) => ({ digest, tags: tags.sort(), ...unknown }));
}

// EXTERNAL MODULE: ./build/registry/names.js
var registry_names = __webpack_require__(450);
;// CONCATENATED MODULE: ./build/registry/distribution/repositories.js


/** Returns a repository's name with the prefix. */
function fullName({ path }, repository) {
    return path === "" ? repository : `${path}/${repository}`;
}
/** Returns the repositories that a selection matches: from the catalog, or checked one by one if it has no wildcard. */
async function findRepositories(source, selection) {
    const { address, oci } = source;
    if (selection.names !== null)
        return checkNames(source, selection.names);
    try {
        return (0,registry_names/* selectFrom */.JU)(address.name, await listCatalog(oci, address.path), selection);
    }
    catch (error) {
        return selectLiterals(source, selection, error);
    }
}
/** Without access to the catalog, which is not part of the OCI spec, only names without a wildcard are known. */
async function selectLiterals(source, { literals, matches }, error) {
    const isRefused = error instanceof fault/* Fault */.v && (error.kind === "permission" || error.kind === "registry");
    // Another pattern can exclude a name.
    const names = literals.filter((name) => matches(name));
    if (!isRefused || names.length === 0)
        throw error;
    source.log.warn("no-catalog", `${error.message}. Only the repositories that \`repository-pattern\` names without a wildcard are used: ${names.join(", ")}.`);
    return checkNames(source, names);
}
/** Returns `names`. Throws Fault `registry` if one does not exist. */
async function checkNames({ address, oci }, names) {
    const exists = (name) => (0,registry_names/* existsOrFails */.bN)(async () => (await oci.tags(fullName(address, name))) !== "missing");
    const found = await Promise.all(names.map(exists));
    const missing = names.filter((_, index) => !found[index]);
    if (missing.length > 0) {
        // Distribution 2.8 also returns 404 for a repository whose manifests were all pushed by digest.
        const existing = await listCatalog(oci, address.path).catch(() => []);
        const unknown = missing.filter((name) => !existing.includes(name));
        if (unknown.length > 0)
            throw (0,registry_names/* unknownRepositories */.DJ)(address.name, unknown, existing);
    }
    return { matching: names, existing: [] };
}
/** Returns the sorted names of the catalog below `prefix`, without it. */
async function listCatalog(oci, prefix) {
    const start = prefix === "" ? "" : `${prefix}/`;
    const all = await oci.catalog();
    return all.flatMap((name) => (name.startsWith(start) ? name.slice(start.length) : [])).sort();
}

;// CONCATENATED MODULE: ./build/registry/distribution/surviving-tags.js


/**
 * Returns a function that requests one tag of the first deleted manifest. By the OCI distribution-spec, DELETE of a digest also
 * deletes its tags, but the registry of go-containerregistry keeps them, and they can still be pulled. There, the function deletes
 * them too: each only while it points to the deleted manifest. It throws Fault `deletion` if that is not possible.
 */
function createTagCleaner(oci) {
    let keepsTags = null;
    /** Null: that cannot be known, because the tag or the manifest was pushed again after it was deleted. */
    async function survives(name, tag, { digest }) {
        const found = await oci.digestOf(name, tag);
        if (found === "missing")
            return false;
        return found === digest && !(await oci.exists(name, digest)) ? true : null;
    }
    return async (name, target, sendBy) => {
        const { digest, tags = [] } = target;
        const [first] = tags;
        if (first === undefined || keepsTags === false)
            return;
        // The manifest is deleted, whether this request fails or not: then the next deletion finds out.
        keepsTags ??= await survives(name, first, target).catch(() => null);
        if (!keepsTags)
            return;
        for (const tag of tags) {
            if (!(await survives(name, tag, target)))
                continue;
            const deletion = await deleteTag(oci, name, { tag, digest }, sendBy);
            if (deletion === "unsupported")
                throw survivor(name, tag, digest);
        }
    };
}
function survivor(name, tag, digest) {
    return new fault/* Fault */.v("deletion", `The registry deleted ${name}@${digest} and kept its tag ${tag}, which can still be pulled`, "Delete the tag with the registry's own tools. Check for a cache in front of the registry.");
}

;// CONCATENATED MODULE: ./build/registry/distribution/registry.js











const registry_UNSUPPORTED = {
    status: "unsupported",
    freedBytes: null,
    blobsDeleted: null,
    note: "No garbage was collected, because this registry has no API for it. Set `gc-command`: see `Self-hosted registries` in Refsweep's README.",
};
/** Opens the registry of the input `registry`. Sends no request. Throws Fault `input` if the Docker login is invalid. */
function openDistribution(settings, services) {
    const { registry } = settings;
    const oci = new client/* OciClient */.R({
        ...services,
        origin: registry.origin,
        ...loginOf(settings, services.log),
        // The token server of a registry is often another host. The OCI client logs its name and requires TLS.
        mayReceiveCredential: () => true,
        remedy: "Check `username` and `token`, or the Docker login: they must permit pull and delete.",
    });
    const [program, ...args] = settings.gcCommand;
    const runGcCommand = async (context) => {
        if (program === undefined)
            return registry_UNSUPPORTED;
        const { collectByCommand } = await __webpack_require__.e(/* import() */ 358).then(__webpack_require__.bind(__webpack_require__, 1358));
        const command = { command: [program, ...args], timeoutMs: settings.gcTimeoutMs, environment: process.env };
        return collectByCommand({ ...services, ...command }, context);
    };
    return createDistributionRegistry({ ...services, address: registry, oci, runGcCommand });
}
/**
 * Returns a registry that implements the OCI distribution-spec, such as Docker Distribution. It lists tags only: untagged
 * manifests are found through the indexes and referrers that lead to them.
 */
function createDistributionRegistry(options) {
    const { address, oci, runGcCommand } = options;
    const inventory = new Inventory();
    const cleanTags = createTagCleaner(oci);
    const nameOf = (repository) => fullName(address, repository);
    let deletesEnabled = false;
    let hasDeleted = false;
    return {
        capabilities: capabilities/* capabilities */.R,
        repositories: (selection) => findRepositories(options, selection),
        list: (repository) => listTagged(options, nameOf(repository), inventory),
        async read(repository, digest) {
            const name = nameOf(repository);
            const content = await oci.read(name, digest);
            if (content !== "missing")
                inventory.add(name, digest, content);
            return content;
        },
        exists: (repository, digest) => oci.exists(nameOf(repository), digest),
        hasTag: async (repository, tag) => (await oci.digestOf(nameOf(repository), tag)) !== "missing",
        readBlob: (repository, blob) => oci.blob(nameOf(repository), blob),
        hasBlob: (repository, digest) => oci.hasBlob(nameOf(repository), digest),
        createdAt: (repository, digest) => readCreationTime(oci, nameOf(repository), digest),
        referrers: (repository, digest) => oci.referrers(nameOf(repository), digest),
        async prepareDeletion(repository) {
            if (!deletesEnabled)
                await checkDeletesEnabled(options, nameOf(repository));
            deletesEnabled = true;
        },
        // Not tag by tag, although distribution 3 takes twice as long by digest: no list would show what an interruption leaves.
        async delete(repository, target, sendBy) {
            const name = nameOf(repository);
            const deletion = await deleteManifest(options, name, target.digest, sendBy, hasDeleted);
            if (deletion.outcome !== "deleted" && deletion.outcome !== "gone")
                return deletion;
            hasDeleted ||= deletion.outcome === "deleted";
            inventory.remove(name, target.digest);
            await (0,errors/* afterDeletion */.Tw)(cleanTags(name, target, sendBy));
            return deletion;
        },
        deleteTag: (repository, target, sendBy) => deleteTag(oci, nameOf(repository), target, sendBy),
        collectGarbage: () => runGcCommand({
            sizeOf: (digest) => inventory.sizeOf(digest),
            findIndexOrReferrer: () => findIndexOrReferrer(options, inventory),
        }),
    };
}
/** Also reads the repositories that the run did not list, because a collection affects all of them. */
async function findIndexOrReferrer(source, inventory) {
    const known = inventory.indexOrReferrer();
    if (known !== null)
        return known;
    for (const name of await source.oci.catalog()) {
        if (inventory.repositories.has(name))
            continue;
        await listTagged(source, name, inventory);
        const found = inventory.indexOrReferrer();
        if (found !== null)
            return found;
    }
    return null;
}
/** Returns the credential of the inputs, or else the Docker login. */
function loginOf({ registry, credential, dockerConfigPath }, log) {
    const login = credential === null ? readDockerLogin(dockerConfigPath, registry.origin) : null;
    if (login === null)
        return { credential };
    log.info(`Using the Docker login in ${dockerConfigPath} for ${registry.name}`);
    if (login.credential === null) {
        log.mask(login.identityToken);
    }
    else {
        const { username, secret } = login.credential;
        log.mask(secret);
        log.mask(Buffer.from(`${username}:${secret}`).toString("base64"));
    }
    return login;
}


/***/ })

};
