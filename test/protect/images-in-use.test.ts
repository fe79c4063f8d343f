import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Digest } from "../../src/digest.ts";
import { joinImagesInUse, readImagesInUse, tagsInUse } from "../../src/protect/images-in-use.ts";
import { scanImages } from "../../src/protect/scan.ts";
import type { RegistryAddress } from "../../src/settings.ts";

const A: Digest = `sha256:${"a".repeat(64)}`;
const B: Digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const DIGEST_IN_FILE = `web@${A}\n`;
const TEAM = address("https://registry.digitalocean.com", "team");
const GROUP = address("https://registry.example.com:5000", "group/project");
const LOCAL = address("http://localhost:5000", "");

function address(origin: string, path: string): RegistryAddress {
  const host = new URL(origin).host;
  return { provider: "distribution", origin: new URL(origin), path, name: path === "" ? host : `${host}/${path}` };
}

/** What the texts below speak of. */
const NAMES = ["api", "base/node", "chart", "my.app/web", "shop/web", "team/web", "teams/web", "web", "web-prod"];
const TAGS = ["0.1.0", "22-alpine", "latest", "v1", "v1-", "v1-amd64", "v1.", "v2"];

/** `web:v1` for each pinned tag, sorted. */
function tagsIn(text: string, registry: RegistryAddress): readonly string[] {
  const pins = scanImages(text, registry);
  return NAMES.flatMap((name) => TAGS.filter(tagsInUse(pins, name)).map((tag) => `${name}:${tag}`)).sort();
}

describe("a digest", () => {
  it.each([
    ["alone", A, [A]],
    ["in an image", `registry.digitalocean.com/team/web@${A}`, [A]],
    ["in an image of another registry", `docker.io/web@${A}`, [A]],
    ["in JSON", JSON.stringify({ imageID: `docker-pullable://x/web@${A}`, other: [B] }), [A, B]],
    ["beside a key", `  digest: "${B}"`, [B]],
    ["in upper case", A.toUpperCase(), [A]],
    ["percent-encoded", `/manifests/${A.replace(":", "%3A")}`, [A]],
    ["of SHA-512", `sha512:${"b".repeat(128)}`, [`sha512:${"b".repeat(128)}`]],
    ["beside another", `${A},${B}`, [A, B]],
    ["cut short", A.slice(0, -1), []],
    ["without its algorithm", "a".repeat(64), []],
  ])("%s", (_, text, digests) => {
    expect([...scanImages(text, TEAM).digests]).toEqual(digests);
  });
});

