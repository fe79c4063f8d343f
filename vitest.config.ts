import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Most tests wait for servers and processes of their own: one core fewer, as is the default, would be idle half the time.
    maxWorkers: "100%",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    server: { deps: { inline: [/@actions\/(workflow-parser|languageservice|expressions)/] } },
  },
});
