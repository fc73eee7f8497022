import { describe, expect, test } from "vitest";
import type { BatchFeed, Dataset, RowValues } from "../../../src/training/data/dataset.ts";
import type { Training } from "../../../src/training/training.ts";
import { TrainingError } from "../../../src/training/training-error.ts";
import { captureState, restoreState } from "../../../src/training/training-state.ts";
import { ListRecorder, neverStop, syntheticDataset } from "./synthetic.ts";
import { temporaryTrainings } from "./temporary-trainings.ts";

const trainings = temporaryTrainings();

type Settings = Record<string, unknown>;

const trunk = [{ dense: { units: 8 } }, "batchNormalization", { dropout: { rate: 0.5 } }];

/** Seventy rows: five batches of 16, with noise and moving statistics. */
function open(training: Settings, changes: Settings, dataset: Dataset): Training {
  const settings = { epochs: 3, batchSize: 16, seed: 1, backend: "wasm", ...training };
  return trainings.open({ model: { trunk }, training: settings, track: { every: 1 }, ...changes }, dataset);
}

function dataset(change: (values: RowValues, batch: number) => RowValues = (values) => values): Dataset {
  const plain = syntheticDataset({ rows: 70, gaps: true });
  const { train } = plain.splits;
  const feed = (options: Parameters<typeof train.feed>[0]): BatchFeed => {
    const own = train.feed(options);
    let batch = 0;
    return {
      batches: own.batches,
      next: async () => change(await own.next(), batch++),
      save: () => own.save(),
      restore: async (state) => {
        await own.restore(state);
      },
    };
  };
  return { ...plain, splits: { ...plain.splits, train: { count: train.count, feed, scan: (rows: number) => train.scan(rows) } } };
}

/** Inputs that are no numbers, from the batch of that number on. */
function brokenInputs(from: number): Dataset {
  return dataset((values, batch) => (batch < from ? values : { ...values, inputs: values.inputs.map((all) => all.map(() => NaN)) }));
}

/** Targets that are no numbers, for the second task alone. */
function brokenTargets(from: number): Dataset {
  return dataset((values, batch) =>
    batch < from ? values : { ...values, targets: values.targets.map((all, task) => (task === 1 ? all.map(() => NaN) : all)) },
  );
}

async function whole(training: Training, from = 0): Promise<void> {
  const recorder = new ListRecorder();
  await trainings.loop(training, recorder, neverStop, from).run();
}

interface Case {
  readonly name: string;
  readonly training?: Settings;
  readonly changes?: Settings;
  readonly broken: () => Dataset;
  /** Makes a further forward pass fail. */
  readonly failing?: (training: Training) => void;
  /** Steps that are done before the one that fails. */
  readonly done: number;
}

const cases: readonly Case[] = [
  { name: "at once", training: { onNonFinite: "throw" }, broken: () => brokenInputs(2), done: 2 },
  { name: "after skips", training: { onNonFinite: "skip", maxConsecutive: 3 }, broken: () => brokenInputs(3), done: 5 },
  { name: "after drops", training: { onNonFinite: "drop-task", maxConsecutive: 3 }, broken: () => brokenTargets(3), done: 5 },
  { name: "in a window", training: { onNonFinite: "throw", accumulate: 2 }, broken: () => brokenInputs(4), done: 2 },
  { name: "with further draws", training: { onNonFinite: "throw" }, changes: { balancer: "modo" }, broken: () => brokenInputs(4), done: 4 },
  {
    name: "between two groups",
    training: { onNonFinite: "throw" },
    changes: { balancer: "alternating", optimizer: { adam: {} } },
    broken: () => brokenTargets(7),
    done: 7,
  },
  {
    name: "in a look after it has moved",
    // Where the network's own code fails is counted by its calls, of which a compiled step makes none.
    training: { compile: false },
    changes: { balancer: "famo", optimizer: { adam: {} } },
    broken: () => dataset(),
    // Each step has one pass and one look: this is the third look.
    failing: (training) => failAtPass(training, 6),
    done: 2,
  },
  {
    name: "in a look along its direction",
    training: { compile: false },
    changes: { balancer: { method: "marigold", updateEvery: 1, differences: "central" } },
    broken: () => dataset(),
    // Each step has one pass and two looks: this is the last look of the second step.
    failing: (training) => failAtPass(training, 6),
    done: 1,
  },
];

/** Lets the pass of that number, counted from 1, fail as own code of a person does. */
function failAtPass({ model }: Training, number: number): void {
  const forward = model.forward.bind(model);
  let passes = 0;
  Object.assign(model, {
    forward: (...given: Parameters<typeof forward>) => {
      const outputs = forward(...given);
      if (given[1] && ++passes === number) throw new TrainingError("module", "model.ts:17:9 is wrong.");
      return outputs;
    },
  });
}

describe("a step that fails leaves everything as it was before it", () => {
  test.each(cases)("$name", async ({ training = {}, changes = {}, broken, failing, done }) => {
    const failed = open(training, changes, broken());
    failing?.(failed);
    const recorder = new ListRecorder();
    const loop = trainings.loop(failed, recorder);
    while (loop.steps < done) await loop.step();
    const before = captureState(failed, done);
    await expect(loop.run()).rejects.toThrow(TrainingError);
    const kept = trainings.checkpoint(done);
    expect(kept.values).toEqual(before.values);
    expect(Object.fromEntries(kept.arrays)).toEqual(Object.fromEntries(before.arrays));
  });
});

test.each(["equal", "alternating", "famo"])(
  "A training whose step failed goes on, once the data is mended, as if it had not: %s",
  async (balancer) => {
    const training = { onNonFinite: "throw" };
    const changes = { balancer, optimizer: { adam: {} } };
    const unbroken = open(training, changes, dataset());
    await whole(unbroken);
    await expect(whole(open(training, changes, brokenTargets(7)))).rejects.toThrow("not finite");
    const mended = open(training, changes, dataset());
    await restoreState(mended, trainings.checkpoint(7));
    await whole(mended, 7);
    expect(captureState(mended, 15)).toEqual(captureState(unbroken, 15));
  },
);
