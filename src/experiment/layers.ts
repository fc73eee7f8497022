import { z } from "zod";
import {
  activation,
  activations,
  along1,
  along2,
  borders,
  count,
  dataFormat,
  filters,
  initializer,
  layerArguments,
  padding,
  permutation,
  rate,
  targetShape,
  units,
  useBias,
} from "./layer-arguments.ts";

/** A layer as the catalogue lists it; `src/training/model` builds exactly these. */
export interface LayerKind {
  /** Name of the function in `tf.layers`. */
  readonly name: string;
  /** One sentence for completion and hover. */
  readonly summary: string;
  /** Strict; parsing fills in the defaults. */
  readonly arguments: z.ZodObject;
}

const convolution = {
  strides: along2.default(1).describe("Step of the window."),
  padding,
  dilationRate: along2.default(1).describe("Gap between the window's taps; not together with strides above 1."),
  dataFormat,
  activation: activation(),
  useBias,
};
const kernelSize2 = along2.describe("Size of the window: one number, or `[rows, columns]`.");
const kernelInitializer = initializer("glorotNormal", "kernel");
const biasInitializer = initializer("zeros", "bias");
const depthMultiplier = count.default(1).describe("Output channels made from each input channel.");

const pooling1 = {
  poolSize: along1.default(2).describe("Length of the window."),
  strides: along1.optional().describe("Step of the window. Default: its length."),
  padding,
};
const pooling2 = {
  poolSize: along2.default(2).describe("Size of the window."),
  strides: along2.optional().describe("Step of the window. Default: its size."),
  padding,
  dataFormat,
};

const recurrent = {
  units,
  activation: activation("tanh"),
  useBias,
  returnSequences: z.boolean().default(false).describe("Give the output of every step, not of the last alone."),
  goBackwards: z.boolean().default(false).describe("Read the sequence from its end."),
  dropout: rate.default(0).describe("Share of the inputs that is dropped while training."),
  recurrentDropout: rate.default(0).describe("Share of the state that is dropped while training."),
  kernelInitializer,
  recurrentInitializer: initializer("orthogonal", "recurrent kernel"),
  biasInitializer,
};
const gated = {
  ...recurrent,
  recurrentActivation: z.enum(activations).default("hardSigmoid").describe("Function of the gates."),
};

function layer(name: string, summary: string, own: z.ZodRawShape): LayerKind {
  return { name, summary, arguments: layerArguments(own) };
}

