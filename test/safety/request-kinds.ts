import { type FaultScript, refuse, type ServedRequest } from "../servers/http-server.ts";
import type { ScenarioKind } from "./scenario.ts";

/** One kind of request that a run sends. */
export interface RequestKind {
  readonly title: string;
  readonly scenario: ScenarioKind;
  /** Of the scenario, or `git` or `github`. */
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
export const REQUEST_KINDS: readonly RequestKind[] = [
  { title: "Git's refs", scenario: "oci", server: "git", meets: is("POST", /git-upload-pack/) },
  { title: "Git's older refs", scenario: "oci", server: "git", meets: is("GET", /info\/refs/), besides: OLDER_GIT },
  { title: "GraphQL", scenario: "oci", server: "github", meets: is("POST", /graphql/) },
  { title: "DigitalOcean's repositories", scenario: "digitalocean", server: "api", meets: is("GET", /repositoriesV2/) },
  { title: "DigitalOcean's manifests", scenario: "digitalocean", server: "api", meets: is("GET", /\/digests\?/) },
  { title: "DigitalOcean's deletion", scenario: "digitalocean", server: "api", meets: is("DELETE", /\/digests\//) },
  {
    title: "DigitalOcean's tokens",
    scenario: "digitalocean",
    server: "api",
    meets: is("GET", /registry\/auth/),
  },
  { title: "DigitalOcean's endpoint", scenario: "digitalocean", server: "oci", meets: is("GET", /\/manifests\//) },
  {
    title: "the start of a collection",
    scenario: "digitalocean",
    server: "api",
    meets: is("POST", /garbage-collection/),
    inputs: COLLECT,
  },
  {
    title: "the state of a collection",
    scenario: "digitalocean",
    server: "api",
    meets: is("GET", /garbage-collection/),
    inputs: COLLECT,
  },
  { title: "a package's owner", scenario: "ghcr", server: "api", meets: is("GET", /^\/users\//) },
  { title: "packages", scenario: "ghcr", server: "api", meets: is("GET", /package_type=/) },
  { title: "a package's versions", scenario: "ghcr", server: "api", meets: is("GET", /\/versions\?/) },
  { title: "the deletion of a version", scenario: "ghcr", server: "api", meets: is("DELETE", /\/versions\//) },
  { title: "GHCR's tokens", scenario: "ghcr", server: "oci", meets: is("GET", /^\/token/) },
  { title: "GHCR's manifests", scenario: "ghcr", server: "oci", meets: is("GET", /\/manifests\//) },
  { title: "tags", scenario: "oci", server: "registry", meets: is("GET", /tags\/list/) },
  {
    title: "the catalog",
    scenario: "oci",
    server: "registry",
    meets: is("GET", /_catalog/),
    inputs: { "repository-pattern": "**" },
  },
  { title: "a manifest", scenario: "oci", server: "registry", meets: is("GET", /\/manifests\//) },
  { title: "referrers", scenario: "oci", server: "registry", meets: is("GET", /\/referrers\//) },
  {
    title: "the config of an image",
    scenario: "oci",
    server: "registry",
    meets: is("GET", /\/blobs\//),
    inputs: { "keep-count": "1" },
  },
  { title: "the deletion of a manifest", scenario: "oci", server: "registry", meets: is("DELETE", /\/manifests\//) },
];
