import { readFileSync } from "node:fs";
import { fc, test } from "@fast-check/vitest";
import { tensor, variable } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect } from "vitest";
import { z } from "zod";
import type { OptimizerInput } from "../../../src/experiment/optimizer-schema.ts";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { DirectionUpdate, type CommonUpdate, type Motion } from "../../../src/training/optimizers/common-update.ts";
import { OptimizerMemory } from "../../../src/training/optimizers/memory.ts";
import { resolveOptimizer, type Optimizer } from "../../../src/training/optimizers/optimizer.ts";
import { TaskwiseUpdate } from "../../../src/training/optimizers/taskwise-update.ts";
import { TrainedParameter } from "../../../src/training/trained-parameter.ts";

const optimizers: readonly (readonly [string, OptimizerInput])[] = [
  ["adam", { adam: { learningRate: 0.05, beta1: 0.9, beta2: 0.999, epsilon: 1e-30 } }],
  ["rmsprop", { rmsprop: { learningRate: 0.05, rho: 0.99, epsilon: 1e-30 } }],
  ["adagrad", { adagrad: { learningRate: 0.5, epsilon: 1e-30 } }],
];

beforeAll(async () => {
  await startBackend("wasm");
});

/** One common parameter, from 0. */
function parameter(size: number, tasks: number): TrainedParameter {
  return new TrainedParameter(
    { name: "p.kernel", layer: "p", weight: "kernel", variable: variable(tensor(new Float32Array(size))), declared: { part: "trunk" } },
    Array.from({ length: tasks }, (_, i) => i),
  );
}

/** Positions after each step; `gradients[step][task]` is undefined for an absent task. */
function play(
  make: (parameter: TrainedParameter) => AtItsRate,
  gradients: readonly (readonly (readonly number[] | undefined)[])[],
): (readonly number[])[] {
  const tasks = gradients[0]?.length ?? 0;
  const moved = parameter(gradients[0]?.find((row) => row !== undefined)?.length ?? 0, tasks);
  const update = make(moved);
  return gradients.map((rows) => {
    const present = [...rows.keys()].filter((task) => rows[task] !== undefined);
    const blocks = present.map((task) => Float32Array.from(rows[task] ?? []));
    const sum = Float32Array.from(moved.values, (_, i) => blocks.reduce((total, block) => total + (block[i] ?? 0), 0));
    update.apply({ tasks: present, weights: present.map(() => 1), direction: [sum], rows: blocks.map((block) => [block]) });
    return [...moved.values];
  });
}

/** An update at the rate of its optimizer. */
interface AtItsRate {
  apply(motion: Omit<Motion, "rate">): void;
  readonly memory: OptimizerMemory;
}

function atItsRate(entry: OptimizerInput, make: (optimizer: Optimizer, memory: OptimizerMemory) => CommonUpdate): AtItsRate {
  const optimizer = resolveOptimizer(entry);
  const memory = new OptimizerMemory(optimizer);
  const update = make(optimizer, memory);
  return { apply: (motion) => update.apply({ ...motion, rate: optimizer.learningRate }, undefined), memory };
}

const taskwise = (entry: OptimizerInput) => (moved: TrainedParameter) =>
  atItsRate(entry, ({ weightDecay }, memory) => new TaskwiseUpdate([moved], weightDecay, memory, moved.reach.map(String)));
const plain = (entry: OptimizerInput) => (moved: TrainedParameter) =>
  atItsRate(entry, ({ weightDecay }, memory) => new DirectionUpdate([moved], weightDecay, memory, moved.reach.length));

const element = fc.double({ min: -4, max: 4, noNaN: true }).map((value) => Math.fround(Math.abs(value) < 1e-6 ? 0 : value));
const row = fc.tuple(element, element, element);
const steps = (tasks: number) => fc.array(fc.tuple(...Array.from({ length: tasks }, () => row)), { minLength: 1, maxLength: 10 });