/** Every layer an experiment may use, in the order in which people are shown them. */
export const layerCatalogue: readonly LayerKind[] = [
  layer("dense", "Fully connected: every output from every input.", {
    units,
    activation: activation(),
    useBias,
    kernelInitializer,
    biasInitializer,
  }),
  layer("conv1d", "Convolution along a sequence.", {
    filters,
    kernelSize: along1.describe("Length of the window."),
    strides: along1.default(1).describe("Step of the window."),
    padding,
    dilationRate: along1.default(1).describe("Gap between the window's taps; not together with strides above 1."),
    activation: activation(),
    useBias,
    kernelInitializer,
    biasInitializer,
  }),
  layer("conv2d", "Convolution over an image.", { filters, kernelSize: kernelSize2, ...convolution, kernelInitializer, biasInitializer }),
  layer("conv2dTranspose", "Transposed convolution: makes an image larger.", {
    filters,
    kernelSize: kernelSize2,
    strides: convolution.strides,
    padding,
    dataFormat,
    activation: activation(),
    useBias,
    kernelInitializer,
    biasInitializer,
  }),
  layer("depthwiseConv2d", "Convolution of each channel on its own.", {
    kernelSize: kernelSize2,
    depthMultiplier,
    ...convolution,
    depthwiseInitializer: initializer("glorotNormal", "kernel"),
    biasInitializer,
  }),
  layer("separableConv2d", "Convolution of each channel on its own, then a mix of the channels.", {
    filters,
    kernelSize: kernelSize2,
    depthMultiplier,
    ...convolution,
    depthwiseInitializer: initializer("glorotUniform", "depthwise kernel"),
    pointwiseInitializer: initializer("glorotUniform", "pointwise kernel"),
    biasInitializer,
  }),
  layer("maxPooling1d", "Greatest value in each window of a sequence.", pooling1),
  layer("averagePooling1d", "Mean of each window of a sequence.", pooling1),
  layer("maxPooling2d", "Greatest value in each window of an image.", pooling2),
  layer("averagePooling2d", "Mean of each window of an image.", pooling2),
  layer("globalMaxPooling1d", "Greatest value of each channel over the sequence.", {}),
  layer("globalAveragePooling1d", "Mean of each channel over the sequence.", {}),
  layer("globalMaxPooling2d", "Greatest value of each channel over the image.", { dataFormat }),
  layer("globalAveragePooling2d", "Mean of each channel over the image.", { dataFormat }),
  layer("flatten", "Lays an input of any shape out as one row.", { dataFormat }),
  layer("reshape", "Gives the input another shape.", { targetShape }),
  layer("permute", "Reorders the axes.", { dims: permutation }),
  layer("repeatVector", "Repeats the input as a sequence.", { n: count.describe("Number of repetitions.") }),
  layer("activation", "Applies an activation function.", { activation: z.enum(activations).describe("The function.") }),
  layer("reLU", "Rectified linear unit.", { maxValue: z.number().gt(0).optional().describe("Greatest output.") }),
  layer("leakyReLU", "Rectified linear unit with a small slope below zero.", {
    alpha: z.number().min(0).default(0.3).describe("Slope below zero."),
  }),
  layer("prelu", "Rectified linear unit whose slope below zero is trained.", {
    alphaInitializer: initializer("zeros", "slopes"),
    sharedAxes: z.array(z.int().min(1).max(6)).min(1).optional().describe("Axes along which the slopes are shared."),
  }),
  layer("elu", "Exponential linear unit.", { alpha: z.number().min(0).default(1).describe("Scale below zero.") }),
  layer("thresholdedReLU", "Passes values above a threshold, zero otherwise.", {
    theta: z.number().min(0).default(1).describe("The threshold."),
  }),
  layer("softmax", "Turns values into shares that sum to 1.", {
    axis: z.int().min(-1).max(6).default(-1).describe("Axis that sums to 1."),
  }),
  layer("dropout", "Drops random inputs while training.", { rate }),
  layer("spatialDropout1d", "Drops whole channels of a sequence while training.", { rate }),
  layer("gaussianNoise", "Adds noise while training.", { stddev: z.number().min(0).describe("Standard deviation of the noise.") }),
  layer("gaussianDropout", "Multiplies with noise around 1 while training.", { rate }),
  layer("alphaDropout", "Dropout that keeps mean and variance; made for `selu`.", { rate }),
  layer("batchNormalization", "Normalises each channel over the batch.", {
    axis: z.int().min(-1).max(6).default(-1).describe("Axis of the channels."),
    momentum: z.number().min(0).lt(1).default(0.99).describe("Share of the old moving statistics that is kept."),
    epsilon: z.number().gt(0).default(1e-3).describe("Added to the variance."),
    center: z.boolean().default(true).describe("Add a trained offset."),
    scale: z.boolean().default(true).describe("Multiply with a trained factor."),
    betaInitializer: initializer("zeros", "offset"),
    gammaInitializer: initializer("ones", "factor"),
    movingMeanInitializer: initializer("zeros", "moving mean"),
    movingVarianceInitializer: initializer("ones", "moving variance"),
  }),
  layer("layerNormalization", "Normalises each row over its channels.", {
    axis: z.int().min(-1).max(6).default(-1).describe("Axis of the channels."),
    epsilon: z.number().gt(0).default(1e-3).describe("Added to the variance."),
    center: z.boolean().default(true).describe("Add a trained offset."),
    scale: z.boolean().default(true).describe("Multiply with a trained factor."),
    betaInitializer: initializer("zeros", "offset"),
    gammaInitializer: initializer("ones", "factor"),
  }),
  layer("embedding", "A trained vector for each whole number.", {
    inputDim: count.describe("Number of different inputs, 0 to inputDim − 1."),
    outputDim: count.describe("Length of the vectors."),
    embeddingsInitializer: initializer("randomUniform", "vectors"),
  }),
  layer("simpleRNN", "Plain recurrent layer.", recurrent),
  layer("gru", "Gated recurrent unit.", gated),
  layer("lstm", "Long short-term memory.", {
    ...gated,
    unitForgetBias: z.boolean().default(true).describe("Start the forget gate's bias at 1."),
  }),
  layer("zeroPadding2d", "Adds a border of zeros to an image.", {
    padding: borders.default(1).describe("Width of the border."),
    dataFormat,
  }),
  layer("cropping2D", "Cuts a border off an image.", { cropping: borders.describe("Width of the border."), dataFormat }),
  layer("upSampling2d", "Repeats or interpolates rows and columns of an image.", {
    size: z.tuple([count, count]).default([2, 2]).describe("Factors for rows and columns."),
    interpolation: z.enum(["nearest", "bilinear"]).default("nearest").describe("How new pixels are made."),
    dataFormat,
  }),
];

const byName = new Map(layerCatalogue.map((kind) => [kind.name, kind]));

/** The layer with this name, or undefined. */
export function findLayer(name: string): LayerKind | undefined {
  return byName.get(name);
}
