import { util } from "@tensorflow/tfjs-core";
import { inputTensor, numberList } from "../attributes.ts";
import type { PlainKernelMaker } from "../kernel-context.ts";

/** One-hot rows. The published kernel writes whole numbers even where floats are asked for, which read as almost 0. */
export const oneHot: PlainKernelMaker = ({ heap, published: findPublished }) => {
  const published = findPublished("OneHot");
  return (call) => {
    if (call.attrs?.["dtype"] !== "float32") return published(call);
    const indices = inputTensor(call.inputs, "indices");
    const [depth = 0] = numberList(call.attrs, "depth");
    const [on = 1] = numberList(call.attrs, "onValue");
    const [off = 0] = numberList(call.attrs, "offValue");
    const rows = util.sizeFromShape(indices.shape);
    const out = heap.output([...indices.shape, depth]);
    const to = heap.address(out) / 4;
    const floats = heap.floats();
    floats.fill(off, to, to + rows * depth);
    heap
      .integers()
      .subarray(heap.address(indices) / 4, heap.address(indices) / 4 + rows)
      .forEach((index, row) => {
        if (index >= 0 && index < depth) floats[to + row * depth + index] = on;
      });
    return out;
  };
};
