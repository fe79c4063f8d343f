import type { Digest } from "../../src/digest.ts";
import { findImages } from "../../src/protect/find-images.ts";
import { tagsInUse } from "../../src/protect/images-in-use.ts";
import type { RegistryAddress } from "../../src/settings.ts";

export const A: Digest = `sha256:${"a".repeat(64)}`;
export const B: Digest = `sha256:${"0123456789abcdef".repeat(4)}`;
export const HOST = "registry.digitalocean.com/team";
export const TEAM = address("https://registry.digitalocean.com", "team");
export const GROUP = address("https://registry.example.com:5000", "group/project");
export const LOCAL = address("http://localhost:5000", "");

export function address(origin: string, path: string): RegistryAddress {
  const host = new URL(origin).host;
  return { provider: "distribution", origin: new URL(origin), path, name: path === "" ? host : `${host}/${path}` };
}

/** The repositories and tags that `tagsIn` looks for. */
const NAMES = ["api", "base/node", "chart", "my.app/web", "shop/web", "team/web", "teams/web", "web", "web-prod"];
const TAGS = ["0.1.0", "22-alpine", "latest", "v1", "v1-", "v1-amd64", "v1.", "v2"];

/** Returns `web:v1` for each tag in use, sorted. */
export function tagsIn(text: string, registry: RegistryAddress): readonly string[] {
  const images = findImages(text, registry);
  return NAMES.flatMap((name) => TAGS.filter(tagsInUse(images, name)).map((tag) => `${name}:${tag}`)).sort();
}

/** Returns `${text}`, a variable of a shell or of Compose. */
export function variable(text: string): string {
  return `$\{${text}}`;
}
