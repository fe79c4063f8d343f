import { expect, test } from "vitest";
import type { PlannedRepository } from "../../src/sweep/plan-repository.ts";
import { requireAllowedNumber } from "../../src/sweep/rules.ts";
import { planWorld, type World } from "../plan/world.ts";

/** Two images, one of them with two platforms. */
const WORLD: World = {
  index: { tags: ["orphaned"], children: ["amd64", "arm64"] },
  amd64: {},
  arm64: {},
  image: { tags: ["orphaned-2"] },
  live: { tags: ["live"] },
};

function check(maxDeletions: number): void {
  const { plan } = planWorld(WORLD);
  requireAllowedNumber({ maxDeletions } as Parameters<typeof requireAllowedNumber>[0], [{ plan } as PlannedRepository]);
}

test("deletes as many images as max-deletions, however many platforms they have", () => {
  expect(() => check(2)).not.toThrow();
  expect(() => check(0)).not.toThrow();
});

test("deletes nothing if more images would be deleted than max-deletions", () => {
  expect(() => check(1)).toThrow("2 images would be deleted, more than `max-deletions: 1`. Nothing was deleted");
});
