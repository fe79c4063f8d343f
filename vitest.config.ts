import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vitest/config";

/** Packages that import JSON or directories, which only a bundler resolves. */
const BUNDLED = /@actions\/(?:workflow-parser|languageservice|expressions)/;

/** Drops the source maps of these packages: their sources are not published, and each file would print a warning. */
const withoutSourceMaps: Plugin = {
  name: "without-source-maps",
  enforce: "pre",
  load: (id) =>
    BUNDLED.test(id) && id.endsWith(".js")
      ? readFileSync(id, "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, "")
      : null,
};

export default defineConfig({
  plugins: [withoutSourceMaps],
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/global-setup.ts",
    reporters: ["default", "./test/skipped-reporter.ts"],
    // Loading the modules again for each of 160 files would take a third of the time. Tests must restore what they change.
    isolate: false,
    // Most tests wait for servers and processes, so one worker fewer would leave a core idle.
    maxWorkers: "100%",
    slowTestThreshold: 10_000,
    // Test names in tables are longer than the default of 40 characters.
    taskTitleValueFormatTruncate: 150,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    server: { deps: { inline: [BUNDLED] } },
  },
});
