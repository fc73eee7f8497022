import { fc, test } from "@fast-check/vitest";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect } from "vitest";
import { scheduleSchema, type Schedule } from "../../../src/experiment/schedule-schema.ts";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { CheckpointKeeper } from "../../../src/training/checkpoint-keeper.ts";
import { rateShare, type Span } from "../../../src/training/schedule.ts";
import { TrainingLoop } from "../../../src/training/training-loop.ts";
import { ListRecorder, neverStop, syntheticTraining } from "./synthetic.ts";

const span: Span = { steps: 100, stepsPerEpoch: 10 };

function shares(entry: unknown, steps: readonly number[], over: Span = span): readonly number[] {
  const schedule = scheduleSchema.parse(entry);
  return steps.map((step) => rateShare(schedule, step, over));
}

describe("a schedule", () => {
  // Worked out by hand, and the same as PyTorch's StepLR, ExponentialLR, CosineAnnealingLR, CosineAnnealingWarmRestarts,
  // LinearLR, PolynomialLR and SequentialLR where those can be told to go on at every step.
  test.each<[string, unknown, readonly (readonly [step: number, share: number])[]]>([
    [
      "constant",
      "constant",
      [
        [0, 1],
        [99, 1],
      ],
    ],
    [
      "step",
      { step: { every: 3 } },
      [
        [0, 1],
        [29, 1],
        [30, 0.1],
        [59, 0.1],
        [60, 0.01],
        [99, 0.001],
      ],
    ],
    [
      "step, counted in steps",
      { step: { every: 3, factor: 0.5, unit: "steps" } },
      [
        [2, 1],
        [3, 0.5],
        [6, 0.25],
      ],
    ],
    [
      "exponential",
      { exponential: { rate: 0.9 } },
      [
        [9, 1],
        [10, 0.9],
        [99, 0.9 ** 9],
      ],
    ],
    [
      "exponential, by steps",
      { exponential: { rate: 0.9, unit: "steps" } },
      [
        [0, 1],
        [7, 0.9 ** 7],
      ],
    ],
    [
      "cosine",
      "cosine",
      [
        [0, 1],
        [25, 0.8535533905932737],
        [50, 0.5],
        [75, 0.14644660940672627],
      ],
    ],
    [
      "cosine with a rest",
      { cosine: { final: 0.2 } },
      [
        [0, 1],
        [50, 0.6],
        [75, 0.2 + 0.8 * 0.14644660940672627],
      ],
    ],
    [
      "cosine in cycles",
      { cosine: { cycle: 2 } },
      [
        [0, 1],
        [10, 0.5],
        [20, 1],
        [30, 0.5],
        [40, 1],
      ],
    ],
    [
      "cosine in growing cycles",
      { cosine: { cycle: 1, growth: 2 } },
      [
        [0, 1],
        [5, 0.5],
        [10, 1],
        [20, 0.5],
        [30, 1],
        [50, 0.5],
        [70, 1],
      ],
    ],
    [
      "linear",
      "linear",
      [
        [0, 1],
        [50, 0.5],
        [99, 0.01],
      ],
    ],
    [
      "linear with a rest",
      { linear: { final: 0.5 } },
      [
        [0, 1],
        [50, 0.75],
      ],
    ],
    [
      "polynomial",
      { polynomial: { power: 2, final: 0.1 } },
      [
        [0, 1],
        [50, 0.1 + 0.9 * 0.25],
      ],
    ],
    [
      "warm-up alone",
      { warmup: { epochs: 1, from: 0.2 } },
      [
        [0, 0.2],
        [5, 0.6],
        [9, 0.92],
        [10, 1],
        [99, 1],
      ],
    ],
    [
      "warm-up of part of an epoch",
      { warmup: { epochs: 0.5, from: 0 } },
      [
        [0, 0],
        [4, 0.8],
        [5, 1],
      ],
    ],
    [
      "warm-up before a line",
      { linear: {}, warmup: { steps: 20, from: 0 } },
      [
        [0, 0],
        [10, 0.5],
        [20, 1],
        [60, 0.5],
        [92, 0.1],
      ],
    ],
    [
      "warm-up before steps",
      { step: { every: 1 }, warmup: { steps: 3, from: 0 } },
      [
        [3, 1],
        [12, 1],
        [13, 0.1],
      ],
    ],
  ])("%s", (_, entry, expected) => {
    shares(
      entry,
      expected.map(([step]) => step),
    ).forEach((share, i) => {
      expect(share).toBeCloseTo(expected[i]?.[1] ?? Number.NaN, 12);
    });
  });

  const schedules = fc.constantFrom<Schedule>(
    ...["cosine", { step: { every: 2 } }, { exponential: { rate: 0.5 } }, { polynomial: {}, warmup: { epochs: 1 } }].map((entry) =>
      scheduleSchema.parse(entry),
    ),
  );
  test.prop([schedules, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 20 })])(
    "never rises above the learning rate, and moves in every step",
    (schedule, stepsPerEpoch, epochs) => {
      const over = { steps: stepsPerEpoch * epochs, stepsPerEpoch };
      for (let step = 0; step < over.steps; step++) {
        const share = rateShare(schedule, step, over);
        expect(share).toBeGreaterThan(0);
        expect(share).toBeLessThanOrEqual(1);
      }
    },
  );

  test("a warm-up that is longer than the training rises to its end", () => {
    expect(shares({ cosine: {}, warmup: { steps: 200, from: 0 } }, [0, 50, 99])).toEqual([0, 0.25, 0.495]);
  });
});

describe("a training with a schedule", () => {
  let folder = "";
  beforeAll(async () => {
    await startBackend("wasm");
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "taskscope-schedule-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  async function run(schedule: unknown, balancer: unknown): Promise<ListRecorder> {
    const training = syntheticTraining({
      balancer,
      optimizer: { adam: { learningRate: 0.02 } },
      training: { epochs: 3, batchSize: 16, seed: 1, backend: "wasm", schedule },
      track: { every: 1 },
    });
    const recorder = new ListRecorder();
    await new TrainingLoop(training, recorder, neverStop, new CheckpointKeeper(folder, recorder)).run();
    training.model.dispose();
    return recorder;
  }

  test.each(["equal", "adatask", "famo", "marigold", "alternating"])(
    "moves every step at its rate and records it: %s",
    async (balancer) => {
      const recorder = await run({ linear: {}, warmup: { steps: 4, from: 0 } }, balancer);
      const rates = recorder.points.get("learning-rate")?.map(({ values: [rate] }) => rate ?? Number.NaN) ?? [];
      [0, 0.005, 0.01, 0.015, 0.02, 0.0175, 0.015, 0.0125, 0.01, 0.0075, 0.005, 0.0025].forEach((rate, i) => {
        expect(rates[i]).toBeCloseTo(rate, 12);
      });
      // At rate 0 nothing moves, so that the shares are still even: the rate of the step is what ownership is measured with too.
      const owned = (task: string) => recorder.points.get(`dominance/${task}`)?.map(({ values: [share] }) => share) ?? [];
      expect([owned("kind")[0], owned("size")[0]]).toEqual([0.5, 0.5]);
      expect(owned("kind")[1]).not.toBe(0.5);
      const other = await run("constant", balancer);
      expect(other.points.get("loss/kind")).not.toEqual(recorder.points.get("loss/kind"));
      expect(recorder.points.get("loss/kind")?.[1]?.values[0]).toBeGreaterThan(0);
    },
  );
});
