import { type KernelFunc, backend, getKernel, registerKernel, unregisterKernel } from "@tensorflow/tfjs-core";
import { borrowed } from "./kernels/borrowed.ts";
import { transposedFirst } from "./kernels/mat-mul.ts";
import { asWasmBackend } from "./wasm-heap.ts";

/** What training needs and the published wasm backend lacks or has only slowly. */
const kernels: Readonly<Record<string, () => KernelFunc>> = {
  BatchMatMul: () => transposedFirst(published("BatchMatMul")),
  Conv2DBackpropFilter: () => borrowed("Conv2DBackpropFilter"),
  DepthwiseConv2dNativeBackpropFilter: () => borrowed("DepthwiseConv2dNativeBackpropFilter"),
  DepthwiseConv2dNativeBackpropInput: () => borrowed("DepthwiseConv2dNativeBackpropInput"),
  Einsum: () => borrowed("Einsum"),
  UnsortedSegmentSum: () => borrowed("UnsortedSegmentSum"),
};

const equipped = new WeakSet<object>();

/** Registers our kernels for the running wasm backend; once for each instance of it. */
export function installKernels(): void {
  const wasm = asWasmBackend(backend());
  if (equipped.has(wasm)) return;
  equipped.add(wasm);
  for (const [kernelName, make] of Object.entries(kernels)) {
    const kernelFunc = make();
    if (exists(kernelName)) unregisterKernel(kernelName, "wasm");
    registerKernel({ kernelName, backendName: "wasm", kernelFunc });
  }
}

function exists(kernelName: string): boolean {
  const found: unknown = getKernel(kernelName, "wasm");
  return found !== undefined;
}

function published(kernelName: string): KernelFunc {
  return getKernel(kernelName, "wasm").kernelFunc;
}
