import * as tf from "@tensorflow/tfjs-core";
import { fullLoss, type LossEntry } from "../../../../src/experiment/losses.ts";
import { taskKindNames, taskKinds, type TaskKind } from "../../../../src/experiment/task-kinds.ts";
import { makeBatch } from "../../../../src/training/batches.ts";
import type { TaskTargets } from "../../../../src/training/data/dataset.ts";
import { trainedKinds } from "../../../../src/training/kinds/kinds.ts";
import { taskLoss } from "../../../../src/training/losses/losses.ts";
import { type GradientCase, operation as of, type Values } from "./gradient-cases.ts";
import { numbers } from "./references.ts";

const positive: Values = (count, seed) => numbers(count, seed).map((value) => 0.4 + Math.abs(value) * 2);
/** Away from whole numbers and halves. */
const steady: Values = (count, seed) => numbers(count, seed).map((value) => Math.round(value * 3) + 0.2);
const small: Values = (count, seed) => numbers(count, seed);

const as4d = (x: tf.Tensor): tf.Tensor4D => tf.reshape<tf.Rank.R4>(x, four(x.shape));
const as3d = (x: tf.Tensor): tf.Tensor3D => tf.reshape<tf.Rank.R3>(x, three(x.shape));

function four(shape: readonly number[]): [number, number, number, number] {
  const [a = 1, b = 1, c = 1, d = 1] = shape;
  return [a, b, c, d];
}

function three(shape: readonly number[]): [number, number, number] {
  const [a = 1, b = 1, c = 1] = shape;
  return [a, b, c];
}

const scaled =
  (values: Values, factor: number): Values =>
  (count, seed) =>
    values(count, seed).map((value) => value * factor);

const elementwise: readonly (readonly [string, (x: tf.Tensor) => tf.Tensor, Values?])[] = [
  ["abs", tf.abs], ["acos", tf.acos, scaled(small, 0.8)], ["acosh", (x) => tf.acosh(tf.add(x, 1.5)), positive], ["asin", tf.asin, scaled(small, 0.8)], ["asinh", tf.asinh],
  ["atan", tf.atan], ["atanh", tf.atanh, scaled(small, 0.8)], ["ceil", tf.ceil, steady], ["clipByValue", (x) => tf.clipByValue(x, -0.52, 0.61)], ["cos", tf.cos], ["cosh", tf.cosh, small],
  ["elu", tf.elu], ["erf", tf.erf, small], ["exp", tf.exp, small], ["expm1", tf.expm1, small], ["floor", tf.floor, steady], ["leakyRelu", (x) => tf.leakyRelu(x, 0.2)],
  ["log", tf.log, positive], ["log1p", tf.log1p, positive], ["logSigmoid", tf.logSigmoid], ["neg", tf.neg], ["reciprocal", tf.reciprocal, positive], ["relu", tf.relu], ["relu6", tf.relu6],
  ["round", tf.round, steady], ["rsqrt", tf.rsqrt, positive], ["selu", tf.selu], ["sigmoid", tf.sigmoid], ["sign", tf.sign], ["sin", tf.sin], ["sinh", tf.sinh, small], ["softplus", tf.softplus],
  ["sqrt", tf.sqrt, positive], ["square", tf.square], ["step", (x) => tf.step(x)], ["tan", tf.tan, small], ["tanh", tf.tanh],
  ["gelu", (x) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.div(x, Math.SQRT2))))], ["gelu by tanh", (x) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.tanh(tf.mul(0.7978846, tf.add(x, tf.mul(0.044715, tf.pow(x, 3)))))))],
  ["swish", (x) => tf.mul(x, tf.sigmoid(x))], ["mish", (x) => tf.mul(x, tf.tanh(tf.softplus(x)))],
]; // prettier-ignore

const binary: readonly (readonly [string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, Values?])[] = [
  ["add", tf.add], ["sub", tf.sub], ["mul", tf.mul], ["div", tf.div, positive], ["divNoNan", tf.divNoNan, positive], ["maximum", tf.maximum, small], ["minimum", tf.minimum, small],
  ["pow", tf.pow, positive], ["squaredDifference", tf.squaredDifference], ["atan2", tf.atan2, positive], ["mod", tf.mod, positive],
]; // prettier-ignore

const oneHotLabels = (rows: number, classes: number) =>
  tf.oneHot(
    tf.tensor1d(
      Array.from({ length: rows }, (_, i) => (i * 3 + 1) % classes),
      "int32",
    ),
    classes,
    1,
    0,
    "float32",
  );

