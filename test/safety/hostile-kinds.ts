import { type FaultScript, refuse, type ServedRequest } from "../servers/http-server.ts";
import type { StageKind } from "./stage.ts";

/** One kind of request that a run sends. */
export interface Kind {
  readonly title: string;
  readonly stage: StageKind;
  /** Of the stage, or `git` or `github`. */
  readonly server: string;
  readonly meets: (request: Pick<ServedRequest, "method" | "path">) => boolean;
  readonly inputs?: Readonly<Record<string, string>>;
  /** What else goes wrong, so that this kind of request is sent at all. */
  readonly besides?: FaultScript;
}

const OLDER_GIT: FaultScript = ({ method }) => (method === "POST" ? refuse(400) : null);
const COLLECT = { "run-gc": "always", "gc-timeout": "5m" };

const is =
  (method: string, path: RegExp) =>
  (request: Pick<ServedRequest, "method" | "path">): boolean =>
    request.method === method && path.test(request.path);

/** Every kind of request that a run sends. */
export const KINDS: readonly Kind[] = [
  { title: "Git's refs", stage: "oci", server: "git", meets: is("POST", /git-upload-pack/) },
  { title: "Git's older refs", stage: "oci", server: "git", meets: is("GET", /info\/refs/), besides: OLDER_GIT },
  { title: "GraphQL", stage: "oci", server: "github", meets: is("POST", /graphql/) },
  { title: "DigitalOcean's repositories", stage: "digitalocean", server: "api", meets: is("GET", /repositoriesV2/) },
  { title: "DigitalOcean's manifests", stage: "digitalocean", server: "api", meets: is("GET", /\/digests\?/) },
  { title: "DigitalOcean's deletion", stage: "digitalocean", server: "api", meets: is("DELETE", /\/digests\//) },
  {
    title: "DigitalOcean's tokens",
    stage: "digitalocean",
    server: "api",
    meets: is("GET", /registry\/auth/),
  },
  { title: "DigitalOcean's endpoint", stage: "digitalocean", server: "oci", meets: is("GET", /\/manifests\//) },
  {
    title: "the start of a collection",
    stage: "digitalocean",
    server: "api",
    meets: is("POST", /garbage-collection/),
    inputs: COLLECT,
  },
  {
    title: "the state of a collection",
    stage: "digitalocean",
    server: "api",
    meets: is("GET", /garbage-collection/),
    inputs: COLLECT,
  },
  { title: "a package's owner", stage: "ghcr", server: "api", meets: is("GET", /^\/users\//) },
  { title: "packages", stage: "ghcr", server: "api", meets: is("GET", /package_type=/) },
  { title: "a package's versions", stage: "ghcr", server: "api", meets: is("GET", /\/versions\?/) },
  { title: "the deletion of a version", stage: "ghcr", server: "api", meets: is("DELETE", /\/versions\//) },
  { title: "GHCR's tokens", stage: "ghcr", server: "oci", meets: is("GET", /^\/token/) },
  { title: "GHCR's manifests", stage: "ghcr", server: "oci", meets: is("GET", /\/manifests\//) },
  { title: "tags", stage: "oci", server: "registry", meets: is("GET", /tags\/list/) },
  {
    title: "the catalog",
    stage: "oci",
    server: "registry",
    meets: is("GET", /_catalog/),
    inputs: { "repository-pattern": "**" },
  },
  { title: "a manifest", stage: "oci", server: "registry", meets: is("GET", /\/manifests\//) },
  { title: "referrers", stage: "oci", server: "registry", meets: is("GET", /\/referrers\//) },
  {
    title: "the config of an image",
    stage: "oci",
    server: "registry",
    meets: is("GET", /\/blobs\//),
    inputs: { "keep-count": "1" },
  },
  { title: "the deletion of a manifest", stage: "oci", server: "registry", meets: is("DELETE", /\/manifests\//) },
];
