import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    // As in the bundles: every tfjs package, and deep imports like tfjs-core/dist/tape, must meet in one ESM copy of tfjs-core.
    mainFields: ["module", "main"],
  },
  ssr: { resolve: { mainFields: ["module", "main"] } },
  test: {
    environment: "node",
    include: ["test/unit/**/*.test.{ts,tsx}"],
    setupFiles: ["test/unit/seeded.ts"],
    server: { deps: { inline: [/@tensorflow\/tfjs-(?!node)/] } },
    // Two cores: more workers only wait for each other.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
