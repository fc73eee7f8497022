import { memory } from "@tensorflow/tfjs-core";
import { expect, test, vi } from "vitest";
import { nativeBackend } from "../../../../src/training/compiled/native-binding.ts";
import { tryCompiling } from "../../../../src/training/compiled/try-compiling.ts";
import { containing } from "../data/containing.ts";
import { onEachBackend } from "../each-backend.ts";

onEachBackend(() => {
  test("the trial tells whether steps are compiled, and leaves no tensor", () => {
    const before = memory().numTensors;
    expect(tryCompiling()).toEqual({ works: true });
    expect(memory().numTensors).toBe(before);
  });

  test("the trial tells why they are not, where the graph cannot be written", () => {
    vi.stubEnv("TMPDIR", "/nowhere/at/all");
    try {
      const tried = tryCompiling();
      if (nativeBackend() !== undefined) expect(tried).toEqual({ works: false, reason: containing("/nowhere/at/all") });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
