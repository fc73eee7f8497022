import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { makeBatch } from "../../../src/training/batches.ts";
import { inTensorScope } from "../../../src/training/tensor-scope.ts";
import { syntheticTraining } from "./synthetic.ts";
import { valuesOf } from "./values-of.ts";
import { pickRows } from "../../../src/training/data/memory-source.ts";

const rows = Uint32Array.from({ length: 16 }, (_, i) => i);

beforeAll(async () => {
  await startBackend("wasm");
});

/** How far each parameter has moved after some steps on one batch. */
function moved(balancer: object | string, optimizer: object, steps = 1): readonly number[] {
  // No kinks: finite steps across one would not be told by slopes.
  const model = { trunk: [{ dense: { units: 8, activation: "tanh" } }] };
  // A compiled step of all tasks moves the parameters where they are, and one of a group does not: they round differently.
  const settings = { batchSize: 16, seed: 1, compile: false };
  const training = syntheticTraining({ balancer, optimizer, model, training: settings });
  const { common, owned } = training.parameters;
  const values = () => [...common, ...owned].flatMap((parameter) => [...parameter.values]);
  const before = values();
  const batch = makeBatch(training.dataset, pickRows(valuesOf(training.dataset.splits.train), rows));
  for (let step = 0; step < steps; step++)
    inTensorScope(() => training.stepper.run(batch, { step, epoch: 0, rate: training.optimizer.learningRate, track: false }));
  const after = values();
  training.model.dispose();
  return after.map((value, i) => value - (before[i] ?? 0));
}

test.each([{ sgd: { learningRate: 0.1 } }, { adam: { learningRate: 0.01 } }])(
  "alternating: one group of all tasks is equal weighting, bit for bit, with %o",
  (optimizer) => {
    expect(moved({ method: "alternating", groupSize: 2 }, optimizer, 5)).toEqual(moved("equal", optimizer, 5));
  },
);

test("alternating: with SGD the groups' steps together are the joint one up to the square of the learning rate", () => {
  const off = (learningRate: number) => {
    const [alone, joint] = ["alternating", "equal"].map((method) => moved(method, { sgd: { learningRate } }));
    return Math.hypot(...(alone ?? []).map((value, i) => value - (joint?.[i] ?? NaN)));
  };
  const [whole, half] = [off(0.05), off(0.025)];
  expect(whole).toBeGreaterThan(0);
  expect(whole / half).toBeGreaterThan(3.6);
  expect(whole / half).toBeLessThan(4.4);
});
