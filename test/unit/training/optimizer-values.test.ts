import { variable, tensor } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import type { OptimizerInput } from "../../../src/experiment/optimizer-schema.ts";
import { startBackend } from "../../../src/training/backend/backend.ts";
import { DirectionUpdate } from "../../../src/training/optimizers/common-update.ts";
import { OptimizerMemory } from "../../../src/training/optimizers/memory.ts";
import { resolveOptimizer } from "../../../src/training/optimizers/optimizer.ts";
import { pacesOf } from "../../../src/training/optimizers/pace-rule.ts";
import { TaskwiseUpdate } from "../../../src/training/optimizers/taskwise-update.ts";
import type { Decayed } from "../../../src/training/optimizers/weight-decay.ts";
import { TrainedParameter } from "../../../src/training/trained-parameter.ts";

beforeAll(async () => {
  await startBackend("wasm");
});

const first = [0.8, -1.2, 0.05];
const gradients = [
  [0.9, -0.4, 0.02],
  [-0.3, 0.25, 0.02],
  [1.7, 0, -0.01],
  [0.4, -2, 0.02],
  [-0.6, 0.3, 0],
];
/** A rate of its own for each step, as a schedule gives it. */
const rates = [0.1, 0.08, 0.05, 0.05, 0.01];

/** Step t of one element, counted from 1, without the rate. `g` are its gradients up to then. */
type Rule = (g: readonly number[]) => number;

const sum = (g: readonly number[], term: (value: number, ago: number) => number): number =>
  g.reduce((total, value, i) => total + term(value, g.length - 1 - i), 0);
const last = (g: readonly number[]): number => g.at(-1) ?? 0;

/**
 * The rules of PyTorch's documentation unrolled into sums over all gradients, in double precision: nothing is carried from step to
 * step, so they share no line with the recursions that they check.
 */
const rules: Readonly<
  Record<string, { readonly entry: (decayed: Decayed) => OptimizerInput; readonly rule: Rule; readonly decay: number }>
> = {
  sgd: { entry: (decayed) => ({ sgd: { decayed } }), rule: last, decay: 0 },
  momentum: {
    entry: (decayed) => ({ sgd: { momentum: 0.9, decayed } }),
    rule: (g) => sum(g, (value, ago) => 0.9 ** ago * value),
    decay: 0,
  },
  nesterov: {
    entry: (decayed) => ({ sgd: { momentum: 0.9, nesterov: true, decayed } }),
    rule: (g) => last(g) + sum(g, (value, ago) => 0.9 ** (ago + 1) * value),
    decay: 0,
  },
  "sgd with decay": {
    entry: (decayed) => ({ sgd: { momentum: 0.5, weightDecay: 0.2, decayed } }),
    rule: (g) => sum(g, (value, ago) => 0.5 ** ago * value),
    decay: 0.2,
  },
  adam: { entry: (decayed) => ({ adam: { beta1: 0.8, beta2: 0.95, decayed } }), rule: adam, decay: 0 },
  "adam with decay": { entry: (decayed) => ({ adam: { beta1: 0.8, beta2: 0.95, weightDecay: 0.3, decayed } }), rule: adam, decay: 0.3 },
  adamw: { entry: (decayed) => ({ adamw: { beta1: 0.8, beta2: 0.95, decayed } }), rule: adam, decay: 0.01 },
  rmsprop: {
    entry: (decayed) => ({ rmsprop: { rho: 0.9, weightDecay: 0.1, decayed } }),
    rule: (g) => last(g) / (Math.sqrt(0.1 * sum(g, (value, ago) => 0.9 ** ago * value ** 2)) + 1e-8),
    decay: 0.1,
  },
  adagrad: {
    entry: (decayed) => ({ adagrad: { weightDecay: 0.1, decayed } }),
    rule: (g) => last(g) / (Math.sqrt(sum(g, (value) => value ** 2)) + 1e-10),
    decay: 0.1,
  },
};

function adam(g: readonly number[]): number {
  const mean = (0.2 * sum(g, (value, ago) => 0.8 ** ago * value)) / (1 - 0.8 ** g.length);
  const square = (0.05 * sum(g, (value, ago) => 0.95 ** ago * value ** 2)) / (1 - 0.95 ** g.length);
  return mean / (Math.sqrt(square) + 1e-8);
}

