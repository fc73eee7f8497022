import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ExampleWorkspace, jsonLine } from "./command.ts";

const outcome = z.object({
  run: z.string(),
  status: z.string(),
  seed: z.number(),
  backend: z.string(),
  seconds: z.number(),
  metrics: z.object({ test: z.record(z.string(), z.record(z.string(), z.number())) }),
  dominance: z.object({ trunk: z.record(z.string(), z.number()), parameters: z.record(z.string(), z.record(z.string(), z.number())) }),
});

const short = ["--set", "training.epochs=1", "--backend", "wasm", "--json"];

describe.each([
  ["digits", ["digit", "slant", "ink"]],
  ["penguins", ["species", "sex", "mass"]],
  ["multi-mnist", ["left", "right"]],
  ["weather", ["seattle-weather", "seattle-rain", "new-york-weather", "new-york-rain"]],
])("a real trainer on %s", (name, tasks) => {
  test("records what the real reader and the command tell, and the same again for the same seed", async () => {
    await using workspace = new ExampleWorkspace();
    const file = `examples/${name}.mtl.yaml`;
    const { code, stdout, stderr } = await workspace.taskscope("run", file, ...short);
    expect([code, stderr]).toEqual([0, expect.stringContaining("run ")]);
    const told = outcome.parse(jsonLine(stdout));
    expect(told).toMatchObject({ status: "completed", backend: "wasm", seed: 0 });
    expect(Object.keys(told.metrics.test)).toEqual(tasks);
    expect(sum(told.dominance.trunk)).toBeCloseTo(1, 5);

    const { run } = workspace;
    expect(run).toMatchObject({
      id: told.run,
      status: "completed",
      name,
      reason: null,
      overrides: ["training.epochs=1", "training.backend=wasm"],
    });
    expect(run.result?.metrics.test).toEqual(told.metrics.test);
    expect(run.step).toBe(run.description?.totalSteps);
    expect(readFileSync(join(run.folder, "config.mtl.yaml"), "utf8")).toContain("# set on the command line");
    using reader = workspace.reader();
    for (const task of tasks) {
      const loss = reader.points(`loss/${task}`);
      expect(loss.steps.length).toBeGreaterThan(0);
      expect([...loss.values].every(Number.isFinite)).toBe(true);
      expect(reader.latest(`dominance/${task}`)?.value).toBeCloseTo(told.dominance.trunk[task] ?? NaN, 5);
    }
    const common = run.description?.parameters.filter(({ reach }) => reach === "common") ?? [];
    expect(Object.keys(told.dominance.parameters)).toEqual(common.map(({ name: parameter }) => parameter));
    for (const { name: parameter, size } of common) {
      expect(reader.snapshot(parameter)?.map.shares.length).toBe(size * tasks.length);
      expect(sum(told.dominance.parameters[parameter] ?? {})).toBeCloseTo(1, 5);
    }

    const again = outcome.parse(jsonLine((await workspace.taskscope("run", file, ...short)).stdout));
    expect([again.metrics, again.dominance]).toEqual([told.metrics, told.dominance]);
    const other = outcome.parse(jsonLine((await workspace.taskscope("run", file, ...short, "--seed", "1")).stdout));
    expect(other.seed).toBe(1);
    expect(other.metrics).not.toEqual(told.metrics);
  });
});

test("what is printed for people ends with each task's test metrics and each layer's owners", async () => {
  await using workspace = new ExampleWorkspace();
  const { stdout, stderr } = await workspace.taskscope(
    "run",
    "examples/penguins.mtl.yaml",
    "--set",
    "training.epochs=2",
    "--backend",
    "wasm",
  );
  expect(stderr).toMatch(/epoch 2\/2 {2}step \d+\/\d+ {2}loss species \S+ {2}sex \S+ {2}mass \S+ {2}\S+ steps\/s/);
  expect(stdout).toMatch(/completed after [\d.]+ s on wasm, seed 0/);
  expect(stdout).toMatch(/Each task on the test rows\ntask +accuracy +f1 +r2 +rmse\nspecies .*\nsex .*\nmass .*\n/);
  expect(stdout).toMatch(/Who owns each shared layer .*\nlayer +species +sex +mass\ndense\S* .*\ndense\S* .*\ntrunk .*\n/);
  expect(stdout).not.toContain("\u001b");
});

function sum(shares: Readonly<Record<string, number>>): number {
  return Object.values(shares).reduce((total, share) => total + share, 0);
}
