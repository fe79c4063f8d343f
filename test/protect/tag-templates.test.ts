import { describe, expect, it } from "vitest";
import { findImages } from "../../src/protect/find-images.ts";
import { tagsInUse } from "../../src/protect/images-in-use.ts";
import { HOST, TEAM, variable } from "./setup.ts";

describe("a tag that contains a variable", () => {
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
  ])("protects all tags that match: %s", (_, text) => {
    const images = findImages(text, TEAM);
    expect(tagsInUse(images, "web")("pr-12-alpine")).toBe(true);
    expect(tagsInUse(images, "web")("feature")).toBe(false);
  });

  it("protects no tag that does not match, and no other repository", () => {
    const images = findImages(`image: ${HOST}/web:pr-${variable("PR")}-alpine`, TEAM);
    const tags = ["pr-1-alpine", "pr--alpine", "pr-alpine", "pr-1", "1-alpine", "xpr-1-alpine", "pr-1-alpine3"];
    expect(tags.filter(tagsInUse(images, "web"))).toEqual(["pr-1-alpine", "pr--alpine"]);
    expect(tags.filter(tagsInUse(images, "api"))).toEqual([]);
  });

  it("protects no tag if it is only a variable", () => {
    const images = findImages(`image: ${HOST}/web:${variable("TAG")}`, TEAM);
    expect(tagsInUse(images, "web")("pr-1")).toBe(false);
  });
});
