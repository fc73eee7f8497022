import { describe, expect, test } from "vitest";
import { CheckpointKeeper } from "../../../src/training/checkpoint-keeper.ts";
import type { Training } from "../../../src/training/training.ts";
import { TrainingLoop } from "../../../src/training/training-loop.ts";
import { captureState, restoreState } from "../../../src/training/training-state.ts";
import type { SourceSchedule } from "../../../src/experiment/data/source-schedule.ts";
import type { Dataset } from "../../../src/training/data/dataset.ts";
import { backendNames, describeOn } from "../backends.ts";
import { ListRecorder, syntheticDataset } from "./synthetic.ts";
import { temporaryTrainings } from "./temporary-trainings.ts";
import { twoSources } from "./two-sources.ts";

type Settings = Record<string, unknown>;

/** Every optimizer, in the form of the experiment and in that of a phase that begins anew with other rules. */
const optimizers: readonly (readonly [name: string, optimizer: unknown, balancer: string])[] = [
  ["sgd", { sgd: { learningRate: 0.05, weightDecay: 0.01 } }, "uncertainty"],
  ["momentum", { sgd: { learningRate: 0.02, momentum: 0.9, weightDecay: 0.01 } }, "uncertainty"],
  ["nesterov", { sgd: { learningRate: 0.02, momentum: 0.9, nesterov: true, weightDecay: 0.01 } }, "uncertainty"],
  ["adam", { adam: { learningRate: 0.02, weightDecay: 0.01, decayed: "all" } }, "uncertainty"],
  ["adamw", { adamw: { learningRate: 0.02 } }, "uncertainty"],
  ["rmsprop", { rmsprop: { learningRate: 0.01, weightDecay: 0.01 } }, "uncertainty"],
  ["adagrad", { adagrad: { learningRate: 0.05, weightDecay: 0.01 } }, "uncertainty"],
  ["adam for each task", { adam: { learningRate: 0.02, weightDecay: 0.01 } }, "adatask"],
  ["adamw for each task", { adamw: { learningRate: 0.02 } }, "adatask"],
  ["rmsprop for each task", { rmsprop: { learningRate: 0.01, weightDecay: 0.01 } }, "adatask"],
  ["adagrad for each task", { adagrad: { learningRate: 0.05, weightDecay: 0.01 } }, "adatask"],
];

/** All that a training remembers at once: shuffling, gaps, dropout, moving statistics, a schedule, clipping, early stopping, phases. */
function settings(optimizer: unknown, balancer: string): Settings {
  return {
    optimizer,
    balancer,
    model: {
      trunk: [{ dense: { units: 8, activation: "relu" } }, "batchNormalization", { dropout: { rate: 0.2 } }, { dense: { units: 6 } }],
    },
    training: {
      epochs: 8,
      batchSize: 16,
      seed: 3,
      schedule: { cosine: { final: 0.1 }, warmup: { steps: 3, from: 0 } },
      clip: { norm: 1, value: 0.5 },
      earlyStopping: { patience: 6, minDelta: 0.001, metric: "size/rmse" },
      phases: [
        { name: "upper part", until: { steps: 7 }, train: ["dense2", "batchNorm1", "heads"] },
        { name: "everything", until: { epochs: 3, plateau: { patience: 2, metric: "kind/loss" } } },
        { name: "tune", train: ["trunk", "kind.*"], learningRate: 0.005, schedule: { exponential: { rate: 0.9, unit: "steps" } } },
      ],
    },
    track: { every: 3 },
  };
}

/** The same with steps of up to four small batches. */
function inWindows(changes: Settings): Settings {
  return { ...changes, training: { ...(changes["training"] as Settings), batchSize: 8, accumulate: 4 } };
}

