import { concat, dispose, tensor, tidy, Tensor, Variable } from "@tensorflow/tfjs-core";
import { RNN } from "@tensorflow/tfjs-layers";

import { initializers } from "../../experiment/layer-arguments.ts";
import type { RandomStream } from "../../balancers/kernels/random-stream.ts";
import type { RandomStreams } from "../random-streams.ts";
import { enter, enteredShape } from "./embeddings.ts";
import { initialValues } from "./initial-weights.ts";
import { registeredLayer, type TfLayer } from "./layer-registry.ts";
import type { ModelParameter, MultiTaskModel } from "./model.ts";
import { applyNoise, dropoutMask } from "./noise.ts";
import { planModel, type DataShape, type PlannedExperiment } from "./plan.ts";
import type { PlannedLayer } from "./planned-layer.ts";
import { weightName } from "./trial-layer.ts";

/**
 * Builds the network of an experiment on the current backend: each input's encoder, the trunk, each task's head, and an output layer for each task
 * (`<task>.output`, as its kind and its loss ask for).
 *
 * First weights are drawn from the stream `weights/<parameter>`, so that a change of one layer leaves the others' as they were;
 * dropout and noise draw from the stream `noise` in the order of the layers, and only while training.
 * Throws `ModelError` with the path of the layer that does not fit.
 */
export function buildModel(experiment: PlannedExperiment, data: DataShape, streams: RandomStreams): MultiTaskModel {
  const plan = planModel(experiment, data);
  const encoders = plan.encoders.map(({ input, vectors, layers }) => ({
    vectors: vectors.map((layer) => buildLayer(layer, [1], streams)),
    layers: buildLayers(layers, enteredShape(input), streams),
  }));
  const entry = encoders.flatMap(({ vectors, layers }) => [...vectors, ...layers]);
  const trunk = buildLayers(plan.trunk, plan.entryShape, streams);
  const trunkShape = plan.trunk.at(-1)?.outputShape ?? plan.entryShape;
  const heads = plan.heads.map(({ task, layers }) => ({ task, layers: buildLayers(layers, trunkShape, streams) }));
  let frozen: ReadonlySet<string> = new Set();
  const run = (layers: readonly BuiltLayer[], input: Tensor, training: boolean): Tensor =>
    layers.reduce((value, layer) => layer.apply(value, training && !frozen.has(layer.name)), input);
  const all = [...entry, ...trunk, ...heads.flatMap(({ layers }) => layers)];
  return {
    parameters: [
      ...[...entry, ...trunk].flatMap((layer) => parametersOf(layer, { part: "trunk" })),
      ...heads.flatMap(({ task, layers }) => layers.flatMap((layer) => parametersOf(layer, { part: "head", task }))),
    ],
    statistics: all.flatMap((layer) => layer.weights.filter(({ trained }) => !trained).map(({ name, variable }) => ({ name, variable }))),
    forward(inputs, training) {
      const encoded = encoders.map(({ vectors, layers }, index) => {
        const lookups = vectors.map((layer) => (numbers: Tensor) => run([layer], numbers, training));
        return run(layers, enter(inputOf(inputs, index), lookups), training);
      });
      const shared = run(trunk, encoded.length > 1 ? concat(encoded, -1) : inputOf(encoded, 0), training);
      return heads.map(({ layers }) => run(layers, shared, training));
    },
    freeze(layers) {
      frozen = layers;
    },
    dispose() {
      for (const layer of all) layer.dispose();
    },
  };
}

function inputOf(inputs: readonly Tensor[], index: number): Tensor {
  const input = inputs[index];
  if (input === undefined) throw new TypeError(`The network has more than the ${inputs.length} inputs it was given.`);
  return input;
}

interface BuiltLayer {
  readonly name: string;
  readonly weights: readonly BuiltWeight[];
  apply(input: Tensor, training: boolean): Tensor;
  dispose(): void;
}

interface BuiltWeight {
  /** `<layer>.<weight>`. */
  readonly name: string;
  readonly weight: string;
  readonly variable: Variable;
  readonly trained: boolean;
}

function buildLayers(layers: readonly PlannedLayer[], inputShape: readonly number[], streams: RandomStreams): BuiltLayer[] {
  return layers.map((layer, index) => buildLayer(layer, layers[index - 1]?.outputShape ?? inputShape, streams));
}

