import { expect, test } from "vitest";
import { deletedIn, planWorld, type Setup, type World } from "./world.ts";

/** One world, and what is deleted of it. */
export interface Case extends Setup {
  readonly title: string;
  readonly world: World;
  readonly deleted: readonly string[];
}

/** An image and its signature, in one repository. */
export const SIGNED: World = { signed: { tags: ["live-signed"] }, signature: { tags: ["sha256-signed.sig"] } };

export function testCases(cases: readonly Case[]): void {
  test.each(cases)("$title", ({ world, deleted, ...setup }) => {
    const planned = planWorld(world, setup);
    expect(deletedIn(world, planned)).toEqual(deleted);
    const digests = planned.plan.decisions.map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(digests.length);
  });
}
