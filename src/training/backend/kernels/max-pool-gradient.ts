import { util } from "@tensorflow/tfjs-core";
import { inputTensor, pooling } from "../attributes.ts";
import type { KernelMaker } from "../kernel-context.ts";

/** Gradient of max pooling: all of it goes to the first maximum of each window. The published one is slow. */
export const maxPoolGradient: KernelMaker = ({ heap, program, published: findPublished }) => {
  const published = findPublished("MaxPoolGrad");
  return (call) => {
    const dy = inputTensor(call.inputs, "dy");
    const x = inputTensor(call.inputs, "input");
    const y = call.inputs["output"] ?? undefined;
    if (y === undefined) return published(call);
    const geometry = pooling(x.shape, call.attrs);
    const { batchSize, inChannels, inHeight, inWidth, outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = geometry;
    const out = heap.output(x.shape);
    const dx = heap.address(out);
    const picture = inHeight * inWidth * inChannels * 4;
    const outPicture = outHeight * outWidth * inChannels * 4;
    heap.floats().fill(0, dx / 4, dx / 4 + util.sizeFromShape(x.shape));
    for (let b = 0; b < batchSize; b++) {
      program.maxPoolGradient(
        heap.address(x) + b * picture, heap.address(y) + b * outPicture, heap.address(dy) + b * outPicture, dx + b * picture,
        inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth, padInfo.top, padInfo.left,
      ); // prettier-ignore
    }
    return out;
  };
};