describe("an image of the registry", () => {
  it.each([
    ["in a Kubernetes manifest", "      - image: registry.digitalocean.com/team/web:v1\n", ["web:v1"]],
    ["in quotes", `image: "registry.digitalocean.com/team/web:v1"`, ["web:v1"]],
    ["in JSON", `{"image":"registry.digitalocean.com/team/web:v1","x":1}`, ["web:v1"]],
    ["in JSON with escaped slashes", `{"image":"registry.digitalocean.com\\/team\\/web:v1"}`, ["web:v1"]],
    ["in a Dockerfile", "FROM registry.digitalocean.com/team/base/node:22-alpine AS build", ["base/node:22-alpine"]],
    [
      "in the output of kubectl",
      "registry.digitalocean.com/team/web:v1 registry.digitalocean.com/team/api:v2",
      ["api:v2", "web:v1"],
    ],
    [
      "in the output of docker ps, where a word may be the end of a name",
      `1f2  registry.digitalocean.com/team/web:v1   "node"  Up`,
      ["base/node:latest", "web:v1"],
    ],
    [
      "in the output of docker images",
      "registry.digitalocean.com/team/web   v1   1f2e   2 days ago",
      ["web:latest", "web:v1"],
    ],
    ["in JSON with line breaks", `{"x":"image: registry.digitalocean.com/team/web:v1\\nport: 1"}`, ["web:v1"]],
    ["at the end of a sentence", "It runs registry.digitalocean.com/team/web:v1.", ["web:v1", "web:v1."]],
    ["with a tag and a digest", `registry.digitalocean.com/team/web:v1@${A}`, ["web:v1"]],
    ["behind a scheme", "oci://registry.digitalocean.com/team/chart:0.1.0", ["chart:0.1.0"]],
    ["at another port", "registry.digitalocean.com:443/team/web:v1", ["web:v1"]],
    ["in upper case", "Registry.DigitalOcean.com/Team/Web:V1", ["web:v1"]],
    ["without a tag", "FROM registry.digitalocean.com/team/web\n", ["web:latest"]],
    ["by a digest alone is pinned by more than that", `registry.digitalocean.com/team/web@${A}`, ["web:latest"]],
    ["of another name in the registry", "registry.digitalocean.com/other/web:v1", []],
    ["of a name that begins alike", "registry.digitalocean.com/teams/web:v1", []],
    ["of another registry", "image: quay.io/team/web:v1", []],
    ["the registry alone", "registry: registry.digitalocean.com/team", []],
    ["a host with dots for letters", "registryXdigitaloceanXcom/team/web:v1", []],
  ])("%s", (_, text, tags) => expect(tagsIn(text, TEAM)).toEqual(tags));

  it.each([
    ["image: localhost:5000/web:v1", ["web:v1"]],
    ["image: localhost:5000/team/web:v1", ["team/web:v1"]],
    ["image: localhost/web:v1", ["web:v1"]],
    ["image: 127.0.0.1:5000/web:v1", ["web:v1"]],
    ["image: [::1]:5000/web:v1", ["web:v1"]],
    ["image: 127.8.8.8/web:v1", ["web:v1"]],
    ["image: 128.0.0.1:5000/web:v1", []],
  ])("without a prefix: %s", (text, tags) => expect(tagsIn(text, LOCAL)).toEqual(tags));

  it("of another host is no loopback's", () => {
    expect(tagsIn("localhost/team/web:v1 127.0.0.1:5000/team/web:v1", TEAM)).toEqual([]);
  });

  it("of a registry at an IPv6 address", () => {
    expect(tagsIn("[::1]:5000/web:v1", address("http://[::1]:5000", ""))).toEqual(["web:v1"]);
  });
});

describe("an image whose name and tag stand apart", () => {
  it.each([
    ["Helm values", "image:\n  repository: registry.digitalocean.com/team/web\n  pullPolicy: Always\n  tag: v1\n"],
    ["Helm values with the tag first", `image:\n  tag: "v1"\n  repository: registry.digitalocean.com/team/web\n`],
    ["Helm values with the host apart", "registry: registry.digitalocean.com\nrepository: team/web\ntag: v1\n"],
    ["Helm values without the host", "registry: registry.digitalocean.com/team\nrepository: web\ntag: v1\n"],
    ["a chart's version", "repository: registry.digitalocean.com/team/web\ntag: ''\nappVersion: v1\n"],
    ["Kustomize", "images:\n- name: x\n  newName: registry.digitalocean.com/team/web\n  newTag: v1\n"],
    ["an app spec", "image:\n  registry_type: DOCR\n  repository: web\n  tag: v1\n"],
    ["JSON in one line", `{"image":{"repository":"team/web","tag":"v1"}}`],
    ["JSON in JSON", JSON.stringify({ last: JSON.stringify({ repository: "team/web", tag: "v1" }) })],
    ["JSON in JSON in JSON", JSON.stringify(JSON.stringify(JSON.stringify({ repository: "web", tag: "v1" })))],
    ["YAML in one line", "image: {repository: team/web, tag: v1}"],
    ["Terraform", `repository = "team/web"\nimage_tag  = "v1"`],
    ["helm on the command line", "--set image.repository=team/web,image.tag=v1"],
    ["Compose and .env", "image: registry.digitalocean.com/team/web:$" + "{TAG}\nTAG=v1\n"],
    ["Compose with a default", "image: registry.digitalocean.com/team/web:$" + "{TAG:-v1}\n"],
    ["Compose with a variable host", "image: $" + "{REGISTRY}/web:v1\n"],
    ["a shell's variable", 'docker run "$REGISTRY/team/web:v1"'],
    ["a Makefile's variable", "docker push $(REGISTRY)/web:v1"],
    ["a template", "image: {{ .Values.registry }}/web:{{ .Values.tag }}\ntag: v1"],
    ["a shell's assignment before another command", "TAG=v1; docker pull registry.digitalocean.com/team/web:$TAG"],
    ["a shell's assignment in brackets", "(TAG=v1) && docker pull $REGISTRY/web:$TAG"],
    ["a script in JSON", `{"run":"TAG=v1\\ndocker pull registry.digitalocean.com/team/web:$TAG"}`],
    ["Jsonnet", "{ image:: 'registry.digitalocean.com/team/web', tag:: 'v1' }"],
    ["YAML with an anchor", "image:\n  repository: &name team/web\n  tag: &tag v1\n"],
    ["YAML with its type told", "image: {repository: team/web, tag: !!str v1}"],
    ["YAML with type and anchor", "repository: team/web\ntag: !!str &tag 'v1'\n"],
    ["a Makefile's default", "TAG ?= v1\nrun:\n\tdocker run registry.digitalocean.com/team/web:$(TAG)"],
    ["a Makefile's value", "TAG := v1\nrun:\n\tdocker run registry.digitalocean.com/team/web:$(TAG)"],
    [
      "Helm parameters in Argo CD",
      "- name: image.repository\n  value: registry.digitalocean.com/team/web\n- name: image.tag\n  value: v1\n",
    ],
    ["a container's variables", `image: registry.digitalocean.com/team/web\nenv:\n- name: RELEASE\n  value: "v1"`],
    [
      "Terraform's variable",
      `variable "v" {\n  default = "v1"\n}\nimage = "registry.digitalocean.com/team/web:\${var.v}"`,
    ],
    ["a template's default", 'image: registry.digitalocean.com/team/web:{{ .Values.tag | default "v1" }}'],
  ])("%s", (_, text) => expect(tagsIn(text, TEAM)).toContain("web:v1"));

  it("a repository that is named with a tag and without one is pinned by both", () => {
    const text = "registry.digitalocean.com/team/web:v1 registry.digitalocean.com/team/web\ntag: v2";
    expect(tagsIn(text, TEAM)).toEqual(["web:latest", "web:v1", "web:v2"]);
  });

  it("a tag that ends in a variable pins all that begin alike, and the tags around", () => {
    const text = "registry.digitalocean.com/team/web:v1-$" + "{ARCH}\ntag: v2";
    expect(tagsIn(text, TEAM)).toEqual(["web:latest", "web:v1", "web:v1-", "web:v1-amd64", "web:v2"]);
  });
});

