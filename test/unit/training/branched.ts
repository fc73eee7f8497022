import { matMul, mul, reshape, tanh, tensor, variable, type Rank, type Tensor, type Variable } from "@tensorflow/tfjs-core";
import type { Balancer } from "../../../src/balancers/balancer.ts";
import type { Dataset } from "../../../src/training/data/dataset.ts";
import type { ModelParameter, MultiTaskModel } from "../../../src/training/model/model.ts";
import { RandomStreams } from "../../../src/training/random-streams.ts";
import { prepareTraining, type Training } from "../../../src/training/training.ts";
import { syntheticDataset, syntheticExperiment } from "./synthetic.ts";

/** Three tasks: the first two share a branch, the last two a factor, and all the trunk. */
export const branchedTasks = { kind: { kind: "classification" }, size: { kind: "regression" }, weight: { kind: "regression" } };

/**
 *   h = tanh(x W),  b = tanh(h B);   kind: b H₁,   size: a · b H₂,   weight: a · h H₃
 *
 * and one parameter that nobody uses.
 */
export function branchedModel(): MultiTaskModel {
  const stream = new RandomStreams(5).get("weights");
  const made = (shape: readonly number[]): Variable =>
    variable(
      tensor(
        Float32Array.from({ length: shape.reduce((size, axis) => size * axis, 1) }, () => 0.5 * stream.normal()),
        [...shape],
      ),
    );
  const parameter = (name: string, shape: readonly number[]): ModelParameter => {
    const [layer = "", weight = ""] = name.split(".");
    return { name, layer, weight, variable: made(shape), declared: { part: "undeclared" } };
  };
  const [trunk, branch, factor, kind, size, weight, idle] = [
    parameter("trunk.kernel", [4, 8]),
    parameter("branch.kernel", [8, 6]),
    parameter("factor.value", [1, 1]),
    parameter("kind.kernel", [6, 3]),
    parameter("size.kernel", [6, 1]),
    parameter("weight.kernel", [8, 1]),
    parameter("idle.kernel", [2, 2]),
  ];
  const parameters = [trunk, branch, factor, kind, size, weight, idle];
  return {
    parameters,
    statistics: [],
    forward([input]) {
      if (input === undefined) throw new Error("This network has an input.");
      const times = (x: Tensor, { variable: w }: ModelParameter): Tensor => matMul(x, reshape<Rank.R2>(w, [w.shape[0], w.shape[1] ?? 0]));
      const h = tanh(times(input, trunk));
      const b = tanh(times(h, branch));
      return [times(b, kind), mul(times(b, size), factor.variable), mul(times(h, weight), factor.variable)];
    },
    freeze: () => undefined,
    dispose() {
      for (const { variable: each } of parameters) each.dispose();
    },
  };
}

/** A training of the branched network; the caller disposes `model`. */
export function branchedTraining(changes: Record<string, unknown> = {}, balancer?: Balancer): Training {
  const data: Dataset = syntheticDataset({ rows: 48, gaps: true, tasks: Object.keys(branchedTasks) });
  const experiment = syntheticExperiment({ tasks: branchedTasks, ...changes });
  const streams = new RandomStreams(experiment.training.seed);
  return prepareTraining({
    experiment,
    dataset: data,
    model: branchedModel(),
    streams,
    backend: "wasm",
    ...(balancer === undefined ? {} : { balancer }),
  });
}
