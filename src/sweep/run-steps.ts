import type { Digest } from "../digest.ts";
import type { DeletionStep } from "../plan/plan.ts";

/**
 * Runs steps with at most `concurrency()` at a time. A step starts when everything it comes after has succeeded, and before any
 * root that was not started yet, so that few trees are incomplete at any time.
 *
 * @param run returns whether the steps after it may run; must not throw
 */
export function runSteps(
  steps: readonly DeletionStep[],
  concurrency: () => number,
  run: (digest: Digest) => Promise<boolean>,
): Promise<void> {
  const waitsFor = new Map(steps.map(({ digest, after }) => [digest, after.length]));
  const followers = new Map<Digest, Digest[]>();
  for (const { digest, after } of steps) {
    for (const first of after) {
      const known = followers.get(first);
      if (known === undefined) followers.set(first, [digest]);
      else known.push(digest);
    }
  }
  // The last one starts first.
  const ready = steps.flatMap(({ digest, after }) => (after.length === 0 ? [digest] : [])).reverse();
  let running = 0;
  const release = (digest: Digest): void => {
    for (const follower of followers.get(digest)?.toReversed() ?? []) {
      const left = (waitsFor.get(follower) ?? 0) - 1;
      waitsFor.set(follower, left);
      if (left === 0) ready.push(follower);
    }
  };
  return new Promise((resolve, reject) => {
    const start = (): void => {
      if (running === 0 && ready.length === 0) resolve();
      while (running < concurrency() && ready.length > 0) {
        const digest = ready.pop();
        if (digest === undefined) return;
        running += 1;
        run(digest).then((succeeded) => {
          running -= 1;
          if (succeeded) release(digest);
          start();
        }, reject);
      }
    };
    start();
  });
}
