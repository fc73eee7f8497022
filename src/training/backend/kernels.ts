import { type KernelFunc, backend, getKernelsForBackend, registerKernel, unregisterKernel } from "@tensorflow/tfjs-core";
import type { KernelContext, KernelMaker, PlainKernelMaker } from "./kernel-context.ts";
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
import { publishedSum, sum } from "./kernels/sum.ts";
import { link } from "./simd/program.ts";
import { WasmHeap, asWasmBackend } from "./wasm-heap.ts";

/** What training needs and the published wasm backend lacks, or computes as if NaN were a number: on every machine. */
const plainKernels: Readonly<Record<string, PlainKernelMaker>> = {
  AvgPool: avgPool,
  AvgPoolGrad: avgPoolGradient,
  ClipByValue: () => borrowed("ClipByValue"),
  Conv2DBackpropFilter: () => borrowed("Conv2DBackpropFilter"),
  DepthwiseConv2dNativeBackpropFilter: depthwiseBackpropFilter,
  DepthwiseConv2dNativeBackpropInput: depthwiseBackpropInput,
  // Published, but wrong with padding.
  Conv3DBackpropInputV2: () => borrowed("Conv3DBackpropInputV2"),
  Einsum: () => borrowed("Einsum"),
  FusedConv2D: activatedApart("FusedConv2D"),
  FusedDepthwiseConv2D: activatedApart("FusedDepthwiseConv2D"),
  Identity: identity,
  MaxPool: maxPool,
  Maximum: () => borrowed("Maximum"),
  Minimum: () => borrowed("Minimum"),
  OneHot: oneHot,
  Relu6: () => borrowed("Relu6"),
  Sum: publishedSum,
  UnsortedSegmentSum: unsortedSegmentSum,
  _FusedMatMul: activatedApart("_FusedMatMul"),
};

/** What our SIMD routines do faster; takes the place of a plain kernel of the same name. */
const simdKernels: Readonly<Record<string, KernelMaker>> = {
  BatchMatMul: batchMatMul,
  ClipByValue: clipByValue,
  Conv2D: conv2D,
  Conv2DBackpropFilter: conv2DBackpropFilter,
  Conv2DBackpropInput: conv2DBackpropInput,
  FusedConv2D: fusedConv2D,
  MaxPoolGrad: maxPoolGradient,
  Maximum: maximum,
  Minimum: minimum,
  Relu6: relu6,
  Sum: sum,
  _FusedMatMul: fusedMatMul,
  [reluGradientName]: reluGradientKernel,
};

const equipped = new WeakSet<object>();
/** What our kernels with SIMD work with, by instance of the backend. */
const contexts = new WeakMap<object, KernelContext>();
/** What was registered before ours, by kernel name. */
const published = new Map<string, KernelFunc>();

/**
 * Registers our kernels for the running wasm backend; once for each instance of it. Without `simd` those alone that do without,
 * and the published backend does the rest.
 */
export function installKernels(simd: boolean): void {
  const wasm = asWasmBackend(backend());
  if (equipped.has(wasm)) return;
  equipped.add(wasm);
  const heap = new WasmHeap(wasm);
  heap.guardAllocations();
  const plain = { heap, published: publishedKernel };
  const makers = new Map(Object.entries(plainKernels).map(([name, make]) => [name, () => make(plain)]));
  if (simd) {
    const context = { ...plain, program: link(heap.memory) };
    contexts.set(wasm, context);
    for (const [name, make] of Object.entries(simdKernels)) makers.set(name, () => make(context));
  }
  for (const [name, make] of makers) install(name, make);
}

function install(kernelName: string, make: () => KernelFunc): void {
  const before = registered(kernelName);
  if (before !== undefined && !published.has(kernelName)) published.set(kernelName, before);
  const kernelFunc = make();
  if (before !== undefined) unregisterKernel(kernelName, "wasm");
  registerKernel({ kernelName, backendName: "wasm", kernelFunc });
}

/** Our routines on the memory of the running backend; undefined where it is another than wasm, or has none of ours. */
export function kernelContext(): KernelContext | undefined {
  return contexts.get(backend());
}

function registered(kernelName: string): KernelFunc | undefined {
  return getKernelsForBackend("wasm").find((kernel) => kernel.kernelName === kernelName)?.kernelFunc;
}

function publishedKernel(kernelName: string): KernelFunc {
  const kernel = published.get(kernelName);
  if (kernel === undefined) throw new Error(`The wasm backend of this TensorFlow.js has no kernel ${kernelName}; version 4.22 has.`);
  return kernel;
}