const HOST = "registry.digitalocean.com/team";

/** `${text}`, as a shell and Compose write a variable. */
function variable(text: string): string {
  return `$\{${text}}`;
}

describe("an image of which variables, templates or columns name a part", () => {
  it.each([
    ["compose required var with message", `image: ${variable("REGISTRY:?set REGISTRY first")}/web:v1`],
    ["compose nested default", `image: ${variable(`REGISTRY:-${variable(`DEFAULT:-${HOST}`)}`)}/web:v1`],
    ["terraform interpolation with blanks", `image = "${variable(" var.registry ")}/web:v1"`],
    ["terraform lookup", `image = "${variable('lookup(var.registries, "prod")')}/web:v1"`],
    ["command substitution", `docker run $(terraform output -raw registry)/web:v1`],
    ["variable with port", `image: ${variable("REGISTRY_HOST")}:5000/team/web:v1`],
    ["shell variable with port", `docker run $REGISTRY_HOST:5000/team/web:v1`],
    ["ERB", `image: <%= ENV["REGISTRY"] %>/web:v1`],
    ["levant", `image = "[[ .registry ]]/web:v1"`],
    ["envsubst-like percent", `docker run %REGISTRY%/web:v1`],
    ["jsonnet", `{ image: $._config.registry + '/web:v1' }`],
    ["shell, variable in quotes", `docker run "${variable("REGISTRY")}"/web:v1`],
    ["mustache, three braces", `image: {{{registry}}}/web:v1`],
    ["docker images --format CSV", `${HOST}/web,v1`],
    ["Markdown table", `| ${HOST}/web | v1 |`],
    ["f-string", `image=f"{registry}/web:v1"`],
    ["Dockerfile ARG with whole name", `ARG BASE=${HOST}/web\nFROM ${variable("BASE")}:v1\n`],
    ["shell var with whole name", `IMAGE=${HOST}/web\ndocker run "$IMAGE:v1"\n`],
    ["make var with whole name", `IMAGE := ${HOST}/web\nrun:\n\tdocker run $(IMAGE):v1\n`],
    ["helm template with whole name", `image: "{{ .Values.image }}:v1"\n---\nimage: ${HOST}/web\n`],
    ["compose var", `services:\n  web:\n    image: ${variable("IMAGE")}:v1\n# .env\nIMAGE=${HOST}/web\n`],
    ["name var below the host", `IMAGE=web\nimage: ${HOST}/${variable("IMAGE")}:v1\n`],
    ["compose and .env with a tag in another variable", `image: ${HOST}/web:${variable("GIT_SHA")}\nGIT_SHA=v1\n`],
    ["compose and .env RELEASE", `image: ${HOST}/web:${variable("RELEASE")}\nRELEASE=v1\n`],
    ["compose and .env WEB_TAG_PROD", `image: ${HOST}/web:${variable("TAG_WEB")}\nTAG_WEB=v1\n`],
    ["Dockerfile ARG release", `ARG BASE_RELEASE=v1\nFROM ${HOST}/web:${variable("BASE_RELEASE")}\n`],
    ["Helm release value", `image: "${HOST}/web:{{ .Values.release }}"\n---\nrelease: v1\n`],
    ["ansible default", `image: "${HOST}/web:{{ web_tag | default('v1') }}"`],
    ["ansible short default", `image: "${HOST}/web:{{ web_tag | d('v1') }}"`],
    ["helm coalesce", `image: "${HOST}/web:{{ coalesce .Values.tag "v1" }}"`],
    ["helm or", `image: "${HOST}/web:{{ or .Values.tag "v1" }}"`],
    ["terraform coalesce", `image = "${HOST}/web:${variable('coalesce(var.tag, "v1")')}"`],
    ["terraform conditional", `image = "${HOST}/web:${variable('var.tag != "" ? var.tag : "v1"')}"`],
    ["yaml anchor other key", `x-release: &release v1\nimage:\n  repository: ${HOST}/web\n  tag: *release\n`],
    [
      "terraform map",
      `locals {\n  tags = {\n    web = "v1"\n  }\n}\nimage = "${HOST}/web:${variable('local.tags["web"]')}"`,
    ],
    ["tag list", `repository: ${HOST}/web\ntags:\n  - v1\n`],
    ["tag list flow", `{"Repository":"${HOST}/web","Tags":["v1"]}`],
    ["tag on the next line", `repository: ${HOST}/web\ntag:\n  v1\n`],
    ["tag folded", `repository: ${HOST}/web\ntag: >-\n  v1\n`],
    ["xml", `<image>${HOST}/web</image><tag>v1</tag>`],
    ["command line --tag", `deploy --image ${HOST}/web --tag v1`],
    ["columns far apart", `${HOST}/web${" ".repeat(120)}v1   1f2e`],
    ["Helm values image.name", `image:\n  registry: ${HOST}\n  name: web\n  tag: v1\n`],
    [
      ".env IMAGE_NAME",
      `image: ${variable("REGISTRY")}/${variable("IMAGE_NAME")}:${variable("TAG")}\nREGISTRY=${HOST}\nIMAGE_NAME=web\nTAG=v1\n`,
    ],
    ["imageName", `registry: ${HOST}\nimageName: web\nimageTag: v1\n`],
    ["Terraform image_name", `registry = "${HOST}"\nimage_name = "web"\nimage_tag = "v1"`],
    ["Jib/Gradle", `jib.to.image = '${HOST}/web:v1'`],
    ["repositoryName", `registry: ${HOST}\nrepositoryName: web\ntag: v1\n`],
    ["repository_name", `repository_name = "web"\nimage_tag = "v1"`],
    ["format()", `image = format("%s/%s:%s", var.registry, "web", "v1")`],
    ["images list hostless", `images:\n  - web:v1\n`],
    ["images flow", `{"images":["web:v1"]}`],
    ["docker ps hostless (mirror, Docker Hub)", `1f2  team/web:v1   "node"  Up`],
    ["kubectl jsonpath hostless", `team/web:v1 team/api:v2`],
    ["FROM hostless", `FROM team/web:v1\n`],
    ["image name with anchor alias", `x: &i ${HOST}/web\nimage: *i\ntag: v1`],
    ["unicode escape", `{"image":"registry.digitalocean.com\\u002fteam\\u002fweb:v1"}`],
    ["percent-encoded", `url=https%3A%2F%2Fregistry.digitalocean.com%2Fteam%2Fweb%3Av1`],
    ["image key with docker:// and hostless", `image: docker://team/web:v1`],
    ["key image with scheme", `image: oci://${HOST}/web:v1`],
    ["Image with single quotes doubled", `image: '''${HOST}/web:v1'''`],
    ["image with tag var and prefix", `image: ${HOST}/web:${variable("X:-v1")}`],
  ])("%s", (_, text) => expect(tagsIn(text, TEAM)).toContain("web:v1"));

  it.each([
    ["a folder in a variable", `image: ${HOST}/${variable("PROJECT")}/web:v1\nPROJECT=shop`, TEAM, "shop/web:v1"],
    [
      "a folder in a template",
      `image: "{{ .Values.registry }}/{{ .Values.project }}/web:v1"\nproject: shop`,
      TEAM,
      "shop/web:v1",
    ],
    ["a name that ends in a variable", `image: ${HOST}/web-${variable("ENV")}:v1`, TEAM, "web-prod:v1"],
    ["a name that begins with one", `image: ${HOST}/${variable("KIND")}-prod:v1`, TEAM, "web-prod:v1"],
    ["a name that no file tells", `image: "$IMAGE:v1"`, TEAM, "web:v1"],
    ["a domain behind a variable", `image: ${variable("REGION")}.example.com:5000/project/web:v1`, GROUP, "web:v1"],
    [
      "a dot in the name of a folder",
      `registry: registry.example.com:5000\nrepository: my.app/web\ntag: v1`,
      GROUP,
      "my.app/web:v1",
    ],
    [
      "a prefix in two parts",
      `registry: registry.example.com/group\nrepository: project/web\ntag: v1`,
      GROUP,
      "web:v1",
    ],
    ["a prefix whose beginning is in a variable", `image: ${variable("REGISTRY")}/project/web:v1`, GROUP, "web:v1"],
  ])("%s", (_, text, registry, image) => expect(tagsIn(text, registry)).toContain(image));

  it.each([
    ["a tag alone", "tag: v1"],
    ["a repository alone pins no more than latest", "repository: web"],
    ["a port behind a variable is no tag", `url: ${variable("HOST")}:8080/web`],
    ["another registry's image", `image: quay.io/team/web:v1`],
    ["another registry's image, at a port", `image: "quay.io:5000/web:v1"`],
  ])("%s", (_, text) => expect(tagsIn(text, TEAM).filter((image) => !image.endsWith(":latest"))).toEqual([]));
});

