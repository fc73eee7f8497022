import {
  type GradConfig,
  type Tensor,
  broadcast_util,
  cast,
  getGradient,
  greaterEqual,
  less,
  lessEqual,
  mul,
  greater,
  neg,
  registerGradient,
  reshape,
  sub,
  sum,
  unregisterGradient,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { reluGradientDefinition } from "./kernels/relu-gradient.ts";

/**
 * Puts right what TensorFlow.js 4.22 lacks or has wrong in its gradient functions, on every backend. Calling it again
 * changes nothing.
 */
export function registerGradients(): void {
  for (const definition of [reluGradientDefinition, maximum, minimum, squaredDifference, ...comparisons]) {
    const before: unknown = getGradient(definition.kernelName);
    if (before === definition) continue;
    if (before !== undefined) unregisterGradient(definition.kernelName);
    registerGradient(definition);
  }
}

/** Comparisons are flat, so `where(x > 0, …)` can be differentiated. TensorFlow.js has this for `greaterEqual` only. */
const comparisons: readonly GradConfig[] = ["Equal", "NotEqual", "Greater", "Less", "LessEqual"].map((kernelName) => ({
  kernelName,
  inputsToSave: ["a", "b"],
  gradFunc: (_, saved) => {
    const { a, b } = operands(saved);
    return { a: () => cast(zerosLike(a), "float32"), b: () => cast(zerosLike(b), "float32") };
  },
}));

/** The published ones forget to add up where an operand was broadcast. */
const maximum = ofBinary("Maximum", (dy, a, b) => ({
  a: () => mul(dy, cast(greaterEqual(a, b), "float32")),
  b: () => mul(dy, cast(less(a, b), "float32")),
}));

const minimum = ofBinary("Minimum", (dy, a, b) => ({
  a: () => mul(dy, cast(lessEqual(a, b), "float32")),
  b: () => mul(dy, cast(greater(a, b), "float32")),
}));

const squaredDifference = ofBinary("SquaredDifference", (dy, a, b) => {
  const slope = () => mul(dy, mul(sub(a, b), 2));
  return { a: slope, b: () => neg(slope()) };
});

function ofBinary(
  kernelName: string,
  gradients: (dy: Tensor, a: Tensor, b: Tensor) => { readonly a: () => Tensor; readonly b: () => Tensor },
): GradConfig {
  return {
    kernelName,
    inputsToSave: ["a", "b"],
    gradFunc: (dy, saved) => {
      if (Array.isArray(dy)) throw new TypeError(`${kernelName} has one result.`);
      const { a, b } = operands(saved);
      const full = gradients(dy, a, b);
      return { a: () => summedTo(a.shape, full.a()), b: () => summedTo(b.shape, full.b()) };
    },
  };
}

function operands([a, b]: readonly Tensor[]): { readonly a: Tensor; readonly b: Tensor } {
  if (a === undefined || b === undefined) throw new TypeError("Two operands were saved.");
  return { a, b };
}

/** Adds up over the axes along which an operand of this shape was broadcast. */
function summedTo(shape: number[], gradient: Tensor): Tensor {
  const axes = broadcast_util.getReductionAxes(shape, gradient.shape);
  return reshape(axes.length > 0 ? sum(gradient, axes) : gradient, shape);
}
