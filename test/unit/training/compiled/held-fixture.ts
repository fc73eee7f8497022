import { getBackend } from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import type { Dataset } from "../../../../src/training/data/dataset.ts";
import { CheckpointKeeper } from "../../../../src/training/checkpoint-keeper.ts";
import type { Training } from "../../../../src/training/training.ts";
import { TrainingLoop } from "../../../../src/training/training-loop.ts";
import { captureState } from "../../../../src/training/training-state.ts";
import { openedTrainings } from "../opened-trainings.ts";
import { ListRecorder, neverStop, syntheticDataset, syntheticTraining } from "../synthetic.ts";

const opened = openedTrainings();

export const optimizers = {
  sgd: { sgd: { learningRate: 0.05, weightDecay: 0.01 } },
  momentum: { sgd: { learningRate: 0.02, momentum: 0.9 } },
  nesterov: { sgd: { learningRate: 0.02, momentum: 0.9, nesterov: true, weightDecay: 0.1, decayed: "all" } },
  adam: { adam: { learningRate: 0.01, epsilon: 1e-4 } },
  adamw: { adamw: { learningRate: 0.01, epsilon: 1e-4 } },
  rmsprop: { rmsprop: { learningRate: 0.005, epsilon: 1e-4 } },
  adagrad: { adagrad: { learningRate: 0.02, epsilon: 1e-4 } },
};

type OptimizerName = keyof typeof optimizers;

/** Each optimizer with each of these balancers that works with it. */
export function eachOptimizer(balancers: readonly string[]): readonly (readonly [optimizer: OptimizerName, balancer: string])[] {
  const names: readonly OptimizerName[] = ["sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "adagrad"];
  const works = (name: OptimizerName, balancer: string): boolean => balancer !== "adatask" || !("sgd" in optimizers[name]);
  return names.flatMap((name) => balancers.flatMap((balancer) => (works(name, balancer) ? [[name, balancer] as const] : [])));
}

interface Setting {
  readonly compile?: boolean;
  readonly balancer?: string;
  readonly optimizer?: object;
  readonly training?: object;
  readonly every?: number;
  readonly trunk?: readonly object[];
  readonly tasks?: readonly string[];
  readonly dataset?: Dataset;
}

const narrow = [{ dense: { units: 8, activation: "relu" } }, { dense: { units: 6, activation: "tanh" } }];

/** A training of a small network on rows of which some have gaps. */
export function prepared({
  compile = true,
  balancer = "equal",
  optimizer = optimizers.adam,
  training = {},
  every = 1000,
  trunk = narrow,
  tasks = ["kind", "size"],
  dataset = syntheticDataset({ rows: 64, gaps: true, tasks }),
}: Setting): Training {
  const made = syntheticTraining(
    {
      balancer,
      optimizer,
      tasks: Object.fromEntries(tasks.map((id) => [id, { kind: id === "kind" ? "classification" : "regression" }])),
      model: { trunk },
      training: { epochs: 9, batchSize: 16, seed: 1, backend: getBackend() === "wasm" ? "wasm" : "native", compile, ...training },
      track: { every },
    },
    dataset,
  );
  return opened.add(made);
}

/** Goes on from step `first`. */
export async function steps(training: Training, first: number, count: number): Promise<ListRecorder> {
  const recorder = new ListRecorder();
  const loop = new TrainingLoop(training, recorder, neverStop, new CheckpointKeeper("unused", recorder), first);
  for (let step = 0; step < count; step++) await loop.step();
  return recorder;
}

/** After some steps of which nothing was noted. */
export async function trained(setting: Setting, count: number): Promise<Training> {
  const training = prepared(setting);
  const { events } = await steps(training, 0, count);
  expect(events.filter(({ kind }) => kind === "note")).toEqual([]);
  return training;
}

/** Weights and what the optimizer remembers. */
export function numbersOf(training: Training): readonly number[] {
  return [...captureState(training, 0).arrays].flatMap(([name, values]) => (/^(weight|optimizer)/.test(name) ? [...values] : []));
}

/** Largest difference in units of the largest number. */
export function apart(a: Training, b: Training): number {
  const [one, other] = [numbersOf(a), numbersOf(b)];
  const largest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest(one.map((value, i) => value - (other[i] ?? Number.NaN))) / largest(one);
}

export function isOfMachine(series: string): boolean {
  return series.startsWith("system/") || series === "steps-per-second";
}

/** Whether gradients stayed where they were computed in some step. */
export function wasHeld(training: Training): boolean {
  return Object.values(training.stepper.passes.save().habits).some(({ held }) => held !== undefined);
}
