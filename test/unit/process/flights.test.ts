import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ExampleWorkspace, jsonLine } from "./command.ts";

const outcome = z.object({
  status: z.string(),
  metrics: z.object({ test: z.record(z.string(), z.record(z.string(), z.number())) }),
  data: z.object({ rowsPerSecond: z.number(), waiting: z.number() }),
  memory: z.object({ peakRssMiB: z.number() }),
});

test("an epoch of three million flights needs little memory, waits little for its rows, and learns", { timeout: 600_000 }, async () => {
  await using workspace = new ExampleWorkspace();
  // The example reads the file in the package beside the examples.
  symlinkSync(join(import.meta.dirname, "../../../node_modules"), join(workspace.root, "node_modules"), "junction");
  const { code, stdout } = await workspace.taskscope("run", "examples/flights.mtl.yaml", "--backend", "wasm", "--json");
  expect(code).toBe(0);
  const { status, metrics, data, memory } = outcome.parse(jsonLine(stdout));
  expect(status).toBe("completed");
  expect(workspace.run.description?.rows).toEqual({ train: 2_400_000, validation: 300_000, test: 300_000 });
  // What a data set of real size must hold to on any machine; how fast it is depends on that.
  expect(memory.peakRssMiB).toBeLessThan(1536);
  expect(data.waiting).toBeLessThan(0.1);
  expect(data.rowsPerSecond).toBeGreaterThan(0);
  expect(metrics.test["distance"]?.["r2"]).toBeGreaterThan(0.95);
  expect(metrics.test["late"]?.["auc"]).toBeGreaterThan(0.6);

  using reader = workspace.reader();
  for (const name of ["system/data-wait", "system/rows-per-second", "system/rss-mib"]) {
    expect(reader.points(name).steps.length).toBeGreaterThan(0);
  }
});
