import type { Balancer } from "../../../src/balancers/balancer.ts";
import { experimentSchema, type Experiment } from "../../../src/experiment/schema.ts";
import type { OwnershipMap, RunDescription, RunEvent, Split } from "../../../src/experiment/record.ts";
import type { Dataset } from "../../../src/training/data/dataset.ts";
import { MemorySource } from "../../../src/training/data/memory-source.ts";
import { buildModel } from "../../../src/training/model/build.ts";
import { RandomStreams } from "../../../src/training/random-streams.ts";
import type { Control, Recorder } from "../../../src/training/recorder.ts";
import { prepareTraining, type Training } from "../../../src/training/training.ts";

/** A data set whose values a test may look at and change. */
export type SyntheticDataset = Dataset & { readonly splits: Readonly<Record<Split, MemorySource>> };

/** Two tasks on four features: three classes, and a number. Every fifth row lacks the second label when `gaps` is set. */
export function syntheticDataset({
  rows = 60,
  gaps = false,
  tasks = ["kind", "size"],
}: { rows?: number; gaps?: boolean; tasks?: readonly string[] } = {}): SyntheticDataset {
  const stream = new RandomStreams(7).get("synthetic");
  const make = (count: number): MemorySource => {
    const inputs = Float32Array.from({ length: count * 4 }, () => stream.normal());
    const row = (i: number): readonly number[] => [...inputs.subarray(i * 4, i * 4 + 4)];
    const kind = Float32Array.from({ length: count }, (_, i) => {
      const [a = 0, b = 0] = row(i);
      return a > 0.4 ? 2 : b > 0 ? 1 : 0;
    });
    const size = Float32Array.from({ length: count }, (_, i) => {
      const [a = 0, , c = 0, d = 0] = row(i);
      return 0.6 * a - 0.5 * c + 0.2 * d * a;
    });
    const present = Uint8Array.from({ length: count }, (_, i) => (gaps && i % 5 === 0 ? 0 : 1));
    const all = new Uint8Array(count).fill(1);
    return new MemorySource({
      rows: count,
      inputs: [inputs],
      targets: tasks.map((id) => (id === "kind" ? kind : size)),
      present: tasks.map((id) => (id === "kind" ? all : present)),
    });
  };
  return {
    inputs: [{ name: "table", shape: [4], features: ["a", "b", "c", "d"] }],
    tasks: tasks.map((id) =>
      id === "kind"
        ? { id, kind: "classification", classes: ["x", "y", "z"], shape: [], numbers: [] }
        : { id, kind: "regression", classes: [], shape: [], numbers: [{ mean: 100, deviation: 20 }] },
    ),
    splits: { train: make(rows), validation: make(30), test: make(30) },
  };
}

type ExperimentInput = Record<string, unknown>;

/** An experiment on that data set; `changes` replace whole sections. */
export function syntheticExperiment(changes: ExperimentInput = {}): Experiment {
  return experimentSchema.parse({
    name: "synthetic",
    data: { file: "synthetic.csv", inputs: ["a", "b", "c", "d"] },
    tasks: { kind: { kind: "classification" }, size: { kind: "regression" } },
    model: { trunk: [{ dense: { units: 8, activation: "relu" } }, { dense: { units: 6, activation: "tanh" } }] },
    training: { epochs: 3, batchSize: 16, seed: 1, backend: "wasm" },
    track: { every: 2 },
    ...changes,
  });
}

/** Data, model and all state of such an experiment, ready to train. The caller disposes `model`. */
export function syntheticTraining(changes: ExperimentInput = {}, dataset: Dataset = syntheticDataset(), balancer?: Balancer): Training {
  const experiment = syntheticExperiment(changes);
  const streams = new RandomStreams(experiment.training.seed);
  const model = buildModel(experiment, dataset, streams);
  return prepareTraining({ experiment, dataset, model, streams, backend: "wasm", ...(balancer === undefined ? {} : { balancer }) });
}

/** Keeps everything in memory. */
export class ListRecorder implements Recorder {
  description: RunDescription | undefined;
  readonly points = new Map<string, { readonly step: number; readonly values: readonly number[] }[]>();
  readonly snapshots: { readonly step: number; readonly epoch: number; readonly maps: readonly OwnershipMap[] }[] = [];
  readonly events: RunEvent[] = [];
  steps = 0;

  describe(description: RunDescription): void {
    this.description = description;
  }

  resume(step: number): void {
    this.steps = step;
  }

  scalar(name: string, step: number, value: number): void {
    this.#add(name, step, [value]);
  }

  vector(name: string, step: number, values: Float32Array): void {
    this.#add(name, step, [...values]);
  }

  snapshot(step: number, epoch: number, maps: readonly OwnershipMap[]): void {
    this.snapshots.push({ step, epoch, maps });
  }

  event(event: RunEvent): void {
    this.events.push(event);
  }

  progress(step: number): void {
    this.steps = step;
  }

  /** All points but those that depend on the clock. */
  numbers(): Record<string, readonly { readonly step: number; readonly values: readonly number[] }[]> {
    return Object.fromEntries([...this.points].filter(([name]) => name !== "steps-per-second" && !name.startsWith("system/")));
  }

  last(name: string): number {
    return this.points.get(name)?.at(-1)?.values[0] ?? Number.NaN;
  }

  #add(name: string, step: number, values: readonly number[]): void {
    const points = this.points.get(name) ?? [];
    points.push({ step, values });
    this.points.set(name, points);
  }
}

export const neverStop: Control = { stopRequested: () => false, takeCheckpointRequest: () => false };
