import * as tf from "@tensorflow/tfjs-core";
import { activations } from "../../../../src/experiment/layer-arguments.ts";
import { findLayer } from "../../../../src/experiment/layers.ts";
import { layerRegistry } from "../../../../src/training/model/layer-registry.ts";
import { applyNoise, dropoutMask } from "../../../../src/training/model/noise.ts";
import { RandomStreams } from "../../../../src/training/random-streams.ts";
import type { GradientCase, Values } from "./gradient-cases.ts";
import { apart, numbers } from "./references.ts";

/** Arguments as an experiment gives them. */
type Given = Readonly<Record<string, unknown>>;
/** Layer, shape of its input with the batch axis, arguments, and the input's values: by default well apart and not near 0, safe beside kinks. */
export type LayerRow = readonly [layer: string, shape: readonly number[], given?: Given, values?: Values];

const smooth = numbers;
const wholeNumbers: Values = (count) => Float32Array.from({ length: count }, (_, i) => (i * 3) % 5);

const picture = [2, 6, 5, 2];
const sequence = [2, 7, 3];
const short = [2, 4, 3];

/** Every layer of the catalogue, with what makes it take another way through the kernels. */
export const layerRows: readonly LayerRow[] = [
  ["dense", [3, 5], { units: 6 }, smooth],
  ["dense", [3, 5], { units: 6, activation: "relu" }],
  ["dense", [3, 5], { units: 4, useBias: false, activation: "sigmoid" }, smooth],
  ["dense", [2, 3, 5], { units: 4, activation: "tanh" }, smooth],

  ...(["valid", "same"] as const).flatMap((padding): LayerRow[] => [
    ["conv1d", sequence, { filters: 4, kernelSize: 3, padding }, smooth],
    ["conv1d", sequence, { filters: 4, kernelSize: 3, strides: 2, padding }, smooth],
    ["conv1d", sequence, { filters: 4, kernelSize: 2, dilationRate: 3, padding }, smooth],
    ["conv2d", picture, { filters: 3, kernelSize: 3, padding }, smooth],
    ["conv2d", picture, { filters: 3, kernelSize: [3, 2], strides: [2, 3], padding }, smooth],
    ["conv2d", picture, { filters: 3, kernelSize: 2, dilationRate: 2, padding }, smooth],
    ["conv2d", picture, { filters: 3, kernelSize: [2, 3], dilationRate: [3, 1], padding }, smooth],
    ["conv2d", picture, { filters: 3, kernelSize: 1, strides: 2, padding }, smooth],
    ["conv2dTranspose", [1, 3, 4, 2], { filters: 3, kernelSize: 3, padding }, smooth],
    ["conv2dTranspose", [1, 3, 4, 2], { filters: 3, kernelSize: 3, strides: 2, padding }, smooth],
    ["conv2dTranspose", [1, 3, 4, 2], { filters: 3, kernelSize: [2, 3], strides: [3, 2], padding }, smooth],
    ["depthwiseConv2d", picture, { kernelSize: 3, padding }, smooth],
    ["depthwiseConv2d", picture, { kernelSize: 3, strides: 2, depthMultiplier: 3, padding }, smooth],
    ["depthwiseConv2d", picture, { kernelSize: 2, dilationRate: 2, padding }, smooth],
    ["separableConv2d", picture, { filters: 3, kernelSize: 3, padding }, smooth],
    ["separableConv2d", picture, { filters: 3, kernelSize: 3, strides: 2, depthMultiplier: 2, padding }, smooth],
    ["separableConv2d", picture, { filters: 3, kernelSize: 2, dilationRate: 2, padding }, smooth],
    ...["max", "average"].flatMap((kind): LayerRow[] => [
      [`${kind}Pooling1d`, sequence, { padding }],
      [`${kind}Pooling1d`, sequence, { poolSize: 3, strides: 2, padding }],
      [`${kind}Pooling2d`, picture, { padding }],
      [`${kind}Pooling2d`, picture, { poolSize: 3, strides: 2, padding }],
      [`${kind}Pooling2d`, picture, { poolSize: [2, 3], strides: [1, 2], padding }],
    ]),
  ]),
  ["conv2d", picture, { filters: 3, kernelSize: 3, activation: "elu", useBias: false }, smooth],
  ...["conv2d", "conv2dTranspose", "separableConv2d"].map((name): LayerRow => [name, [2, 2, 5, 4], { filters: 3, kernelSize: 3, dataFormat: "channelsFirst" }, smooth]),
  ["depthwiseConv2d", [2, 2, 5, 4], { kernelSize: 3, dataFormat: "channelsFirst" }, smooth],
  ...["maxPooling2d", "averagePooling2d", "globalMaxPooling2d", "globalAveragePooling2d", "zeroPadding2d", "upSampling2d", "flatten"].map(
    (name): LayerRow => [name, [2, 2, 5, 4], { dataFormat: "channelsFirst" }],
  ),
  ["globalMaxPooling1d", sequence],
  ["globalAveragePooling1d", sequence],
  ["globalMaxPooling2d", picture],
  ["globalAveragePooling2d", picture],

  ["flatten", picture],
  ["reshape", [2, 6], { targetShape: [3, -1] }],
  ["permute", short, { dims: [2, 1] }],
  ["repeatVector", [2, 3], { n: 3 }],

  ...activations.map((activation): LayerRow => ["activation", [3, 7], { activation }]),
  ["reLU", [3, 5], { maxValue: 0.52 }],
  ["leakyReLU", [3, 5], { alpha: 0.1 }],
  ["prelu", [3, 5]],
  ["prelu", picture, { sharedAxes: [1, 2] }],
  ["elu", [3, 5], { alpha: 0.7 }],
  ["thresholdedReLU", [3, 5], { theta: 0.52 }],
  ["softmax", [3, 5]],
  ["softmax", short, { axis: 1 }],

  ["dropout", [3, 5], { rate: 0.4 }],
  ["spatialDropout1d", sequence, { rate: 0.4 }],
  ["gaussianNoise", [3, 5], { stddev: 0.5 }],
  ["gaussianDropout", [3, 5], { rate: 0.4 }],
  ["alphaDropout", [3, 5], { rate: 0.4 }],

  ["batchNormalization", [6, 4], {}, smooth],
  ["batchNormalization", [3, 5, 4], {}, smooth],
  ["batchNormalization", picture, {}, smooth],
  ["batchNormalization", picture, { axis: 1 }, smooth],
  ["batchNormalization", [6, 4], { center: false, scale: false }, smooth],
  ["layerNormalization", [3, 6], {}, smooth],
  ["layerNormalization", sequence, {}, smooth],
  ["layerNormalization", [2, 3, 2, 6], {}, smooth],
  ["layerNormalization", [3, 6], { center: false, scale: false }, smooth],

  ["embedding", [3, 4], { inputDim: 5, outputDim: 3 }, wholeNumbers],

  ...["simpleRNN", "gru", "lstm"].flatMap((name): LayerRow[] => [
    [name, short, { units: 4 }, smooth],
    [name, short, { units: 4, returnSequences: true }, smooth],
    [name, short, { units: 3, goBackwards: true, activation: "relu", useBias: false }, smooth],
    [name, short, { units: 3, dropout: 0.3, recurrentDropout: 0.4 }, smooth],
  ]),
  ["gru", short, { units: 3, recurrentActivation: "sigmoid" }, smooth],
  ["lstm", short, { units: 3, recurrentActivation: "sigmoid" }, smooth],

  ["zeroPadding2d", picture, { padding: [[1, 0], [2, 1]] }],
  ["cropping2D", picture, { cropping: [[1, 0], [2, 1]] }],
  ["upSampling2d", picture, { size: [2, 3] }],
  ["upSampling2d", picture, { size: [2, 3], interpolation: "bilinear" }, smooth],
]; // prettier-ignore

