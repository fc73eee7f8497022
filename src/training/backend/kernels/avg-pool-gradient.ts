import { util } from "@tensorflow/tfjs-core";
import { inputTensor, pooling } from "../attributes.ts";
import type { PlainKernelMaker } from "../kernel-context.ts";
import { forEachWindowPixel } from "./windows.ts";

/**
 * Gradient of average pooling: spread evenly over the pixels that were averaged. The published kernels (wasm and cpu) divide
 * by the whole window also where it reaches over the border.
 */
export const avgPoolGradient: PlainKernelMaker = ({ heap }) => {
  return ({ inputs, attrs }) => {
    const dy = inputTensor(inputs, "dy");
    const x = inputTensor(inputs, "input");
    const geometry = pooling(x.shape, attrs);
    const channels = geometry.inChannels;
    const out = heap.output(x.shape);
    const floats = heap.floats();
    const to = heap.address(out) / 4;
    const from = heap.address(dy) / 4;
    const averaged = new Uint32Array(geometry.batchSize * geometry.outHeight * geometry.outWidth);
    forEachWindowPixel(geometry, (_, output) => (averaged[output] = (averaged[output] ?? 0) + 1));
    floats.fill(0, to, to + util.sizeFromShape(x.shape));
    forEachWindowPixel(geometry, (pixel, output) => {
      const share = 1 / (averaged[output] ?? 1);
      for (let c = 0; c < channels; c++) {
        const target = to + pixel * channels + c;
        floats[target] = (floats[target] ?? 0) + (floats[from + output * channels + c] ?? 0) * share;
      }
    });
    return out;
  };
};
