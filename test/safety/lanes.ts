import type { Forge } from "../e2e/team.ts";
import { serveStageForge } from "./stage.ts";

/** Forges for trials that run side by side, each of which has one for itself. */
export interface Lanes {
  /** Runs `work` when a forge is free. */
  take<T>(work: (forge: Forge) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Serves `count` forges that give two pull requests a page. */
export async function openLanes(count: number): Promise<Lanes> {
  const forges = await Promise.all(Array.from({ length: count }, () => serveStageForge("kept")));
  for (const { github } of forges) github.state.mostPerPage = 2;
  const free = [...forges];
  const waiting: ((forge: Forge) => void)[] = [];

  function give(forge: Forge): void {
    const next = waiting.shift();
    if (next === undefined) free.push(forge);
    else next(forge);
  }

  return {
    async take(work) {
      const forge = free.pop() ?? (await new Promise<Forge>((resolve) => waiting.push(resolve)));
      try {
        return await work(forge);
      } finally {
        give(forge);
      }
    },
    close: async () => void (await Promise.all(forges.map((forge) => forge.close()))),
  };
}
