import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { applyOverrides } from "../../../../src/experiment/overrides.ts";
import { parseExperiment } from "../../../../src/experiment/parse.ts";
import type { Experiment } from "../../../../src/experiment/schema.ts";
import { CheckpointKeeper } from "../../../../src/training/checkpoint-keeper.ts";
import { UserCode } from "../../../../src/training/modules/user-code.ts";
import { opened } from "../../../../src/training/train.ts";
import { TrainingLoop } from "../../../../src/training/training-loop.ts";
import { describeOn } from "../../backends.ts";
import { ListRecorder, neverStop } from "../synthetic.ts";

const examples = join(import.meta.dirname, "../../../../examples");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taskscope-examples-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** As in the example, but for an optimizer that makes no step of the same length of a gradient that is nothing but rounding. */
function experimentOf(file: string, compile: boolean): Experiment {
  const { text } = applyOverrides(readFileSync(join(examples, file), "utf8"), [
    { path: "optimizer", value: "{ sgd: { learningRate: 0.01 } }" },
    { path: "training.backend", value: "native" },
    { path: "training.compile", value: String(compile) },
  ]);
  const { experiment, diagnostics } = parseExperiment(text);
  if (experiment === undefined) throw new Error(JSON.stringify(diagnostics));
  return experiment;
}

interface Trained {
  /** Values of all parameters after the first step, and after the last. */
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly recorder: ListRecorder;
}

async function trained(file: string, compile: boolean, steps: number): Promise<Trained> {
  const recorder = new ListRecorder();
  const part = join(folder, String(compile));
  mkdirSync(part);
  const checkpointFolder = join(part, "checkpoints");
  const baseFolder = join(examples, file, "..");
  return opened({ experiment: experimentOf(file, compile), baseFolder, checkpointFolder }, recorder, new UserCode(), async (training) => {
    const loop = new TrainingLoop(training, recorder, neverStop, new CheckpointKeeper(checkpointFolder, recorder));
    const values = (): number[] => training.everything.flatMap((parameter) => [...parameter.values]);
    await loop.step();
    const first = values();
    while (loop.steps < steps) await loop.step();
    return { first, last: values(), recorder };
  });
}

/** Largest difference, in units of the largest value. */
function apart(a: readonly number[], b: readonly number[]): number {
  const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0) / largest;
}

describeOn("native")("The example", () => {
  test.each(["penguins", "weather", "digits", "multi-mnist"])("%s goes compiled where it goes plainly", async (name) => {
    const compiled = await trained(`${name}.mtl.yaml`, true, 6);
    const plain = await trained(`${name}.mtl.yaml`, false, 6);
    expect(compiled.recorder.description?.compiled).toEqual({ works: true });
    expect(plain.recorder.description?.compiled).toMatchObject({ works: false });
    expect(compiled.recorder.events.filter(({ kind, step }) => kind === "note" && step > 0)).toEqual([]);
    expect(apart(plain.first, compiled.first)).toBeLessThan(1e-6);
    expect(apart(plain.last, compiled.last)).toBeLessThan(1e-5);
  });

  test("with a network of its own is not compiled, and says what is missing", async () => {
    const { recorder } = await trained("custom/custom.mtl.yaml", true, 1);
    const reason = "a network of your own must say that it can be, with `compile: true` beside `forward`";
    expect(recorder.description?.compiled).toEqual({ works: false, reason });
  });
});
