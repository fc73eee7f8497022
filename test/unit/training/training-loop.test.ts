import { readdirSync } from "node:fs";
import { memory } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { CheckpointKeeper } from "../../../src/training/checkpoint-keeper.ts";
import type { Control } from "../../../src/training/recorder.ts";
import type { Training } from "../../../src/training/training.ts";
import { TrainingLoop } from "../../../src/training/training-loop.ts";
import { restoreState } from "../../../src/training/training-state.ts";
import { ListRecorder, neverStop, syntheticDataset } from "./synthetic.ts";
import { temporaryTrainings } from "./temporary-trainings.ts";
import { valuesOf } from "./values-of.ts";

const trainings = temporaryTrainings();
const { open } = trainings;

async function run(
  training: Training,
  control: Control = neverStop,
): Promise<{ readonly recorder: ListRecorder; readonly end: Awaited<ReturnType<TrainingLoop["run"]>> }> {
  const recorder = new ListRecorder();
  const end = await trainings.loop(training, recorder, control).run();
  return { recorder, end };
}

/** Asks to stop once so many steps are done. */
function stopAfter(recorder: () => ListRecorder, steps: number): Control {
  return { stopRequested: () => recorder().steps >= steps, takeCheckpointRequest: () => false };
}

const longer = { training: { epochs: 40, batchSize: 16, seed: 1, backend: "wasm" }, optimizer: { adam: { learningRate: 0.01 } } };

test("a training that diverges and stays finite says so at its end, for the task in question", async () => {
  const { recorder, end } = await run(open({ ...longer, optimizer: { adam: { learningRate: 100 } } }));
  expect(end.kind).toBe("completed");
  const told = recorder.events.filter(({ detail }) => detail?.["diverged"] !== undefined);
  expect(told.map(({ kind, message }) => [kind, message.split(":")[0]])).toContainEqual(["warning", "kind diverged"]);
});

test("a training that goes well says nothing of divergence", async () => {
  const { recorder } = await run(open(longer));
  expect(recorder.events.filter(({ kind }) => kind === "warning")).toEqual([]);
});

describe.each(["equal", "static", "uncertainty", "mgda", "adatask"])("training with %s", (balancer) => {
  test("learns both tasks and records what the run shows", async () => {
    const { recorder, end } = await run(open({ ...longer, balancer }));
    expect(end.kind).toBe("completed");
    expect(recorder.last("loss/kind")).toBeLessThan(0.5);
    expect(recorder.last("loss/size")).toBeLessThan(0.3);
    expect(end.result.metrics.test?.["kind"]?.["accuracy"]).toBeGreaterThan(0.6);
    expect(end.result.metrics.validation?.["size"]?.["r2"]).toBeGreaterThan(0.5);
    const { kind = 0, size = 0 } = end.result.dominance.trunk;
    expect(kind + size).toBeCloseTo(1, 6);
    expect([...recorder.points.keys()]).toEqual(
      expect.arrayContaining([
        "weight/kind",
        "gradient-norm/size",
        "cosine/kind/size",
        "layer-cosine/dense1/kind/size",
        "conflict-rate",
        "help/kind",
        "direction-norm",
        "dominance/size",
        "dominance-histogram/dense1.kernel",
      ]),
    );
    expect(recorder.snapshots).toHaveLength(40);
  });

  test("gives the same numbers for the same seed, to the last bit", async () => {
    const first = await run(open({ balancer }));
    const second = await run(open({ balancer }));
    expect(second.recorder.numbers()).toEqual(first.recorder.numbers());
    expect(second.recorder.snapshots).toEqual(first.recorder.snapshots);
    expect(second.end).toEqual(first.end);
  });

  test("goes on from a checkpoint as if it had never stopped", async () => {
    const dataset = syntheticDataset({ gaps: true });
    const changes = {
      balancer,
      model: { trunk: [{ dense: { units: 8, activation: "relu" } }, { dropout: { rate: 0.2 } }, "batchNormalization"] },
    };
    const whole = await run(open(changes, dataset));

    const firstHalf = new ListRecorder();
    const stopped = trainings.loop(
      open(changes, dataset),
      firstHalf,
      stopAfter(() => firstHalf, 6),
    );
    expect((await stopped.run()).kind).toBe("stopped");

    const resumed = open({ ...changes, name: "resumed" }, dataset);
    const checkpoint = trainings.checkpoint(6);
    await restoreState(resumed, checkpoint);
    const { best } = resumed.validation;
    const secondHalf = new ListRecorder();
    const keeper = new CheckpointKeeper(trainings.folder, secondHalf, best === undefined ? undefined : trainings.checkpoint(best.step));
    const end = await new TrainingLoop(resumed, secondHalf, neverStop, keeper, checkpoint.step).run();

    const joined = Object.fromEntries(
      Object.entries(whole.recorder.numbers()).map(([name]) => [
        name,
        [...(firstHalf.points.get(name) ?? []), ...(secondHalf.points.get(name) ?? [])],
      ]),
    );
    expect(joined).toEqual(whole.recorder.numbers());
    expect(end).toEqual(whole.end);
  });
});

