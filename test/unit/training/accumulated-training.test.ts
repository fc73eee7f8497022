import { describe, expect, test } from "vitest";
import { DataError } from "../../../src/training/data/data-error.ts";
import type { BatchFeed, Dataset, FeedOptions, RowSource, RowValues } from "../../../src/training/data/dataset.ts";
import type { Control } from "../../../src/training/recorder.ts";
import type { Training } from "../../../src/training/training.ts";
import { captureState, restoreState } from "../../../src/training/training-state.ts";
import { ListRecorder, neverStop, syntheticDataset } from "./synthetic.ts";
import { temporaryTrainings } from "./temporary-trainings.ts";
import { twoSources } from "./two-sources.ts";

const trainings = temporaryTrainings();

type Settings = Record<string, unknown>;

const smooth = { model: { trunk: [{ dense: { units: 8, activation: "tanh" } }, { dense: { units: 6, activation: "tanh" } }] } };

/** Seventy rows: five batches of 16. */
function open(training: Settings, changes: Settings = {}, dataset: Dataset = syntheticDataset({ rows: 70, gaps: true })): Training {
  const settings = { epochs: 3, batchSize: 16, seed: 1, backend: "wasm", ...training };
  return trainings.open({ ...smooth, training: settings, track: { every: 1 }, ...changes }, dataset);
}

async function run(training: Training, control: Control = neverStop, from = 0): Promise<ListRecorder> {
  const recorder = new ListRecorder();
  await trainings.loop(training, recorder, control, from).run();
  return recorder;
}

function valuesOf({ everything }: Training): readonly number[] {
  return everything.flatMap(({ values }) => [...values]);
}

/** Largest difference, in units of the largest value. */
function apart(a: readonly number[], b: readonly number[]): number {
  const scale = Math.max(...a.map(Math.abs), ...b.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN)))) / (scale > 0 ? scale : 1);
}

/** A source that gives its rows in arrays that it uses again, and does before each batch what it is told. */
class WatchedSource implements RowSource {
  readonly #rows: RowSource;
  readonly #before: (batch: number) => void;
  readonly #inputs = new Float32Array(64);
  readonly #targets = [new Float32Array(16), new Float32Array(16)];
  readonly #present = [new Uint8Array(16), new Uint8Array(16)];

  constructor(rows: RowSource, before: (batch: number) => void = () => undefined) {
    this.#rows = rows;
    this.#before = before;
  }

  get count(): number {
    return this.#rows.count;
  }