function parametersOf(layer: BuiltLayer, declared: ModelParameter["declared"]): ModelParameter[] {
  return layer.weights
    .filter(({ trained }) => trained)
    .map(({ name, weight, variable }) => ({ name, layer: layer.name, weight, variable, declared }));
}

function buildLayer(planned: PlannedLayer, inputShape: readonly number[], streams: RandomStreams): BuiltLayer {
  const registered = registeredLayer(planned.kind);
  const random = streams.get("noise");
  if (registered.noise !== undefined) {
    const { noise } = registered;
    const amount = numberArgument(planned, noise === "gaussianNoise" ? "stddev" : "rate");
    return {
      name: planned.name,
      weights: [],
      apply: (input, training) => (training ? applyNoise(noise, input, amount, random) : input),
      dispose: () => undefined,
    };
  }
  const layer = registered.create({
    ...libraryArguments(planned),
    // Recurrent layers draw their dropout masks through this hook; without it they would be different in every run.
    dropoutFunc: (input: Tensor, rate: number) => dropoutMask(input.shape, rate, random),
  });
  tidy(() => {
    layer.build([null, ...inputShape]);
    // Recurrent layers forget to say so, and would build their cell a second time.
    layer.built = true;
  });
  const weights = builtWeights(layer, planned);
  tidy(() => {
    for (const { name, weight, variable } of weights) {
      const values = drawnValues(planned, weight, variable.shape, () => streams.get(`weights/${name}`));
      const { zeroRow } = planned;
      const width = variable.shape[1] ?? 0;
      if (zeroRow !== undefined) values?.fill(0, zeroRow * width, (zeroRow + 1) * width);
      if (values !== undefined) variable.assign(tensor(values, variable.shape));
    }
  });
  const frozen = planned.arguments["trainable"] === false;
  return {
    name: planned.name,
    weights,
    apply(input, training) {
      // A frozen batch normalisation keeps its statistics too, as in Keras.
      const output = layer.apply(input, { training: training && !frozen });
      if (output instanceof Tensor) return output;
      throw new TypeError(`The layer "${planned.name}" gave no single tensor.`);
    },
    dispose() {
      for (const { variable } of weights) variable.dispose();
      // Recurrent layers keep the masks of their last step until the next one.
      if (layer instanceof RNN) dispose([layer.cell.dropoutMask, layer.cell.recurrentDropoutMask]);
    },
  };
}

/** The library's own random initializers are kept out: their numbers would come from elsewhere than the run's streams. */
function libraryArguments(planned: PlannedLayer): Readonly<Record<string, unknown>> {
  const entries = Object.entries(planned.arguments).map(([key, value]): [string, unknown] => {
    const random = key.endsWith("Initializer") && value !== "ones";
    return [key, random ? "zeros" : value];
  });
  return Object.fromEntries<unknown>(entries);
}

function drawnValues(
  planned: PlannedLayer,
  weight: string,
  shape: readonly number[],
  random: () => RandomStream,
): Float32Array | undefined {
  const name = initializers.find((each) => each === planned.arguments[initializerKey(weight)]);
  // The library has set these, and an LSTM's forget bias of 1 among the zeros.
  if (name === undefined || name === "zeros" || name === "ones") return undefined;
  return initialValues(name, shape, random());
}

function initializerKey(weight: string): string {
  return `${weight.replace(/Kernel$/, "")}Initializer`;
}

function builtWeights(layer: TfLayer, planned: PlannedLayer): BuiltWeight[] {
  const trainable = new Set(layer.trainableWeights);
  return layer.weights.map((each) => {
    const variable = each.read();
    if (!(variable instanceof Variable)) throw new TypeError(`A weight of "${planned.name}" is not a variable.`);
    const weight = weightName(each.originalName);
    return { name: `${planned.name}.${weight}`, weight, variable, trained: trainable.has(each) };
  });
}

function numberArgument(planned: PlannedLayer, key: string): number {
  const value = planned.arguments[key];
  if (typeof value !== "number") throw new TypeError(`The layer "${planned.name}" has no number "${key}".`);
  return value;
}
