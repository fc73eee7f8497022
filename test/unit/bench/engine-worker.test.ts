import { expect, test } from "vitest";
import { problems } from "../../bench/engine/problems.ts";
import { lineOf } from "../../bench/engine/worker.ts";

const { A: problem } = problems;

test("a worker measures a case: speed, memory, tensors, and where the time goes", async () => {
  const measurement = { problem, method: "mgda", backend: "wasm", seconds: 0.3, warmUpSeconds: 0.1, compile: true } as const;
  const line = await lineOf({ problem: "A", threads: 1, method: "mgda" }, measurement);
  if (line.error !== undefined) throw new Error(line.error);
  expect(line).toMatchObject({ problem: "A", threads: 1, engine: "taskscope wasm", method: "mgda", batch: 256, tasks: 3 });
  // 64·256 + 256 + 256·256 + 256, and thrice 256·64 + 64 + 64 + 1.
  expect(line.parameters).toBe(16640 + 65792 + 3 * 16513);
  expect(line.steps_per_s).toBeGreaterThan(0);
  expect(line.runs).toHaveLength(3);
  expect(line.tensors[1]).toBe(line.tensors[0]);
  expect(line.last_losses).toHaveLength(3);
  expect(Object.values(line.parts).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 2);
  expect(line.parts.gradients).toBeGreaterThan(0.2);
  expect(line.parts.optimizer).toBeGreaterThan(0);
});

test("a second thread that a backend does not have is told, not pretended", async () => {
  const measurement = { problem, method: "equal", backend: "wasm", seconds: 0.1, warmUpSeconds: 0.1, compile: true } as const;
  const line = await lineOf({ problem: "A", threads: 2, method: "equal" }, measurement);
  expect(line).toEqual({
    ...{ problem: "A", threads: 2, engine: "taskscope wasm", method: "equal" },
    error: "Not measured: the wasm backend computes on 1 thread, and not on 2.",
  });
});
