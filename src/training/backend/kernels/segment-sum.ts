import { type KernelFunc, util } from "@tensorflow/tfjs-core";
import { inputTensor, numberList } from "../attributes.ts";
import type { PlainKernelMaker } from "../kernel-context.ts";

/** Adds rows into the segment each belongs to: the gradient of a gather, so of an embedding. Rows with a negative segment are dropped. */
export const unsortedSegmentSum: PlainKernelMaker = ({ heap }): KernelFunc => {
  return ({ inputs, attrs }) => {
    const x = inputTensor(inputs, "x");
    const segmentIds = inputTensor(inputs, "segmentIds");
    const [segments = 0] = numberList(attrs, "numSegments");
    const width = util.sizeFromShape(x.shape.slice(segmentIds.shape.length));
    const rows = util.sizeFromShape(segmentIds.shape);
    const out = heap.output([segments, ...x.shape.slice(segmentIds.shape.length)], x.dtype);
    const numbers = x.dtype === "int32" ? heap.integers() : heap.floats();
    const to = heap.address(out) / 4;
    const from = heap.address(x) / 4;
    const ids = heap.integers().subarray(heap.address(segmentIds) / 4, heap.address(segmentIds) / 4 + rows);
    numbers.fill(0, to, to + segments * width);
    ids.forEach((segment, row) => {
      if (segment < 0 || segment >= segments) return;
      for (let i = 0; i < width; i++) {
        const target = to + segment * width + i;
        numbers[target] = (numbers[target] ?? 0) + (numbers[from + row * width + i] ?? 0);
      }
    });
    return out;
  };
};