/** Where these steps lead: θ(T) = θ(0) Π (1 − η λ) − Σ η u Π of the later factors. */
function expected({ rule, decay }: { readonly rule: Rule; readonly decay: number }): number[] {
  return first.map((start, element) => {
    const own = gradients.map((row) => row[element] ?? 0);
    return rates.reduce((theta, rate, t) => (1 - rate * decay) * theta - rate * rule(own.slice(0, t + 1)), start);
  });
}

/** Reached by as many tasks; parameters are float32. */
function parameter(weight: string, tasks = 2): TrainedParameter {
  const name = `layer.${weight}`;
  const values = variable(tensor(first, [first.length], "float32"));
  const reach = Array.from({ length: tasks }, (_, task) => task);
  return new TrainedParameter({ name, layer: "layer", weight, variable: values, declared: { part: "trunk" } }, reach);
}

function direct(moved: TrainedParameter, entry: OptimizerInput): DirectionUpdate {
  const optimizer = resolveOptimizer(entry);
  return new DirectionUpdate([moved], optimizer.weightDecay, new OptimizerMemory(optimizer), 2);
}

function play(entry: OptimizerInput, moved: TrainedParameter): readonly number[] {
  const update = direct(moved, entry);
  gradients.forEach((gradient, t) => {
    const row = [Float32Array.from(gradient)];
    update.apply({ tasks: [0, 1], weights: [1, 0], direction: row, rows: undefined, rate: rates[t] ?? 0 }, undefined);
  });
  return [...moved.values];
}

describe.each(Object.entries(rules))("%s", (_, golden) => {
  test("goes where its rule leads in double precision, at the rate of each step", () => {
    play(golden.entry("kernels"), parameter("kernel")).forEach((value, i) => {
      expect(value).toBeCloseTo(expected(golden)[i] ?? Number.NaN, 6);
    });
  });

  test("lets biases and what normalisation learns be, unless all weights decay", () => {
    const free = expected({ ...golden, decay: 0 });
    for (const weight of ["bias", "gamma", "beta", "alpha"]) {
      play(golden.entry("kernels"), parameter(weight)).forEach((value, i) => {
        expect(value).toBeCloseTo(free[i] ?? Number.NaN, 6);
      });
    }
    for (const weight of ["kernel", "depthwiseKernel", "recurrentKernel", "embeddings"]) {
      expect(play(golden.entry("kernels"), parameter(weight))).toEqual(play(golden.entry("kernels"), parameter("kernel")));
    }
    expect(play(golden.entry("all"), parameter("bias"))).toEqual(play(golden.entry("kernels"), parameter("kernel")));
  });
});

test("a weight that takes no step does not decay", () => {
  const moved = parameter("kernel");
  const update = direct(moved, "adamw");
  update.apply({ tasks: [], weights: [], direction: [undefined], rows: undefined, rate: 0.1 }, undefined);
  expect([...moved.values]).toEqual(first.map(Math.fround));
});

test("AdaTask decays once, however many tasks move the weight, and its decay is no task's", () => {
  const moved = parameter("kernel");
  const optimizer = resolveOptimizer({ adamw: { weightDecay: 0.5 } });
  const update = new TaskwiseUpdate([moved], optimizer.weightDecay, new OptimizerMemory(optimizer), ["a", "b"]);
  const seen: (readonly number[])[] = [];
  const nothing = [new Float32Array(3)];
  const applied = update.apply(
    { tasks: [0, 1], weights: [1, 1], direction: nothing, rows: [nothing, nothing], rate: 0.1 },
    { observe: (_, updates) => seen.push(...updates.map((each) => [...(each ?? [])])) },
  );
  expect(seen).toEqual([
    [0, 0, 0],
    [0, 0, 0],
  ]);
  expect([...(applied[0] ?? [])]).toEqual([0, 0, 0]);
  moved.values.forEach((value, i) => {
    expect(value).toBeCloseTo(0.95 * (first[i] ?? 0), 6);
  });
});

describe("a task that is alone", () => {
  test("is attributed the whole of Nesterov's first step", () => {
    const slot = resolveOptimizer({ sgd: { momentum: 0.9, nesterov: true } }).slot(3);
    const [update, paces] = [new Float32Array(3), new Float64Array(3)];
    const gradient = Float32Array.from(gradients[0] ?? []);
    slot.step(gradient, 0.1, update);
    pacesOf(slot.pace(0.1), slot.buffers["square"], paces);
    paces.forEach((pace, i) => {
      expect(pace * (gradient[i] ?? 0)).toBeCloseTo(update[i] ?? Number.NaN, 7);
    });
  });
});
