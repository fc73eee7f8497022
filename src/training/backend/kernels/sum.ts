import { type KernelFunc, util } from "@tensorflow/tfjs-core";
import { flag, inputTensor, numberList } from "../attributes.ts";
import type { KernelContext, KernelMaker, PlainKernelMaker } from "../kernel-context.ts";

/** Rows that are added in float32 before their sum goes to float64: keeps long sums (a bias over a batch) exact enough. */
const blockRows = 1024;

/**
 * Sum over leading axes, as a bias gradient needs it; the published kernel transposes everything first. All other sums
 * are left to that.
 */
export const sum: KernelMaker = ({ heap, program, published: findPublished }) => {
  const published = findPublished("Sum");
  return (call) => {
    const x = inputTensor(call.inputs, "x");
    if (util.sizeFromShape(x.shape) === 0) return sumOfNothing(heap, published(call));
    const asked = call.attrs?.["axis"] ?? undefined;
    const axes = asked === undefined ? [] : util.parseAxisParam(numberList(call.attrs, "axis"), x.shape).sort((a, b) => a - b);
    const leading = axes.every((axis, i) => axis === i) && axes.length < x.shape.length;
    const width = util.sizeFromShape(x.shape.slice(axes.length));
    const rows = util.sizeFromShape(x.shape.slice(0, axes.length));
    if (x.dtype !== "float32" || !leading || axes.length === 0 || width < 2 || rows < 4) return published(call);

    const kept = x.shape.slice(axes.length);
    const out = heap.output(flag(call.attrs, "keepDims") ? [...axes.map(() => 1), ...kept] : kept);
    // Four rows are `width` vectors, whatever the width is.
    const partial = heap.scratch("sum", width * 4);
    const totals = new Float64Array(width);
    const from = heap.address(x);
    for (let row = 0; row < rows; row += blockRows) {
      const count = Math.min(blockRows, rows - row);
      const groups = Math.floor(count / 4);
      const floats = heap.floats();
      floats.fill(0, partial / 4, partial / 4 + width * 4);
      if (groups > 0) program.sumGroups(from + row * width * 4, partial, width, groups);
      for (let i = 0; i < width * 4; i++) totals[i % width] = (totals[i % width] ?? 0) + (floats[partial / 4 + i] ?? 0);
      for (let i = groups * 4 * width; i < count * width; i++)
        totals[i % width] = (totals[i % width] ?? 0) + (floats[from / 4 + row * width + i] ?? 0);
    }
    heap.floats().set(totals, heap.address(out) / 4);
    return out;
  };
};

/** The published one, but for sums of nothing. */
export const publishedSum: PlainKernelMaker = ({ heap, published: findPublished }) => {
  const published = findPublished("Sum");
  return (call) => {
    const isEmpty = util.sizeFromShape(inputTensor(call.inputs, "x").shape) === 0;
    return isEmpty ? sumOfNothing(heap, published(call)) : published(call);
  };
};

/** The published kernel writes nothing where there is nothing to add, and what lay in the memory before would be the sum. */
function sumOfNothing(heap: KernelContext["heap"], out: ReturnType<KernelFunc>): ReturnType<KernelFunc> {
  for (const each of [out].flat()) {
    const from = heap.address(each) / 4;
    heap.floats().fill(0, from, from + util.sizeFromShape(each.shape));
  }
  return out;
}
