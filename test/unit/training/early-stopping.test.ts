import { describe, expect, test } from "vitest";
import { earlyStoppingSchema } from "../../../src/experiment/early-stopping-schema.ts";
import type { TaskDescription } from "../../../src/experiment/record.ts";
import { measureOf, Plateau } from "../../../src/training/plateau.ts";
import type { Training } from "../../../src/training/training.ts";
import { TrainingError } from "../../../src/training/training-error.ts";
import type { TrainingLoop } from "../../../src/training/training-loop.ts";
import { restoreState } from "../../../src/training/training-state.ts";
import { stoppingRule, ValidationWatch } from "../../../src/training/validation-watch.ts";
import { ListRecorder, neverStop, syntheticDataset } from "./synthetic.ts";
import { temporaryTrainings } from "./temporary-trainings.ts";

describe("a plateau", () => {
  /** Values after each epoch of ten steps; the epoch at whose end it is reached. */
  function reachedAt(values: readonly (number | undefined)[], rule: { patience: number; minDelta: number }): number | undefined {
    const plateau = new Plateau(rule, 10);
    const epoch = values.findIndex((value, index) => {
      plateau.see((index + 1) * 10, value);
      return plateau.reached((index + 1) * 10);
    });
    return epoch < 0 ? undefined : epoch + 1;
  }

  test.each([
    ["so many epochs after the last better value", [1, 2, 3, 3, 2, 9], { patience: 2, minDelta: 0 }, 5],
    ["never while it gets better", [1, 2, 3, 4, 5], { patience: 1, minDelta: 0 }, undefined],
    ["by values that are not better by enough", [1, 1.5, 2, 2.5, 3], { patience: 2, minDelta: 0.9 }, undefined],
    ["from the last value that counted, not from the last higher one", [1, 1.2, 1.4, 1.6], { patience: 3, minDelta: 1 }, 4],
    ["by epochs without a value", [1, undefined, undefined], { patience: 2, minDelta: 0 }, 3],
    ["by epochs that never had one", [undefined, undefined], { patience: 2, minDelta: 0 }, 2],
    ["never without patience", [1, 1, 1, 1], { patience: 0, minDelta: 0 }, undefined],
  ])("is reached %s", (_, values, rule, epoch) => {
    expect(reachedAt(values, rule)).toBe(epoch);
  });
});

describe("what is watched", () => {
  const share = { better: "higher", unit: "share" } as const;
  const error = { better: "lower", unit: "plain" } as const;
  const tasks: readonly TaskDescription[] = [
    { id: "kind", kind: "classification", headlineMetric: "accuracy", metrics: [{ name: "accuracy", ...share }], classes: [] },
    { id: "size", kind: "regression", headlineMetric: "rmse", metrics: [{ name: "rmse", ...error }], classes: [] },
  ];
  const { tasks: targets } = syntheticDataset();
  const validation = { metrics: { kind: { accuracy: 0.75 }, size: { rmse: 2 } }, losses: [0.6, Number.NaN] };
  const value = (metric: string) => measureOf(metric, tasks, targets)(validation);

  test("is better when it is more", () => {
    expect(value("mean")).toBe((0.75 + (1 - 2 / 20)) / 2);
    expect(value("kind/accuracy")).toBe(0.75);
    expect(value("size/rmse")).toBe(-2);
    expect(value("kind/loss")).toBe(-0.6);
    expect(value("size/loss")).toBeUndefined();
  });

  test("must be recorded", () => {
    expect(() => measureOf("size/mae", tasks, targets)).toThrow(TrainingError);
    expect(() => measureOf("mass/loss", tasks, targets)).toThrow(/"mass\/loss".*mean, kind\/accuracy, kind\/loss, size\/rmse, size\/loss/);
  });

  test("a broken model is never the best, and no reason to go on", () => {
    const rule = stoppingRule(earlyStoppingSchema.parse({ patience: 2 }), { patience: 0 });
    const watch = new ValidationWatch(rule, measureOf("mean", tasks, targets), 10);
    const better = { metrics: { kind: { accuracy: 0.9 } }, losses: [] };
    expect(watch.see(10, validation, false)).toBe(true);
    expect(watch.see(20, better, true)).toBe(false);
    expect(watch.best?.step).toBe(10);
    expect(watch.plateau.reached(30)).toBe(true);
  });
});