describe("a tag of which a variable is a part", () => {
  it.each([
    ["Compose with a default", `image: ${HOST}/web:pr-${variable("PR:-12")}`],
    ["Compose and .env", `image: ${HOST}/web:pr-${variable("PR")}\nPR=12`],
    ["a default in a default", `image: ${HOST}/web:pr-${variable(`PR:-${variable("N:-12")}`)}-alpine`],
    ["a suffix after a default", `image: ${HOST}/web:${variable("TAG:-pr-12")}-alpine`],
    ["a suffix after Helm's tag", `image: "${HOST}/web:{{ .Values.tag }}-alpine"\n---\ntag: pr-12`],
    ["a suffix after an ARG", `ARG VERSION=pr-12\nFROM ${HOST}/web:${variable("VERSION")}-alpine`],
    ["a shell's variable", `docker run "$REGISTRY/web:pr-$PR"`],
    ["a Makefile's variable", `docker run $(REGISTRY)/web:pr-$(PR)-alpine`],
    ["two variables", `image: ${HOST}/web:pr-${variable("PR")}-${variable("BASE")}`],
    ["in a variable of its own", `image: ${HOST}/web:$TAG\nTAG=pr-$PR`],
    ["in a value of its own", `repository: ${HOST}/web\ntag: "pr-{{ .Values.number }}"`],
    ["on a command line", `deploy --repository web --tag pr-$PR`],
    ["in ERB", `image: ${HOST}/web:pr-<%= number %>`],
    ["in Levant", `image: ${HOST}/web:pr-[[ .number ]]`],
    ["in a batch file", `docker run ${HOST}/web:pr-%PR%`],
    ["in upper case", `image: ${HOST}/web:PR-$PR`],
    ["of an image that no file names", `docker run "$IMAGE:pr-$PR"`],
    ["of an image of which a variable is a part", `image: ${HOST}/${variable("A")}-b:pr-${variable("PR")}`],
  ])("pins what fits: %s", (_, text) => {
    const pins = scanImages(text, TEAM);
    expect(tagsInUse(pins, "web")("pr-12-alpine")).toBe(true);
    expect(tagsInUse(pins, "web")("feature")).toBe(false);
  });

  it("pins nothing of a repository that is not named, nor tags that do not fit", () => {
    const pins = scanImages(`image: ${HOST}/web:pr-${variable("PR")}-alpine`, TEAM);
    const tags = ["pr-1-alpine", "pr--alpine", "pr-alpine", "pr-1", "1-alpine", "xpr-1-alpine", "pr-1-alpine3"];
    expect(tags.filter(tagsInUse(pins, "web"))).toEqual(["pr-1-alpine", "pr--alpine"]);
    expect(tags.filter(tagsInUse(pins, "api"))).toEqual([]);
  });

  it("says nothing where it is all variable", () => {
    const pins = scanImages(`image: ${HOST}/web:${variable("TAG")}`, TEAM);
    expect(tagsInUse(pins, "web")("pr-1")).toBe(false);
  });
});

