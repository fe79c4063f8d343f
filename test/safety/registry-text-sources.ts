import { pushImage } from "../servers/content.ts";
import { type FaultScript, refuse } from "../servers/http-server.ts";
import { answering, inHeader, json, server, type TextSource } from "./text-sources.ts";

/** Replaces the tag `jane` by the text. */
function withTag(text: string): ReturnType<FaultScript> {
  return {
    kind: "altered",
    alter: (reply) => ({
      ...reply,
      body: JSON.parse(JSON.stringify(reply.body), (key, value) =>
        key === "tags" && Array.isArray(value) && value.includes("jane") ? [text] : value,
      ),
    }),
  };
}

/** Text from registries, token servers and commands. */
export const REGISTRY_TEXT_SOURCES: readonly TextSource[] = [
  {
    title: "an error of GitHub's REST",
    kind: "ghcr",
    inject: answering(
      "/users/",
      json(422, (text) => ({ message: text, errors: [text] })),
    )(server("api")),
  },
  {
    title: "an error of DigitalOcean",
    kind: "digitalocean",
    inject: answering(
      "/digests",
      json(422, (text) => ({ id: text, message: text, request_id: text })),
    )(server("api")),
  },
  {
    title: "an error of an OCI registry",
    kind: "oci",
    inject: answering(
      "/tags/list",
      json(400, (text) => ({ errors: [{ code: text, message: text, detail: text }] })),
    )(server("registry")),
  },
  {
    title: "an error of an OCI registry for a DELETE",
    kind: "oci",
    inject: (scenario, _, text) =>
      scenario.servers["registry"]?.inject(({ method }) =>
        method === "DELETE" ? refuse(500, { "x-request-id": inHeader(text) }, { errors: [{ message: text }] }) : null,
      ),
  },
  {
    title: "the realm of a registry's tokens",
    kind: "oci",
    inject: answering("/v2/", (text) => ({
      status: 401,
      headers: { "www-authenticate": `Bearer realm="${inHeader(text).slice(0, 200).replaceAll('"', '\\"')}"` },
    }))(server("registry")),
  },
  {
    title: "the error of a token server",
    kind: "oci",
    inject: (scenario, _, text) =>
      scenario.servers["registry"]?.inject(({ path, headers }) =>
        path.startsWith("/token")
          ? refuse(503, {}, { errors: [{ message: text }] })
          : refuse(401, { "www-authenticate": `Bearer realm="http://${headers.host}/token"` }),
      ),
  },
  {
    title: "the link to the next page",
    kind: "oci",
    inject: answering("/tags/list", (text) => ({
      status: 200,
      headers: { link: `<http://evil.example/${inHeader(text).replaceAll(/[<>]/g, "")}>; rel="next"` },
      body: { name: "web", tags: [] },
    }))(server("registry")),
  },
  {
    title: "the target of a redirect",
    kind: "oci",
    inject: answering("/tags/list", (text) => ({ status: 307, headers: { location: `//${inHeader(text)}` } }))(
      server("registry"),
    ),
    shown: "nowhere",
  },
  {
    title: "a tag in a list of an OCI registry",
    kind: "oci",
    inject: answering(
      "/tags/list",
      json(200, (text) => ({ name: "web", tags: ["main", text] })),
    )(server("registry")),
  },
  {
    title: "a name in a catalog",
    kind: "oci",
    inject: answering(
      "/_catalog",
      json(200, (text) => ({ repositories: [`web/${text}`] })),
    )(server("registry")),
    inputs: () => ({ "repository-pattern": "web/**" }),
  },
  {
    title: "a name in DigitalOcean's list",
    kind: "digitalocean",
    inject: answering(
      "repositoriesV2",
      json(200, (text) => ({ repositories: [{ name: text }], meta: { total: 1 } })),
    )(server("api")),
    shown: "nowhere",
  },
  {
    title: "a tag of a deleted GHCR image",
    kind: "ghcr",
    inject: (scenario, _, text) =>
      scenario.servers["api"]?.inject(({ path }) => (path.includes("/versions?") ? withTag(text) : null)),
    inputs: () => ({ "unmatched-tags": "delete", "grace-period": "0", "dry-run": "true" }),
  },
  {
    title: "the name of a GHCR package",
    kind: "ghcr",
    inject: answering(
      "package_type=container",
      json(200, (text) => [{ name: text }]),
    )(server("api")),
    inputs: () => ({ "repository-pattern": "absent" }),
  },
  {
    title: "the Content-Type of a manifest",
    kind: "oci",
    inject: answering("/manifests/main", (text) => ({
      status: 200,
      headers: { "content-type": inHeader(text) },
      body: "{}",
    }))(server("registry")),
  },
  {
    title: "the mediaType of a manifest",
    kind: "oci",
    inject: answering(
      "/manifests/main",
      json(200, (text) => ({ schemaVersion: 2, mediaType: text, manifests: [] })),
    )(server("registry")),
  },
  {
    title: "the digest of a manifest",
    kind: "oci",
    inject: answering("/manifests/main", (text) => ({
      status: 200,
      headers: {
        "content-type": "application/vnd.oci.image.index.v1+json",
        "docker-content-digest": `sha256:${inHeader(text)}`,
      },
      body: JSON.stringify({ schemaVersion: 2, manifests: [] }),
    }))(server("registry")),
  },
  {
    title: "the annotations of an image",
    kind: "oci",
    fill: (store, text) => {
      const annotations = { "org.opencontainers.image.created": text, [text]: text };
      pushImage(store, { repository: "web", seed: "annotated", tags: ["pr-1-x"], annotations });
    },
    shown: "nowhere",
  },
  {
    title: "the status of DigitalOcean's collection",
    kind: "digitalocean",
    inject: (scenario, _, text) =>
      scenario.servers["api"]?.inject(({ path, method }) =>
        path.includes("garbage-collection") && method === "POST"
          ? refuse(201, {}, { garbage_collection: { uuid: text, status: text, registry_name: text } })
          : null,
      ),
    inputs: () => ({ "run-gc": "true", "gc-timeout": "5m" }),
  },
  {
    title: "the output of gc-command",
    kind: "distribution",
    inputs: (text) => ({
      "run-gc": "always",
      "gc-command": `node -e "console.error(Buffer.from('${Buffer.from(text.slice(-1_000)).toString("base64")}','base64').toString());process.exit(3)"`,
    }),
  },
];