export const operationCases: readonly GradientCase[] = [
  ...elementwise.map(([name, f, values]) => of(name, [[3, 7]], (x) => f(x), values)),
  ...binary.flatMap(([name, f, values]) => [
    of(`${name}, same shapes`, [[2, 3, 5], [2, 3, 5]], (a, b) => f(a, b), values),
    of(`${name}, broadcast row`, [[4, 5], [5]], (a, b) => f(a, b), values),
    of(`${name}, broadcast both`, [[4, 1, 3], [2, 1]], (a, b) => f(a, b), values),
  ]), // prettier-ignore

  ...[false, true].flatMap((ta) =>
    [false, true].flatMap((tb) => [
      of(`matMul${ta ? " A^T" : ""}${tb ? " B^T" : ""}`, [ta ? [5, 3] : [3, 5], tb ? [7, 5] : [5, 7]], (a, b) => tf.matMul(a, b, ta, tb), small),
      of(`matMul batched${ta ? " A^T" : ""}${tb ? " B^T" : ""}`, [ta ? [2, 5, 3] : [2, 3, 5], tb ? [2, 4, 5] : [2, 5, 4]], (a, b) => tf.matMul(a, b, ta, tb), small),
    ]),
  ),
  of("fused matMul with bias", [[3, 5], [5, 4], [4]], (a, b, bias) => tf.fused.matMul({ a, b, bias }), small),
  of("fused matMul with bias and relu", [[3, 5], [5, 4], [4]], (a, b, bias) => tf.fused.matMul({ a, b, bias, activation: "relu" })),
  of("dot", [[6], [6]], (a, b) => tf.dot(a, b), small),

  of("conv2d valid", [[2, 6, 7, 3], [3, 2, 3, 5]], (x, w) => tf.conv2d(as4d(x), as4d(w), 1, "valid"), small),
  of("conv2d same", [[2, 5, 4, 2], [3, 3, 2, 3]], (x, w) => tf.conv2d(as4d(x), as4d(w), 1, "same"), small),
  of("conv2d same, stride 2", [[1, 7, 8, 2], [3, 5, 2, 3]], (x, w) => tf.conv2d(as4d(x), as4d(w), 2, "same"), small),
  of("conv2d valid, strides 2 and 3", [[2, 8, 9, 1], [2, 3, 1, 4]], (x, w) => tf.conv2d(as4d(x), as4d(w), [2, 3], "valid"), small),
  of("conv2d 1x1", [[2, 3, 3, 4], [1, 1, 4, 2]], (x, w) => tf.conv2d(as4d(x), as4d(w), 1, "valid"), small),
  of("fused conv2d with bias", [[2, 4, 4, 2], [3, 3, 2, 3], [3]], (x, w, bias) => tf.fused.conv2d({ x: as4d(x), filter: as4d(w), strides: 1, pad: "same", bias }), small),
  of("conv1d", [[2, 9, 3], [4, 3, 2]], (x, w) => tf.conv1d(as3d(x), as3d(w), 2, "same"), small),
  of("conv2dTranspose same, stride 2", [[1, 3, 4, 2], [3, 3, 5, 2]], (x, w) => tf.conv2dTranspose(as4d(x), as4d(w), [1, 6, 8, 5], 2, "same"), small),
  of("conv2dTranspose valid", [[2, 3, 3, 2], [2, 3, 1, 2]], (x, w) => tf.conv2dTranspose(as4d(x), as4d(w), [2, 4, 5, 1], 1, "valid"), small),
  of("depthwiseConv2d valid", [[2, 5, 4, 3], [3, 2, 3, 1]], (x, w) => tf.depthwiseConv2d(as4d(x), as4d(w), 1, "valid"), small),
  of("depthwiseConv2d same, stride 2, multiplier 2", [[2, 5, 6, 3], [3, 3, 3, 2]], (x, w) => tf.depthwiseConv2d(as4d(x), as4d(w), 2, "same"), small),
  of("separableConv2d", [[1, 5, 5, 2], [3, 3, 2, 2], [1, 1, 4, 3]], (x, d, p) => tf.separableConv2d(as4d(x), as4d(d), as4d(p), 1, "same"), small),
  of("conv3d", [[1, 3, 4, 3, 2], [2, 2, 2, 2, 3]], (x, w) => tf.conv3d(tf.reshape<tf.Rank.R5>(x, [1, 3, 4, 3, 2]), tf.reshape<tf.Rank.R5>(w, [2, 2, 2, 2, 3]), 1, "same"), small),

  of("maxPool 2x2", [[2, 6, 4, 5]], (x) => tf.maxPool(as4d(x), 2, 2, "valid")),
  of("maxPool 2x2 of an odd picture", [[1, 5, 7, 3]], (x) => tf.maxPool(as4d(x), 2, 2, "valid")),
  of("maxPool 3x3 overlapping, same", [[2, 5, 6, 5]], (x) => tf.maxPool(as4d(x), 3, 2, "same")),
  of("maxPool 2x3, strides 1 and 2", [[1, 4, 6, 9]], (x) => tf.maxPool(as4d(x), [2, 3], [1, 2], "valid")),
  of("avgPool 2x2", [[2, 6, 4, 3]], (x) => tf.avgPool(as4d(x), 2, 2, "valid")),
  { ...of("avgPool 3x3 overlapping, same", [[1, 5, 6, 3]], (x) => tf.avgPool(as4d(x), 3, 2, "same")), notOnCpu: "wrong at the border" },
  of("maxPool3d", [[1, 4, 4, 4, 2]], (x) => tf.maxPool3d(tf.reshape<tf.Rank.R5>(x, [1, 4, 4, 4, 2]), 2, 2, "valid")),
  of("avgPool3d", [[1, 4, 4, 4, 2]], (x) => tf.avgPool3d(tf.reshape<tf.Rank.R5>(x, [1, 4, 4, 4, 2]), 2, 2, "valid")),
  of("localResponseNormalization", [[1, 2, 3, 7]], (x) => tf.localResponseNormalization(as4d(x), 2, 1, 0.5, 0.75), small),
  { ...of("resizeBilinear", [[1, 3, 4, 2]], (x) => tf.image.resizeBilinear(as4d(x), [5, 7]), small), notOnCpu: "fails for pictures that are not square" },
  of("resizeNearestNeighbor", [[1, 3, 4, 2]], (x) => tf.image.resizeNearestNeighbor(as4d(x), [6, 8]), small),

  of("sum all", [[3, 4]], (x) => tf.sum(x), small),
  of("sum leading axes", [[3, 4, 2, 5]], (x) => tf.sum(x, [0, 1, 2]), small),
  of("sum first axis, kept", [[9, 3]], (x) => tf.sum(x, 0, true), small),
  of("sum inner axes", [[3, 4, 5]], (x) => tf.sum(x, [1, 2]), small),
  of("mean", [[3, 4, 5]], (x) => tf.mean(x, [0, 2]), small),
  of("max", [[3, 5]], (x) => tf.max(x, 1)),
  of("min", [[3, 5]], (x) => tf.min(x, 0)),
  of("prod", [[3, 4]], (x) => tf.prod(x, 1), positive),
  of("cumsum", [[3, 4]], (x) => tf.cumsum(x, 1, true, true), small),
  of("moments", [[6, 4]], (x) => tf.add(...momentsOf(x)), small),
  of("logSumExp", [[3, 5]], (x) => tf.logSumExp(x, 1), small),
  of("softmax", [[3, 5]], (x) => tf.softmax(x), small),
  of("logSoftmax", [[3, 5]], (x) => tf.logSoftmax(x), small),
  of("norm", [[3, 5]], (x) => tf.norm(x, "euclidean", 1), small),

  of("concat", [[2, 3], [2, 4]], (a, b) => tf.concat([a, b], 1), small),
  of("split", [[2, 6]], (x) => tf.mul(...pair(tf.split(x, 2, 1))), small),
  of("slice", [[4, 5]], (x) => tf.slice(x, [1, 2], [2, 3]), small),
  of("stack", [[2, 3], [2, 3]], (a, b) => tf.stack([a, b], 1), small),
  of("unstack", [[2, 3]], (x) => tf.mul(...pair(tf.unstack(x, 0))), small),
  of("pad", [[2, 3]], (x) => tf.pad(x, [[1, 2], [0, 1]]), small),
  of("tile", [[2, 3]], (x) => tf.tile(x, [2, 3]), small),
  of("transpose", [[2, 3, 4]], (x) => tf.transpose(x, [2, 0, 1]), small),
  of("reshape", [[2, 6]], (x) => tf.square(tf.reshape(x, [3, 4])), small),
  of("expandDims", [[2, 3]], (x) => tf.expandDims(x, 1), small),
  of("reverse", [[2, 3]], (x) => tf.reverse(x, 1), small),
  of("broadcastTo", [[3, 1]], (x) => tf.broadcastTo(x, [3, 4]), small),
  of("gather", [[5, 3]], (x) => tf.gather(x, tf.tensor1d([4, 0, 4, 2], "int32")), small),
  of("gather along the second axis", [[2, 5, 3]], (x) => tf.gather(x, tf.tensor1d([4, 0, 4], "int32"), 1), small),
  of("gather with batches", [[2, 5]], (x) => tf.gather(x, tf.tensor2d([[4, 0], [1, 1]], [2, 2], "int32"), 1, 1), small),
  of("unsortedSegmentSum", [[6, 2]], (x) => tf.unsortedSegmentSum(x, tf.tensor1d([2, 0, 2, 1, 0, 0], "int32"), 4), small),
  of("where", [[3, 4], [3, 4]], (a, b) => tf.where(tf.cast(tf.tensor2d([1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 1], [3, 4]), "bool"), a, b), small),
  of("addN", [[2, 3], [2, 3], [2, 3]], (...xs) => tf.addN(xs), small),
  of("prelu", [[3, 4], [4]], (x, alpha) => tf.prelu(x, alpha)),
  of("spaceToBatchND", [[1, 4, 4, 1]], (x) => tf.spaceToBatchND(x, [2, 2], [[0, 0], [0, 0]]), small),
  of("batchToSpaceND", [[4, 2, 2, 1]], (x) => tf.batchToSpaceND(x, [2, 2], [[0, 0], [0, 0]]), small),
  of("batchNorm, five inputs", [[4, 3], [3], [3], [3], [3]], (x, mean, variance, offset, scale) => tf.batchNorm(x, mean, tf.add(1, tf.square(variance)), offset, scale, 1e-3), small),
  of("batchNorm of pictures", [[2, 3, 2, 3], [3], [3], [3], [3]], (x, mean, variance, offset, scale) => tf.batchNorm(x, mean, tf.add(1, tf.square(variance)), offset, scale, 1e-3), small),

  of("softmaxCrossEntropy", [[4, 5]], (x) => tf.losses.softmaxCrossEntropy(oneHotLabels(4, 5), x), small),
  of("sigmoidCrossEntropy", [[4, 3]], (x) => tf.losses.sigmoidCrossEntropy(tf.ones([4, 3]), x), small),
  of("meanSquaredError", [[4, 3]], (x) => tf.losses.meanSquaredError(tf.ones([4, 3]), x), small),
  of("absoluteDifference", [[4, 3]], (x) => tf.losses.absoluteDifference(tf.zeros([4, 3]), x)),
  of("huberLoss", [[4, 3]], (x) => tf.losses.huberLoss(tf.zeros([4, 3]), x)),
  of("logLoss", [[4, 3]], (x) => tf.losses.logLoss(tf.ones([4, 3]), tf.sigmoid(x)), small),
  of("cosineDistance", [[4, 3]], (x) => tf.losses.cosineDistance(tf.ones([4, 3]), x, 1), small),

  ...ourLosses(),
]; // prettier-ignore

