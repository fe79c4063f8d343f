import { expect, test } from "vitest";
import { capabilities } from "../../src/registry/digitalocean/capabilities.ts";
import type { GcType } from "../../src/settings.ts";
import { type RemainingRepository, requireSafeCollection } from "../../src/sweep/collect.ts";

const TAGGED = { description: "web@sha256:1 (branch main)", isTagged: true };
const UNTAGGED = { description: "web@sha256:2 (child of main)", isTagged: false };

function check(gcType: GcType, manifests: RemainingRepository["manifests"]): void {
  requireSafeCollection({ gcType }, { capabilities }, () => [{ name: "web", manifests }]);
}

test("starts a collection of untagged manifests only if no kept manifest is untagged", () => {
  expect(() => check("untagged manifests only", [TAGGED])).not.toThrow();
  expect(() => check("untagged manifests only", [TAGGED, UNTAGGED])).toThrow("1 kept manifest has no tag");
});

test("starts none if a repository could not be read", () => {
  expect(() => check("untagged manifests and unreferenced blobs", null)).toThrow("web could not be read");
});

test("starts a collection of unreferenced blobs in any case", () => {
  expect(() => check("unreferenced blobs only", null)).not.toThrow();
  expect(() => check("unreferenced blobs only", [UNTAGGED])).not.toThrow();
});
