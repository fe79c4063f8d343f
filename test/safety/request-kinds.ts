import { type FaultScript, refuse, type ServedRequest } from "../servers/http-server.ts";
import type { ScenarioKind } from "./scenario.ts";

/** One kind of request that a run sends. */
export interface RequestKind {
  readonly title: string;
  readonly scenario: ScenarioKind;
  /** A server of the scenario, or `git` or `github`. */
  readonly server: string;
  readonly matches: (request: Pick<ServedRequest, "method" | "path">) => boolean;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Another fault that makes the run send this kind of request. */
  readonly precondition?: FaultScript;
}

const OLDER_GIT: FaultScript = ({ method }) => (method === "POST" ? refuse(400) : null);
const COLLECT = { "run-gc": "always", "gc-timeout": "5m" };

const is =
  (method: string, path: RegExp) =>
  (request: Pick<ServedRequest, "method" | "path">): boolean =>
    request.method === method && path.test(request.path);

/** Every kind of request that a run sends. */
export const REQUEST_KINDS: readonly RequestKind[] = [
  { title: "Git's refs", scenario: "oci", server: "git", matches: is("POST", /git-upload-pack/) },
  {
    title: "Git's refs (protocol v0)",
    scenario: "oci",
    server: "git",
    matches: is("GET", /info\/refs/),
    precondition: OLDER_GIT,
  },
  { title: "GraphQL", scenario: "oci", server: "github", matches: is("POST", /graphql/) },
  {
    title: "DigitalOcean's repositories",
    scenario: "digitalocean",
    server: "api",
    matches: is("GET", /repositoriesV2/),
  },
  { title: "DigitalOcean's manifests", scenario: "digitalocean", server: "api", matches: is("GET", /\/digests\?/) },
  { title: "DigitalOcean's deletion", scenario: "digitalocean", server: "api", matches: is("DELETE", /\/digests\//) },
  { title: "DigitalOcean's tokens", scenario: "digitalocean", server: "api", matches: is("GET", /registry\/auth/) },
  { title: "DigitalOcean's endpoint", scenario: "digitalocean", server: "oci", matches: is("GET", /\/manifests\//) },
  {
    title: "the start of a collection",
    scenario: "digitalocean",
    server: "api",
    matches: is("POST", /garbage-collection/),
    inputs: COLLECT,
  },
  {
    title: "the state of a collection",
    scenario: "digitalocean",
    server: "api",
    matches: is("GET", /garbage-collection/),
    inputs: COLLECT,
  },
  { title: "a package's owner", scenario: "ghcr", server: "api", matches: is("GET", /^\/users\//) },
  { title: "packages", scenario: "ghcr", server: "api", matches: is("GET", /package_type=/) },
  { title: "a package's versions", scenario: "ghcr", server: "api", matches: is("GET", /\/versions\?/) },
  { title: "the deletion of a version", scenario: "ghcr", server: "api", matches: is("DELETE", /\/versions\//) },
  { title: "GHCR's tokens", scenario: "ghcr", server: "oci", matches: is("GET", /^\/token/) },
  { title: "GHCR's manifests", scenario: "ghcr", server: "oci", matches: is("GET", /\/manifests\//) },
  { title: "tags", scenario: "oci", server: "registry", matches: is("GET", /tags\/list/) },
  {
    title: "the catalog",
    scenario: "oci",
    server: "registry",
    matches: is("GET", /_catalog/),
    inputs: { "repository-pattern": "**" },
  },
  { title: "a manifest", scenario: "oci", server: "registry", matches: is("GET", /\/manifests\//) },
  { title: "referrers", scenario: "oci", server: "registry", matches: is("GET", /\/referrers\//) },
  {
    title: "the config of an image",
    scenario: "oci",
    server: "registry",
    matches: is("GET", /\/blobs\//),
    inputs: { "keep-count": "1" },
  },
  { title: "the deletion of a manifest", scenario: "oci", server: "registry", matches: is("DELETE", /\/manifests\//) },
];
