import { describe, expect, it } from "vitest";
import { findImages } from "../../src/protect/find-images.ts";
import { A, address, B, LOCAL, TEAM, tagsIn } from "./setup.ts";

describe("a digest", () => {
  it.each([
    ["alone", A, [A]],
    ["in an image", `registry.digitalocean.com/team/web@${A}`, [A]],
    ["in an image of another registry", `docker.io/web@${A}`, [A]],
    ["in JSON", JSON.stringify({ imageID: `docker-pullable://x/web@${A}`, other: [B] }), [A, B]],
    ["after a key", `  digest: "${B}"`, [B]],
    ["in upper case", A.toUpperCase(), [A]],
    ["percent-encoded", `/manifests/${A.replace(":", "%3A")}`, [A]],
    ["of SHA-512", `sha512:${"b".repeat(128)}`, [`sha512:${"b".repeat(128)}`]],
    ["next to another", `${A},${B}`, [A, B]],
    ["cut short", A.slice(0, -1), []],
    ["without its algorithm", "a".repeat(64), []],
  ])("%s", (_, text, digests) => {
    expect([...findImages(text, TEAM).digests]).toEqual(digests);
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
      "in the output of docker ps, in which a word can be the end of a name",
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
    ["by digest, which also protects a tag", `registry.digitalocean.com/team/web@${A}`, ["web:latest"]],
    ["of another name in the registry", "registry.digitalocean.com/other/web:v1", []],
    ["of a name with the same beginning", "registry.digitalocean.com/teams/web:v1", []],
    ["of another registry", "image: quay.io/team/web:v1", []],
    ["only the registry", "registry: registry.digitalocean.com/team", []],
    ["a host in which the dots are letters", "registryXdigitaloceanXcom/team/web:v1", []],
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

  it("of a loopback host is of no other registry", () => {
    expect(tagsIn("localhost/team/web:v1 127.0.0.1:5000/team/web:v1", TEAM)).toEqual([]);
  });

  it("of a registry at an IPv6 address is found", () => {
    expect(tagsIn("[::1]:5000/web:v1", address("http://[::1]:5000", ""))).toEqual(["web:v1"]);
  });
});
