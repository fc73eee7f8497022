import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe } from "vitest";

export type BackendName = "wasm" | "native";

export const backendNames: readonly BackendName[] = ["wasm", "native"];

const hasNative = existsSync(join(import.meta.dirname, "../../node_modules/@tensorflow/tfjs-node/package.json"));
// Set where `npm run native` has made it: then its tests must not be left out.
if (process.env["TASKSCOPE_NATIVE"] === "required" && !hasNative) {
  throw new Error(`TASKSCOPE_NATIVE=required, and there is no native backend. "npm run native" makes it.`);
}

/**
 * `describe` for tests on this backend. Where there is no native backend its tests are skipped, and counted as such; one that is there and does
 * not load fails them.
 */
export function describeOn(backend: BackendName): typeof describe.skip {
  return describe.skipIf(backend === "native" && !hasNative);
}
