import { getBackend } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test, vi } from "vitest";
import { startBackend } from "../../../../src/training/backend/backend.ts";
import { CompiledHold } from "../../../../src/training/compiled/compiled-hold.ts";
import { MeansGraph } from "../../../../src/training/compiled/means-graph.ts";
import { nativeBackend } from "../../../../src/training/compiled/native-binding.ts";
import { NativeGraph } from "../../../../src/training/compiled/native-graph.ts";
import { ReplayedHold } from "../../../../src/training/compiled/replayed-hold.ts";
import { isLost } from "../../../../src/training/held-answer.ts";
import { captureState, restoreState } from "../../../../src/training/training-state.ts";
import type { Training } from "../../../../src/training/training.ts";
import { describeOn } from "../../backends.ts";
import { containing } from "../data/containing.ts";
import { branchedTraining } from "../branched.ts";
import { onEachBackend } from "../each-backend.ts";
import { openedTrainings } from "../opened-trainings.ts";
import { syntheticDataset, syntheticTraining } from "../synthetic.ts";
import { steps } from "./held-fixture.ts";

const opened = openedTrainings();

interface Setting {
  readonly compile?: boolean;
  readonly balancer?: object;
  readonly training?: object;
  readonly every?: number;
}

function settings({ compile = true, balancer = { method: "moco" }, training = {}, every = 1000 }: Setting): Record<string, unknown> {
  return {
    balancer,
    optimizer: { adam: { learningRate: 0.01, epsilon: 1e-4 } },
    training: { epochs: 9, batchSize: 16, seed: 1, backend: getBackend() === "wasm" ? "wasm" : "native", compile, ...training },
    track: { every },
  };
}

function prepared(setting: Setting = {}): Training {
  const training = syntheticTraining(settings(setting), syntheticDataset({ rows: 64, gaps: true }));
  opened.add(training);
  return training;
}

/** What parameters, accumulators and the balancer are, with 0 whatever its sign. */
function numbersOf(training: Training): ReadonlyMap<string, readonly number[]> {
  const named = [...captureState(training, 0).arrays].filter(([name]) => /^(weight|optimizer|balancer|buffer)/.test(name));
  return new Map(named.map(([name, values]) => [name, [...values].map((value) => value + 0)]));
}

/** Largest difference, of each array in units of its largest number. */
function apart(a: Training, b: Training): number {
  const others = numbersOf(b);
  const differences = [...numbersOf(a)].map(([name, values]) => {
    const expected = others.get(name) ?? [];
    const largest = Math.max(...expected.map(Math.abs));
    return Math.max(...values.map((value, i) => Math.abs(value - (expected[i] ?? Number.NaN)))) / (largest === 0 ? 1 : largest);
  });
  return Math.max(...differences);
}

/** How many motions there have been along means that stayed where they were. */
function motionsSeen(): () => number {
  const ways = [vi.spyOn(CompiledHold.prototype, "track"), vi.spyOn(ReplayedHold.prototype, "track")];
  return () => ways.reduce((sum, { mock }) => sum + mock.results.filter(({ value }) => value !== undefined).length, 0);
}

onEachBackend((backend) => {
  const exactly = backend === "wasm" ? 0 : 1e-6;
  const nearly = backend === "wasm" ? 0 : 1e-4;

  test.each([
    { method: "moco" },
    { method: "moco", normalize: "none", simplex: "projection", gamma: 1 },
    { method: "moco", beta: 1, sigmaBeta: 0, scale: "sum" },
    { method: "moco", beta: 0.01, sigmaBeta: 1 },
  ])("moving means stay where the gradients are, as on plain arrays, with %o", async (balancer) => {
    const motions = motionsSeen();
    const [held, plain] = [prepared({ balancer }), prepared({ balancer, compile: false })];
    for (const training of [held, plain]) await steps(training, 0, 2);
    // The first step is recorded.
    expect(motions()).toBe(1);
    expect(apart(held, plain)).toBeLessThanOrEqual(exactly);
    for (const training of [held, plain]) await steps(training, 2, 12);
    expect(motions()).toBe(13);
    expect(apart(held, plain)).toBeLessThanOrEqual(nearly);
  });

  test("moving means go from the gradients to plain arrays and back, for steps that are recorded", async () => {
    const motions = motionsSeen();
    const [held, plain] = [prepared({ every: 3 }), prepared({ every: 3, compile: false })];
    for (const training of [held, plain]) await steps(training, 0, 14);
    expect(motions()).toBe(9);
    expect(apart(held, plain)).toBeLessThanOrEqual(nearly);
  });

  test("moving means of parameters that some tasks do not reach stay 0 there", async () => {
    const motions = motionsSeen();
    const [held, plain] = [true, false].map((compile) => branchedTraining(settings({ compile })));
    if (held === undefined || plain === undefined) throw new Error("unreachable");
    for (const training of [held, plain]) opened.add(training);
    for (const training of [held, plain]) await steps(training, 0, 10);
    expect(motions()).toBe(9);
    expect(apart(held, plain)).toBeLessThanOrEqual(nearly);
    const [, branch] = held.parameters.common;
    expect(branch?.reach).toEqual([0, 1]);
    const mean = numbersOf(held).get("buffer/mean/2") ?? [];
    expect(mean.slice(32, 32 + 48).every((value) => value === 0)).toBe(true);
    expect(mean.slice(0, 32).some((value) => value === 0)).toBe(false);
  });

  test("moving means where they are go on in a further phase", async () => {
    const motions = motionsSeen();
    const phases = [
      { name: "a", until: { steps: 5 } },
      { name: "b", learningRate: 0.002 },
    ];
    const [held, plain] = [prepared({ training: { phases } }), prepared({ training: { phases }, compile: false })];
    for (const training of [held, plain]) {
      await steps(training, 0, 5);
      const next = training.enterNext(5);
      expect(next?.start.balancer).toBe(0);
      await steps(training, 5, 5);
    }
    expect(motions()).toBe(9);
    expect(apart(held, plain)).toBeLessThanOrEqual(nearly);
  });

  test("moving means go on from a checkpoint bit by bit, which changes nothing", async () => {
    const whole = prepared({ every: 5 });
    await steps(whole, 0, 14);
    const first = prepared({ every: 5 });
    await steps(first, 0, 8);
    const second = prepared({ every: 5 });
    await restoreState(second, captureState(first, 8));
    for (const training of [first, second]) {
      await steps(training, 8, 6);
      expect(numbersOf(training)).toEqual(numbersOf(whole));
    }
  });

  test("a step that fails leaves the moving means where they are as they were", async () => {
    const [failing, whole] = [prepared(), prepared()];
    await steps(whole, 0, 10);
    await steps(failing, 0, 6);
    const before = captureState(failing, 6);
    const failures = [CompiledHold.prototype, ReplayedHold.prototype].map((owner) =>
      vi.spyOn(owner, "move").mockImplementation(() => {
        throw new Error("There is no room.");
      }),
    );
    for (let attempt = 0; attempt < 2; attempt++) await expect(steps(failing, 6, 1)).rejects.toThrow("There is no room.");
    for (const failure of failures) failure.mockRestore();
    const after = captureState(failing, 6);
    for (const name of ["buffer/mean/0", "buffer/mean/1", "balancer/lambda"]) {
      expect(after.arrays.get(name)).toEqual(before.arrays.get(name));
    }
    await restoreState(failing, before);
    await steps(failing, 6, 4);
    expect(numbersOf(failing)).toEqual(numbersOf(whole));
  });

  test("moving means of an earlier step are not told wrongly", async () => {
    const training = prepared();
    await steps(training, 0, 4);
    const { buffers = {} } = training.stepper.remembered;
    await steps(training, 4, 1);
    expect(buffers["mean/0"]?.some((value) => value !== 0)).toBe(true);
    await steps(training, 5, 1);
    const other = training.stepper.remembered.buffers ?? {};
    await steps(training, 6, 2);
    expect(() => other["mean/0"]).toThrow("of an earlier step");
    // What was read once stays as it was.
    expect(buffers["mean/0"]?.length).toBeGreaterThan(0);
  });
});

