import { describe, expect, it } from "vitest";
import { GROUP, HOST, TEAM, tagsIn, variable } from "./setup.ts";

describe("an image whose repository and tag are in different places", () => {
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
    ["YAML with a type", "image: {repository: team/web, tag: !!str v1}"],
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

  it("protects both tags of a repository that is named with and without a tag", () => {
    const text = "registry.digitalocean.com/team/web:v1 registry.digitalocean.com/team/web\ntag: v2";
    expect(tagsIn(text, TEAM)).toEqual(["web:latest", "web:v1", "web:v2"]);
  });

  it("protects all tags that start like a tag with a variable at its end", () => {
    const text = "registry.digitalocean.com/team/web:v1-$" + "{ARCH}\ntag: v2";
    expect(tagsIn(text, TEAM)).toEqual(["web:latest", "web:v1", "web:v1-", "web:v1-amd64", "web:v2"]);
  });
});

describe("an image with a part in a variable, a template or a column", () => {
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
    ["Dockerfile ARG with the complete name", `ARG BASE=${HOST}/web\nFROM ${variable("BASE")}:v1\n`],
    ["shell var with the complete name", `IMAGE=${HOST}/web\ndocker run "$IMAGE:v1"\n`],
    ["make var with the complete name", `IMAGE := ${HOST}/web\nrun:\n\tdocker run $(IMAGE):v1\n`],
    ["helm template with the complete name", `image: "{{ .Values.image }}:v1"\n---\nimage: ${HOST}/web\n`],
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
    ["a name that no file contains", `image: "$IMAGE:v1"`, TEAM, "web:v1"],
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
    ["a repository alone protects only latest", "repository: web"],
    ["a port behind a variable is no tag", `url: ${variable("HOST")}:8080/web`],
    ["another registry's image", `image: quay.io/team/web:v1`],
    ["another registry's image, at a port", `image: "quay.io:5000/web:v1"`],
  ])("%s", (_, text) => expect(tagsIn(text, TEAM).filter((image) => !image.endsWith(":latest"))).toEqual([]));
});
