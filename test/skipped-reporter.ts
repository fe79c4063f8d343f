import type { Reporter, TestModule } from "vitest/node";
import { howToInstall, type Tool } from "./servers/tools.ts";

/** Lists the skipped tests at the end of a run: one line for each missing tool. */
export default class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = new Map<Tool, number>();
    let others = 0;
    for (const test of modules.flatMap(({ children }) => [...children.allTests("skipped")])) {
      const { needs = [] } = test.meta();
      for (const tool of needs) counts.set(tool, (counts.get(tool) ?? 0) + 1);
      if (needs.length === 0) others += 1;
    }
    for (const [tool, count] of counts) console.log(`Skipped ${count} tests without ${tool}. ${howToInstall(tool)}`);
    if (others > 0) console.log(`Skipped ${others} other tests.`);
  }
}
