/** Who works beside whom: all together, until one finds that it gets nowhere so, and takes a turn of its own. */
export interface Turns {
  /** Runs `work` beside others, as soon as nobody works alone. */
  together<T>(work: () => Promise<T>): Promise<T>;
  /** Runs `work` when all that runs has ended, and nothing beside it. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  const running = new Set<Promise<unknown>>();
  let alone: Promise<unknown> = Promise.resolve();
  const start = <T>(work: () => Promise<T>): Promise<T> => {
    const working = work();
    const ended: Promise<unknown> = working.catch(() => undefined).finally(() => running.delete(ended));
    running.add(ended);
    return working;
  };
  return {
    async together(work) {
      for (let before: Promise<unknown> | null = null; before !== alone; ) {
        before = alone;
        await before;
      }
      return start(work);
    },
    alone(work) {
      const before = alone;
      const turn = (async () => {
        await before;
        await Promise.all(running);
        return work();
      })();
      alone = turn.catch(() => undefined);
      return turn;
    },
  };
}
