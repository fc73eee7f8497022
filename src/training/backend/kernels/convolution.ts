import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { type Geometry, convolution, inputTensor, text } from "../attributes.ts";
import type { KernelContext, KernelMaker } from "../kernel-context.ts";
import { activatedApart } from "./fused-activation.ts";
import { type Pictures, padded, sizeOf } from "./padding.ts";
import { pack, rowsRoutine } from "./panels.ts";

/** Convolution of pictures [batch, y, x, channel] with a filter [y, x, channel, output]. */
export const conv2D: KernelMaker = (context) => {
  const published = context.published("Conv2D");
  return (call) => {
    const x = inputTensor(call.inputs, "x");
    const filter = inputTensor(call.inputs, "filter");
    const geometry = convolution(x.shape, filter.shape, call.attrs);
    return geometry === undefined || isDilated(geometry) ? published(call) : convolve(context, x, filter, geometry, undefined, false);
  };
};

/** The same with bias and relu; other activations and prelu are left to the published kernel. */
export const fusedConv2D: KernelMaker = (context) => {
  const published = activatedApart("FusedConv2D")(context);
  return (call) => {
    const x = inputTensor(call.inputs, "x");
    const filter = inputTensor(call.inputs, "filter");
    const bias = call.inputs["bias"] ?? undefined;
    const prelu = call.inputs["preluActivationWeights"] ?? undefined;
    const activation = text(call.attrs, "activation") ?? "linear";
    const geometry = convolution(x.shape, filter.shape, call.attrs);
    const ours = (activation === "linear" || activation === "relu") && prelu === undefined;
    if (geometry === undefined || isDilated(geometry) || !ours) return published(call);
    if (bias !== undefined && util.sizeFromShape(bias.shape) !== geometry.outChannels) return published(call);
    return convolve(context, x, filter, geometry, bias, activation === "relu");
  };
};

export function isDilated({ dilationHeight, dilationWidth }: Geometry): boolean {
  return dilationHeight !== 1 || dilationWidth !== 1;
}

function convolve(
  context: KernelContext,
  x: TensorInfo,
  filter: TensorInfo,
  geometry: Geometry,
  bias: TensorInfo | undefined,
  relu: boolean,
): TensorInfo {
  const { heap } = context;
  const out = heap.output(geometry.outShape);
  if (util.sizeFromShape(geometry.outShape) === 0) return out;
  const { filterHeight, filterWidth, inChannels, outChannels } = geometry;
  const pictures = padded(heap, heap.address(x), geometry);
  const segment = filterWidth * inChannels;
  const gap = (pictures.width * inChannels - segment) * 4;
  const panels = pack(context, "convolution:filter", heap.address(filter), outChannels, filterHeight * segment, false);
  const { row, line, rest } = loops(geometry, pictures);
  const outAddress = heap.address(out);
  const biasAddress = bias === undefined ? 0 : heap.address(bias);
  for (let i = 0; i < rest.count; i++) {
    for (const { width, first, columns, address } of panels) {
      rowsRoutine(context, width, row.count)(
        pictures.address + i * rest.x, 4, row.x, line.x, filterHeight, segment, gap, address,
        outAddress + i * rest.out + first * 4, row.out, line.out, row.count, line.count, columns,
        biasAddress === 0 ? 0 : biasAddress + first * 4, relu ? 1 : 0,
      ); // prettier-ignore
    }
  }
  return out;
}

/** One of the three ways to go through the outputs, with the bytes a step takes in the pictures and in the result. */
interface Loop {
  readonly count: number;
  readonly x: number;
  readonly out: number;
}

/**
 * Which loop is the innermost (the rows of our routine, several at a time), which the next. Along x where outputs are wide
 * enough, else along y, else over the pictures of the batch.
 */
function loops(geometry: Geometry, pictures: Pictures): { readonly row: Loop; readonly line: Loop; readonly rest: Loop } {
  const { batchSize, inChannels, outChannels, outHeight, outWidth, strideHeight, strideWidth } = geometry;
  const alongX = { count: outWidth, x: strideWidth * inChannels * 4, out: outChannels * 4 };
  const alongY = { count: outHeight, x: strideHeight * pictures.width * inChannels * 4, out: outWidth * outChannels * 4 };
  const alongBatch = { count: batchSize, x: sizeOf(pictures) * 4, out: outHeight * outWidth * outChannels * 4 };
  const enough = 8;
  if (outWidth >= enough || outWidth >= Math.max(outHeight, batchSize)) return { row: alongX, line: alongY, rest: alongBatch };
  if (outHeight >= enough || outHeight >= batchSize) return { row: alongY, line: alongX, rest: alongBatch };
  return { row: alongBatch, line: alongX, rest: alongY };
}