describe.each(backendNames)("on %s", (backend) => {
  describeOn(backend)("a training that was stopped and taken up again", () => {
    const trainings = temporaryTrainings(backend);

    const dataset = syntheticDataset({ rows: 70, gaps: true });

    interface Part {
      readonly training: Training;
      readonly recorder: ListRecorder;
      readonly end: Awaited<ReturnType<TrainingLoop["run"]>>;
    }

    /** Trains on from a checkpoint of that step, to the end or until so many steps are done. */
    async function run(changes: Settings, rows: Dataset, from: number, until = Infinity): Promise<Part> {
      const training = trainings.open(changes, rows);
      const recorder = new ListRecorder();
      const saved = from === 0 ? undefined : trainings.checkpoint(from);
      if (saved !== undefined) await restoreState(training, saved);
      const { best } = training.validation;
      const bestSaved = best === undefined || best.step === from ? saved : trainings.checkpoint(best.step);
      const keeper = new CheckpointKeeper(trainings.folder, recorder, best === undefined ? undefined : bestSaved, from);
      recorder.resume(from);
      const control = { stopRequested: () => recorder.steps >= until, takeCheckpointRequest: () => false };
      const end = await new TrainingLoop(training, recorder, control, keeper, from).run();
      return { training, recorder, end };
    }

    /** What is told apart from the clock and from checkpoints, which are written as time goes. */
    function told({ recorder }: Part): unknown[] {
      return recorder.events.filter(({ kind }) => kind !== "checkpoint").map(({ at: _, ...event }) => event);
    }

    function numbersOf(parts: readonly Part[]): Record<string, unknown> {
      const names = new Set(parts.flatMap(({ recorder }) => Object.keys(recorder.numbers())));
      return Object.fromEntries(
        [...names].toSorted().map((name) => [name, parts.flatMap(({ recorder }) => recorder.points.get(name) ?? [])]),
      );
    }

    /** Stops after each of these steps and goes on; everything is as if it had not. */
    async function isTheSame(changes: Settings, stops: readonly number[], rows: Dataset = dataset): Promise<void> {
      const whole = await run(changes, rows, 0);
      const { steps } = whole.recorder;
      expect(steps).toBeGreaterThan(Math.max(...stops));
      const parts: Part[] = [];
      for (const [index, until] of [...stops, Infinity].entries()) parts.push(await run(changes, rows, stops[index - 1] ?? 0, until));
      const last = parts.at(-1);
      if (last === undefined) throw new Error("unreachable");
      expect(last.recorder.steps).toBe(steps);
      expect(captureState(last.training, steps)).toEqual(captureState(whole.training, steps));
      expect(numbersOf(parts)).toEqual(numbersOf([whole]));
      expect(parts.flatMap(({ recorder }) => recorder.snapshots)).toEqual(whole.recorder.snapshots);
      expect(parts.flatMap(told)).toEqual(told(whole));
      expect(last.end).toEqual(whole.end);
    }

    // In the warm-up; at a boundary of phases in the middle of an epoch; at the end of an epoch; in the last phase.
    test.each(optimizers)("is the same to the last bit with %s", async (_, optimizer, balancer) => {
      await isTheSame(settings(optimizer, balancer), [2, 7, 15, 27]);
    });

    // 70 rows in batches of 8: nine batches, so windows of four, four and one. Stops as above.
    test.each(optimizers)("is the same to the last bit with %s and several batches in a step", async (_, optimizer, balancer) => {
      await isTheSame(inWindows(settings(optimizer, balancer)), [2, 7, 9, 16]);
    });

    test.each(["famo", "modo", "alternating", "imtl", "moco"])(
      "is the same to the last bit with several batches in a step, and %s",
      async (balancer) => {
        await isTheSame(inWindows(settings({ adamw: { learningRate: 0.02 } }, balancer)), [5, 14]);
      },
    );

    test.each(["nash-mtl", "gradnorm", "famo", "modo", "alternating", "marigold", "moco"])(
      "is the same to the last bit with a method that remembers more: %s",
      async (balancer) => {
        await isTheSame(settings({ adamw: { learningRate: 0.02 } }, balancer), [5, 17]);
      },
    );

    describe.each<SourceSchedule>([
      { batches: "mixed", shares: "root", temperature: 2 },
      { batches: "alternate", order: "round-robin", shares: "equal", temperature: 2 },
      { batches: "alternate", order: "random", shares: "rows", temperature: 2 },
    ])("on two sources of rows, $batches $order", (schedule) => {
      // In each a pass over the smaller source ends in the middle of an epoch. MoDo draws further batches by feeds of its own.
      test.each(["adatask", "nash-mtl", "modo"])("is the same to the last bit with %s", async (balancer) => {
        await isTheSame(settings({ adam: { learningRate: 0.02 } }, balancer), [2, 7, 15, 22], twoSources(schedule));
      });
    });

    test("is the same where every phase has an optimizer and a method of its own", async () => {
      const phases = [
        { name: "a", until: { steps: 6 }, optimizer: { sgd: { momentum: 0.9 } }, balancer: "adatask", train: ["trunk", "heads"] },
        { name: "b", until: { steps: 6 }, optimizer: "rmsprop", balancer: "moco" },
        { name: "c", until: { steps: 6 }, optimizer: { rmsprop: { learningRate: 0.1 } }, balancer: "moco", train: ["dense2", "heads"] },
        { name: "d", balancer: "modo" },
      ].map(({ balancer, optimizer, ...phase }) =>
        // AdaTask is for adaptive optimizers.
        balancer === "adatask" ? { ...phase, balancer, optimizer: { adagrad: {} } } : { ...phase, balancer, optimizer },
      );
      const changes = settings("adam", "equal");
      await isTheSame({ ...changes, training: { epochs: 6, batchSize: 16, seed: 3, phases } }, [3, 6, 9, 14, 20]);
    });
  });
});
