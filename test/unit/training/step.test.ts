import { beforeAll, describe, expect, test } from "vitest";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { makeBatch } from "../../../src/training/batches.ts";
import type { Dataset } from "../../../src/training/data/dataset.ts";
import { inTensorScope } from "../../../src/training/tensor-scope.ts";
import type { StepReport } from "../../../src/training/step-report.ts";
import type { Training } from "../../../src/training/training.ts";
import { syntheticDataset, syntheticTraining } from "./synthetic.ts";
import { valuesOf } from "./values-of.ts";
import { pickRows } from "../../../src/training/data/memory-source.ts";

const firstRows = Uint32Array.from({ length: 16 }, (_, i) => i);

function step(
  training: Training,
  { track = false, rows = firstRows, at = 0 }: { track?: boolean; rows?: Uint32Array; at?: number } = {},
): StepReport {
  const { dataset, stepper, optimizer } = training;
  const moment = { step: at, epoch: 0, rate: optimizer.learningRate, track };
  return inTensorScope(() => stepper.run(makeBatch(dataset, pickRows(valuesOf(dataset.splits.train), rows)), moment));
}

function weights({ parameters }: Training): Record<string, readonly number[]> {
  return Object.fromEntries([...parameters.common, ...parameters.owned].map(({ name, values }) => [name, [...values]]));
}

/** Rows whose second label is missing. */
function unlabelled(dataset: Dataset): Uint32Array {
  const present = valuesOf(dataset.splits.train).present[1] ?? new Uint8Array();
  return Uint32Array.from([...present.keys()].filter((row) => present[row] === 0));
}

beforeAll(async () => {
  await startBackend("wasm");
});

describe("the trainer computes no more than a method declares", () => {
  test.each([
    ["equal", 1],
    ["static", 1],
    ["uncertainty", 1],
    ["mgda", 2],
    ["adatask", 2],
  ])("%s walks back %i times", (balancer, walks) => {
    const training = syntheticTraining({ balancer });
    expect(step(training).walks).toBe(walks);
    training.model.dispose();
  });

  test("a tracked step walks back once for each task, whatever the method", () => {
    for (const balancer of ["equal", "uncertainty", "mgda", "adatask"]) {
      const training = syntheticTraining({ balancer, training: { seed: 1, batchSize: 16, compile: false } });
      expect(step(training, { track: true }).walks).toBe(2);
      training.model.dispose();
    }
  });
});

test("a tracked step moves the parameters as an untracked one does", () => {
  const [tracked, plain] = [syntheticTraining({ optimizer: { sgd: {} } }), syntheticTraining({ optimizer: { sgd: {} } })];
  step(tracked, { track: true });
  step(plain);
  for (const [name, values] of Object.entries(weights(plain))) {
    values.forEach((value, i) => {
      expect(weights(tracked)[name]?.[i]).toBeCloseTo(value, 6);
    });
  }
  tracked.model.dispose();
  plain.model.dispose();
});

describe("heads", () => {
  const staticWeights = {
    tasks: { kind: { kind: "classification", weight: 0.25 }, size: { kind: "regression", weight: 4 } },
    balancer: "static",
    optimizer: { sgd: { learningRate: 0.5 } },
  };
  const withHeads = (heads: string): Training => syntheticTraining({ ...staticWeights, training: { heads } });
  const moved = (training: Training): Map<string, readonly number[]> => {
    const before = weights(training);
    step(training);
    return new Map(
      Object.entries(weights(training)).map(([name, values]) => [name, values.map((value, i) => value - (before[name]?.[i] ?? 0))]),
    );
  };

  test("are moved by their own loss or by their weighted loss, and the trunk by the weighted sum in both cases", () => {
    const [own, weighted, auto] = ["own", "weighted", "auto"].map((heads) => {
      const training = withHeads(heads);
      const result = moved(training);
      training.model.dispose();
      return result;
    });
    expect(auto).toEqual(weighted);
    for (const [name, values] of weighted ?? []) {
      const factor = name.startsWith("kind.") ? 0.25 : name.startsWith("size.") ? 4 : 1;
      values.forEach((value, i) => {
        expect((own?.get(name)?.[i] ?? Number.NaN) * factor).toBeCloseTo(value, 6);
      });
    }
  });
});

describe("a task without a label in the batch", () => {
  test.each(["equal", "uncertainty", "mgda", "adatask"])("is absent with %s: no loss, no weight, and its head stays", (balancer) => {
    const dataset = syntheticDataset({ gaps: true });
    const training = syntheticTraining({ balancer }, dataset);
    const before = weights(training);
    const report = step(training, { rows: unlabelled(dataset) });
    const after = weights(training);
    expect(report.losses[1]).toBeUndefined();
    expect(report.weights[1]).toBeUndefined();
    expect(after["size.output.kernel"]).toEqual(before["size.output.kernel"]);
    expect(after["kind.output.kernel"]).not.toEqual(before["kind.output.kernel"]);
    expect(after["dense1.kernel"]).not.toEqual(before["dense1.kernel"]);
    training.model.dispose();
  });

  test("still counts with its constant weight when it is the only one present and heads see their own loss", () => {
    const dataset = syntheticDataset({ gaps: true });
    const move = (weight: number): number => {
      const training = syntheticTraining(
        {
          balancer: "static",
          tasks: { kind: { kind: "classification", weight }, size: { kind: "regression" } },
          optimizer: { sgd: {} },
          training: { heads: "own" },
        },
        dataset,
      );
      const { directionNorm = 0 } = step(training, { rows: unlabelled(dataset) });
      training.model.dispose();
      return directionNorm;
    };
    expect(move(3) / move(1)).toBeCloseTo(3, 5);
  });
});

