import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { pushImage, pushMultiArch, pushReferrer } from "../content.ts";
import { findTool, needs } from "../tools.ts";
import { serveOci } from "./server.ts";
import { RegistryStore } from "./store.ts";

const run = promisify(execFile);
const program = findTool("regctl") ?? "";
const cleanup: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(cleanup.splice(0).map((close) => close()));
});

async function start(): Promise<{ readonly host: string; readonly store: RegistryStore }> {
  const store = new RegistryStore();
  const server = await serveOci(store);
  cleanup.push(() => server.close());
  return { host: server.url.host, store };
}

/** Runs regctl without this machine's logins. Returns its output. */
async function regctl(host: string, ...args: readonly string[]): Promise<string> {
  const env = { HOME: "/nonexistent", DOCKER_CONFIG: "/nonexistent", REGCTL_CONFIG: "/nonexistent" };
  const { stdout } = await run(program, ["--host", `reg=${host},tls=disabled`, ...args], { env });
  return stdout.trim();
}

describe("regctl", needs("regctl"), () => {
  it("copies an image to a registry with sha512 digests, and reads it", async () => {
    const { host, store } = await start();
    pushMultiArch(store, { repository: "app", seed: "v1", tags: ["v1"] });
    await regctl(host, "image", "mod", "--digest-algo", "sha512", "--create", `${host}/app:v2`, `${host}/app:v1`);
    const digest = store.resolve("app", "v2")?.digest ?? "";
    expect(digest).toMatch(/^sha512:/);
    expect(await regctl(host, "image", "digest", `${host}/app:v2`)).toBe(digest);
  });

  it("reads the annotations and types of referrers", async () => {
    const { host, store } = await start();
    const subject = pushImage(store, { repository: "app", seed: "v1", tags: ["v1"] });
    pushReferrer(store, { repository: "app", subject, artifactType: "application/spdx+json", by: "subject" });
    pushImage(store, { repository: "app", seed: "signature", subject, annotations: { "org.example.by": "me" } });
    const all = await regctl(host, "artifact", "list", "--format", "{{jsonPretty .}}", `${host}/app:v1`);
    expect(all).toContain("application/spdx+json");
    expect(all).toContain("org.example.by");
    const filtered = await regctl(
      host,
      "artifact",
      "list",
      "--filter-artifact-type",
      "application/spdx+json",
      `${host}/app:v1`,
    );
    expect(filtered).not.toContain("org.example.by");
  });
});