describe("a training", () => {
  const trainings = temporaryTrainings();

  function open(earlyStopping: unknown, changes: Record<string, unknown> = {}): Training {
    return trainings.open({
      optimizer: { adam: { learningRate: 0.02 } },
      training: { epochs: 40, batchSize: 16, seed: 1, backend: "wasm", ...(earlyStopping === undefined ? {} : { earlyStopping }) },
      track: { every: 100 },
      ...changes,
    });
  }

  /** No prediction changes, so the first epoch stays the best. */
  const still = { optimizer: { sgd: { learningRate: 1e-30 } } };

  async function run(
    training: Training,
    recorder = new ListRecorder(),
  ): Promise<{ recorder: ListRecorder; end: Awaited<ReturnType<TrainingLoop["run"]>> }> {
    const end = await trainings.loop(training, recorder).run();
    return { recorder, end };
  }

  test("ends when nothing has become better for so many epochs, and says so", async () => {
    const { recorder, end } = await run(open({ patience: 3, minDelta: 0.001, metric: "size/rmse" }, still));
    expect([end.kind, recorder.steps]).toEqual(["completed", 4 * 4]);
    expect(recorder.events.map(({ message }) => message)).toContain(
      "Training ends early: no better size/rmse (by more than 0.001) for 3 epochs.",
    );
  });

  test("keeps the patience that comes with the method, unless the experiment has its own", async () => {
    const unitary = { ...still, balancer: { method: "unitary", patience: 2 } };
    expect((await run(open(undefined, unitary))).recorder.steps).toBe(3 * 4);
    expect((await run(open({ patience: 4 }, unitary))).recorder.steps).toBe(5 * 4);
  });

  test("is best where what it watches is best", async () => {
    const { recorder, end } = await run(open({ patience: 40, metric: "size/loss" }));
    const losses = recorder.points.get("validation-loss/size") ?? [];
    const least = losses.reduce((best, point) => ((point.values[0] ?? 0) < (best.values[0] ?? 0) ? point : best));
    expect(end.result.bestStep).toBe(least.step);
    expect(recorder.events.findLast(({ kind }) => kind === "best")?.detail).toEqual({ score: -(least.values[0] ?? 0) });
  });

  test("is tested with the best weights, or with the last ones where that is asked for", async () => {
    // It begins well and then is thrown far off, so that the two differ.
    const optimizer = { sgd: { learningRate: 0.3, momentum: 0.9 } };
    const best = await run(open({ patience: 40 }, { optimizer }));
    const last = await run(open({ patience: 40, restoreBest: false }, { optimizer }));
    expect(last.end.result.bestStep).toBe(best.end.result.bestStep);
    expect(best.end.result.bestStep).toBeLessThan(160);
    const final = (recorder: ListRecorder, split: string) => recorder.last(`metric/${split}/size/rmse`);
    expect(last.end.result.metrics.validation?.["size"]?.["rmse"]).toBe(final(last.recorder, "validation"));
    expect(best.end.result.metrics.validation?.["size"]?.["rmse"]).not.toBe(final(best.recorder, "validation"));
    expect(final(last.recorder, "test")).not.toBe(final(best.recorder, "test"));
  });

  test("goes on waiting from where it was when it was stopped", async () => {
    const rule = { patience: 3 };
    const first = new ListRecorder();
    const control = { stopRequested: () => first.steps >= 10, takeCheckpointRequest: () => false };
    await trainings.loop(open(rule, still), first, control).run();
    const resumed = open(rule, still);
    await restoreState(resumed, trainings.checkpoint(10));
    const second = new ListRecorder();
    await trainings.loop(resumed, second, neverStop, 10).run();
    expect(second.steps).toBe(4 * 4);
  });

  test("that is to watch what is not recorded is refused before the first step", () => {
    expect(() => open({ metric: "size/mae" })).toThrow(/"size\/mae"/);
  });
});
