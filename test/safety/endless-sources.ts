import { type FaultScript, refuse } from "../servers/http-server.ts";
import type { ScenarioKind } from "./scenario.ts";

/** A list whose pages always lead to another page. */
export interface EndlessList {
  readonly title: string;
  readonly kind: ScenarioKind;
  readonly server: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly script: FaultScript;
}

const ALL_REPOSITORIES = { "repository-pattern": "**" };
const ONE_REPOSITORY = { "repository-pattern": "web" };
const PROTECT_APPS = { "protect-apps": "true" };
const INDEX = "application/vnd.oci.image.index.v1+json";

const digestOf = (n: number): string => `sha256:${n.toString(16).padStart(64, "0")}`;
const pageOf = (path: string): number => Number(new URL(path, "http://x").searchParams.get("page"));
const linksOf = (path: string) => ({
  pages: { next: `https://api.digitalocean.com/v2/x?page=${pageOf(path) + 1}&page_token=${pageOf(path)}` },
});
const TOTAL = 20_000;

const repositories: FaultScript = ({ path }, n) =>
  path.includes("/repositoriesV2")
    ? refuse(
        200,
        {},
        { repositories: [{ name: `r${n}` }, { name: `s${n}` }], meta: { total: TOTAL }, links: linksOf(path) },
      )
    : null;
const apps: FaultScript = ({ path }, n) =>
  path.startsWith("/v2/apps")
    ? refuse(200, {}, { apps: [{ id: `${n}` }, { id: `${-n}` }], meta: { total: TOTAL }, links: linksOf(path) })
    : null;
/** One manifest per page, and a total that announces more. */
export const manifests =
  (total: number): FaultScript =>
  ({ path }, n) =>
    path.includes("/digests?") ? refuse(200, {}, { manifests: [{ digest: digestOf(n) }], meta: { total } }) : null;

const tags: FaultScript = ({ path }, n) =>
  path.includes("/tags/list")
    ? refuse(200, { link: `</v2/web/tags/list?n=1&last=${n}>; rel="next"` }, { name: "web", tags: [] })
    : null;
const catalog: FaultScript = ({ path }, n) =>
  path.includes("/_catalog")
    ? refuse(200, { link: `</v2/_catalog?n=1&last=${n}>; rel="next"` }, { repositories: [] })
    : null;
const referrers: FaultScript = ({ path }, n) =>
  path.includes("/referrers/")
    ? refuse(200, { link: `<${path.split("?")[0]}?n=1&last=${n}>; rel="next"` }, { mediaType: INDEX, manifests: [] })
    : null;

/** GitHub's links are absolute, and only their page number is used. */
const nextPage = (path: string, last = ""): { readonly link: string } => ({
  link: `<https://api.github.com/x?page=${pageOf(path) + 1}>; rel="next"${last}`,
});
const packages: FaultScript = ({ path }, n) =>
  path.includes("package_type=") ? refuse(200, nextPage(path), [{ name: `p${n}` }]) : null;
const version = (n: number) => ({ id: n, name: digestOf(n), metadata: { container: { tags: [] } } });
const versions: FaultScript = ({ path }, n) =>
  path.includes("/versions?") ? refuse(200, nextPage(path), [version(n)]) : null;
/** Versions with a link to the page `last`. */
export const versionsUpTo =
  (last: number): FaultScript =>
  ({ path }, n) =>
    path.includes("/versions?")
      ? refuse(200, nextPage(path, `, <https://api.github.com/x?page=${last}>; rel="last"`), [version(n)])
      : null;

/** An endless list for each kind of list that a run reads page by page. */
export const ENDLESS = {
  repositories: { title: "repositories", kind: "digitalocean", server: "api", script: repositories },
  apps: { title: "apps", kind: "digitalocean", server: "api", inputs: PROTECT_APPS, script: apps },
  catalog: { title: "a catalog", kind: "oci", server: "registry", inputs: ALL_REPOSITORIES, script: catalog },
  referrers: { title: "referrers", kind: "oci", server: "registry", script: referrers },
  packages: { title: "packages", kind: "ghcr", server: "api", script: packages },
  versions: { title: "versions", kind: "ghcr", server: "api", inputs: ONE_REPOSITORY, script: versions },
  tags: { title: "tags", kind: "distribution", server: "registry", script: tags },
} satisfies Readonly<Record<string, EndlessList>>;
