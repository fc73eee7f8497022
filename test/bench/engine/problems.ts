import { RandomStreams } from "../../../src/training/random-streams.ts";
import type { Dataset, TaskTargets } from "../../../src/training/data/dataset.ts";
import { MemorySource } from "../../../src/training/data/memory-source.ts";
import { experimentSchema, type Experiment, type LayerEntry } from "../../../src/experiment/schema.ts";

/**
 * The problems on which multi-task libraries are compared: A, a small network with 3 tasks; B, Multi-MNIST's LeNet with 2; C, a wide network with 10.
 * Batch 256, Adam, random data: only the time of a step is looked at.
 */
export const problems = {
  A: {
    inputShape: [64],
    tasks: 3,
    kind: "regression",
    trunk: [{ dense: { units: 256, activation: "relu" } }, { dense: { units: 256, activation: "relu" } }],
    head: [{ dense: { units: 64, activation: "relu" } }],
  },
  B: {
    inputShape: [36, 36, 1],
    tasks: 2,
    kind: "classification",
    trunk: [
      { conv2d: { filters: 10, kernelSize: 5 } },
      { maxPooling2d: { poolSize: 2 } },
      "reLU",
      { conv2d: { filters: 20, kernelSize: 5 } },
      { maxPooling2d: { poolSize: 2 } },
      "reLU",
      "flatten",
      { dense: { units: 50, activation: "relu" } },
    ],
    head: [{ dense: { units: 50, activation: "relu" } }],
  },
  C: {
    inputShape: [128],
    tasks: 10,
    kind: "regression",
    trunk: [{ dense: { units: 512, activation: "relu" } }, { dense: { units: 512, activation: "relu" } }],
    head: [],
  },
} as const satisfies Record<string, Problem>;

export type ProblemName = keyof typeof problems;

export interface Problem {
  readonly inputShape: readonly number[];
  readonly tasks: number;
  readonly kind: "classification" | "regression";
  readonly trunk: readonly LayerEntry[];
  readonly head: readonly LayerEntry[];
}

export const batchSize = 256;
const batches = 8;
const classes = Array.from({ length: 10 }, (_, digit) => String(digit));

export function problemExperiment(problem: Problem, balancer: string, compile = true, track = 1_000_000): Experiment {
  const { kind, trunk, head } = problem;
  const ids = taskIds(problem);
  return experimentSchema.parse({
    name: "problem",
    data: { file: "none.csv", inputs: ["x"] },
    tasks: Object.fromEntries(ids.map((id) => [id, { kind }])),
    model: { trunk, heads: Object.fromEntries(ids.map((id) => [id, head])) },
    balancer,
    optimizer: { adam: { learningRate: 1e-3 } },
    training: { epochs: 1_000_000, batchSize, compile, seed: 1 },
    track: { every: track },
  });
}

/** Noise in, noisy functions of it out: eight batches. */
export function problemDataset(problem: Problem): Dataset {
  const { inputShape, kind } = problem;
  const ids = taskIds(problem);
  const random = new RandomStreams(7).get("problem");
  const width = inputShape.reduce((product, size) => product * size, 1);
  const rows = batches * batchSize;
  const inputs = Float32Array.from({ length: rows * width }, () => random.normal());
  const targets = ids.map(() => {
    const weights = Float32Array.from({ length: width }, () => random.normal() / Math.sqrt(width));
    return Float32Array.from({ length: rows }, (_, row) => {
      if (kind === "classification") return random.below(10);
      const sum = weights.reduce((total, weight, i) => total + weight * (inputs[row * width + i] ?? 0), 0);
      return Math.tanh(sum) + 0.1 * random.normal();
    });
  });
  const source = new MemorySource({ rows, inputs: [inputs], targets, present: ids.map(() => new Uint8Array(rows).fill(1)) });
  return {
    inputs: [{ name: "input", shape: inputShape, features: [] }],
    tasks: ids.map((id): TaskTargets =>
      kind === "classification"
        ? { id, kind, classes, shape: [], numbers: [] }
        : { id, kind, classes: [], shape: [], numbers: [{ mean: 0, deviation: 1 }] },
    ),
    splits: { train: source, validation: source, test: source },
  };
}

function taskIds({ tasks }: Problem): readonly string[] {
  return Array.from({ length: tasks }, (_, task) => `task${String(task + 1)}`);
}
