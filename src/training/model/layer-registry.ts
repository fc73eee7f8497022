import { layers } from "@tensorflow/tfjs-layers";

import { ExponentialLinear, Softmax } from "./layers/activations.ts";
import { DilatedConvolution, isDilated } from "./layers/dilated-convolution.ts";
import { BatchNormalization, LayerNormalization } from "./layers/normalisation.ts";
import type { NoiseKind } from "./noise.ts";
import { ThresholdLayer } from "./threshold-layer.ts";

/** A layer of TensorFlow.js. */
export type TfLayer = layers.Layer;

/** Arguments of a layer after the catalogue's schema has checked them and filled in the defaults. */
export type LayerArguments = Readonly<Record<string, unknown>>;

interface BuiltLayer {
  readonly create: (args: LayerArguments) => TfLayer;
  readonly noise?: undefined;
  /** Axes its input must have, the batch not counted; any number where not given. */
  readonly axes?: 1 | 2 | 3;
  /** What automatic names begin with. */
  readonly stem: string;
}

interface NoiseLayer {
  readonly noise: NoiseKind;
  readonly create?: undefined;
  readonly axes?: 2;
  readonly stem: string;
}

/**
 * How each layer of the catalogue (`experiment/layers.ts`) is built: by the library, or by a layer of our own where the library has it with an error (`layers/`). Those that draw random numbers in every step are our own
 * (`noise.ts`): the library's repeat one mask for ever when they have a seed, and cannot be repeated when they have none.
 */
export const layerRegistry: Readonly<Record<string, BuiltLayer | NoiseLayer>> = {
  dense: { create: from(layers.dense), stem: "dense" },
  conv1d: { create: convolution(layers.conv1d, 1), axes: 2, stem: "conv" },
  conv2d: { create: convolution(layers.conv2d, 2), axes: 3, stem: "conv" },
  conv2dTranspose: { create: from(layers.conv2dTranspose), axes: 3, stem: "convTranspose" },
  depthwiseConv2d: { create: convolution(layers.depthwiseConv2d, 2), axes: 3, stem: "depthwiseConv" },
  separableConv2d: { create: convolution(layers.separableConv2d, 2), axes: 3, stem: "separableConv" },
  maxPooling1d: { create: from(layers.maxPooling1d), axes: 2, stem: "pool" },
  averagePooling1d: { create: from(layers.averagePooling1d), axes: 2, stem: "pool" },
  maxPooling2d: { create: from(layers.maxPooling2d), axes: 3, stem: "pool" },
  averagePooling2d: { create: from(layers.averagePooling2d), axes: 3, stem: "pool" },
  globalMaxPooling1d: { create: from(layers.globalMaxPooling1d), axes: 2, stem: "globalPool" },
  globalAveragePooling1d: { create: from(layers.globalAveragePooling1d), axes: 2, stem: "globalPool" },
  globalMaxPooling2d: { create: from(layers.globalMaxPooling2d), axes: 3, stem: "globalPool" },
  globalAveragePooling2d: { create: from(layers.globalAveragePooling2d), axes: 3, stem: "globalPool" },
  flatten: { create: from(layers.flatten), stem: "flatten" },
  reshape: { create: from(layers.reshape), stem: "reshape" },
  permute: { create: from(layers.permute), stem: "permute" },
  repeatVector: { create: from(layers.repeatVector), axes: 1, stem: "repeatVector" },
  activation: { create: from(layers.activation), stem: "activation" },
  reLU: { create: from(layers.reLU), stem: "reLU" },
  leakyReLU: { create: from(layers.leakyReLU), stem: "leakyReLU" },
  prelu: { create: from(layers.prelu), stem: "prelu" },
  elu: { create: (args) => new ExponentialLinear(args), stem: "elu" },
  thresholdedReLU: { create: from(layers.thresholdedReLU), stem: "thresholdedReLU" },
  softmax: { create: (args) => new Softmax(args), stem: "softmax" },
  dropout: { noise: "dropout", stem: "dropout" },
  spatialDropout1d: { noise: "spatialDropout1d", axes: 2, stem: "dropout" },
  gaussianNoise: { noise: "gaussianNoise", stem: "noise" },
  gaussianDropout: { noise: "gaussianDropout", stem: "dropout" },
  alphaDropout: { noise: "alphaDropout", stem: "dropout" },
  batchNormalization: { create: (args) => new BatchNormalization(args), stem: "batchNorm" },
  layerNormalization: { create: (args) => new LayerNormalization(args), stem: "layerNorm" },
  embedding: { create: from(layers.embedding), stem: "embedding" },
  simpleRNN: { create: from(layers.simpleRNN), axes: 2, stem: "rnn" },
  gru: { create: from(layers.gru), axes: 2, stem: "gru" },
  lstm: { create: from(layers.lstm), axes: 2, stem: "lstm" },
  zeroPadding2d: { create: from(layers.zeroPadding2d), axes: 3, stem: "padding" },
  cropping2D: { create: from(layers.cropping2D), axes: 3, stem: "cropping" },
  upSampling2d: { create: from(layers.upSampling2d), axes: 3, stem: "upSampling" },
};

/** The library's layer, and where its window has gaps our own around it. */
function convolution(make: (args: never) => TfLayer, axes: 1 | 2): (args: LayerArguments) => TfLayer {
  return (args) => (isDilated(args) ? new DilatedConvolution(from(make), args, axes) : from(make)(args));
}

/** Layers that no experiment names: they are the output of a kind of task. */
const outputRegistry: Readonly<Record<string, BuiltLayer>> = {
  thresholds: { create: from(({ thresholds }: { readonly thresholds: number }) => new ThresholdLayer(thresholds)), stem: "thresholds" },
};

/** How a planned layer is built. */
export function registeredLayer(kind: string): BuiltLayer | NoiseLayer {
  const registered = layerRegistry[kind] ?? outputRegistry[kind];
  if (registered === undefined) throw new TypeError(`There is no layer "${kind}".`);
  return registered;
}

/**
 * One function for all of the library's. The cast is sound because a layer's arguments are parsed by the catalogue's schema
 * before they come here, which a table of functions cannot express; a test builds every layer of the catalogue.
 */
function from(make: (args: never) => TfLayer): (args: LayerArguments) => TfLayer {
  return (args) => make(args as never);
}