function momentsOf(x: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const { mean, variance } = tf.moments(x, 0);
  return [mean, variance];
}

function pair(tensors: readonly tf.Tensor[]): [tf.Tensor, tf.Tensor] {
  const [a, b] = tensors;
  if (a === undefined || b === undefined) throw new TypeError("Expected two tensors.");
  return [a, b];
}

/** Each loss of each kind on four rows, of which one has no label and one, where the kind allows it, only some of its labels. */
function ourLosses(): readonly GradientCase[] {
  const optioned: readonly (readonly [TaskKind, LossEntry])[] = [
    ["classification", { "cross-entropy": { labelSmoothing: 0.1, classWeights: { b: 2 } } }],
    ["multi-label", { "binary-cross-entropy": { positiveWeight: 3 } }],
    ["regression", { huber: { delta: 0.4 } }],
  ];
  const plain = taskKindNames.flatMap((kind) => taskKinds[kind].losses.map((loss) => [kind, fullLoss(loss)] as const));
  return [...plain, ...optioned].map(([kind, loss]) => ourLoss(kind, loss));
}

function ourLoss(kind: TaskKind, loss: LossEntry): GradientCase {
  const shapes: Partial<Record<TaskKind, readonly number[]>> = { "multi-label": [4], regression: [3], segmentation: [1, 2] };
  const task: TaskTargets = {
    id: "task",
    kind,
    classes: kind === "regression" ? [] : kind === "binary" ? ["no", "yes"] : ["a", "b", "c", "d"],
    shape: shapes[kind] ?? [],
    numbers: kind === "regression" ? [0, 1, 2].map(() => ({ mean: 0, deviation: 1 })) : [],
  };
  const { compute } = taskLoss({ kind, loss }, task);
  const [name = ""] = Object.keys(loss);
  const width = trainedKinds[kind].outputShape(task, name === "gaussian" ? "gaussian" : "mse");
  const size = task.shape.reduce((product, side) => product * side, 1);
  const most = kind === "binary" || kind === "multi-label" ? 2 : 4;
  const truth = Float32Array.from({ length: 4 * size }, (_, i) => (kind === "regression" ? Math.sin(i) : (i * 7 + 3) % most));
  if (size > 1) truth[1] = Number.NaN;
  return of(`our loss ${JSON.stringify(loss)} of ${kind}`, [[4, ...width]], (x) => {
    const { targets } = makeBatch(
      { inputs: [], tasks: [task] },
      { rows: 4, inputs: [], targets: [truth], present: [Uint8Array.of(1, 0, 1, 1)] },
    );
    const [wanted] = targets;
    if (wanted === undefined) throw new Error("No row has a label.");
    return compute(x, wanted.target, wanted.rowWeight);
  });
}
