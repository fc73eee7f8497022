import { util } from "@tensorflow/tfjs-core";
import { convolution, inputTensor, numberList } from "../attributes.ts";
import type { PlainKernelMaker } from "../kernel-context.ts";
import { borrowed } from "./borrowed.ts";
import { forEachWindowPixel } from "./windows.ts";

/** Gradient of a depthwise convolution for its filter [y, x, channel, multiplier]; sums in float64. */
export const depthwiseBackpropFilter: PlainKernelMaker = ({ heap }) => {
  const plain = borrowed("DepthwiseConv2dNativeBackpropFilter");
  return (call) => {
    const x = inputTensor(call.inputs, "x");
    const dy = inputTensor(call.inputs, "dy");
    const filterShape = numberList(call.attrs, "filterShape");
    const geometry = convolution(x.shape, filterShape, call.attrs, true);
    if (geometry === undefined) return plain(call);
    const { inChannels, outChannels } = geometry;
    const multiplier = outChannels / inChannels;
    const out = heap.output(filterShape);
    const floats = heap.floats();
    const [xFrom, dyFrom] = [heap.address(x) / 4, heap.address(dy) / 4];
    const sums = new Float64Array(util.sizeFromShape(filterShape));
    forEachWindowPixel(geometry, (pixel, output, tap) => {
      for (let c = 0; c < inChannels; c++) {
        const value = floats[xFrom + pixel * inChannels + c] ?? 0;
        for (let m = 0; m < multiplier; m++) {
          const channel = c * multiplier + m;
          sums[tap * outChannels + channel] =
            (sums[tap * outChannels + channel] ?? 0) + value * (floats[dyFrom + output * outChannels + channel] ?? 0);
        }
      }
    });
    floats.set(sums, heap.address(out) / 4);
    return out;
  };
};

/** Gradient of a depthwise convolution for its pictures. */
export const depthwiseBackpropInput: PlainKernelMaker = ({ heap }) => {
  const plain = borrowed("DepthwiseConv2dNativeBackpropInput");
  return (call) => {
    const dy = inputTensor(call.inputs, "dy");
    const filter = inputTensor(call.inputs, "filter");
    const inputShape = numberList(call.attrs, "inputShape");
    const geometry = convolution(inputShape, filter.shape, call.attrs, true);
    if (geometry === undefined) return plain(call);
    const { inChannels, outChannels } = geometry;
    const multiplier = outChannels / inChannels;
    const out = heap.output(inputShape);
    const floats = heap.floats();
    const [to, dyFrom, filterFrom] = [heap.address(out) / 4, heap.address(dy) / 4, heap.address(filter) / 4];
    floats.fill(0, to, to + util.sizeFromShape(inputShape));
    forEachWindowPixel(geometry, (pixel, output, tap) => {
      for (let c = 0; c < inChannels; c++) {
        let sum = 0;
        for (let m = 0; m < multiplier; m++) {
          const channel = c * multiplier + m;
          sum += (floats[dyFrom + output * outChannels + channel] ?? 0) * (floats[filterFrom + tap * outChannels + channel] ?? 0);
        }
        const target = to + pixel * inChannels + c;
        floats[target] = (floats[target] ?? 0) + sum;
      }
    });
    return out;
  };
};