  feed(options: FeedOptions): BatchFeed {
    const feed = this.#rows.feed(options);
    let batch = 0;
    return {
      batches: feed.batches,
      next: async () => {
        this.#before(batch++);
        const values = await feed.next();
        this.#inputs.set(values.inputs[0] ?? []);
        values.targets.forEach((targets, task) => this.#targets[task]?.set(targets));
        values.present.forEach((present, task) => this.#present[task]?.set(present));
        const first = <T extends Float32Array | Uint8Array>(arrays: readonly T[]) => arrays.map((all) => all.subarray(0, values.rows) as T);
        return {
          rows: values.rows,
          inputs: [this.#inputs.subarray(0, 4 * values.rows)],
          targets: first(this.#targets),
          present: first(this.#present),
        };
      },
      save: () => feed.save(),
      restore: async (state) => {
        await feed.restore(state);
      },
    };
  }

  scan(rows: number): AsyncIterable<RowValues> {
    return this.#rows.scan(rows);
  }
}

function watched(before?: (batch: number) => void): Dataset {
  const dataset = syntheticDataset({ rows: 70, gaps: true });
  return { ...dataset, splits: { ...dataset.splits, train: new WatchedSource(dataset.splits.train, before) } };
}

describe("a training that accumulates", () => {
  test("counts windows as steps; the last window of an epoch may be shorter, and each row counts once", async () => {
    // A window of two, two and one.
    const training = open({ accumulate: 2 }, { optimizer: { sgd: { learningRate: 1e-30 } } });
    const recorder = await run(training);
    expect(training.description).toMatchObject({ stepsPerEpoch: 3, totalSteps: 9 });
    expect(recorder.steps).toBe(9);
    expect(recorder.points.get("loss/kind")?.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const accuracies = (each: ListRecorder) => each.points.get("metric/train/kind/accuracy");
    expect(accuracies(recorder)?.map(({ step }) => step)).toEqual([3, 6, 9]);
    // Parameters that do not move see all seventy rows in every epoch, in whatever windows.
    const plain = await run(open({}, { optimizer: { sgd: { learningRate: 1e-30 } } }));
    const [expected] = accuracies(plain)?.[0]?.values ?? [];
    expect(expected).toBeGreaterThan(0);
    expect(accuracies(recorder)?.map(({ values: [value] }) => value)).toEqual([expected, expected, expected]);
  });

  test.each(["equal", "mgda", "alternating"])("is the training with the larger batch, up to rounding: %s", async (balancer) => {
    const changes = { optimizer: { sgd: { learningRate: 0.1 } }, balancer };
    const [windows, large] = [open({ accumulate: 3, batchSize: 10 }, changes), open({ batchSize: 30 }, changes)];
    const [ofWindows, ofLarge] = [await run(windows), await run(large)];
    expect(apart(valuesOf(windows), valuesOf(large))).toBeLessThan(1e-5);
    for (const name of ["loss/kind", "loss/size", "metric/train/size/rmse", "metric/validation/kind/accuracy", "weight/size"]) {
      const values = (each: ListRecorder) => each.points.get(name)?.map(({ values: [value] }) => value ?? 0) ?? [];
      expect(values(ofLarge).length).toBeGreaterThan(2);
      expect(apart(values(ofWindows), values(ofLarge))).toBeLessThan(1e-5);
    }
  });

  test("has schedules, phases and records by its steps", async () => {
    const phases = [{ name: "a", until: { epochs: 1 }, train: ["heads"] }, { name: "b" }];
    const recorder = await run(open({ accumulate: 2, schedule: "linear", phases }, { optimizer: { sgd: { learningRate: 0.9 } } }));
    const rates = recorder.points.get("learning-rate")?.map(({ values: [rate] }) => rate ?? 0) ?? [];
    [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1].forEach((rate, i) => {
      expect(rates[i]).toBeCloseTo(rate, 12);
    });
    expect(recorder.events.filter(({ detail }) => detail?.["phase"] !== undefined).map(({ step }) => step)).toEqual([0, 3]);
  });

  test("keeps the rows of a window, whose source uses its arrays again", async () => {
    const [kept, own] = [open({ accumulate: 2 }, {}, watched()), open({ accumulate: 2 })];
    await run(kept);
    await run(own);
    expect(valuesOf(kept)).toEqual(valuesOf(own));
  });

  test("compares the tasks of sources that take turns", async () => {
    const schedule = { batches: "alternate", order: "round-robin", shares: "equal", temperature: 2 } as const;
    const recorder = await run(open({ accumulate: 2, batchSize: 20 }, { balancer: "mgda" }, twoSources(schedule)));
    expect(recorder.points.get("weight/kind")?.length).toBe(recorder.steps);
    expect(recorder.points.get("weight/size")?.length).toBe(recorder.steps);
    expect(recorder.points.get("cosine/kind/size")?.length).toBe(recorder.steps);
  });

  test("that is asked to stop within a window ends it first, and goes on as if it had not stopped", async () => {
    const whole = open({ accumulate: 2 });
    await run(whole);
    let asked = false;
    // The second batch of the second window.
    const stopped = open(
      { accumulate: 2 },
      {},
      watched((batch) => (asked ||= batch === 3)),
    );
    const recorder = await run(stopped, { stopRequested: () => asked, takeCheckpointRequest: () => false });
    expect(recorder.steps).toBe(2);
    const resumed = open({ accumulate: 2 });
    await restoreState(resumed, trainings.checkpoint(2));
    await run(resumed, neverStop, 2);
    expect(valuesOf(resumed)).toEqual(valuesOf(whole));
  });

  // At the first batch of an epoch, which shuffles; within a window; with further batches that a method draws.
  test.each([
    ["equal", 5, 3],
    ["equal", 6, 3],
    ["equal", 3, 1],
    ["modo", 3, 0],
    ["modo", 11, 1],
  ])("misses no row where %s cannot have the batch %i: its step has taken none", async (balancer, missing, done) => {
    const whole = open({ accumulate: 2 }, { balancer });
    await run(whole);
    let batches = 0;
    const damaged = watched(() => {
      if (batches++ === missing) throw new DataError({ code: "MTL361", path: ["data"], message: "An image is damaged." });
    });
    await expect(run(open({ accumulate: 2 }, { balancer }, damaged))).rejects.toThrow("An image is damaged.");
    const mended = open({ accumulate: 2 }, { balancer });
    await restoreState(mended, trainings.checkpoint(done));
    await run(mended, neverStop, done);
    expect(captureState(mended, 9)).toEqual(captureState(whole, 9));
  });
});