describe("a loss that is not finite", () => {
  const broken = (): Dataset => {
    const dataset = syntheticDataset();
    valuesOf(dataset.splits.train).targets[1]?.fill(Number.POSITIVE_INFINITY);
    return dataset;
  };

  test.each(["equal", "uncertainty", "mgda", "adatask"])("leaves the step out with %s, and nothing changes", (balancer) => {
    const training = syntheticTraining({ balancer, model: { trunk: [{ dense: { units: 8 } }, "batchNormalization"] } }, broken());
    const before = weights(training);
    const statistics = training.model.statistics.map(({ variable }) => [...variable.dataSync()]);
    const state = training.stepper.remembered.state;
    const report = step(training, { track: true });
    expect(report.trouble).toEqual({ bad: [{ task: 1, what: "loss" }], remedy: { kind: "skip" } });
    expect(weights(training)).toEqual(before);
    expect(training.model.statistics.map(({ variable }) => [...variable.dataSync()])).toEqual(statistics);
    expect(training.stepper.remembered.state).toEqual(state);
    expect([...training.stepper.slots().values()].every(({ count }) => count === 0)).toBe(true);
    training.model.dispose();
  });

  test("drops the task and goes on with the others when asked", () => {
    const training = syntheticTraining({ training: { onNonFinite: "drop-task" } }, broken());
    const before = weights(training);
    const report = step(training);
    expect(report.trouble?.remedy).toEqual({ kind: "drop", tasks: [1] });
    expect(report.weights).toEqual([1, undefined]);
    expect(weights(training)["dense1.kernel"]).not.toEqual(before["dense1.kernel"]);
    training.model.dispose();
  });

  test("ends the training at once when asked, and after too many skips in a row", () => {
    const strict = syntheticTraining({ training: { onNonFinite: "throw" } }, broken());
    expect(() => step(strict)).toThrow(/Step 1: The loss of size was not finite/);
    const patient = syntheticTraining({ training: { maxConsecutive: 3 } }, broken());
    step(patient);
    step(patient, { at: 1 });
    expect(() => step(patient, { at: 2 })).toThrow(/3 steps in a row had to be skipped, the last at step 3/);
    strict.model.dispose();
    patient.model.dispose();
  });

  test.each(["equal", "mgda"])("a gradient that overflows although its loss is finite is found with %s", (balancer) => {
    const training = syntheticTraining({ balancer, model: { trunk: [{ dense: { units: 4 } }] } });
    const head = training.parameters.owned.find(({ name }) => name === "size.output.kernel");
    const [kernel] = training.parameters.common;
    // Answers of about 1e15 and a loss of about 1e30, but the trunk's gradient is their product with 1e25.
    head?.set(new Float32Array(head.size).fill(1e25));
    kernel?.set(new Float32Array(kernel.size).fill(1e-10));
    expect(step(training).trouble?.bad).toEqual([{ task: 1, what: "gradient" }]);
    training.model.dispose();
  });
});

test("attributed and exact ownership sum to one for every element", () => {
  for (const balancer of ["equal", "mgda", "adatask"]) {
    const training = syntheticTraining({ balancer });
    step(training, { track: true });
    for (const { mean, histogram, parameter } of training.dominance.measure().tensors) {
      expect(mean.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
      expect(histogram.reduce((sum, value) => sum + value, 0)).toBe(2 * parameter.size);
    }
    training.model.dispose();
  }
});

describe("what overflows without showing in a loss", () => {
  const normalised = {
    model: {
      trunk: [{ dense: { units: 4, name: "wide" } }],
      heads: { kind: [], size: [{ dense: { units: 4 } }, { batchNormalization: {} }] },
    },
    track: { every: 1000 },
  };

  test("a batch that normalisation hides is skipped, and its moving statistics are as before", () => {
    const dataset = syntheticDataset();
    const training = syntheticTraining(normalised, dataset);
    const before = training.model.statistics.map(({ variable }) => [...variable.dataSync<"float32">()]);
    const kept = weights(training);
    valuesOf(dataset.splits.train).inputs[0]?.fill(1e23, 0, 8);
    const report = step(training);
    expect(report.losses.every((loss) => loss !== undefined && Number.isFinite(loss))).toBe(true);
    expect(report.trouble).toMatchObject({ remedy: { kind: "skip" } });
    expect(report.trouble?.bad[0]).toMatchObject({ what: "statistics" });
    expect(training.model.statistics.map(({ variable }) => [...variable.dataSync<"float32">()])).toEqual(before);
    expect(weights(training)).toEqual(kept);
    training.model.dispose();
  });

  test("a gradient whose square no accumulator can hold is skipped", () => {
    const dataset = syntheticDataset({ tasks: ["size"] });
    const training = syntheticTraining(
      { tasks: { size: { kind: "regression", loss: "mae" } }, model: { trunk: [{ dense: { units: 2 } }] } },
      dataset,
    );
    valuesOf(dataset.splits.train).inputs[0]?.fill(1e21, 0, 4);
    const report = step(training);
    expect(report.losses[0]).toSatisfy(Number.isFinite);
    expect(report.trouble).toMatchObject({ remedy: { kind: "skip" }, bad: [{ what: "gradient" }] });
    training.model.dispose();
  });
});
