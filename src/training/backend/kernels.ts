import { type KernelFunc, backend, getKernelsForBackend, registerKernel, unregisterKernel } from "@tensorflow/tfjs-core";
import type { KernelContext, KernelMaker } from "./kernel-context.ts";
import { avgPoolGradient } from "./kernels/avg-pool-gradient.ts";
import { borrowed } from "./kernels/borrowed.ts";
import { clipByValue, maximum, minimum, relu6 } from "./kernels/bounds.ts";
import { conv2DBackpropFilter, conv2DBackpropInput } from "./kernels/convolution-gradient.ts";
import { conv2D, fusedConv2D } from "./kernels/convolution.ts";
import { depthwiseBackpropFilter, depthwiseBackpropInput } from "./kernels/depthwise-gradient.ts";
import { activatedApart } from "./kernels/fused-activation.ts";
import { identity } from "./kernels/identity.ts";
import { batchMatMul, fusedMatMul } from "./kernels/mat-mul.ts";
import { maxPoolGradient } from "./kernels/max-pool-gradient.ts";
import { oneHot } from "./kernels/one-hot.ts";
import { avgPool, maxPool } from "./kernels/pooling.ts";
import { reluGradientKernel, reluGradientName } from "./kernels/relu-gradient.ts";
import { unsortedSegmentSum } from "./kernels/segment-sum.ts";
import { sum } from "./kernels/sum.ts";
import { link } from "./simd/program.ts";
import { WasmHeap, asWasmBackend } from "./wasm-heap.ts";

/** What training needs and the published wasm backend lacks, has only slowly, or computes as if NaN were a number. */
const kernels: Readonly<Record<string, KernelMaker>> = {
  AvgPool: avgPool,
  AvgPoolGrad: avgPoolGradient,
  BatchMatMul: batchMatMul,
  ClipByValue: clipByValue,
  Conv2D: conv2D,
  Conv2DBackpropFilter: conv2DBackpropFilter,
  Conv2DBackpropInput: conv2DBackpropInput,
  DepthwiseConv2dNativeBackpropFilter: depthwiseBackpropFilter,
  DepthwiseConv2dNativeBackpropInput: depthwiseBackpropInput,
  // Published, but wrong with padding.
  Conv3DBackpropInputV2: () => borrowed("Conv3DBackpropInputV2"),
  Einsum: () => borrowed("Einsum"),
  FusedConv2D: fusedConv2D,
  FusedDepthwiseConv2D: activatedApart("FusedDepthwiseConv2D"),
  Identity: identity,
  MaxPool: maxPool,
  MaxPoolGrad: maxPoolGradient,
  Maximum: maximum,
  Minimum: minimum,
  OneHot: oneHot,
  Relu6: relu6,
  Sum: sum,
  UnsortedSegmentSum: unsortedSegmentSum,
  _FusedMatMul: fusedMatMul,
  [reluGradientName]: reluGradientKernel,
};

/** What our kernels work with, by instance of the backend. */
const equipped = new WeakMap<object, KernelContext>();
/** What was registered before ours, by kernel name. */
const published = new Map<string, KernelFunc>();

/** Registers our kernels for the running wasm backend; once for each instance of it. */
export function installKernels(): void {
  const wasm = asWasmBackend(backend());
  if (equipped.has(wasm)) return;
  const heap = new WasmHeap(wasm);
  heap.guardAllocations();
  const context = { heap, program: link(heap.memory), published: publishedKernel };
  equipped.set(wasm, context);
  for (const [kernelName, make] of Object.entries(kernels)) {
    const before = registered(kernelName);
    if (before !== undefined && !published.has(kernelName)) published.set(kernelName, before);
    const kernelFunc = make(context);
    if (before !== undefined) unregisterKernel(kernelName, "wasm");
    registerKernel({ kernelName, backendName: "wasm", kernelFunc });
  }
}

/** Our routines on the memory of the running backend; undefined where it is another than wasm, or has none of ours. */
export function kernelContext(): KernelContext | undefined {
  return equipped.get(backend());
}

function registered(kernelName: string): KernelFunc | undefined {
  return getKernelsForBackend("wasm").find((kernel) => kernel.kernelName === kernelName)?.kernelFunc;
}

function publishedKernel(kernelName: string): KernelFunc {
  const kernel = published.get(kernelName);
  if (kernel === undefined) throw new Error(`The wasm backend of this TensorFlow.js has no kernel ${kernelName}; version 4.22 has.`);
  return kernel;
}
