import { type GradConfig, type Tensor, cast, engine, getBackend, getKernel, mul, step, util } from "@tensorflow/tfjs-core";
import { inputTensor } from "../attributes.ts";
import type { KernelMaker } from "../kernel-context.ts";

export const reluGradientName = "TaskscopeReluGradient";

/** dy where y > 0, NaN where y is NaN, else 0, in one pass. */
export const reluGradientKernel: KernelMaker = ({ heap, program }) => {
  return ({ inputs }) => {
    const dy = inputTensor(inputs, "dy");
    const y = inputTensor(inputs, "y");
    const out = heap.output(dy.shape);
    const count = util.sizeFromShape(dy.shape);
    const vectors = Math.floor(count / 4);
    if (vectors > 0) program.reluGradient(heap.address(dy), heap.address(y), heap.address(out), vectors);
    const floats = heap.floats();
    const [from, mask, to] = [heap.address(dy) / 4, heap.address(y) / 4, heap.address(out) / 4];
    for (let i = vectors * 4; i < count; i++) {
      const value = floats[mask + i] ?? 0;
      floats[to + i] = Number.isNaN(value) ? value : value > 0 ? (floats[from + i] ?? 0) : 0;
    }
    return out;
  };
};

/**
 * TensorFlow.js computes relu's gradient in three passes (step, cast, multiply). This definition takes one where our kernel
 * is registered, and two elsewhere. It keeps relu's result instead of its input: the sign of both is the same.
 */
export const reluGradientDefinition: GradConfig = {
  kernelName: "Relu",
  outputsToSave: [true],
  gradFunc: (dy, [y]) => {
    if (Array.isArray(dy) || y === undefined) throw new TypeError("Relu has one result.");
    return { x: () => gradient(dy, y) };
  },
};

function gradient(dy: Tensor, y: Tensor): Tensor {
  const found: unknown = getKernel(reluGradientName, getBackend());
  if (found === undefined) return mul(dy, cast(step(y), "float32"));
  const [result] = [engine().runKernel(reluGradientName, { dy, y })].flat();
  if (result === undefined) throw new TypeError("Relu has one gradient.");
  return result;
}