test("keeps the best and the last checkpoint, and the first until others took its place", async () => {
  const { end } = await run(open(longer));
  const expected = new Set([1, 160, end.result.bestStep].map((step) => `step-${step ?? ""}`));
  expect(new Set(readdirSync(trainings.folder))).toEqual(expected);
});

test("the number of tensors stays the same over a thousand steps", async () => {
  const training = open(
    { ...longer, training: { ...longer.training, epochs: 250 }, track: { every: 10 } },
    syntheticDataset({ gaps: true }),
  );
  const counts = new Set<number>();
  const recorder = new ListRecorder();
  const control = {
    stopRequested: () => {
      if (recorder.steps > 0) counts.add(memory().numTensors);
      return false;
    },
    takeCheckpointRequest: () => false,
  };
  await trainings.loop(training, recorder, control).run();
  expect(recorder.steps).toBe(1000);
  expect(counts.size).toBe(1);
});

test("a training that must end keeps what it has learnt in a checkpoint", async () => {
  const dataset = syntheticDataset();
  const training = open({ training: { epochs: 3, batchSize: 16, maxConsecutive: 2 } }, dataset);
  const recorder = new ListRecorder();
  const breakAfterFour = {
    stopRequested: () => {
      if (recorder.steps === 4) valuesOf(dataset.splits.train).targets[1]?.fill(Number.NaN);
      return false;
    },
    takeCheckpointRequest: () => false,
  };
  const loop = trainings.loop(training, recorder, breakAfterFour);
  await expect(loop.run()).rejects.toThrow(/2 steps in a row had to be skipped/);
  expect(recorder.events.filter(({ kind }) => kind === "non-finite")).toHaveLength(1);
  expect(trainings.checkpoint(5).arrays.get("weight/dense1.kernel")).toEqual(training.parameters.common[0]?.values);
});

describe("a task that is dropped again and again", () => {
  const patience = { training: { epochs: 3, batchSize: 16, onNonFinite: "drop-task", maxConsecutive: 3 } };
  const broken = () => {
    const dataset = syntheticDataset();
    valuesOf(dataset.splits.train).targets[1]?.fill(Number.NaN);
    return dataset;
  };

  test("ends the training, which says which task and why", async () => {
    await expect(run(open(patience, broken()))).rejects.toThrow(
      /^The task size had to be dropped from 3 steps in a row, the last at step 3: The loss of size was not finite\. A smaller learning rate/,
    );
  });

  test("is still counted after the training was stopped and taken up again", async () => {
    const dataset = broken();
    const recorder = new ListRecorder();
    const half = trainings.loop(
      open(patience, dataset),
      recorder,
      stopAfter(() => recorder, 2),
    );
    expect((await half.run()).kind).toBe("stopped");
    const resumed = open(patience, dataset);
    await restoreState(resumed, trainings.checkpoint(2));
    const rest = trainings.loop(resumed, recorder, neverStop, 2);
    await expect(rest.run()).rejects.toThrow(/3 steps in a row, the last at step 3/);
  });

  test("begins anew once the task has been trained", async () => {
    const dataset = syntheticDataset();
    const [labels = new Float32Array()] = valuesOf(dataset.splits.train).targets.slice(1);
    const good = labels.slice();
    const recorder = new ListRecorder();
    const everyThirdIsGood: Control = {
      stopRequested: () => {
        if (recorder.steps % 3 === 2) labels.set(good);
        else labels.fill(Number.NaN);
        return false;
      },
      takeCheckpointRequest: () => false,
    };
    const loop = trainings.loop(open(patience, dataset), recorder, everyThirdIsGood);
    expect((await loop.run()).kind).toBe("completed");
    expect(recorder.events.filter(({ kind }) => kind === "non-finite")).toHaveLength(8);
  });
});
