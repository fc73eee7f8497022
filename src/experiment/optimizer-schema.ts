import { z } from "zod";

export const learningRate = z.number().gt(0).max(100).describe("Step size.");
const epsilon = z.number().gt(0).describe("Added to the denominator.");
const decay = z.number().min(0).lt(1);

const weightDecay = z
  .number()
  .min(0)
  .max(1)
  .default(0)
  .describe(
    "Decoupled weight decay λ: each step shrinks the weights by the factor 1 − learning rate · λ, outside of gradients, balancer and accumulators.",
  );
const decayed = z
  .enum(["kernels", "all"])
  .default("kernels")
  .describe("Which weights decay: kernels and embeddings alone, or biases and what normalisation learns too.");
const adam = {
  learningRate: learningRate.default(0.001),
  beta1: decay.default(0.9).describe("Decay of the mean of the gradients."),
  beta2: decay.default(0.999).describe("Decay of the mean of the squared gradients."),
  epsilon: epsilon.default(1e-8),
};

/** The optimizers by name, each with its options. */
export const optimizerOptions = {
  sgd: z.strictObject({
    learningRate: learningRate.default(0.01),
    momentum: decay.default(0).describe("Share of the last step that is kept."),
    nesterov: z.boolean().default(false).describe("Look ahead along the momentum (Nesterov); needs `momentum`."),
    weightDecay,
    decayed,
  }),
  adam: z.strictObject({ ...adam, weightDecay, decayed }),
  adamw: z.strictObject({ ...adam, weightDecay: weightDecay.default(0.01), decayed }),
  rmsprop: z.strictObject({
    learningRate: learningRate.default(0.001),
    rho: decay.default(0.99).describe("Decay of the mean of the squared gradients."),
    epsilon: epsilon.default(1e-8),
    weightDecay,
    decayed,
  }),
  adagrad: z.strictObject({ learningRate: learningRate.default(0.01), epsilon: epsilon.default(1e-10), weightDecay, decayed }),
};

export const optimizerSchema = z
  .union([
    z.enum(["sgd", "adam", "adamw", "rmsprop", "adagrad"]),
    z.strictObject({ sgd: optimizerOptions.sgd }),
    z.strictObject({ adam: optimizerOptions.adam }),
    z.strictObject({ adamw: optimizerOptions.adamw }),
    z.strictObject({ rmsprop: optimizerOptions.rmsprop }),
    z.strictObject({ adagrad: optimizerOptions.adagrad }),
  ])
  .describe("How parameters follow the gradients: an optimizer, or one with its options.");

export type OptimizerInput = z.input<typeof optimizerSchema>;
export type OptimizerName = keyof typeof optimizerOptions;