describe("any text", () => {
  const host = "registry.digitalocean.com";

  it("pins an image wherever it stands", () => {
    const noise = fc.string({
      unit: fc.constantFrom("a", "/", ":", "$", "{", "}", '"', " ", "\n", "=", "-", ".", "é"),
    });
    const blank = fc.constantFrom(" ", "\n", '"', "'", ",", "\t", "[", "(");
    fc.assert(
      fc.property(noise, blank, blank, noise, (before, left, right, after) => {
        const { digests, tags } = scanImages(`${before}${left}${host}/team/a/web:pr-1${right}${A} ${after}`, TEAM);
        expect([...digests]).toEqual([A]);
        expect(tags.get("a/web")?.has("pr-1")).toBe(true);
      }),
    );
  });

  it("pins a tag that stands in it beside its repository, whatever is between", () => {
    const noise = fc.string({ unit: fc.constantFrom("x", ":", "$", "{", "}", '"', " ", "\n", "=", "\\", "é") });
    const blank = fc.constantFrom(" ", "\n", '"', "'", ",", "\t", "[", "(", ":", "=", "|", ">", "\\n");
    const after = fc.constantFrom(" ", "\n", '"', "'", ",", "\t", "]", ")", "}", ";", "|", "<", "\\n", "$", "@");
    fc.assert(
      fc.property(noise, blank, after, fc.constantFrom("web", "a/web", "team/a/web"), (between, left, right, name) => {
        for (const [one, other] of [
          [name, "pr-1"],
          ["pr-1", name],
        ]) {
          const text = `${left}${one}${right}${between}${left}${other}${right}`;
          expect(tagsInUse(scanImages(text, TEAM), "a/web")("pr-1"), text).toBe(true);
        }
      }),
    );
  });

  it.each([
    ["a long word", "a".repeat(1_000_000)],
    ["a long name", `${host}/team/${"a/".repeat(500_000)}`],
    ["dots at the end of a name", `${host}/team/a${".".repeat(1_000_000)}!`],
    ["keys upon keys", "tag:".repeat(200_000)],
    ["blanks after a key", `tag${" ".repeat(1_000_000)}`],
    ["open braces", "${".repeat(500_000)],
    ["variables", "$a".repeat(300_000)],
    ["a long variable", `$${"a".repeat(1_000_000)}`],
    ["variables that nothing follows", `$${"a".repeat(450)} `.repeat(2_000)],
    ["variables' ends", `}${"a".repeat(300)}`.repeat(3_000)],
    ["variables in a row", `:${"${a}".repeat(300_000)}`],
    ["variables within variables", `:a${"${a{".repeat(250_000)}`],
    ["words before variables", `:${"a".repeat(127)}$`.repeat(8_000)],
    ["variables that are never closed", `:a{${"b".repeat(199)}`.repeat(5_000)],
    ["paths behind variables", `}${"a/".repeat(120)}`.repeat(4_000)],
    ["backslashes", "\\".repeat(1_000_000)],
    ["names without a host", "a/".repeat(500_000)],
    ["many images and many tags", `${`${host}/team/x `.repeat(20_000)}${"tag: v1\n".repeat(20_000)}`],
    [
      "names without tags, and tags without names",
      Array.from({ length: 20_000 }, (_, i) => `${host}/team/w${i}\ntag: v${i}`).join("\n"),
    ],
  ])("that is large or hostile is read to its end: %s", (_, text) => {
    expect([...scanImages(`${text} ${A}`, TEAM).digests]).toEqual([A]);
  });
});

