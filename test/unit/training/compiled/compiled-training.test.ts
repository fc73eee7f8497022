import { beforeAll, expect, test } from "vitest";
import { balancerCatalogue } from "../../../../src/balancers/catalogue.ts";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { CheckpointKeeper } from "../../../../src/training/checkpoint-keeper.ts";
import type { Training } from "../../../../src/training/training.ts";
import { TrainingLoop } from "../../../../src/training/training-loop.ts";
import { backendNames, describeOn, type BackendName } from "../../backends.ts";
import { openedTrainings } from "../opened-trainings.ts";
import { ListRecorder, neverStop, syntheticDataset, syntheticTraining } from "../synthetic.ts";

const opened = openedTrainings();

const trunk = [{ dense: { units: 8, activation: "relu" } }, { dropout: { rate: 0.2 } }, "batchNormalization", { dense: { units: 6, activation: "tanh" } }]; // prettier-ignore

/** Of 64 rows in batches of 16, some without their second label. */
async function trained(backend: BackendName, compile: boolean, steps: number, balancer: string, training: object = {}): Promise<Training> {
  const changes = {
    balancer,
    model: { trunk },
    // Adam would make a step of the same length of a gradient that is nothing but rounding.
    optimizer: balancer === "adatask" ? { adagrad: { learningRate: 0.05 } } : { sgd: { learningRate: 0.05 } },
    training: { epochs: 3, batchSize: 16, seed: 1, backend, compile, ...training },
  };
  const prepared = syntheticTraining(changes, syntheticDataset({ rows: 64, gaps: true }));
  opened.add(prepared);
  const recorder = new ListRecorder();
  const loop = new TrainingLoop(prepared, recorder, neverStop, new CheckpointKeeper("unused", recorder));
  for (let step = 0; step < steps; step++) await loop.step();
  expect(recorder.events.filter(({ kind }) => kind === "note")).toEqual([]);
  return prepared;
}

/** Largest difference of two trainings' parameters, in units of the largest. */
function apart(a: Training, b: Training): number {
  const [one, other] = [a, b].map(({ everything }) => everything.flatMap(({ values }) => [...values]));
  if (one === undefined || other === undefined) throw new Error("unreachable");
  const scale = one.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return one.reduce((most, value, i) => Math.max(most, Math.abs(value - (other[i] ?? Number.NaN))), 0) / scale;
}

for (const backend of backendNames) {
  describeOn(backend)(`A compiled training on ${backend}`, () => {
    beforeAll(async () => {
      await startBackend(backend);
    });

    test.each(balancerCatalogue.map(({ id }) => id))("of %s goes where the plain one goes", async (id) => {
      expect(apart(await trained(backend, true, 1, id), await trained(backend, false, 1, id))).toBeLessThan(1e-6);
      const longer = await trained(backend, true, 8, id);
      expect(apart(longer, await trained(backend, false, 8, id))).toBeLessThan(1e-4);
      const memory = longer.stepper.passes.save();
      expect(memory.refusal).toBeNull();
      expect(Object.keys(memory.habits)).not.toEqual([]);
    });

    test.each([
      ["accumulation", { accumulate: 2 }],
      ["clipping", { clip: { norm: 0.5 } }],
      ["a network walked again", { gradients: "recompute" }],
    ])("goes where the plain one goes with %s", async (_, training) => {
      expect(apart(await trained(backend, true, 6, "mgda", training), await trained(backend, false, 6, "mgda", training))).toBeLessThan(
        1e-4,
      );
    });
  });
}
