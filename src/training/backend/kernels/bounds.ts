import { type KernelFunc, type TensorInfo, broadcast_util, util } from "@tensorflow/tfjs-core";
import { inputTensor, numberList } from "../attributes.ts";
import type { KernelContext, KernelMaker } from "../kernel-context.ts";
import { borrowed } from "./borrowed.ts";

/**
 * Bounds that keep NaN, as IEEE 754's `maximum` and `minimum` do. The published kernels give a bound in its place, and then a
 * network that has diverged looks healthy.
 */

/** min(max(x, least), most) */
export const clipByValue: KernelMaker = (context) => {
  const published = context.published("ClipByValue");
  return (call) => {
    const x = inputTensor(call.inputs, "x");
    if (x.dtype !== "float32") return published(call);
    const [least = -Infinity] = numberList(call.attrs, "clipValueMin");
    const [most = Infinity] = numberList(call.attrs, "clipValueMax");
    return clamp(context, x, least, most);
  };
};

/** min(max(x, 0), 6) */
export const relu6: KernelMaker = (context) => {
  const published = context.published("Relu6");
  return (call) => {
    const x = inputTensor(call.inputs, "x");
    return x.dtype === "float32" ? clamp(context, x, 0, 6) : published(call);
  };
};

export const maximum: KernelMaker = (context) => elementwise(context, "Maximum", Math.max);

export const minimum: KernelMaker = (context) => elementwise(context, "Minimum", Math.min);

function clamp({ heap, program }: KernelContext, x: TensorInfo, least: number, most: number): TensorInfo {
  const out = heap.output(x.shape);
  const bounds = heap.scratch("clamp", 2);
  const count = util.sizeFromShape(x.shape);
  const vectors = Math.floor(count / 4);
  const floats = heap.floats();
  floats.set([least, most], bounds / 4);
  const [from, to] = [heap.address(x), heap.address(out)];
  if (vectors > 0) program.bound(from, to, bounds, vectors);
  for (let i = vectors * 4; i < count; i++) floats[to / 4 + i] = Math.min(Math.max(floats[from / 4 + i] ?? 0, least), most);
  return out;
}

/** Of two operands of one size, or one of which is a single number; what has to be broadcast otherwise is rare and left to the cpu kernel. */
function elementwise(context: KernelContext, kernelName: "Maximum" | "Minimum", ofTwo: typeof Math.max): KernelFunc {
  const { heap, program } = context;
  const published = context.published(kernelName);
  const plain = borrowed(kernelName);
  const run = kernelName === "Maximum" ? program.maximum : program.minimum;
  return (call) => {
    const a = inputTensor(call.inputs, "a");
    const b = inputTensor(call.inputs, "b");
    if (a.dtype !== "float32" || b.dtype !== "float32") return published(call);
    const shape = broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
    const count = util.sizeFromShape(shape);
    const fits = [a, b].every((operand) => [1, count].includes(util.sizeFromShape(operand.shape)));
    if (!fits) return plain(call);

    const out = heap.output(shape);
    const to = heap.address(out);
    const [left, right] = [operandOf(heap, a, "bounds:a", count), operandOf(heap, b, "bounds:b", count)];
    const vectors = Math.floor(count / 4);
    if (vectors > 0) run(left.address, right.address, to, left.step, right.step, vectors);
    const floats = heap.floats();
    const at = ({ address, step }: Operand, i: number): number => floats[address / 4 + (step === 0 ? 0 : i)] ?? 0;
    for (let i = vectors * 4; i < count; i++) floats[to / 4 + i] = ofTwo(at(left, i), at(right, i));
    return out;
  };
}

interface Operand {
  readonly address: number;
  /** Bytes from one vector to the next. */
  readonly step: number;
}

/** A single number is laid out as one vector that serves all. */
function operandOf(heap: KernelContext["heap"], tensor: TensorInfo, scratch: string, count: number): Operand {
  const address = heap.address(tensor);
  if (util.sizeFromShape(tensor.shape) === count) return { address, step: 16 };
  const four = heap.scratch(scratch, 4);
  const floats = heap.floats();
  floats.fill(floats[address / 4] ?? 0, four / 4, four / 4 + 4);
  return { address: four, step: 0 };
}
