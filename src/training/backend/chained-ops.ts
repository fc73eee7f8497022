import * as tf from "@tensorflow/tfjs-core";

/**
 * TensorFlow.js registers operations as tensor methods (`x.add(y)`) in a file that its Node build leaves out, but parts of
 * its own code call them (initializers, the gradient of a batched gather), and so may a user's model. Here are all of them.
 */
const operations = [
  "abs", "acos", "acosh", "add", "all", "any", "argMax", "argMin", "asin", "asinh", "atan", "atan2", "atanh", "avgPool",
  "batchNorm", "batchToSpaceND", "broadcastTo", "cast", "ceil", "clipByValue", "conv1d", "conv2d", "conv2dTranspose", "cos",
  "cosh", "cumprod", "cumsum", "depthToSpace", "depthwiseConv2d", "dilation2d", "div", "divNoNan", "dot", "elu", "equal",
  "erf", "euclideanNorm", "exp", "expandDims", "expm1", "fft", "floor", "floorDiv", "gather", "greater", "greaterEqual",
  "ifft", "irfft", "isFinite", "isInf", "isNaN", "leakyRelu", "less", "lessEqual", "localResponseNormalization", "log",
  "log1p", "logSigmoid", "logSoftmax", "logSumExp", "logicalAnd", "logicalNot", "logicalOr", "logicalXor", "matMul", "max",
  "maxPool", "maximum", "mean", "min", "minimum", "mirrorPad", "mod", "mul", "neg", "norm", "notEqual", "oneHot",
  "onesLike", "pad", "pool", "pow", "prelu", "prod", "reciprocal", "relu", "relu6", "reshape", "reverse", "rfft", "round",
  "rsqrt", "selu", "separableConv2d", "sigmoid", "sign", "sin", "sinh", "slice", "softmax", "softplus", "spaceToBatchND",
  "split", "sqrt", "square", "squaredDifference", "squeeze", "step", "stridedSlice", "sub", "sum", "tan", "tanh", "tile",
  "topk", "transpose", "unique", "unsortedSegmentSum", "unstack", "zerosLike",
] as const satisfies readonly (keyof typeof tf)[]; // prettier-ignore

/** Methods that are not simply the operation of their name with the tensor as its first argument. */
const others: Readonly<Record<string, (x: tf.Tensor, ...rest: readonly unknown[]) => unknown>> = {
  as1D: (x) => tf.reshape(x, [x.size]),
  as2D: (x, ...shape) => tf.reshape(x, shape.map(Number)),
  as3D: (x, ...shape) => tf.reshape(x, shape.map(Number)),
  as4D: (x, ...shape) => tf.reshape(x, shape.map(Number)),
  as5D: (x, ...shape) => tf.reshape(x, shape.map(Number)),
  asScalar: (x) => tf.reshape(x, []),
  asType: (x, type) => call(tf.cast, x, type),
  concat: (x, others, axis) => call(tf.concat, [x, ...list(others)], axis),
  flatten: (x) => tf.reshape(x, [x.size]),
  reshapeAs: (x, like) => call(tf.reshape, x, like instanceof tf.Tensor ? like.shape : like),
  resizeBilinear: (x, ...rest) => call(tf.image.resizeBilinear, x, ...rest),
  resizeNearestNeighbor: (x, ...rest) => call(tf.image.resizeNearestNeighbor, x, ...rest),
  stack: (x, others, axis) => call(tf.stack, [x, ...list(others)], axis),
  toBool: (x) => tf.cast(x, "bool"),
  toFloat: (x) => tf.cast(x, "float32"),
  toInt: (x) => tf.cast(x, "int32"),
  where: (x, condition, other) => call(tf.where, condition, x, other),
};

/** Gives tensors their chained operations. Calling it again changes nothing. */
export function registerChainedOperations(): void {
  for (const name of operations) define(name, (x, ...rest) => call(tf[name], x, ...rest));
  for (const [name, operation] of Object.entries(others)) define(name, operation);
}

function define(name: string, operation: (x: tf.Tensor, ...rest: readonly unknown[]) => unknown): void {
  if (name in tf.Tensor.prototype) return;
  Object.defineProperty(tf.Tensor.prototype, name, {
    configurable: true,
    writable: true,
    value(this: tf.Tensor, ...rest: unknown[]): unknown {
      return operation(this, ...rest);
    },
  });
}

function list(values: unknown): readonly unknown[] {
  return Array.isArray(values) ? values : [values];
}

/** The operations check their arguments themselves. */
function call(operation: (...parameters: never[]) => unknown, ...parameters: unknown[]): unknown {
  return Reflect.apply(operation, undefined, parameters);
}
