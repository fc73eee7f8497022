import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memory } from "@tensorflow/tfjs-core";
import { experimentSchema, type Experiment } from "../../../src/experiment/schema.ts";
import { silentRecorder } from "../../../src/training/silent-recorder.ts";
import type { Recorder } from "../../../src/training/recorder.ts";
import { train } from "../../../src/training/train.ts";

/** What was there after one step. */
export interface SoakSample {
  readonly step: number;
  readonly tensors: number;
  readonly buffers: number;
  readonly rssMiB: number;
  /** What V8's objects take, those that are dead and not yet collected included. */
  readonly heapMiB: number;
  /** What V8's objects hold outside its heap: typed arrays, WebAssembly's memory. */
  readonly externalMiB: number;
}

/**
 * Trains a small network with a layer of every kind that keeps something between steps, as a run does: with shuffling, dropout, evaluation and
 * checkpoints. Answers what was there after each step.
 */
export async function soak(backend: "wasm" | "native", steps: number, threads = 1): Promise<readonly SoakSample[]> {
  const samples: SoakSample[] = [];
  const recorder: Recorder = {
    ...silentRecorder,
    progress: (step) => {
      const { numTensors, numDataBuffers } = memory();
      const { rss, heapUsed, external } = process.memoryUsage();
      samples.push({
        step,
        tensors: numTensors,
        buffers: numDataBuffers,
        rssMiB: rss / 2 ** 20,
        heapMiB: heapUsed / 2 ** 20,
        externalMiB: external / 2 ** 20,
      });
    },
  };
  const control = { stopRequested: () => samples.length >= steps, takeCheckpointRequest: () => false };
  const folder = mkdtempSync(join(tmpdir(), "taskscope-soak-"));
  try {
    const experiment = soakExperiment(backend, threads);
    await train({ experiment, baseFolder: process.cwd(), checkpointFolder: folder }, recorder, control);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return samples;
}

function soakExperiment(backend: "wasm" | "native", threads: number): Experiment {
  return experimentSchema.parse({
    name: "soak",
    data: { dataset: "multi-mnist", split: { validation: 0.05, test: 0.05 } },
    tasks: { left: { kind: "classification" }, right: { kind: "classification" } },
    model: {
      trunk: [
        { conv2d: { filters: 6, kernelSize: 5, strides: 2 } },
        "batchNormalization",
        { activation: { activation: "relu" } },
        { maxPooling2d: { poolSize: 2 } },
        { reshape: { targetShape: [3, 72] } },
        { gru: { units: 8, dropout: 0.1 } },
        { dropout: { rate: 0.2 } },
        { dense: { units: 16, activation: "elu" } },
        "layerNormalization",
      ],
    },
    balancer: "nash-mtl",
    training: { epochs: 1_000_000, batchSize: 16, seed: 0, backend, threads },
    track: { every: 10 },
  });
}

export interface SoakReport {
  readonly steps: number;
  /** Least and greatest number of tensors after a step. */
  readonly tensors: readonly [number, number];
  readonly buffers: readonly [number, number];
  /** Medians over a tenth of the steps: after the first tenth, which warms up, and at the end. */
  readonly rssMiB: readonly [number, number];
  readonly externalMiB: readonly [number, number];
  /**
   * The least that V8's heap came down to, in the first and in the second half of the steps after the warm-up: what lives. Between two
   * collections it holds dead objects as well, and the process keeps the memory of the largest it has been.
   */
  readonly liveMiB: readonly [number, number];
  /** Of the whole process. */
  readonly growthPercent: number;
  readonly peakMiB: number;
}

export function reportOf(samples: readonly SoakSample[]): SoakReport {
  const tenth = Math.max(1, Math.floor(samples.length / 10));
  const warm = samples.slice(tenth);
  const ends = (value: (sample: SoakSample) => number): readonly [number, number] => [
    median(warm.slice(0, tenth).map(value)),
    median(warm.slice(-tenth).map(value)),
  ];
  const [first, last] = ends(({ rssMiB }) => rssMiB);
  return {
    steps: samples.length,
    tensors: rangeOf(warm.map(({ tensors }) => tensors)),
    buffers: rangeOf(warm.map(({ buffers }) => buffers)),
    rssMiB: [first, last],
    externalMiB: ends(({ externalMiB }) => externalMiB),
    liveMiB: [least(warm.slice(0, warm.length / 2)), least(warm.slice(warm.length / 2))],
    growthPercent: 100 * (last / first - 1),
    peakMiB: Math.max(...warm.map(({ rssMiB }) => rssMiB)),
  };
}

function least(samples: readonly SoakSample[]): number {
  return Math.min(...samples.map(({ heapMiB }) => heapMiB));
}

function rangeOf(values: readonly number[]): readonly [number, number] {
  return [Math.min(...values), Math.max(...values)];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