export const layerCases: readonly GradientCase[] = layerRows.map(([layer, shape, given = {}, values = apart]) => ({
  name: `layer ${titleOf(layer, shape, given)}`,
  build: () => build(layer, shape, given, values),
  ...wrongOnCpu(layer, given),
}));

function wrongOnCpu(layer: string, { padding }: Given): Pick<GradientCase, "notOnCpu"> {
  if (layer.startsWith("averagePooling") && padding === "same") return { notOnCpu: "wrong at the border" };
  if (layer === "upSampling2d") return { notOnCpu: "takes rows for columns where a picture is not square" };
  return {};
}

/** `conv2d of [2, 6, 5, 2], filters 3, kernelSize [3, 2]` */
export function titleOf(layer: string, shape: readonly number[], given: Given): string {
  const told = Object.entries(given).map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return `${layer} of ${[JSON.stringify(shape), ...told].join(", ").replaceAll(",", ", ").replaceAll("  ", " ")}`;
}

/** The layer in training mode, with reproducible weights and the same noise in every pass, and its input. */
function build(name: string, shape: readonly number[], given: Given, values: Values): ReturnType<GradientCase["build"]> {
  const args: Given = findLayer(name)?.arguments.parse(given) ?? {};
  const registered = layerRegistry[name];
  const input = tf.tidy(() => tf.variable(tf.tensor(values(tf.util.sizeFromShape([...shape]), 5), [...shape])));
  // A vector for each whole number: there is no slope between two of them.
  const inputs = name === "embedding" ? [] : [input];
  if (registered?.noise !== undefined) {
    const amount = Number(args["rate"] ?? args["stddev"]);
    return { variables: inputs, f: () => applyNoise(registered.noise, input, amount, new RandomStreams(3).get("noise")) };
  }
  if (registered === undefined) throw new TypeError(`There is no layer ${name}.`);
  let random = new RandomStreams(3).get("noise");
  const layer = registered.create({ ...args, dropoutFunc: (x: tf.Tensor, rate: number) => dropoutMask(x.shape, rate, random) });
  tf.tidy(() => layer.build([null, ...shape.slice(1)]));
  layer.built = true;
  const weights = layer.trainableWeights
    .map((weight) => weight.read())
    .filter((weight): weight is tf.Variable => weight instanceof tf.Variable);
  weights.forEach((weight, i) => tf.tidy(() => weight.assign(tf.tensor(numbers(weight.size, 20 + i), weight.shape))));
  return {
    variables: [...inputs, ...weights],
    f() {
      random = new RandomStreams(3).get("noise");
      const output = layer.apply(input, { training: true });
      if (output instanceof tf.Tensor) return output;
      throw new TypeError(`The layer ${name} has several outputs.`);
    },
  };
}
