import { beforeAll } from "vitest";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { type BackendName, backendNames, describeOn } from "../backends.ts";

/** The same tests on every backend, each with rows of its own; `backend` computes while they run. */
export function onEachBackend(tests: (backend: BackendName) => void): void {
  for (const backend of backendNames) {
    describeOn(backend)(`on ${backend}`, () => {
      beforeAll(async () => {
        await startBackend(backend);
      });
      tests(backend);
    });
  }
}
