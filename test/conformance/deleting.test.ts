import { describe, expect, test } from "vitest";
import { type FaultScript, refuse, type ServerFault } from "../servers/http-server.ts";
import { ADAPTERS } from "./adapters.ts";
import { listed, type OpenRegistry, openRegistry } from "./open-registry.ts";

const LATER = Number.POSITIVE_INFINITY;

function onDelete(fault: ServerFault): FaultScript {
  return ({ method }) => (method === "DELETE" ? fault : null);
}

function deletes({ requests }: OpenRegistry): number {
  return requests().filter((request) => request.startsWith("DELETE ")).length;
}

describe.each(ADAPTERS.map((adapter) => ({ name: adapter.name, adapter })))("$name", ({ adapter }) => {
  /** A repository with a kept image, and an orphaned one with two tags. */
  async function openWithImages() {
    const open = await openRegistry(adapter);
    const kept = open.server.pushImage("web", { seed: "kept", tags: ["main"] });
    const orphaned = open.server.pushImage("web", { seed: "orphaned", tags: ["pr-1", "pr-2"] });
    return { ...open, open, kept, orphaned, target: await listed(open.registry, "web", orphaned) };
  }

  describe("before the first deletion", () => {
    test("nothing is deleted", async () => {
      const { registry, server, kept, orphaned } = await openWithImages();
      await registry.prepareDeletion("web");
      expect([kept, orphaned].map((digest) => server.tagsOf("web", digest))).toEqual([["main"], ["pr-1", "pr-2"]]);
    });
  });

  describe("a manifest", () => {
    test("is deleted with its tags by one DELETE", async () => {
      const { open, registry, server, kept, orphaned, target } = await openWithImages();
      expect(await registry.delete("web", target, LATER)).toEqual({ outcome: "deleted" });
      expect(server.tagsOf("web", orphaned)).toBeNull();
      expect(server.tagsOf("web", kept)).toEqual(["main"]);
      expect(deletes(open)).toBe(1);
    });

    test("that was deleted meanwhile is gone", async () => {
      const { registry, server, kept, orphaned, target } = await openWithImages();
      server.remove("web", orphaned);
      expect(await registry.delete("web", target, LATER)).toEqual({ outcome: "gone" });
      expect(server.tagsOf("web", kept)).toEqual(["main"]);
    });

    test("is not deleted after the time by which the DELETE must be sent", async () => {
      const { open, registry, server, clock, orphaned, target } = await openWithImages();
      const deletion = registry.delete("web", target, clock.now() - 1);
      await expect(deletion).rejects.toMatchObject({ name: "HttpError", code: "expired" });
      expect(server.tagsOf("web", orphaned)).not.toBeNull();
      expect(deletes(open)).toBe(0);
    });

    test.each<[string, ServerFault]>([
      ["a rate limit", refuse(429, { "retry-after": "1" })],
      ["an internal error", refuse(500)],
      ["an unavailable server", refuse(503)],
      ["a lost connection", { kind: "reset before" }],
    ])("is not deleted by a second DELETE after %s", async (_fault, fault) => {
      const { open, registry, server, inject, orphaned, target } = await openWithImages();
      inject(onDelete(fault));
      await expect(registry.delete("web", target, LATER)).rejects.toMatchObject({ name: "HttpError" });
      expect(server.tagsOf("web", orphaned)).not.toBeNull();
      expect(deletes(open)).toBe(1);
    });

    test("is not deleted if the registry refuses the credential with 401", async () => {
      const { registry, server, inject, orphaned, target } = await openWithImages();
      inject(onDelete(refuse(401)));
      await expect(registry.delete("web", target, LATER)).rejects.toMatchObject({ kind: "permission" });
      expect(server.tagsOf("web", orphaned)).not.toBeNull();
    });

    test("is not deleted if the registry refuses with 403: the permission is missing, or the image is protected", async () => {
      const { registry, server, inject, orphaned, target } = await openWithImages();
      inject(onDelete(refuse(403)));
      const fault = expect.objectContaining({ kind: "permission" });
      expect(await registry.delete("web", target, LATER)).toEqual({ outcome: "forbidden", fault });
      expect(server.tagsOf("web", orphaned)).not.toBeNull();
    });

    test("is not deleted if DELETE returns 404, as some registries do without the permission", async () => {
      const { registry, server, inject, orphaned, target } = await openWithImages();
      inject(onDelete(refuse(404)));
      const result = await registry.delete("web", target, LATER).catch((error: unknown) => error);
      expect(result).not.toEqual({ outcome: "deleted" });
      expect(server.tagsOf("web", orphaned)).toEqual(["pr-1", "pr-2"]);
    });

    test("that is the last tagged one is deleted or refused, as declared", async () => {
      const { provider, registry, server } = await openRegistry(adapter);
      const last = server.pushImage("web", { seed: "last", tags: ["pr-1"] });
      server.pushImage("web", { seed: "untagged" });
      const result = await registry.delete("web", await listed(registry, "web", last), LATER);
      if (provider.capabilities.keepsLastTagged) {
        expect(result).toEqual({ outcome: "refused", reason: expect.stringMatching(/./) });
        expect(server.tagsOf("web", last)).toEqual(["pr-1"]);
      } else {
        expect(result).toEqual({ outcome: "deleted" });
        expect(server.tagsOf("web", last)).toBeNull();
      }
    });
  });

  describe("a tag", () => {
    function isDeletable({ provider }: OpenRegistry): boolean {
      const { deletesTags } = provider.capabilities;
      if (deletesTags !== "unknown") return deletesTags === "yes";
      if (adapter.deletesTags === undefined) throw new Error(`${adapter.name} must define deletesTags`);
      return adapter.deletesTags;
    }

    test("is deleted without its manifest, if that is declared", async () => {
      const { open, registry, server, orphaned } = await openWithImages();
      const isPossible = isDeletable(open);
      expect(await registry.deleteTag("web", { tag: "pr-1", digest: orphaned }, LATER)).toBe(
        isPossible ? "deleted" : "unsupported",
      );
      expect(server.tagsOf("web", orphaned)).toEqual(isPossible ? ["pr-2"] : ["pr-1", "pr-2"]);
    });

    test("that was deleted meanwhile is gone", async () => {
      const { open, registry, server, orphaned } = await openWithImages();
      server.remove("web", orphaned);
      if (isDeletable(open))
        expect(await registry.deleteTag("web", { tag: "pr-1", digest: orphaned }, LATER)).toBe("gone");
    });

    test("is not deleted after the time by which the DELETE must be sent", async () => {
      const { open, registry, server, clock, orphaned } = await openWithImages();
      const deletion = registry.deleteTag("web", { tag: "pr-1", digest: orphaned }, clock.now() - 1);
      if (open.provider.capabilities.deletesTags === "no") expect(await deletion).toBe("unsupported");
      else await expect(deletion).rejects.toMatchObject({ name: "HttpError", code: "expired" });
      expect(server.tagsOf("web", orphaned)).toEqual(["pr-1", "pr-2"]);
      expect(deletes(open)).toBe(0);
    });
  });
});