describe("the files of protect-digests", () => {
  let workspace = "";
  beforeEach(() => {
    workspace = mkdtempSync(join(tmpdir(), "refsweep-pins-"));
    const web = "image: registry.digitalocean.com/team/web:";
    write("deploy/web.yaml", `${web}v1\n`);
    write("deploy/prod/api/api.yaml", `${web}v2\n`);
    write("deploy/old/web.yaml", `${web}v3\n`);
    write(".github/release.yaml", `${web}v4\n`);
    write("images.txt", `${A}\n`);
    write(".git/deploy.yaml", `${web}v5\n`);
    write("windows.txt", Buffer.from(`\ufeff${web}v6`, "utf16le"));
  });
  afterEach(() => rmSync(workspace, { recursive: true, force: true }));

  function write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), content);
  }

  async function pinned(...files: readonly string[]): Promise<readonly string[]> {
    const pins = await readImagesInUse({ protectDigests: { digests: [], files }, registry: TEAM, workspace });
    return [...(pins.tags.get("web") ?? []), ...pins.digests].sort();
  }

  it.each([
    [["deploy/web.yaml"], ["v1"]],
    [["./deploy/../deploy/web.yaml"], ["v1"]],
    [["deploy/*.yaml"], ["v1"]],
    [["deploy/*/*.yaml"], ["v3"]],
    [["deploy/**"], ["v1", "v2", "v3"]],
    [["deploy/**/*.yaml"], ["v1", "v2", "v3"]],
    [["**/*.yaml"], ["v1", "v2", "v3", "v4"]],
    [
      ["**/*.yaml", "!deploy/old/**"],
      ["v1", "v2", "v4"],
    ],
    [
      ["!**/old/**", "deploy/**"],
      ["v1", "v2"],
    ],
    [["deploy/{old,prod/api}/*.yaml"], ["v2", "v3"]],
    [["deploy/w??.yaml"], ["v1"]],
    [
      ["images.txt", "windows.txt"],
      [A, "v6"],
    ],
    [[], []],
  ])("%j", async (files, expected) => {
    expect(await pinned(...files)).toEqual(expected);
  });

  it("may stand outside of the workspace, by an absolute path or by ..", async () => {
    const files = join(workspace, "deploy/web.yaml");
    const pins = { digests: [], files: [files] };
    const inner = join(workspace, "images");
    mkdirSync(inner);
    expect((await readImagesInUse({ protectDigests: pins, registry: TEAM, workspace: inner })).tags.get("web")).toContain(
      "v1",
    );
    const above = { digests: [], files: ["../deploy/*.yaml"] };
    expect((await readImagesInUse({ protectDigests: above, registry: TEAM, workspace: inner })).tags.get("web")).toContain(
      "v1",
    );
  });

  it("are followed through links, but not in circles", async () => {
    symlinkSync(join(workspace, "deploy"), join(workspace, "linked"));
    symlinkSync(workspace, join(workspace, "deploy/circle"));
    symlinkSync(join(workspace, "nowhere"), join(workspace, "deploy/broken"));
    symlinkSync("loop", join(workspace, "deploy/loop"));
    expect(await pinned("linked/*.yaml")).toEqual(["v1"]);
    expect(await pinned("deploy/**/web.yaml")).toEqual(["v1", "v3"]);
  });

  // Windows calls a name that is too long absent.
  it.skipIf(process.platform === "win32").each(["deploy/**", "deploy/*/web.yaml", "deploy/far"])(
    "that cannot be looked at are an error, other than those that are not there: %s",
    async (pattern) => {
      symlinkSync("x".repeat(300), join(workspace, "deploy/far"));
      await expect(pinned("deploy/web.yaml", pattern)).rejects.toThrow(/deploy\/far could not be read: ENAMETOOLONG/);
    },
  );

  it.each([
    ["nothing/*.yaml"],
    ["deploy"],
    ["deploy/"],
    ["deploy/*.yml"],
    ["nothing.txt"],
    ["**/*.yaml/x"],
    ["images.txt/x"],
    ["images.txt/*"],
  ])("that match nothing are an error: %s", async (pattern) => {
    const error = await pinned("deploy/web.yaml", pattern).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: "Fault", kind: "input" });
    expect(String(error)).toContain(JSON.stringify(pattern));
  });

  it("that are empty are an error, as a failed command leaves them", async () => {
    write("empty/a.txt", "");
    write("empty/b.txt", " \n");
    await expect(pinned("empty/*")).rejects.toThrow("only empty files");
    await expect(pinned("images.txt", "empty/a.txt")).rejects.toThrow('"empty/a.txt"');
    write("empty/c.txt", DIGEST_IN_FILE);
    expect(await pinned("empty/*")).toEqual([A]);
  });

  it("that name no image of the registry, and no digest, are an error: they would protect nothing, and say nothing", async () => {
    write("other/pods.json", JSON.stringify({ items: [{ image: "mirror.example/team/web:v1", tag: "v1" }] }));
    write("other/none.json", JSON.stringify({ items: [] }));
    for (const pattern of ["other/pods.json", "other/none.json", "other/*"]) {
      await expect(pinned(pattern)).rejects.toThrow("name no image of registry.digitalocean.com/team, and no digest");
    }
    expect(await pinned("other/*", "images.txt")).toEqual([A]);
    expect(await pinned("other/*", "deploy/web.yaml")).toEqual(["v1"]);
  });

  it.each([
    ["one file", { "dump.bin": 600 }, "600 MiB"],
    ["files together", { "a.bin": 150, "b.bin": 160 }, "310 MiB"],
  ])("that are longer than any text are an error, not a crash without a report: %s", async (_, sizes, told) => {
    for (const [name, mib] of Object.entries(sizes)) {
      write(name, "");
      truncateSync(join(workspace, name), mib * 1024 * 1024 - 512);
    }
    const error = await pinned("**").catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: "Fault", kind: "input", message: expect.stringContaining(told) });
    expect(error).toMatchObject({ remedy: expect.stringContaining(".bin: leave it out") });
    expect(await pinned("**", "!*.bin")).toContain("v1");
  });

  it("that hold more different words than memory are an error", async () => {
    write("words.txt", Array.from({ length: 4_100_000 }, (_, i) => i.toString(36)).join(" "));
    const error = await pinned("words.txt").catch((caught: unknown) => caught);
    expect(error).toMatchObject({ kind: "input", message: expect.stringContaining("4,000,000 different words") });
  }, 60_000);

  it("that are all excluded are an error", async () => {
    await expect(pinned("deploy/*.yaml", "!deploy/**")).rejects.toThrow("matches no file");
  });

  it("are read as one text, beside the digests that are listed", async () => {
    write("values.yaml", "repository: registry.digitalocean.com/team/api\n");
    write("tag.yaml", "tag: v9\n");
    const protectDigests = { digests: [B], files: ["values.yaml", "tag.yaml", "images.txt"] };
    const pins = await readImagesInUse({ protectDigests, registry: TEAM, workspace });
    expect([...pins.digests].sort()).toEqual([B, A]);
    expect(tagsInUse(pins, "api")("v9")).toBe(true);
  });
});

describe("pins of several sources", () => {
  it("are all kept", () => {
    const one = scanImages(`registry.digitalocean.com/team/web:v1 ${A}`, TEAM);
    const other = scanImages(`registry.digitalocean.com/team/web:v2 registry.digitalocean.com/team/api:v3 ${B}`, TEAM);
    const joined = joinImagesInUse([one, other]);
    expect([...joined.digests]).toEqual([A, B]);
    expect([...joined.tags].map(([name, tags]) => [name, [...tags]])).toEqual([
      ["web", ["v1", "v2"]],
      ["api", ["v3"]],
    ]);
  });
});
