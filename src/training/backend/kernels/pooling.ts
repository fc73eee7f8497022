import { util } from "@tensorflow/tfjs-core";
import { type Geometry, inputTensor, pooling } from "../attributes.ts";
import type { PlainContext, PlainKernelMaker } from "../kernel-context.ts";
import { holdsNaN } from "./not-a-number.ts";
import { forEachWindowPixel } from "./windows.ts";

/**
 * Poolings whose result is NaN where NaN is under the window. The published ones compare it away (max) or clamp it to
 * −Infinity (average), and then a network that has diverged looks healthy.
 */
export const maxPool: PlainKernelMaker = (context) => honest("MaxPool", context);

export const avgPool: PlainKernelMaker = (context) => honest("AvgPool", context);

function honest(kernelName: string, context: PlainContext): ReturnType<PlainKernelMaker> {
  const published = context.published(kernelName);
  return (call) => {
    const x = inputTensor(call.inputs, "x");
    const out = published(call);
    const from = context.heap.address(x);
    if (Array.isArray(out) || !holdsNaN(context, from, util.sizeFromShape(x.shape))) return out;
    spreadNaN(context.heap.floats(), from / 4, context.heap.address(out) / 4, pooling(x.shape, call.attrs));
    return out;
  };
}

function spreadNaN(floats: Float32Array, from: number, to: number, geometry: Geometry): void {
  const channels = geometry.inChannels;
  forEachWindowPixel(geometry, (pixel, output) => {
    for (let c = 0; c < channels; c++) {
      if (Number.isNaN(floats[from + pixel * channels + c])) floats[to + output * channels + c] = Number.NaN;
    }
  });
}