test("a direction's length is not told from products of which nothing is left", () => {
  const against = [
    [1, -0.9999],
    [-0.9999, 1],
  ];
  expect(isLost(1e-4, against, [1, 1])).toBe(true);
  expect(isLost(1, against, [1, 0])).toBe(false);
});

describeOn("native")("Moving means with TensorFlow", () => {
  beforeAll(async () => {
    await startBackend("native");
  });

  const given = "The optimizer's step is made on plain arrays, and not where the gradients are:";

  test.each([
    // From 0 on, this is the same: the second move is found wrong.
    ["from means that are not 0", 1, ({ rate, factor }: { rate: number; factor: number }) => ({ rate: rate / 2, factor: factor * 2 })],
    ["of gradients that are too long", 0, ({ rate, factor }: { rate: number; factor: number }) => ({ rate, factor: 1.01 * factor })],
  ] as const)("are given up where they are moved wrongly, %s", async (_, right, wrongly) => {
    const { move } = MeansGraph.prototype;
    const moves = vi.spyOn(MeansGraph.prototype, "move").mockImplementation(function (this: MeansGraph, gradients, means, paces) {
      return move.call(this, gradients, means, paces.map(wrongly));
    });
    const balancer = { method: "moco", sigmaBeta: 0 };
    const [training, plain] = [prepared({ balancer }), prepared({ balancer, compile: false })];
    // The first step is recorded, and made otherwise.
    const { events } = await steps(training, 1, 6);
    expect(events.map((event) => ("message" in event ? event.message : ""))).toEqual([`${given} its moving means are not the balancer's.`]);
    expect(moves.mock.calls).toHaveLength(right + 1);
    await steps(plain, 1, 6);
    expect(apart(training, plain)).toBeLessThan(1e-5);
  });

  test("are given back by the step after the next, and by the end", async () => {
    const native = nativeBackend();
    const made: (readonly number[])[] = [];
    const { move } = MeansGraph.prototype;
    vi.spyOn(MeansGraph.prototype, "move").mockImplementation(function (this: MeansGraph, ...args) {
      const moved = move.apply(this, args);
      made.push([...moved.means.values()]);
      return moved;
    });
    const isThere = (id: number): boolean => {
      try {
        return native?.binding.tensorDataSync(id) !== undefined;
      } catch {
        return false;
      }
    };
    const training = prepared();
    await steps(training, 0, 9);
    const there = (): readonly boolean[] => made.map((ids) => ids.some(isThere));
    expect(there()).toEqual([false, false, false, false, false, false, true, true]);
    training.dispose();
    expect(there()).not.toContain(true);
  });

  test("are given up where TensorFlow fails", async () => {
    const { run } = NativeGraph.prototype;
    vi.spyOn(NativeGraph.prototype, "run").mockImplementation(function (this: NativeGraph, feeds, outputs) {
      if (feeds.has("q")) throw new Error("There is no kernel.");
      return run.call(this, feeds, outputs);
    });
    const [training, plain] = [prepared(), prepared({ compile: false })];
    const { events } = await steps(training, 0, 5);
    expect(events.map((event) => ("message" in event ? event.message : ""))).toEqual([containing("There is no kernel.")]);
    await steps(plain, 0, 5);
    expect(apart(training, plain)).toBeLessThan(1e-5);
  });
});
