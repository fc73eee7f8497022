import { tidy, type Tensor } from "@tensorflow/tfjs-core";

import type { LayerEntry } from "../../../../src/experiment/schema.ts";
import type { TaskTargets } from "../../../../src/training/data/dataset.ts";
import { buildModel } from "../../../../src/training/model/build.ts";
import type { MultiTaskModel } from "../../../../src/training/model/model.ts";
import type { DataShape } from "../../../../src/training/model/plan.ts";
import { RandomStreams } from "../../../../src/training/random-streams.ts";

export function classification(id: string, classes = 3): TaskTargets {
  return { id, kind: "classification", classes: Array.from({ length: classes }, (_, i) => String(i)), shape: [], numbers: [] };
}

export function regression(id: string): TaskTargets {
  return { id, kind: "regression", classes: [], shape: [], numbers: [{ mean: 0, deviation: 1 }] };
}

export function shape(inputShape: readonly number[], ...tasks: readonly TaskTargets[]): DataShape {
  return { inputs: [{ name: "input", shape: inputShape, features: [] }], tasks: tasks.length === 0 ? [regression("y")] : tasks };
}

export function network(
  trunk: readonly LayerEntry[],
  data: DataShape,
  { heads = {}, streams = new RandomStreams(7) }: { readonly heads?: Record<string, LayerEntry[]>; readonly streams?: RandomStreams } = {},
): MultiTaskModel {
  return buildModel({ model: { trunk: [...trunk], heads } }, data, streams);
}

/** Output values of all tasks, everything else disposed of. */
export function outputs(model: MultiTaskModel, input: Tensor, training: boolean): number[][] {
  return tidy(() => model.forward([input], training).map((output) => [...output.dataSync()]));
}

export function weights(model: MultiTaskModel): Record<string, number[]> {
  return Object.fromEntries(model.parameters.map(({ name, variable }) => [name, [...variable.dataSync()]]));
}

/** The digits' network of the examples. */
export const leNet: readonly LayerEntry[] = [
  { conv2d: { filters: 10, kernelSize: 5, activation: "relu" } },
  "maxPooling2d",
  { conv2d: { filters: 20, kernelSize: 5, activation: "relu" } },
  "maxPooling2d",
  "flatten",
  { dense: { units: 50, activation: "relu" } },
];