describe.each(optimizers)("AdaTask with %s", (_, entry) => {
  test.prop([steps(2), fc.integer({ min: -12, max: 12 }), fc.integer({ min: -12, max: 12 })])(
    "does not see the scale of a task's loss: powers of two change no bit",
    (gradients, a, b) => {
      const scaled = gradients.map((rows) => rows.map((values, task) => values.map((value) => value * 2 ** (task === 0 ? a : b))));
      expect(play(taskwise(entry), scaled)).toEqual(play(taskwise(entry), gradients));
    },
  );

  test.prop([steps(1)])("with one task is the plain optimizer, bit for bit", (gradients) => {
    expect(play(taskwise(entry), gradients)).toEqual(play(plain(entry), gradients));
  });

  test.prop([steps(1)])("with K equal tasks takes K times the plain step", (gradients) => {
    const [doubled = []] = play(
      taskwise(entry),
      gradients.map(([values]) => [values, values]),
    );
    const [once = []] = play(plain(entry), gradients);
    expect(doubled).toEqual(once.map((value) => 2 * value));
  });

  test.prop([steps(2), steps(1)])("leaves the accumulators of an absent task as they were", (both, alone) => {
    const run = (between: readonly (readonly (readonly number[] | undefined)[])[]): (readonly number[])[] => {
      const moved = parameter(3, 2);
      const update = taskwise(entry)(moved);
      for (const rows of [...both, ...between]) {
        const present = [...rows.keys()].filter((task) => rows[task] !== undefined);
        const blocks = present.map((task) => [Float32Array.from(rows[task] ?? [])]);
        update.apply({ tasks: present, weights: present.map(() => 1), direction: [], rows: blocks });
      }
      const slot = update.memory.slots.get("p.kernel@1");
      return [[slot?.count ?? -1], ...Object.values(slot?.buffers ?? {}).map((values) => [...values])];
    };
    expect(run(alone.map(([values]) => [values, undefined]))).toEqual(run([]));
  });

  test("on two quadratic bowls of very different scale goes the way of equal scales, where the plain optimizer serves one", () => {
    const centres = [
      [1, -2, 0.5, 3, -1],
      [-1, 1, 2, -0.5, 0],
    ];
    const descend = (make: (moved: TrainedParameter) => AtItsRate, scales: readonly number[]): readonly number[] => {
      const moved = parameter(5, 2);
      const update = make(moved);
      for (let step = 0; step < 400; step++) {
        const rows = centres.map((centre, task) =>
          Float32Array.from(centre, (goal, i) => (scales[task] ?? 1) * ((moved.values[i] ?? 0) - goal)),
        );
        const sum = Float32Array.from(moved.values, (__, i) => rows.reduce((total, block) => total + (block[i] ?? 0), 0));
        update.apply({ tasks: [0, 1], weights: [1, 1], direction: [sum], rows: rows.map((block) => [block]) });
      }
      return [...moved.values];
    };
    const even = descend(taskwise(entry), [1, 1]);
    descend(taskwise(entry), [1024, 1 / 128]).forEach((value, i) => {
      expect(value).toBe(even[i]);
    });
    const served = descend(plain(entry), [1000, 0.01]);
    const distance = (point: readonly number[], centre: readonly number[] = []): number =>
      Math.hypot(...point.map((value, i) => value - (centre[i] ?? 0)));
    expect(distance(served, centres[0])).toBeLessThan(0.2 * distance(served, centres[1]));
    expect(distance(even, centres[1])).toBeLessThan(2 * distance(even, centres[0]));
  });
});

test("AdaTask with adam reproduces the golden trajectory", () => {
  const golden = z
    .object({
      steps: z.object({ AdaTask_adam: z.object({ grads: z.array(z.array(z.array(z.number()))), theta: z.array(z.array(z.number())) }) }),
    })
    .parse(JSON.parse(readFileSync(new URL("../../golden/balancer-golden.json", import.meta.url), "utf8"))).steps.AdaTask_adam;
  const path = play(taskwise({ adam: { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } }), golden.grads);
  path.forEach((point, step) => {
    point.forEach((value, i) => {
      expect(value).toBeCloseTo(golden.theta[step]?.[i] ?? Number.NaN, 6);
    });
  });
});
