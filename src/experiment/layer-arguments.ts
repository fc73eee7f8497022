import { z } from "zod";

/** Pieces that the arguments of several layers share. Names, meanings and defaults are those of TensorFlow.js 4.22. */

export const activations = [
  "linear",
  "relu",
  "relu6",
  "elu",
  "selu",
  "gelu",
  "gelu_new",
  "swish",
  "mish",
  "sigmoid",
  "hardSigmoid",
  "tanh",
  "softmax",
  "softplus",
  "softsign",
] as const;

/** Initializers that need no arguments of their own. All draw from the run's seed. */
export const initializers = [
  "glorotNormal",
  "glorotUniform",
  "heNormal",
  "heUniform",
  "leCunNormal",
  "leCunUniform",
  "randomNormal",
  "randomUniform",
  "truncatedNormal",
  "varianceScaling",
  "orthogonal",
  "identity",
  "zeros",
  "ones",
] as const;

const positive = z.int().min(1).max(65_536);
const dimension = z.int().min(1).max(1_000_000);

/** Every layer has these. */
const common = {
  name: z
    .string()
    .regex(/^[A-Za-z_][\w-]*$/, "Use letters, digits, _ and -, beginning with a letter or _.")
    .optional()
    .describe("Name of the layer; its parameters carry it. Default: the layer's kind and a number."),
  trainable: z.boolean().default(true).describe("`false` freezes the layer's parameters."),
};

/** The arguments of one layer: its own and those of every layer. */
export function layerArguments<Shape extends z.ZodRawShape>(own: Shape) {
  return z.strictObject({ ...own, ...common });
}

export function activation(normal: (typeof activations)[number] = "linear") {
  return z.enum(activations).default(normal).describe("Function applied to the output.");
}

export function initializer(normal: (typeof initializers)[number], of: string) {
  return z.enum(initializers).default(normal).describe(`First values of the ${of}.`);
}

export const useBias = z.boolean().default(true).describe("Add a trained bias.");
export const filters = positive.describe("Number of output channels.");
export const units = dimension.describe("Number of outputs.");
export const rate = z.number().min(0).lt(1).describe("Share of the inputs that is dropped while training.");
export const dataFormat = z
  .enum(["channelsLast", "channelsFirst"])
  .default("channelsLast")
  .describe("Where the channels stand in the input's shape. Taskscope's images have them last.");
export const padding = z
  .enum(["valid", "same"])
  .default("valid")
  .describe("`valid` adds no border, `same` pads so that stride 1 keeps the size.");

/** One number, or a list of one. */
export const along1 = z.union([positive, z.tuple([positive])]);
/** One number for both axes, or `[rows, columns]`. */
export const along2 = z.union([positive, z.tuple([positive, positive])]);

const border = z.int().min(0).max(65_536);
/** One number for all sides, `[rows, columns]`, or `[[top, bottom], [left, right]]`. */
export const borders = z.union([border, z.tuple([border, border]), z.tuple([z.tuple([border, border]), z.tuple([border, border])])]);

export const targetShape = z
  .array(z.union([dimension, z.literal(-1)]))
  .min(1)
  .max(5)
  .describe("New shape without the batch axis; one entry may be -1 and is worked out.");
export const permutation = z
  .array(z.int().min(1).max(6))
  .min(1)
  .max(6)
  .describe("Order of the axes, counted from 1, without the batch axis: `[2, 1]` swaps the first two.");

export const count = dimension;
