import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { pushImage, pushMultiArch } from "../content.ts";
import type { TestServer } from "../http-server.ts";
import { needs } from "../tools.ts";
import { basicAuth, TokenService } from "./auth.ts";
import type { OciBehaviour } from "./behaviour.ts";
import { serveOci } from "./server.ts";
import { skopeo } from "./skopeo.ts";
import { RegistryStore } from "./store.ts";

const LOGIN = { user: "robot", password: "se:cret" };

/** Cleanup after each test, in reverse order. */
const cleanup: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

async function start(store: RegistryStore, behaviour: OciBehaviour = {}): Promise<TestServer> {
  const server = await serveOci(store, behaviour);
  cleanup.push(() => server.close());
  return server;
}

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "refsweep-oci-"));
  cleanup.push(() => rm(path, { recursive: true }));
  return path;
}

const CREDENTIALS = "robot:se:cret";
const guards = {
  "without authentication": { guard: undefined, credentials: null },
  "with Basic": { guard: () => basicAuth(LOGIN), credentials: CREDENTIALS },
  "with Bearer tokens": {
    guard: () =>
      new TokenService({ accepts: (login) => login?.user === LOGIN.user && login.password === LOGIN.password }).guard(),
    credentials: CREDENTIALS,
  },
} as const;

/** Returns skopeo's options for a registry, or for one side of a copy. */
function access(credentials: string | null, side: "" | "src-" | "dest-" = ""): readonly string[] {
  return [`--${side}tls-verify=false`, ...(credentials === null ? [] : [`--${side}creds`, credentials])];
}

describe("skopeo", needs("skopeo"), () => {
  describe.each(Object.entries(guards))("%s", (_name, { guard, credentials }) => {
    const behaviour = (): OciBehaviour => (guard === undefined ? {} : { guard: guard() });

    it("pulls and pushes an index with all its children", async () => {
      const from = new RegistryStore();
      const { index, children } = pushMultiArch(from, {
        repository: "app",
        seed: "v1",
        tags: ["v1"],
        attestations: "with",
      });
      const source = await start(from, behaviour());
      const to = new RegistryStore();
      const destination = await start(to, behaviour());
      const dir = await directory();
      await skopeo("copy", "--all", ...access(credentials, "src-"), `docker://${source.url.host}/app:v1`, `dir:${dir}`);
      await skopeo(
        "copy",
        "--all",
        ...access(credentials, "dest-"),
        `dir:${dir}`,
        `docker://${destination.url.host}/team/app:v1`,
      );
      expect(to.resolve("team/app", "v1")?.digest).toBe(index);
      expect(
        to
          .manifests("team/app")
          .map(({ digest }) => digest)
          .sort(),
      ).toEqual([index, ...children].sort());
    });

    it("lists tags, reads manifests and deletes", async () => {
      const store = new RegistryStore();
      const old = pushImage(store, { repository: "team/app", seed: "old", tags: ["old", "older"] });
      const kept = pushImage(store, { repository: "team/app", seed: "new", tags: ["new"] });
      const { host } = (await start(store, behaviour())).url;
      expect(JSON.parse(await skopeo("list-tags", ...access(credentials), `docker://${host}/team/app`))).toMatchObject({
        Tags: ["new", "old", "older"],
      });
      const raw = await skopeo("inspect", "--raw", ...access(credentials), `docker://${host}/team/app:new`);
      expect(raw).toBe(store.resolve("team/app", kept)?.bytes.toString("utf8"));
      await skopeo("delete", ...access(credentials), `docker://${host}/team/app:old`);
      expect(store.resolve("team/app", old)).toBeNull();
      expect(store.tags("team/app")).toEqual(["new"]);
    });

    it.each(credentials === null ? [] : ["robot:wrong", "other:se:cret"])("is refused with %s", async (wrong) => {
      const { host } = (await start(new RegistryStore(), behaviour())).url;
      const listing = skopeo("list-tags", ...access(wrong), `docker://${host}/team/app`);
      await expect(listing).rejects.toThrow(/authentication required|unauthorized/);
    });
  });
});
